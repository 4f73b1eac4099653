/* References of conversations that are gone, a page of one cell's rows every turn. */
#include "core/log.h"
#include "role/jobs.h"
#include "store/account.h"
#include "store/ref_prune.h"
#include <stdlib.h>

static void of_cell(struct jobs_role *j, int64_t id)
{
    struct cell *c;
    struct ref_place *p = imap_get(&j->ref_places, (uint64_t)id);
    int64_t removed = 0;
    if (!p) {
        if (!(p = calloc(1, sizeof *p)))
            return;
        (void)imap_put(&j->ref_places, (uint64_t)id, p);
    }
    if (store_cell(j->store, id, &c, NULL) != 0 || cell_state(c, NULL) == CELL_READONLY)
        return;
    if (cell_prune_refs(c, p, &removed) < 0)
        log_warn("refs.stopped", L_I("cell", id));
    if (removed)
        log_info("refs.removed", L_I("cell", id), L_I("rows", removed));
}

void jobs_refs(struct jobs_role *j)
{
    int64_t *ids = NULL;
    size_t n = 0;
    if (store_cells(j->store, &ids, &n) == 0)
        for (size_t i = 0; i < n && !j->stopping; i++)
            of_cell(j, ids[i]);
    free(ids);
}
