-- Statements of the tests and the bench of db/.
-- set: probe

-- name: probe_insert
-- args: org int, id int, subject text, data blob, score real
INSERT INTO probe (org, id, subject, data, score) VALUES (:org, :id, :subject, :data, :score)

-- name: probe_update
-- args: subject text, org int, from_id int
UPDATE probe SET subject = :subject WHERE org = :org AND id >= :from_id

-- name: probe_get
-- args: org int, id int
SELECT id, subject, data, score, note FROM probe WHERE org = :org AND id = :id

-- name: probe_list
-- args: org int, after int, most int
SELECT id, subject FROM probe WHERE org = :org AND id > :after ORDER BY id LIMIT :most

-- name: probe_by_subject
-- args: org int
SELECT subject FROM probe WHERE org = :org ORDER BY subject

-- name: probe_count
-- args: org int
SELECT count(*) FROM probe WHERE org = :org

-- sum() of bigint is numeric on PostgreSQL: the driver must read that too.
-- name: probe_sum
-- args: org int
SELECT sum(id) FROM probe WHERE org = :org

-- name: probe_delete
-- args: org int, id int
DELETE FROM probe WHERE org = :org AND id = :id

-- name: probe_upsert
-- args: org int, id int, subject text
INSERT INTO probe (org, id, subject) VALUES (:org, :id, :subject)
ON CONFLICT (org, id) DO UPDATE SET subject = excluded.subject RETURNING id

-- name: probe_child_insert
-- args: org int, id int, parent int
INSERT INTO probe_child (org, id, parent) VALUES (:org, :id, :parent)

-- name: probe_total
-- no-org: counts the rows of all firms to show that a rollback left none
SELECT count(*) FROM probe

-- What a mistaken statement looks like: it takes :org and does not keep to it. PostgreSQL's policies do.
-- name: probe_careless_count
-- args: org int
SELECT count(*) FROM probe WHERE :org > -9

-- name: probe_careless_update
-- args: org int, subject text
UPDATE probe SET subject = :subject WHERE :org > -9

-- name: probe_careless_insert
-- args: org int, other int, id int
INSERT INTO probe (org, id) SELECT :other, :id WHERE :org > -9

-- As long as one likes.
-- name: probe_slow
-- args: org int, most int
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most) SELECT count(*) FROM n WHERE :org > 0
