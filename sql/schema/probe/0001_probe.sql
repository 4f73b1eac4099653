-- Tables of the tests of db/: one of each column type, a unique key, a foreign key.
CREATE TABLE probe (
    org integer NOT NULL,
    id integer NOT NULL,
    subject text,
    data blob,
    score real,
    PRIMARY KEY (org, id)
) WITHOUT ROWID;
CREATE TABLE probe_child (
    org integer NOT NULL,
    id integer NOT NULL,
    parent integer NOT NULL,
    PRIMARY KEY (org, id),
    FOREIGN KEY (org, parent) REFERENCES probe (org, id)
) WITHOUT ROWID;
