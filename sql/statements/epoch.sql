-- A new epoch of the directory.
-- set: directory

-- name: dir_epoch
-- no-org: the cell itself
-- args: epoch int
UPDATE cell_meta SET epoch = :epoch WHERE one = 1

-- name: dir_epoch_counter
-- no-org: numbers firms
-- args: jump int
UPDATE dir_counter SET last_org = last_org + :jump WHERE one = 1
