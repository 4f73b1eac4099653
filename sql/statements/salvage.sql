-- What salvage sets that a living cell never sets.
-- set: cell

-- name: salvage_uidnext
-- args: org int, account int, mailbox int, uidnext int
UPDATE mailbox SET uidnext = :uidnext WHERE org = :org AND account = :account AND mailbox = :mailbox

-- name: salvage_placement
-- no-org: salvage reads all firms of a cell
-- args: org int, account int, mailbox int, uid int, most int
SELECT p.org, p.account, p.mailbox, p.uid, p.message, p.internal_ms, p.flags, p.stub, m.held, b.sha256, p.seq
FROM placement p JOIN message m ON m.org = p.org AND m.message = p.message JOIN blob b ON b.org = p.org AND b.blob = p.blob
WHERE (p.org, p.account, p.mailbox, p.uid) > (:org, :account, :mailbox, :uid) ORDER BY p.org, p.account, p.mailbox, p.uid LIMIT :most
