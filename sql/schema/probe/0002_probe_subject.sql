CREATE INDEX probe_by_subject ON probe (org, subject);
ALTER TABLE probe ADD COLUMN note text NOT NULL DEFAULT 'none; yet';
