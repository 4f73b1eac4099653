-- What the guard knows (store/known.h).
-- set: cell

-- Sixteen keys at once: fewer are filled up with the first.
-- name: known_read
-- args: org int, k1 int, k2 int, k3 int, k4 int, k5 int, k6 int, k7 int, k8 int, k9 int, k10 int, k11 int, k12 int, k13 int, k14 int, k15 int, k16 int, most int
SELECT key, value, first_ms, last_ms, received, sent FROM known
WHERE org = :org AND key IN (:k1, :k2, :k3, :k4, :k5, :k6, :k7, :k8, :k9, :k10, :k11, :k12, :k13, :k14, :k15, :k16) LIMIT :most

-- name: known_count
-- args: org int, key int, value text, kind int, at_ms int, received int, sent int
INSERT INTO known (org, key, value, kind, first_ms, last_ms, received, sent) VALUES (:org, :key, :value, :kind, :at_ms, :at_ms, :received, :sent)
ON CONFLICT (org, key, value) DO UPDATE SET last_ms = CASE WHEN excluded.last_ms > known.last_ms THEN excluded.last_ms ELSE known.last_ms END,
    received = known.received + excluded.received, sent = known.sent + excluded.sent

-- name: known_add
-- args: org int, key int, value text, kind int, at_ms int
INSERT INTO known (org, key, value, kind, first_ms, last_ms, received, sent) VALUES (:org, :key, :value, :kind, :at_ms, :at_ms, 0, 0)
ON CONFLICT (org, key, value) DO NOTHING

-- name: known_page
-- args: org int, key int, value text, most int
-- no-org: jobs looks over all firms of the cell
SELECT org, key, value, kind, last_ms FROM known WHERE (org, key, value) > (:org, :key, :value) ORDER BY org, key, value LIMIT :most

-- name: known_delete
-- args: org int, key int, value text, before_ms int
DELETE FROM known WHERE org = :org AND key = :key AND value = :value AND last_ms < :before_ms
