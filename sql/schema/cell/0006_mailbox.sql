-- "Flagged" in a mailbox of a million without walking it. Nothing is written here by a delivery.
CREATE INDEX placement_flagged ON placement (org, account, mailbox, internal_ms) WHERE (flags & 4) = 4;

ALTER TABLE mailbox ADD COLUMN subscribed integer NOT NULL DEFAULT 1;
