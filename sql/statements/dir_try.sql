-- Wrong passwords (store/login_try.h).
-- set: directory

-- name: dir_try_get
-- no-org: counted before anybody is known
-- args: mark blob, after_ms int
SELECT n, since_ms FROM dir_try WHERE mark = :mark AND since_ms > :after_ms

-- name: dir_try_add
-- no-org: counted before anybody is known
-- args: mark blob, after_ms int, now_ms int
INSERT INTO dir_try (mark, since_ms, n) VALUES (:mark, :now_ms, 1)
ON CONFLICT (mark) DO UPDATE SET n = CASE WHEN dir_try.since_ms > :after_ms THEN dir_try.n + 1 ELSE 1 END,
    since_ms = CASE WHEN dir_try.since_ms > :after_ms THEN dir_try.since_ms ELSE :now_ms END

-- name: dir_try_delete
-- no-org: counted before anybody is known
-- args: mark blob
DELETE FROM dir_try WHERE mark = :mark

-- name: dir_try_prune
-- no-org: counted before anybody is known
-- args: before_ms int, most int
DELETE FROM dir_try WHERE mark IN (SELECT mark FROM dir_try WHERE since_ms <= :before_ms ORDER BY since_ms LIMIT :most)

-- name: dir_try_count
-- no-org: counted before anybody is known
SELECT count(*) FROM dir_try
