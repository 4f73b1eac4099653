#pragma once
/* `sigillo verify`: reads every row and every pack byte of a state and names each damage: where it is, what it means
 * for whom, what to do. A live server may go on meanwhile: the rows are one snapshot, and packs only grow. Memory: two
 * sorts of VERIFY_SORT_BYTES, a small one, the threads of one mailbox, 32 bytes a commit. */
#include "store/store.h"

#define VERIFY_SORT_BYTES (64u << 20)
#define VERIFY_REPORT_MAX 10000u /* findings handed out one by one; later ones are counted */

enum verify_kind {
    VERIFY_DIRECTORY_DOWN, /* the directory cannot be opened or is damaged inside */
    VERIFY_DATABASE_DOWN,
    VERIFY_DATABASE_DAMAGED,
    VERIFY_PACK_REFUSED, /* no pack, another cell's, another id's, a newer release's */
    VERIFY_PACK_MISSING,
    VERIFY_PACK_DAMAGED,
    VERIFY_PACK_TORN,     /* note */
    VERIFY_PACK_UNLISTED, /* note */
    VERIFY_PACK_UNUSED,   /* note: a row, no file, nothing was ever in it */
    VERIFY_BLOB_LOST,
    VERIFY_GROUP_LOST,
    VERIFY_COMMITS_LOST,   /* proven by the packs, unknown to the database */
    VERIFY_PLACE_LOST,     /* committed in the packs, no row */
    VERIFY_PLACE_BACK,     /* gone in the packs, row there */
    VERIFY_PLACE_UNBACKED, /* row without a pack record */
    VERIFY_ROW_DANGLING,
    VERIFY_THREAD,
    VERIFY_HOLD,
    VERIFY_SEQ,
    VERIFY_COUNTER,
    VERIFY_AUDIT,
    VERIFY_ADDRESS,
    VERIFY_ADDRESS_PENDING, /* note */
    VERIFY_SEARCH,          /* note: messages that the index of words lacks */
    VERIFY_READONLY,        /* note: the mark, and what became of it */
    VERIFY_KINDS
};
struct verify_finding {
    enum verify_kind kind;
    const char *name;   /* "pack-damaged" */
    bool damage, fixed; /* not damage: a note */
    int64_t cell;
    struct str file;        /* path, empty when it is a row */
    int64_t offset, length; /* -1: none */
    struct str what, means, cure;
};
typedef void verify_fn(void *arg, const struct verify_finding *f);
struct verify_conf {
    int64_t only_cell; /* -1: directory and all cells */
    bool
        fix; /* counters are made true, the index is filled again, and a sound cell's read-only mark is removed in any case */
    verify_fn *found;
    void *arg;
};
struct verify_result {
    int64_t cells, packs, pack_bytes, records, blobs, messages, placements, accounts;
    int64_t damage, notes, fixed;
};
/* 0: ran to the end, result says whether sound. < 0: could not run (e): no such state, no such cell, no room for the
 * sort. */
int store_verify(const struct store_conf *conf, const struct env *env, const struct verify_conf *v,
                 struct verify_result *r, struct err *e) MUST_USE;
