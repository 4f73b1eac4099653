#pragma once
/* What is kept of a firm for a while and then goes: refusals, greylisting rows, judgements, accepted transactions, and what the guard remembers of single
 * messages. Looked for in reads and removed in small jobs, so that a walk where nothing is old takes no fence. */
#include "store/store.h"

/* A transaction stands in the live log and in `sigillo trace` so long; the message itself stays. Longer than judgements (JUDGED_KEEP_MS), which
 * are explained beside it, and than the window of resends. */
#define ACCEPTED_KEEP_MS (400 * 24 * 3600 * 1000LL)
#define ACCEPTED_PRUNE_MAX 200
/* Oldest first, at most ACCEPTED_PRUNE_MAX of one firm; *n how many. Inside a cell_fn. */
int accepted_prune(struct txn *t, int64_t org, int64_t *n) MUST_USE;

enum prune_what { PRUNE_REFUSED, PRUNE_GREYLIST, PRUNE_JUDGED, PRUNE_ACCEPTED, PRUNE_KINDS };
struct prune_count {
    int64_t rows[PRUNE_KINDS];
};
/* One firm, at most one transaction of each kind; removed is added to. 1: there is more; 0: nothing old is left; < 0. */
int cell_prune_firm(struct cell *c, int64_t org, struct prune_count *removed) MUST_USE;

/* Rows of `known` that each message leaves: who took part in it (KNOWN_KIND_MESSAGE), lines that we wrote (KNOWN_KIND_SAID). The
 * guard compares an answer with them; three years behind the last of them nobody answers. All other rows are about parties,
 * are as many as those, and stay. */
#define KNOWN_KEEP_MS (3 * 366 * 24 * 3600 * 1000LL)
#define KNOWN_PRUNE_ROWS 2000u /* looked at in one turn */
#define KNOWN_PRUNE_BATCH 200u /* removed in one turn */
#define KNOWN_PRUNE_EVERY_MS (7LL * 24 * 3600 * 1000)
struct known_place { /* kept by the caller, zeros at first */
    int64_t org, key;
    char value[256]; /* KNOWN_TEXT_MAX */
    size_t value_n;
    bool begun;
    int64_t done_ms; /* end of the last whole walk */
};
/* 1: go on next time; 0: the walk is done, or was within KNOWN_PRUNE_EVERY_MS; < 0. removed is added to. */
int cell_prune_known(struct cell *c, struct known_place *p, int64_t *removed) MUST_USE;
