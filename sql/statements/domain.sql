-- Domains of a firm: proven ones, and those it has only named (store/manage.h).
-- set: cell

-- name: domain_rows
-- args: org int, most int
SELECT d.domain, d.created_ms, 0, coalesce(p.token, ''), coalesce(p.looked_ms, 0), coalesce(p.reason, 0), coalesce(p.lapsed_ms, 0)
FROM domain d LEFT JOIN domain_proof p ON p.org = d.org AND p.domain = d.domain WHERE d.org = :org
UNION ALL
SELECT domain, created_ms, 1, token, looked_ms, reason, 0 FROM domain_claim WHERE org = :org
ORDER BY 3, 1 LIMIT :most

-- name: domain_delete
-- args: org int, domain text
DELETE FROM domain WHERE org = :org AND domain = :domain

-- name: domain_claim_insert
-- args: org int, domain text, token text, at_ms int
INSERT INTO domain_claim (org, domain, token, created_ms, looked_ms, reason) VALUES (:org, :domain, :token, :at_ms, 0, 0)

-- name: domain_claim_looked
-- args: org int, domain text, at_ms int, reason int
UPDATE domain_claim SET looked_ms = :at_ms, reason = :reason WHERE org = :org AND domain = :domain

-- name: domain_claim_delete
-- args: org int, domain text
DELETE FROM domain_claim WHERE org = :org AND domain = :domain

-- name: verify_domain_claim
-- args: most int
-- no-org: verify reads all firms
SELECT c.org, c.domain FROM domain_claim c LEFT JOIN org o ON o.org = c.org LEFT JOIN domain d ON d.org = c.org AND d.domain = c.domain
WHERE o.org IS NULL OR d.org IS NOT NULL OR c.token = '' ORDER BY c.org, c.domain LIMIT :most

-- name: domain_proof_put
-- args: org int, domain text, token text, at_ms int
INSERT INTO domain_proof (org, domain, token, looked_ms, next_ms, missed, reason, lapsed_ms) VALUES (:org, :domain, :token, :at_ms, :at_ms, 0, 0, 0)
ON CONFLICT (org, domain) DO UPDATE SET token = :token, looked_ms = :at_ms, next_ms = :at_ms, missed = 0, reason = 0, lapsed_ms = 0

-- name: domain_proof_get
-- args: org int, domain text
SELECT looked_ms, next_ms, missed, lapsed_ms, reason FROM domain_proof WHERE org = :org AND domain = :domain

-- name: domain_proof_set
-- args: org int, domain text, looked_ms int, next_ms int, missed int, reason int, lapsed_ms int
UPDATE domain_proof SET looked_ms = :looked_ms, next_ms = :next_ms, missed = :missed, reason = :reason, lapsed_ms = :lapsed_ms
WHERE org = :org AND domain = :domain

-- name: domain_proof_delete
-- args: org int, domain text
DELETE FROM domain_proof WHERE org = :org AND domain = :domain

-- name: domain_proof_due
-- args: now_ms int, most int
-- no-org: jobs looks over all firms of the cell
SELECT org, domain, token FROM domain_proof WHERE next_ms <= :now_ms ORDER BY next_ms, org, domain LIMIT :most

-- name: domain_proof_lapsed
-- no-org: a figure of the whole cell
SELECT count(*) FROM domain_proof WHERE lapsed_ms > 0

-- name: domain_lapsed_list
-- args: org int
SELECT domain FROM domain_proof WHERE org = :org AND lapsed_ms > 0 ORDER BY domain

-- name: verify_domain_proof
-- args: most int
-- no-org: verify reads all firms
SELECT p.org, p.domain FROM domain_proof p LEFT JOIN domain d ON d.org = p.org AND d.domain = p.domain
WHERE d.org IS NULL OR p.token = '' OR p.missed < 0 ORDER BY p.org, p.domain LIMIT :most
