-- Sessions and app tokens of people (store/login.h).
-- set: cell

-- name: login_insert
-- args: org int, account int, hash blob, kind int, login int, name text, may int, now_ms int, until_ms int
INSERT INTO login (org, account, hash, kind, login, name, may, epoch, begun_ms, used_ms, until_ms)
SELECT :org, :account, :hash, :kind, :login, :name, :may, epoch, :now_ms, :now_ms, :until_ms FROM cell_meta WHERE one = 1

-- name: login_find_hash
-- args: org int, account int, hash blob, kind int, now_ms int, idle_ms int
SELECT l.may, l.used_ms, a.address, a.name, o.name FROM login l
JOIN account a ON a.org = l.org AND a.account = l.account JOIN org o ON o.org = l.org JOIN cell_meta m ON m.one = 1
WHERE l.org = :org AND l.account = :account AND l.hash = :hash AND l.kind = :kind AND l.epoch = m.epoch AND a.state = 1 AND o.state = 1
AND (l.until_ms = 0 OR l.until_ms > :now_ms) AND (:idle_ms = 0 OR l.used_ms > :now_ms - :idle_ms)
AND (l.kind <> 1 OR NOT EXISTS (SELECT 1 FROM credential c WHERE c.org = l.org AND c.account = l.account AND c.kind = 1 AND c.created_ms > l.begun_ms))

-- name: login_touch
-- args: org int, account int, hash blob, now_ms int
UPDATE login SET used_ms = :now_ms WHERE org = :org AND account = :account AND hash = :hash AND used_ms < :now_ms

-- name: login_delete
-- args: org int, account int, hash blob
DELETE FROM login WHERE org = :org AND account = :account AND hash = :hash

-- name: login_delete_number
-- args: org int, account int, login int
DELETE FROM login WHERE org = :org AND account = :account AND login = :login

-- name: login_delete_kind
-- args: org int, account int, kind int
DELETE FROM login WHERE org = :org AND account = :account AND (kind = :kind OR :kind = 0)

-- name: login_prune
-- args: org int, account int, kind int, now_ms int, idle_ms int
DELETE FROM login WHERE org = :org AND account = :account AND kind = :kind
AND ((until_ms > 0 AND until_ms <= :now_ms) OR (:idle_ms > 0 AND used_ms <= :now_ms - :idle_ms) OR epoch <> (SELECT epoch FROM cell_meta WHERE one = 1))

-- name: login_oldest
-- args: org int, account int, kind int, keep int
SELECT hash FROM login WHERE org = :org AND account = :account AND kind = :kind ORDER BY used_ms DESC, login DESC LIMIT 100 OFFSET :keep

-- name: login_list
-- args: org int, account int, kind int, most int
SELECT login, name, may, begun_ms, used_ms, until_ms FROM login
WHERE org = :org AND account = :account AND kind = :kind AND epoch = (SELECT epoch FROM cell_meta WHERE one = 1) ORDER BY login LIMIT :most

-- The password that was set then is still the account's, and both account and firm are active.
-- name: login_password
-- args: org int, account int, set_ms int
SELECT a.address, a.name, o.name FROM account a JOIN org o ON o.org = a.org
WHERE a.org = :org AND a.account = :account AND a.state = 1 AND o.state = 1
AND :set_ms = (SELECT max(c.created_ms) FROM credential c WHERE c.org = a.org AND c.account = a.account AND c.kind = 1)

-- name: login_count
-- args: org int, account int, kind int, now_ms int
SELECT count(*) FROM login WHERE org = :org AND account = :account AND kind = :kind AND (until_ms = 0 OR until_ms > :now_ms)
AND epoch = (SELECT epoch FROM cell_meta WHERE one = 1)
