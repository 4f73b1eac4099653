-- More columns: who it went to, and names and text of attachments. The index is made anew from the cell.
DROP TABLE search_text;
DELETE FROM search_doc;
DELETE FROM search_mark;
CREATE VIRTUAL TABLE search_text USING fts5 (tenant, subject, people, recipients, body, files, content = '', tokenize = 'unicode61 remove_diacritics 2');
