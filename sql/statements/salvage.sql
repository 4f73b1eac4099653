-- What salvage sets that a living cell never sets.
-- set: cell

-- name: salvage_uidnext
-- args: org int, account int, mailbox int, uidnext int
UPDATE mailbox SET uidnext = :uidnext WHERE org = :org AND account = :account AND mailbox = :mailbox
