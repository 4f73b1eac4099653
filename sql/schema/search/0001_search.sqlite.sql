-- doc: rowid of the text. A removed message loses only its row here; its words go at the next rebuild.
CREATE TABLE search_doc (
    org integer NOT NULL,
    account integer NOT NULL,
    message integer NOT NULL,
    doc integer NOT NULL,
    PRIMARY KEY (org, account, message)
) WITHOUT ROWID;
CREATE UNIQUE INDEX search_doc_doc ON search_doc (doc);
-- tenant: org and account as one token, required in every MATCH, so that a posting list of another firm is never walked alone.
CREATE VIRTUAL TABLE search_text USING fts5 (tenant, subject, people, body, content = '', tokenize = 'unicode61 remove_diacritics 2');
