#include "store/pack_groups.h"
#include "store/pack_format.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

static int add_record(struct pack_groups *g, int64_t offset);
static int add_group(struct pack_groups *g, const struct pack_seen *end);
static struct pack_group *find(const struct pack_groups *g, uint64_t id);
static uint64_t mark_from(struct pack_groups *g, uint64_t id);
static void depths(struct pack_groups *g);
static struct pack_group *deepest_named(struct pack_groups *g);
static const struct pack_group *at_place(const struct pack_groups *g, int64_t pack, int64_t offset);

void pack_groups_free(struct pack_groups *g)
{
    free(g->all);
    free(g->by_id);
    free(g->records);
    *g = (struct pack_groups){0};
}

uint64_t pack_group_id(const struct pack_uuid *group)
{
    uint64_t v;

    memcpy(&v, group->b, sizeof v);
    return v;
}

void pack_groups_file(struct pack_groups *g, int64_t pack)
{
    g->pack = pack;
    g->n_records = 0;
}

static int add_record(struct pack_groups *g, int64_t offset)
{
    if (g->n_records == g->cap_records) {
        size_t cap = g->cap_records ? g->cap_records * 2 : 256;
        int64_t *p = realloc(g->records, cap * sizeof *p);

        if (!p)
            return ERR_NOMEM;
        g->records = p;
        g->cap_records = cap;
    }
    g->records[g->n_records++] = offset;
    return 0;
}

/* The end says how many records are its own: what stands before them belongs to a group whose end was damaged. */
static int add_group(struct pack_groups *g, const struct pack_seen *end)
{
    size_t foreign = g->n_records > end->records ? g->n_records - end->records : 0;
    int64_t start = foreign < g->n_records ? g->records[foreign] : end->loc.offset;

    if (g->n == g->cap) {
        size_t cap = g->cap ? g->cap * 2 : 256;
        struct pack_group *p = realloc(g->all, cap * sizeof *p);

        if (!p)
            return ERR_NOMEM;
        g->all = p;
        g->cap = cap;
    }
    g->all[g->n++] = (struct pack_group){.id = pack_group_id(&end->group),
                                         .last = pack_group_id(&end->last_committed),
                                         .pack = g->pack,
                                         .start = start,
                                         .end = end->loc.offset};
    g->n_records = 0;
    return 0;
}

int pack_groups_seen(struct pack_groups *g, const struct pack_seen *seen)
{
    if (seen->damaged)
        return 0;
    return seen->kind == PACK_GROUP_END ? add_group(g, seen) : add_record(g, seen->loc.offset);
}

static int by_id(const void *a, const void *b, void *arg)
{
    const struct pack_group *all = arg;
    uint64_t x = all[*(const uint32_t *)a].id, y = all[*(const uint32_t *)b].id;

    return x < y ? -1 : x > y;
}

static struct pack_group *find(const struct pack_groups *g, uint64_t id)
{
    size_t low = 0, high = g->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (g->all[g->by_id[mid]].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < g->n && g->all[g->by_id[low]].id == id ? &g->all[g->by_id[low]] : NULL;
}

/* Marks id and its ancestors; returns the first that is not there, or 0 at the beginning of all. */
static uint64_t mark_from(struct pack_groups *g, uint64_t id)
{
    while (id) {
        struct pack_group *p = find(g, id);

        if (!p)
            return id;
        if (p->committed)
            return 0;
        p->committed = true;
        id = p->last;
    }
    return 0;
}

/* Each chain is walked down to the first known depth, then numbered on a second walk. uuids are random, so a ring would
 * need a record that checks and lies; the limit of steps keeps even that finite. */
static void depths(struct pack_groups *g)
{
    for (size_t i = 0; i < g->n; i++) {
        size_t steps = 0;
        uint32_t base = 0;
        struct pack_group *p = &g->all[i];

        for (; p && p->depth == 0 && steps <= g->n; steps++)
            p = p->last ? find(g, p->last) : NULL;
        base = p ? p->depth : 0;
        p = &g->all[i];
        for (size_t left = steps; left > 0 && p; left--) {
            p->depth = base + (uint32_t)left;
            p = p->last ? find(g, p->last) : NULL;
        }
    }
}

static struct pack_group *deepest_named(struct pack_groups *g)
{
    struct pack_group *best = NULL;

    for (size_t i = 0; i < g->n; i++) {
        struct pack_group *p = find(g, g->all[i].last);

        if (p)
            p->child = true;
    }
    for (size_t i = 0; i < g->n; i++)
        if (g->all[i].child && (!best || g->all[i].depth > best->depth))
            best = &g->all[i];
    return best;
}

int pack_groups_finish(struct pack_groups *g, const struct pack_uuid *last)
{
    struct pack_group *deep;

    if (!(g->by_id = calloc(g->n + 1, sizeof *g->by_id)))
        return ERR_NOMEM;
    for (size_t i = 0; i < g->n; i++)
        g->by_id[i] = (uint32_t)i;
    if (g->n)
        qsort_r(g->by_id, g->n, sizeof *g->by_id, by_id, g->all);
    depths(g);
    deep = deepest_named(g);
    g->head_known = last != NULL;
    g->head = last ? pack_group_id(last) : deep ? deep->id : 0;
    g->missing = mark_from(g, g->head);
    for (size_t i = 0; i < g->n && (g->missing || !last); i++)
        g->all[i].committed |= g->all[i].child;
    for (size_t i = 0; i < g->n; i++) {
        struct pack_group *before = g->all[i].committed && g->all[i].last ? find(g, g->all[i].last) : NULL;

        if (before)
            before->continued = true;
        else if (g->all[i].committed && g->all[i].last && !g->missing)
            g->missing = g->all[i].last;
    }
    return 0;
}

size_t pack_groups_lost(struct pack_groups *g, const struct pack_uuid *now, const struct pack_group **first)
{
    bool *before = calloc(g->n + 1, sizeof *before);
    size_t lost = 0;

    *first = NULL;
    for (size_t i = 0; before && i < g->n; i++)
        before[i] = g->all[i].committed;
    if (before)
        (void)mark_from(g, pack_group_id(now));
    for (size_t i = 0; before && i < g->n; i++) {
        struct pack_group *p = &g->all[i];

        if (p->committed) { /* by the head, or since */
            p->committed = before[i];
        } else if (p->child) {
            p->committed = true;
            *first = lost++ ? *first : p;
        }
    }
    free(before);
    return lost;
}

void pack_groups_again(struct pack_groups *g)
{
    free(g->by_id);
    g->by_id = NULL;
    for (size_t i = 0; i < g->n; i++) {
        g->all[i].depth = 0;
        g->all[i].committed = g->all[i].child = g->all[i].continued = false;
    }
}

static const struct pack_group *at_place(const struct pack_groups *g, int64_t pack, int64_t offset)
{
    size_t low = 0, high = g->n;

    while (low < high) { /* the first that ends at or behind the place */
        size_t mid = low + (high - low) / 2;
        const struct pack_group *p = &g->all[mid];

        if (p->pack < pack || (p->pack == pack && p->end < offset))
            low = mid + 1;
        else
            high = mid;
    }
    if (low == g->n || g->all[low].pack != pack || g->all[low].start > offset)
        return NULL;
    return &g->all[low];
}

enum pack_fate pack_groups_fate(const struct pack_groups *g, int64_t pack, int64_t offset)
{
    const struct pack_group *p = at_place(g, pack, offset);

    if (!p)
        return g->missing || !g->head_known ? FATE_UNCERTAIN : FATE_DROPPED;
    if (p->committed)
        return FATE_COMMITTED;
    if (p->child || (g->head_known && !g->missing))
        return FATE_DROPPED;
    /* The last of its chain: what followed is damaged or never was. A committed group beside it says that its own
     * transaction was rolled back. */
    p = p->last ? find(g, p->last) : NULL;
    return p && (!p->committed || p->continued) ? FATE_DROPPED : FATE_UNCERTAIN;
}

int64_t pack_groups_cut(const struct pack_groups *g, int64_t pack)
{
    int64_t cut = PACK_HEAD_LEN;

    for (size_t i = 0; i < g->n; i++)
        if (g->all[i].pack == pack && g->all[i].committed && g->all[i].end + PACK_END_LEN > cut)
            cut = g->all[i].end + PACK_END_LEN;
    return cut;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

int pack_list(const char *dir, int64_t **ids, size_t *n)
{
    DIR *d = opendir(dir);
    size_t cap = 0;
    int64_t id;

    *ids = NULL;
    *n = 0;
    if (!d)
        return err_from_errno(errno);
    for (struct dirent *it; (it = readdir(d));) {
        if ((id = pack_name_id(it->d_name)) <= 0)
            continue;
        if (*n == cap) {
            int64_t *p = realloc(*ids, (cap = cap ? cap * 2 : 64) * sizeof *p);

            if (!p) {
                free(*ids);
                *ids = NULL;
                (void)closedir(d);
                return ERR_NOMEM;
            }
            *ids = p;
        }
        (*ids)[(*n)++] = id;
    }
    (void)closedir(d);
    if (*n)
        qsort(*ids, *n, sizeof **ids, by_number);
    return 0;
}
