-- Weights say where a word stands: A subject, B sender, C recipients, D body and attachments. The index is made anew from the cell.
DELETE FROM search_text;
DELETE FROM search_mark;
