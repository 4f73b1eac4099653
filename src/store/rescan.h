#pragma once
/* Facts that an older release made, or that salvage left open (version 0), are made anew by the jobs role: a walk over the rows of a cell, some at a
 * time. Where it is stands in cells/N/rescan; a pass begins when the version rises, and once a week for what failed or came later. */
#include "store/unread.h"

#define RESCAN_FILE "rescan"
#define RESCAN_BATCH 64u  /* messages read again in one turn */
#define RESCAN_ROWS 2000u /* rows looked at in one turn */
#define RESCAN_EVERY_MS (7LL * 24 * 3600 * 1000)

struct rescan {
    uint32_t version;
    int64_t org, message, done_ms; /* behind which message to go on; end of the last whole pass */
    struct unread list[RESCAN_BATCH];
    size_t n;
};
/* The next messages with facts older than version; call rescan_keep when they were read. 1: go on next time; 0: the pass is done; < 0. */
int rescan_next(struct cell *c, uint32_t version, struct rescan *r) MUST_USE;
int rescan_keep(struct cell *c, const struct rescan *r) MUST_USE;
/* In a cell_fn: puts d's facts in the place of older ones (nothing when they are as new already), and after a salvage also structure, preview and
 * has_attachment, which otherwise never change. MAIL_NO_MESSAGE: it went meanwhile. */
int mail_rescanned(struct txn *t, const struct unread *u, const struct mail_draft *d) MUST_USE;
