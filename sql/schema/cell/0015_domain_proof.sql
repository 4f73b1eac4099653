-- How a domain of the firm was proven, and what the DNS said since: it is asked again every day. A domain without a row was never proven by a record: who
-- runs the server said so.
CREATE TABLE domain_proof (
    org integer NOT NULL,
    domain text NOT NULL,
    token text NOT NULL,
    looked_ms integer NOT NULL,      -- last answer that said something
    next_ms integer NOT NULL,        -- when to ask again
    missed integer NOT NULL,         -- answers without the record, one after another
    reason integer NOT NULL,         -- enum domain_reason of the last look; 0: the record was there
    lapsed_ms integer NOT NULL,      -- 0: it holds
    PRIMARY KEY (org, domain)
);
