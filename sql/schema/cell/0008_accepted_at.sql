-- The live log: transactions by time. They come in that order, so its b-tree only grows at its end.
CREATE INDEX accepted_at ON accepted (org, at_ms, id);
