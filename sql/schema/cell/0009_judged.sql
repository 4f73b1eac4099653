-- Judgements as they were made (guard/record.h), for `sigillo guard explain` and `sigillo guard replay`: caution and above, and a hundredth of the rest.
-- Kept 180 days.
CREATE TABLE judged (
    org integer NOT NULL,
    id text NOT NULL,                -- of the accepted transaction
    at_ms integer NOT NULL,
    guard_version integer NOT NULL,
    verdict integer NOT NULL,        -- enum mail_verdict
    score integer NOT NULL,          -- milli-nats
    record blob NOT NULL,
    PRIMARY KEY (org, id)
);
