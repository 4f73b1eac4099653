-- Refusals, greylisting, quotas and role addresses: what the SMTP server asks and leaves behind.
-- set: cell

-- name: refused_insert
-- args: org int, id text, at_ms int, client text, helo text, reverse_path text, recipient text, bytes int, code int, enhanced text, reply text
INSERT INTO refused (org, id, at_ms, client, helo, reverse_path, recipient, bytes, code, enhanced, reply)
VALUES (:org, :id, :at_ms, :client, :helo, :reverse_path, :recipient, :bytes, :code, :enhanced, :reply) ON CONFLICT (org, id) DO NOTHING

-- name: refused_count
-- args: org int, from_ms int
SELECT count(*) FROM refused WHERE org = :org AND at_ms >= :from_ms

-- name: refused_prune
-- args: org int, before_ms int, most int
DELETE FROM refused WHERE org = :org AND id IN (SELECT id FROM refused WHERE org = :org AND at_ms < :before_ms ORDER BY at_ms LIMIT :most)

-- name: refused_get
-- args: org int, id text
SELECT id, at_ms, client, helo, reverse_path, recipient, bytes, code, enhanced, reply FROM refused WHERE org = :org AND id = :id

-- name: refused_list
-- args: org int, before_ms int, before_id text, most int
SELECT id, at_ms, client, helo, reverse_path, recipient, bytes, code, enhanced, reply FROM refused
WHERE org = :org AND (at_ms < :before_ms OR (at_ms = :before_ms AND id < :before_id)) ORDER BY at_ms DESC, id DESC LIMIT :most

-- name: greylist_put
-- args: org int, key int, first_ms int, last_ms int, passed int
INSERT INTO greylist (org, key, first_ms, last_ms, passed) VALUES (:org, :key, :first_ms, :last_ms, :passed)
ON CONFLICT (org, key) DO UPDATE SET first_ms = excluded.first_ms, last_ms = excluded.last_ms, passed = excluded.passed

-- name: greylist_list
-- args: org int, after int, since_ms int, most int
SELECT key, first_ms, last_ms, passed FROM greylist WHERE org = :org AND key > :after AND last_ms >= :since_ms ORDER BY key LIMIT :most

-- name: greylist_prune
-- args: org int, before_ms int, most int
DELETE FROM greylist WHERE org = :org AND key IN (SELECT key FROM greylist WHERE org = :org AND last_ms < :before_ms LIMIT :most)

-- name: account_quota
-- args: org int, account int
SELECT a.quota_bytes, (SELECT coalesce(sum(m.bytes), 0) FROM mailbox m WHERE m.org = a.org AND m.account = a.account)
FROM account a WHERE a.org = :org AND a.account = :account

-- name: account_quota_set
-- args: org int, account int, quota int
UPDATE account SET quota_bytes = :quota WHERE org = :org AND account = :account

-- name: account_admin
-- args: org int
SELECT account FROM account WHERE org = :org AND state = 1 ORDER BY role DESC, account LIMIT 1
