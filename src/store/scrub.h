#pragma once
/* Reading all packs once a week, a little at a time, so that a disk that forgets is noticed while the backup still has the bytes. Where it is stands in
 * cells/N/scrub; what it finds is logged ("scrub.damaged") with the place, and `sigillo verify` says what it means. */
#include "store/store.h"

#define SCRUB_EVERY_MS (7LL * 24 * 3600 * 1000)
#define SCRUB_FILE "scrub"

struct scrub_result {
    int64_t pack, bytes, damaged;
};
/* Reads about `bytes` more of the cell's packs. 1: some was read; 0: this week's pass is done; < 0: a pack or the place file could not be read. */
int cell_scrub(struct cell *c, int64_t bytes, struct scrub_result *r) MUST_USE;
