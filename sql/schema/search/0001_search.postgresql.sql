CREATE TABLE search_text (
    org bigint NOT NULL,
    account bigint NOT NULL,
    message bigint NOT NULL,
    words tsvector NOT NULL,
    PRIMARY KEY (org, account, message)
);
CREATE INDEX search_text_words ON search_text USING gin (words);
