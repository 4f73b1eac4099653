-- The record of applied migrations: every database and PostgreSQL schema has it, before its own set's 0001.
CREATE TABLE IF NOT EXISTS schema_version (
    set_name text NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    checksum integer NOT NULL,
    applied_at integer NOT NULL,
    PRIMARY KEY (set_name, version)
) WITHOUT ROWID;
