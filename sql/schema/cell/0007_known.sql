-- What the guard knows, per firm: rows (kind, key, value) with how often and when (guard/guard.h, enum guard_known_kind). key: SipHash of kind and key
-- under the firm's key, so that the table does not say whom a firm knows and nobody can compute which keys collide. A message of a known sender touches
-- three rows; the rest is written once. Held and junked mail never gets here.
CREATE TABLE known (
    org integer NOT NULL,
    key integer NOT NULL,
    value text NOT NULL,
    kind integer NOT NULL,
    first_ms integer NOT NULL,
    last_ms integer NOT NULL,
    received integer NOT NULL,       -- accepted messages from them
    sent integer NOT NULL,           -- messages of ours to them
    PRIMARY KEY (org, key, value)
) WITHOUT ROWID;

-- Its rows are of this kind now.
DROP TABLE sender;
