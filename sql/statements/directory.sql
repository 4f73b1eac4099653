-- The directory: fence of the directory cell, firms, domains, addresses.
-- set: directory

-- name: dir_fence_read
-- no-org: the cell itself
-- engine: sqlite
SELECT uuid, epoch, last_group, last_wall_ms, next_pack, readonly FROM cell_meta WHERE one = 1
-- name: dir_fence_read
-- engine: postgresql
SELECT uuid, epoch, last_group, last_wall_ms, next_pack, readonly FROM cell_meta WHERE one = 1 FOR UPDATE

-- name: dir_cell_meta_read
-- no-org: the cell itself
SELECT uuid, epoch, last_group, last_wall_ms, next_pack, readonly FROM cell_meta WHERE one = 1

-- name: dir_cell_meta_insert
-- no-org: the cell itself
-- args: uuid blob, zero blob, at_ms int
INSERT INTO cell_meta (one, uuid, epoch, last_group, last_wall_ms, next_pack, readonly, created_ms)
VALUES (1, :uuid, 1, :zero, 0, 1, '', :at_ms) ON CONFLICT (one) DO NOTHING

-- name: dir_cell_meta_group
-- no-org: the cell itself
-- args: group_uuid blob, at_ms int
UPDATE cell_meta SET last_group = :group_uuid, last_wall_ms = :at_ms WHERE one = 1

-- name: dir_cell_meta_readonly
-- no-org: the cell itself
-- args: reason text
UPDATE cell_meta SET readonly = :reason WHERE one = 1

-- name: dir_commit_log_insert
-- no-org: the cell itself
-- args: group_uuid blob, at_ms int, jobs int
INSERT INTO commit_log (group_uuid, at_ms, jobs) VALUES (:group_uuid, :at_ms, :jobs)

-- name: dir_commit_log_find
-- no-org: the cell itself
-- args: group_uuid blob
SELECT jobs FROM commit_log WHERE group_uuid = :group_uuid

-- name: dir_commit_log_prune
-- no-org: the cell itself
-- args: before_ms int
DELETE FROM commit_log WHERE at_ms < :before_ms

-- name: dir_counter_insert
-- no-org: numbers firms
INSERT INTO dir_counter (one, last_org) VALUES (1, 0) ON CONFLICT (one) DO NOTHING

-- name: dir_counter_next
-- no-org: numbers firms
UPDATE dir_counter SET last_org = last_org + 1 WHERE one = 1 RETURNING last_org

-- name: dir_cell_insert
-- no-org: cells stand above firms
-- args: cell int, at_ms int
INSERT INTO dir_cell (cell, state, created_ms) VALUES (:cell, 1, :at_ms) ON CONFLICT (cell) DO NOTHING

-- name: dir_cell_list
-- no-org: cells stand above firms
SELECT cell, state FROM dir_cell ORDER BY cell

-- name: dir_cell_choose
-- no-org: cells stand above firms
SELECT cell FROM dir_cell WHERE state = 1 ORDER BY cell DESC LIMIT 1

-- name: dir_org_insert
-- args: org int, cell int, name text, at_ms int
INSERT INTO dir_org (org, cell, name, state, created_ms) VALUES (:org, :cell, :name, 0, :at_ms) ON CONFLICT (org) DO NOTHING

-- name: dir_org_get
-- args: org int
SELECT cell, name, state FROM dir_org WHERE org = :org

-- name: dir_org_state
-- args: org int, state int
UPDATE dir_org SET state = :state WHERE org = :org

-- name: dir_org_list
-- no-org: lists all firms for the operator
-- args: after int, most int
SELECT org, cell, name, state FROM dir_org WHERE org > :after ORDER BY org LIMIT :most

-- name: dir_domain_insert
-- args: domain text, org int
INSERT INTO dir_domain (domain, org, state) VALUES (:domain, :org, 0)

-- name: dir_domain_state
-- args: org int, state int
UPDATE dir_domain SET state = :state WHERE org = :org

-- name: dir_domain_find
-- no-org: finds the firm by its domain
-- args: domain text
SELECT d.org, o.cell, d.state, o.name FROM dir_domain d JOIN dir_org o ON o.org = d.org WHERE d.domain = :domain

-- name: dir_domain_list
-- args: org int
SELECT domain, state FROM dir_domain WHERE org = :org ORDER BY domain

-- name: dir_domain_first
-- no-org: the server's own default name
SELECT domain FROM dir_domain WHERE state = 1 ORDER BY org, domain LIMIT 1

-- name: dir_address_insert
-- args: address text, org int, cell int, account int
INSERT INTO dir_address (address, org, cell, account, state) VALUES (:address, :org, :cell, :account, 0)

-- name: dir_address_state
-- args: address text, org int, state int
UPDATE dir_address SET state = :state WHERE address = :address AND org = :org

-- name: dir_address_find
-- no-org: finds firm and account by address
-- args: address text
SELECT cell, org, account, state FROM dir_address WHERE address = :address

-- name: dir_domain_delete
-- args: org int, domain text
DELETE FROM dir_domain WHERE domain = :domain AND org = :org
