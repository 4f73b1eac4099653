-- Judgements that can be replayed.
-- set: cell

-- name: judged_put
-- args: org int, id text, at_ms int, guard_version int, verdict int, score int, record blob
INSERT INTO judged (org, id, at_ms, guard_version, verdict, score, record) VALUES (:org, :id, :at_ms, :guard_version, :verdict, :score, :record)
ON CONFLICT (org, id) DO UPDATE SET at_ms = :at_ms, guard_version = :guard_version, verdict = :verdict, score = :score, record = :record

-- name: judged_get
-- args: org int, id text
SELECT id, at_ms, guard_version, verdict, score, record FROM judged WHERE org = :org AND id = :id

-- name: judged_list
-- args: org int, after text, most int
SELECT id, at_ms, guard_version, verdict, score, record FROM judged WHERE org = :org AND id > :after ORDER BY id LIMIT :most

-- name: judged_prune
-- args: org int, before_ms int, most int
DELETE FROM judged WHERE org = :org AND id IN (SELECT id FROM judged WHERE org = :org AND at_ms < :before_ms ORDER BY at_ms, id LIMIT :most)

-- name: verify_judged
-- args: most int
-- no-org: verify reads all firms
SELECT j.org, j.id FROM judged j LEFT JOIN org o ON o.org = j.org WHERE o.org IS NULL OR length(j.record) < 4 ORDER BY j.org, j.id LIMIT :most
