#pragma once
/* Full text beside a cell: search.db with FTS5, or a schema of tsvectors on PostgreSQL. Rebuildable: damaged or of another release, it is made anew and filled
 * from the cell; never in a backup, never in the delivery transaction. The jobs role feeds it, any process asks it. Held messages are not in it. */
#include "store/store.h"

#define SEARCH_BATCH 64  /* messages of one account read at once */
#define SEARCH_TURN 1024 /* messages of one turn */
#define SEARCH_RESULTS_MAX 10000u
#define SEARCH_LIMIT_MS 2000 /* of one question: "a*" over a large cell would keep all others of this process waiting */
#define SEARCH_WORDS_MAX 16u
#define SEARCH_WORD_BYTES 64u

struct search;
/* write: make it when absent, mend it when damaged. Without write ERR_NOENT while nothing was indexed yet. */
int search_open(struct search **s, struct cell *c, bool write, struct err *e) MUST_USE;
void search_close(struct search **s);
/* News of a firm (a wake-up). Thread-safe. */
void search_note(struct search *s, int64_t org);
/* Indexes what is new in the noted firms, or in all (at start, and every 30 s: a wake-up may get lost). 1: more is left, call again; 0: up to date; < 0.
 * done (may be NULL): messages read. */
int search_turn(struct search *s, bool all, size_t *done) MUST_USE;
/* One thing that is looked for: every word of text, or the words next to each other (phrase), in one of the columns. prefix: the last word may go on. */
enum { SEARCH_SUBJECT = 1, SEARCH_FROM = 2, SEARCH_TO = 4, SEARCH_BODY = 8 /* and attachments */, SEARCH_ALL = 15 };
struct search_words {
    struct str text;
    unsigned columns;
    bool phrase, prefix;
};
/* Ids of the account's messages that have all of w, newest first; *ids in the arena. Text without a single letter or digit finds nothing. n <= SEARCH_WORDS_MAX.
 * ERR_TIMEOUT after SEARCH_LIMIT_MS: the question fits too much. */
int search_words(struct search *s, struct arena *a, int64_t org, int64_t account, const struct search_words *w,
                 size_t n, size_t max, int64_t **ids, size_t *n_ids) MUST_USE;
/* The same for every word of text, anywhere; the last word may go on. */
int search_query(struct search *s, struct arena *a, int64_t org, int64_t account, struct str text, size_t max,
                 int64_t **ids, size_t *n) MUST_USE;
