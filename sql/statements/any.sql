-- The record of migrations; used by db/migrate.c in every set.
-- set: any
-- no-org: schema_version belongs to the database, not to a firm

-- name: schema_version_present
-- engine: sqlite
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'
-- name: schema_version_present
-- engine: postgresql
SELECT count(*) FROM pg_class WHERE oid = to_regclass('schema_version')

-- One migrating process at a time. SQLite: BEGIN IMMEDIATE did it.
-- name: schema_version_lock
-- engine: sqlite
SELECT 1
-- name: schema_version_lock
-- engine: postgresql
LOCK TABLE schema_version IN SHARE ROW EXCLUSIVE MODE

-- name: schema_version_max
-- args: set_name text
SELECT coalesce(max(version), 0) FROM schema_version WHERE set_name = :set_name

-- name: schema_version_other_set
-- args: set_name text
SELECT set_name FROM schema_version WHERE set_name <> :set_name ORDER BY set_name LIMIT 1

-- name: schema_version_checksum
-- args: set_name text, version int
SELECT checksum FROM schema_version WHERE set_name = :set_name AND version = :version

-- name: schema_version_insert
-- args: set_name text, version int, name text, checksum int
-- engine: sqlite
INSERT INTO schema_version (set_name, version, name, checksum, applied_at)
VALUES (:set_name, :version, :name, :checksum, CAST(strftime('%s', 'now') AS integer))
-- name: schema_version_insert
-- args: set_name text, version int, name text, checksum int
-- engine: postgresql
INSERT INTO schema_version (set_name, version, name, checksum, applied_at)
VALUES (:set_name, :version, :name, :checksum, extract(epoch FROM now())::bigint)
