#pragma once
/* What search.c and search_index.c share. */
#include "core/map.h"
#include "store/search.h"
#include "store/store_priv.h"

struct search {
    struct cell *cell;
    char *path, *schema;
    bool write;
    pthread_mutex_t lock; /* db, noted */
    struct db *db;
    struct imap marks; /* org -> int64_t *: seq up to which the firm was read */
    struct imap noted;
    int limit_ms; /* of one question */
    unsigned turns;
    int64_t looked; /* firms up to this one had their marks read again */
};
const char *search_tenant(struct arena *a, int64_t org, int64_t account); /* one token per account */
int search_db_open(struct search *s, bool write, struct err *e) MUST_USE; /* s->db is NULL */
int search_reopen(struct search *s, struct err *e) MUST_USE; /* s->db is NULL; a damaged file is made anew */
void search_fail(struct search *s, int code); /* closes; the next turn opens again, after damage an empty index */
