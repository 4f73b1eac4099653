#pragma once
/* What the parts of verify share. Order: rows (one snapshot, into two sorts), packs (against the blobs), places (rows
 * against pack records). */
#include "store/pack_groups.h"
#include "store/sorter.h"
#include "store/state_cells.h"
#include "store/store_priv.h"
#include "store/verify.h"

#define SCAN_KEYS 4
/* Rows of a statement in key order, page by page: PostgreSQL hands over whole results, and a snapshot is not held open
 * over pack reading. */
struct scan {
    struct db *db;
    enum sql_id id;
    int n_keys; /* first columns = first arguments */
    int64_t key[SCAN_KEYS];
    int page;
    bool open, done;
    struct db_cursor c;
};
struct scan scan_of(struct db *db, enum sql_id id, int n_keys);
int scan_next(struct scan *s) MUST_USE; /* 1 row in s->c, 0 end, < 0 */
void scan_end(struct scan *s);
void auto_scan(struct scan *s);

struct verify {
    const struct verify_conf *conf;
    struct verify_result *result;
    struct store *store; /* bare: configuration and clock, no threads */
    struct cell *cell;
    struct db *db;
    struct db *search;  /* NULL: none that could be read */
    struct arena arena; /* of one finding */
    bool rows_known;    /* the database was read to the end */
    struct cell_meta meta;
    int64_t damage_before; /* result->damage when this cell began */
    struct sorter *blobs;  /* struct blob_key */
    struct sorter *places; /* struct place_key */
    struct pack_groups groups;
    int64_t unbacked_packs; /* packs that could not be read: their places are unknown */
    struct tail {
        int64_t pack, from, to;
    } * tails;
    size_t n_tails;
    struct missing { /* packs that a row names and that are not there */
        int64_t pack;
        bool used; /* by a content row */
    } * missing;
    size_t n_missing;
};
/* Sort keys: big-endian, so that memcmp is their order. */
struct blob_key {
    uint8_t pack[8], offset[8], length[8], sha256[SHA256_LEN], size[8], org[8], blob[8];
};
enum place_source { FROM_ROW, FROM_PLACE, FROM_GONE };
struct place_key {
    uint8_t org[8], account[8], mailbox[8], uid[8], source, message[8], sha256[8], pack[8], offset[8];
};
static inline void key_put(uint8_t out[8], int64_t v)
{
    for (int i = 7; i >= 0; i--, v = (int64_t)((uint64_t)v >> 8))
        out[i] = (uint8_t)v;
}
static inline int64_t key_get(const uint8_t in[8])
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | in[i];
    return (int64_t)v;
}

/* verify_report.c. file NULL: a row of the cell's database. */
struct verify_at {
    const char *file;
    int64_t offset, length;
    bool fixed;
    struct str means; /* instead of the kind's own words */
};
void verify_report(struct verify *v, enum verify_kind kind, struct verify_at at, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
#define VERIFY_ROW ((struct verify_at){NULL, -1, -1, false, {NULL, 0}})
/* verify_mend.c: fn's changes, committed, when --fix asks for them. False: nothing was changed. */
bool verify_mend(struct verify *v, int (*fn)(struct db *db, void *arg), void *arg) MUST_USE;
struct verify_at verify_mended(bool fixed); /* VERIFY_ROW */
/* Numbers of a firm only ever rise: what stands in a row was given. 0: nothing about that one. */
bool verify_mend_numbers(struct verify *v, int64_t org, int64_t seq, int64_t next_id) MUST_USE;
/* 0 or < 0 when it cannot go on */
int verify_rows(struct verify *v) MUST_USE;      /* verify_rows.c: firms, accounts, messages, blobs, audit */
int verify_mailboxes(struct verify *v) MUST_USE; /* verify_mailboxes.c: mailboxes and placements */
int verify_packs(struct verify *v) MUST_USE;     /* verify_packs.c */
int verify_places(struct verify *v) MUST_USE;    /* verify_places.c */
int verify_directory(struct verify *v, struct db *dir,
                     bool cell_known) MUST_USE; /* verify_directory.c: v->cell's addresses */
/* verify_search.c. begin: before the snapshot of the cell, so that what the index has read by then is in it or was removed; then inside the snapshot. */
void verify_search_begin(struct verify *v);
int verify_search(struct verify *v) MUST_USE;
