-- Messages still to be read: fed by the mailbox hook, emptied by jobs.
-- set: cell

-- name: unread_add
-- args: org int, message int, account int, next_ms int
INSERT INTO unread (org, message, account, tries, next_ms) VALUES (:org, :message, :account, 0, :next_ms) ON CONFLICT (org, message) DO NOTHING

-- name: unread_due
-- args: now_ms int, most int
-- no-org: jobs looks over all firms of the cell
SELECT org, message, account, tries FROM unread WHERE next_ms <= :now_ms ORDER BY org, message LIMIT :most

-- name: unread_tries
-- args: org int, message int
SELECT tries FROM unread WHERE org = :org AND message = :message

-- name: unread_later
-- args: org int, message int, next_ms int
UPDATE unread SET tries = tries + 1, next_ms = :next_ms WHERE org = :org AND message = :message

-- name: unread_done
-- args: org int, message int
DELETE FROM unread WHERE org = :org AND message = :message

-- name: unread_facts
-- args: org int, message int, structure blob, insight_version int, insight blob
UPDATE message_facts SET structure = :structure, insight_version = :insight_version, insight = :insight WHERE org = :org AND message = :message

-- name: unread_judged
-- args: org int, message int, account int, verdict int, score int, findings text, preview text, has_attachment int, seq int
UPDATE message SET verdict = :verdict, score = :score, findings = :findings, preview = :preview, has_attachment = :has_attachment, seq = :seq
WHERE org = :org AND message = :message AND account = :account

-- name: verify_unread
-- args: most int
-- no-org: verify reads all firms
SELECT u.org, u.message FROM unread u LEFT JOIN message m ON m.org = u.org AND m.message = u.message AND m.account = u.account
WHERE m.message IS NULL OR m.held = 0 ORDER BY u.org, u.message LIMIT :most
