-- Wrong passwords of the last minutes (store/login_try.h), shared by all processes and kept over a restart. mark is a keyed hash: nothing that a stranger typed
-- is kept. Rows that are over are removed by those that come after.
CREATE TABLE dir_try (
    mark blob NOT NULL PRIMARY KEY,
    since_ms integer NOT NULL,       -- when the first of them came
    n integer NOT NULL
) WITHOUT ROWID;
CREATE INDEX dir_try_since ON dir_try (since_ms);
