-- Texts are folded before they come here (accents, small letters, what is a word), as FTS5 does by itself. The index is made anew from the cell.
DELETE FROM search_text;
DELETE FROM search_mark;
