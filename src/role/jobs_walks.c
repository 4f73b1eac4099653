/* Rows that nothing points at any more, a page of one cell's every turn. */
#include "core/log.h"
#include "role/jobs.h"
#include "store/account.h"
#include "store/prune.h"
#include "store/ref_prune.h"
#include <stdlib.h>

struct jobs_walk {
    struct ref_place refs;
    struct known_place known;
};

static void of_cell(struct jobs_role *j, int64_t id)
{
    struct cell *c;
    struct jobs_walk *w = imap_get(&j->walks, (uint64_t)id);
    int64_t refs = 0, known = 0;
    if (!w) {
        if (!(w = calloc(1, sizeof *w)))
            return;
        (void)imap_put(&j->walks, (uint64_t)id, w);
    }
    if (store_cell(j->store, id, &c, NULL) != 0 || cell_state(c, NULL) == CELL_READONLY)
        return;
    if (cell_prune_refs(c, &w->refs, &refs) < 0)
        log_warn("refs.stopped", L_I("cell", id));
    if (refs)
        log_info("refs.removed", L_I("cell", id), L_I("rows", refs));
    if (cell_prune_known(c, &w->known, &known) < 0)
        log_warn("known.stopped", L_I("cell", id));
    if (known)
        log_info("known.removed", L_I("cell", id), L_I("rows", known));
}

void jobs_walks(struct jobs_role *j)
{
    int64_t *ids = NULL;
    size_t n = 0;
    if (store_cells(j->store, &ids, &n) == 0)
        for (size_t i = 0; i < n && !j->stopping; i++)
            of_cell(j, ids[i]);
    free(ids);
}
