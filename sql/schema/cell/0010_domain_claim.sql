-- Domains that an administrator named and has not proven yet: no mail, no people, not the firm's own for the guard. The proof is a TXT record with the
-- token. A row goes when the domain is proven (then it stands in `domain`) or taken back.
CREATE TABLE domain_claim (
    org integer NOT NULL,
    domain text NOT NULL,
    token text NOT NULL,
    created_ms integer NOT NULL,
    looked_ms integer NOT NULL,      -- when the DNS was last asked; 0 never
    reason integer NOT NULL,         -- enum domain_reason of that look
    PRIMARY KEY (org, domain)
);
