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

-- name: salvage_claims
-- args: org int
SELECT domain, token, created_ms FROM domain_claim WHERE org = :org ORDER BY domain

-- name: salvage_proofs
-- args: org int
SELECT domain, token, looked_ms, next_ms, missed, reason, lapsed_ms FROM domain_proof WHERE org = :org ORDER BY domain

-- name: salvage_reported
-- no-org: salvage reads all firms of a cell
-- args: org int, message int, most int
SELECT org, message, account, what, at_ms, who FROM reported WHERE (org, message) > (:org, :message) ORDER BY org, message LIMIT :most

-- name: reported_back
-- args: org int, message int, account int, what int, at_ms int, who text
INSERT INTO reported (org, message, account, what, at_ms, who)
SELECT m.org, m.message, m.account, :what, :at_ms, :who FROM message m WHERE m.org = :org AND m.message = :message AND m.account = :account
ON CONFLICT (org, message) DO NOTHING
