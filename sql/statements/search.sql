-- Full text. The two engines differ in everything: SQLite has FTS5, PostgreSQL tsvector with the simple configuration.
-- set: search

-- name: search_mark_get
-- args: org int, account int
SELECT seq FROM search_mark WHERE org = :org AND account = :account

-- name: search_mark_set
-- args: org int, account int, seq int
INSERT INTO search_mark (org, account, seq) VALUES (:org, :account, :seq) ON CONFLICT (org, account) DO UPDATE SET seq = excluded.seq

-- name: search_doc_put
-- args: org int, account int, message int
-- engine: sqlite
INSERT INTO search_doc (org, account, message, doc) VALUES (:org, :account, :message, (SELECT coalesce(max(doc), 0) + 1 FROM search_doc))
ON CONFLICT (org, account, message) DO NOTHING RETURNING doc
-- name: search_doc_put
-- args: org int, account int, message int
-- engine: postgresql
SELECT :message WHERE NOT EXISTS (SELECT 1 FROM search_text WHERE org = :org AND account = :account AND message = :message)

-- doc is FTS5's rowid on SQLite, the message on PostgreSQL. VALUES, not SELECT: see search_index.c.
-- name: search_text_put
-- args: doc int, org int, account int, message int, tenant text, subject text, people text, recipients text, body text, files text
-- engine: sqlite
INSERT INTO search_text (rowid, tenant, subject, people, recipients, body, files)
VALUES (:doc, :tenant, :subject, :people, :recipients, CASE WHEN :org > 0 AND :account > 0 AND :message > 0 THEN :body END, :files)
-- name: search_text_put
-- args: doc int, org int, account int, message int, tenant text, subject text, people text, recipients text, body text, files text
-- engine: postgresql
-- The texts come folded (mime/fold.h): words in small letters without accents, so that the configuration has nothing left to judge.
INSERT INTO search_text (org, account, message, words)
SELECT :org, :account, :message, setweight(to_tsvector('simple', :subject), 'A')
    || setweight(to_tsvector('simple', :people), 'B')
    || setweight(to_tsvector('simple', :recipients), 'C')
    || to_tsvector('simple', :body) || to_tsvector('simple', :files) WHERE :doc > 0 AND :tenant <> ''
ON CONFLICT (org, account, message) DO NOTHING

-- name: search_doc_delete
-- args: org int, account int, message int
-- engine: sqlite
DELETE FROM search_doc WHERE org = :org AND account = :account AND message = :message
-- name: search_doc_delete
-- args: org int, account int, message int
-- engine: postgresql
DELETE FROM search_text WHERE org = :org AND account = :account AND message = :message

-- terms: FTS5 query made by search_words.c (words quoted), or a tsquery. Newest first: numbers rise with arrival, and FTS5 walks its lists from that end
-- without a sort, so that a common word costs no more than a rare one.
-- name: search_find
-- args: org int, account int, terms text, most int
-- engine: sqlite
SELECT d.message FROM search_text t JOIN search_doc d ON d.doc = t.rowid
WHERE search_text MATCH :terms AND d.org = :org AND d.account = :account ORDER BY t.rowid DESC LIMIT :most
-- name: search_find
-- args: org int, account int, terms text, most int
-- engine: postgresql
SELECT message FROM search_text WHERE org = :org AND account = :account AND words @@ to_tsquery('simple', :terms) ORDER BY message DESC LIMIT :most

-- What verify looks at: everything in the index, and the marks of an account and its firm back at the beginning.
-- name: search_scan
-- no-org: verify reads all firms
-- args: org int, account int, message int, most int
-- engine: sqlite
SELECT org, account, message FROM search_doc WHERE (org, account, message) > (:org, :account, :message) ORDER BY org, account, message LIMIT :most
-- name: search_scan
-- no-org: verify reads all firms
-- args: org int, account int, message int, most int
-- engine: postgresql
SELECT org, account, message FROM search_text WHERE (org, account, message) > (:org, :account, :message) ORDER BY org, account, message LIMIT :most

-- name: search_mark_back
-- args: org int, account int
UPDATE search_mark SET seq = 0 WHERE org = :org AND account IN (0, :account)
