-- A conversation stands in a mailbox's list, newest first, where its newest Email stands. older: 1 where a newer Email of the thread lies in the same mailbox
-- (by internal_ms, then uid); stand-ins are not counted. So far pages of conversations are reached over an index, as those of messages are. A message that
-- opens its thread writes nothing more than its own row. older and stub stand in the index too: SQLite asks the row for them otherwise.
ALTER TABLE placement ADD COLUMN older integer NOT NULL DEFAULT 0;
UPDATE placement SET older = 1 WHERE stub = 0 AND EXISTS (SELECT 1 FROM placement n WHERE n.org = placement.org AND n.account = placement.account
    AND n.thread = placement.thread AND n.mailbox = placement.mailbox AND n.stub = 0
    AND (n.internal_ms > placement.internal_ms OR (n.internal_ms = placement.internal_ms AND n.uid > placement.uid)));
CREATE INDEX placement_head ON placement (org, account, mailbox, internal_ms, uid, older, stub) WHERE older = 0 AND stub = 0;
