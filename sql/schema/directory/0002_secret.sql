-- Keys of this installation, sealed with the master key: what every net role must have in common (the key under which log-ins are hashed).
CREATE TABLE dir_secret (
    name text NOT NULL PRIMARY KEY,
    sealed blob NOT NULL
) WITHOUT ROWID;
