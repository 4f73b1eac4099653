/* The weekly reading of all packs, some megabytes every few seconds: 16 MB in 5 s is 1.9 TB a week. */
#include "core/log.h"
#include "role/jobs.h"
#include "store/account.h"
#include "store/scrub.h"
#include <stdlib.h>

#define SCRUB_STEP (16 << 20)

void jobs_scrub(struct jobs_role *j)
{
    int64_t *ids = NULL;
    size_t n = 0;
    if (store_cells(j->store, &ids, &n) == 0)
        for (size_t i = 0; i < n && !j->stopping; i++) {
            struct scrub_result r;
            struct cell *c;
            if (store_cell(j->store, ids[i], &c, NULL) == 0 && cell_scrub(c, SCRUB_STEP, &r) < 0)
                log_warn("scrub.stopped", L_I("cell", ids[i]), L_I("pack", r.pack));
        }
    free(ids);
}
