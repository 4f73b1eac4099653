-- Log-ins that last: sessions of the panel (kind 1) and app tokens (kind 2). Kept only as a keyed hash of a random id. epoch is the cell's at the time:
-- after a restore nobody is logged in. A session is over when a password was set after it began.
CREATE TABLE login (
    org integer NOT NULL,
    account integer NOT NULL,
    hash blob NOT NULL,
    kind integer NOT NULL,
    login integer NOT NULL,          -- number by which a person names it
    name text NOT NULL,              -- of a token: what it is for
    may integer NOT NULL,            -- bits of what it may do
    epoch integer NOT NULL,
    begun_ms integer NOT NULL,
    used_ms integer NOT NULL,        -- brought up to date every LOGIN_TOUCH_MS
    until_ms integer NOT NULL,       -- end of its life; 0: none
    PRIMARY KEY (org, account, hash)
) WITHOUT ROWID;
