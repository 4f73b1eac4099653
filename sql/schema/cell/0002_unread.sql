-- Messages that were committed as held because reading them came too late or failed: the jobs role reads them again (design 3). next_ms: not before.
CREATE TABLE unread (
    org integer NOT NULL,
    message integer NOT NULL,
    account integer NOT NULL,
    tries integer NOT NULL,
    next_ms integer NOT NULL,
    PRIMARY KEY (org, message)
) WITHOUT ROWID;
