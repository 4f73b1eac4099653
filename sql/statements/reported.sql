-- What people said of messages (store/decide.h).
-- set: cell

-- name: reported_put
-- args: org int, message int, account int, what int, at_ms int, who text
INSERT INTO reported (org, message, account, what, at_ms, who) VALUES (:org, :message, :account, :what, :at_ms, :who)
ON CONFLICT (org, message) DO UPDATE SET what = :what, at_ms = :at_ms, who = :who

-- name: reported_get
-- args: org int, account int, message int
SELECT what, at_ms, who FROM reported WHERE org = :org AND message = :message AND account = :account

-- name: reported_delete
-- args: org int, message int
DELETE FROM reported WHERE org = :org AND message = :message

-- name: verify_reported
-- args: most int
-- no-org: verify reads all firms
SELECT r.org, r.message FROM reported r LEFT JOIN message m ON m.org = r.org AND m.message = r.message AND m.account = r.account
WHERE m.org IS NULL ORDER BY r.org, r.message LIMIT :most
