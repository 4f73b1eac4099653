-- Domains of a firm: proven ones, and those it has only named (store/manage.h).
-- set: cell

-- name: domain_rows
-- args: org int, most int
SELECT domain, created_ms, 0, '', 0, 0 FROM domain WHERE org = :org
UNION ALL
SELECT domain, created_ms, 1, token, looked_ms, reason FROM domain_claim WHERE org = :org
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
