-- Places that went from one mailbox, by seq: without this an IMAP client that comes back (QRESYNC) makes the server read what the whole account lost since.
CREATE INDEX tombstone_place ON tombstone (org, account, id, seq, uid) WHERE type = 4;
