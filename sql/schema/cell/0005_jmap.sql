-- What JMAP keeps beside mail. role: 0 member, 1 admin of the firm (its first account).
ALTER TABLE account ADD COLUMN role integer NOT NULL DEFAULT 0;
-- What a person may keep: 0 is without limit. Measured against the sum of mailbox.bytes.
ALTER TABLE account ADD COLUMN quota_bytes integer NOT NULL DEFAULT 0;
UPDATE account SET role = 1 WHERE account = (SELECT min(b.account) FROM account b WHERE b.org = account.org);

-- Keywords of an account (RFC 8621 4.1.1) beyond the fixed ones: bit is their place in placement.flags.
CREATE TABLE keyword (
    org integer NOT NULL,
    account integer NOT NULL,
    bit integer NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (org, account, bit)
) WITHOUT ROWID;
CREATE UNIQUE INDEX keyword_name ON keyword (org, account, name);

-- Bytes that a client sent and no message uses yet (RFC 8620 6.1).
CREATE TABLE upload (
    org integer NOT NULL,
    account integer NOT NULL,
    upload integer NOT NULL,
    blob integer NOT NULL,
    size integer NOT NULL,
    type text NOT NULL,
    at_ms integer NOT NULL,
    PRIMARY KEY (org, account, upload)
) WITHOUT ROWID;
CREATE INDEX upload_at ON upload (org, account, at_ms);
