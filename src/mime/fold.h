#pragma once
/* Text made ready for searching: words in small letters, without accents, one space between them. The same that FTS5's unicode61 makes with remove_diacritics:
 * letters, digits and private-use signs make words; a letter that is an ASCII letter with marks on it (canonical decomposition) is that letter; a
 * combining mark inside a word is left out; all else ends a word. So an index that folds beforehand finds what the other finds. */
#include "core/arena.h"

/* text: valid UTF-8. The result lies in a; it may be longer than the text, at most by half. */
struct str mime_fold(struct arena *a, struct str text);
