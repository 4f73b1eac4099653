-- The directory: where an address lives. Small, cached, itself a cell (fence, commit_log). An address or domain is looked up before its firm is
-- known, therefore these two keys do not begin with org.

CREATE TABLE cell_meta (
    one integer NOT NULL PRIMARY KEY,
    uuid blob NOT NULL,
    epoch integer NOT NULL,
    last_group blob NOT NULL,
    last_wall_ms integer NOT NULL,
    next_pack integer NOT NULL,
    readonly text NOT NULL,
    created_ms integer NOT NULL
) WITHOUT ROWID;

CREATE TABLE commit_log (
    group_uuid blob NOT NULL PRIMARY KEY,
    at_ms integer NOT NULL,
    jobs integer NOT NULL
) WITHOUT ROWID;
CREATE INDEX commit_log_at ON commit_log (at_ms);

CREATE TABLE dir_cell (
    cell integer NOT NULL PRIMARY KEY,
    state integer NOT NULL,          -- 1 takes new firms, 2 full
    created_ms integer NOT NULL
) WITHOUT ROWID;

CREATE TABLE dir_org (
    org integer NOT NULL PRIMARY KEY,
    cell integer NOT NULL,
    name text NOT NULL,
    state integer NOT NULL,          -- 0 pending, 1 active, 2 disabled
    created_ms integer NOT NULL
) WITHOUT ROWID;

CREATE TABLE dir_domain (
    domain text NOT NULL PRIMARY KEY,
    org integer NOT NULL,
    state integer NOT NULL
) WITHOUT ROWID;
CREATE INDEX dir_domain_org ON dir_domain (org);

CREATE TABLE dir_address (
    address text NOT NULL PRIMARY KEY,
    org integer NOT NULL,
    cell integer NOT NULL,
    account integer NOT NULL,
    state integer NOT NULL
) WITHOUT ROWID;
CREATE INDEX dir_address_org ON dir_address (org, account);

-- Last org number given. Under the fence; database sequences are banned.
CREATE TABLE dir_counter (
    one integer NOT NULL PRIMARY KEY,
    last_org integer NOT NULL
) WITHOUT ROWID;
