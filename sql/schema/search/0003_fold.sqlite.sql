-- FTS5 folds by itself: nothing changes but the number.
DELETE FROM search_mark WHERE seq < 0;
