-- What is too old is found from its oldest end: without this, whoever removes it reads every judgement of a firm while nobody else may write.
CREATE INDEX judged_at ON judged (org, at_ms, id);
