-- Every refusal that concerned mail, for `sigillo trace` and the live log. org 0 (in cell 1 only): concerned no firm, as a connection that was closed or
-- a recipient whose domain is not ours. Kept 30 days, and so many rows a day and firm (store/refused.h).
CREATE TABLE refused (
    org integer NOT NULL,
    id text NOT NULL,
    at_ms integer NOT NULL,
    client text NOT NULL,
    helo text NOT NULL,
    reverse_path text NOT NULL,
    recipient text NOT NULL,         -- as asked for; '' when it was not about one recipient
    bytes integer NOT NULL,          -- of the message, as far as it was read
    code integer NOT NULL,
    enhanced text NOT NULL,
    reply text NOT NULL,             -- what the sender was told
    PRIMARY KEY (org, id)
);
CREATE INDEX refused_at ON refused (org, at_ms, id);

-- Greylisting: who came (first_ms) and who came back (passed). key: hash of client network, reverse-path and recipient, or of the network alone.
CREATE TABLE greylist (
    org integer NOT NULL,
    key integer NOT NULL,
    first_ms integer NOT NULL,
    last_ms integer NOT NULL,
    passed integer NOT NULL,
    PRIMARY KEY (org, key)
) WITHOUT ROWID;
