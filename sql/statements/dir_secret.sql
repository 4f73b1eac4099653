-- Keys of this installation (store/login.h).
-- set: directory

-- name: dir_secret_get
-- no-org: belongs to the installation
-- args: name text
SELECT sealed FROM dir_secret WHERE name = :name

-- name: dir_secret_put
-- no-org: belongs to the installation
-- args: name text, sealed blob
INSERT INTO dir_secret (name, sealed) VALUES (:name, :sealed) ON CONFLICT (name) DO NOTHING

-- name: dir_secret_replace
-- no-org: belongs to the installation
-- args: name text, sealed blob, old blob
UPDATE dir_secret SET sealed = :sealed WHERE name = :name AND sealed = :old
