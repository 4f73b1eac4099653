-- What is too old (store/prune.h).
-- set: cell

-- Whether a firm has anything of each kind that is: asked outside the fence.
-- name: prune_due
-- args: org int, refused_ms int, greylist_ms int, judged_ms int, accepted_ms int
SELECT CASE WHEN EXISTS (SELECT 1 FROM refused WHERE org = :org AND at_ms < :refused_ms) THEN 1 ELSE 0 END,
    CASE WHEN EXISTS (SELECT 1 FROM greylist WHERE org = :org AND last_ms < :greylist_ms) THEN 1 ELSE 0 END,
    CASE WHEN EXISTS (SELECT 1 FROM judged WHERE org = :org AND at_ms < :judged_ms) THEN 1 ELSE 0 END,
    CASE WHEN EXISTS (SELECT 1 FROM accepted WHERE org = :org AND at_ms < :accepted_ms) THEN 1 ELSE 0 END

-- name: accepted_prune
-- args: org int, before_ms int, most int
DELETE FROM accepted WHERE org = :org AND id IN (SELECT id FROM accepted WHERE org = :org AND at_ms < :before_ms ORDER BY at_ms, id LIMIT :most)
