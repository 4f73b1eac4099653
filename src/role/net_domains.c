/* How many domains have lapsed, for /metrics. Asked of the cells beside the loop, at most once a minute and only while somebody reads the figures: what is
 * told is the last sum. */
#include "role/net.h"
#include "core/log.h"
#include "store/manage.h"
#include <stdlib.h>

#define AGAIN_MS 60000

struct count_job {
    struct net_role *net;
    int64_t n;
};

static int count(struct txn *t, void *arg) { return domain_lapsed_count(t, &((struct count_job *)arg)->n); }

static void on_count(void *arg, enum cell_outcome outcome, int code)
{
    struct count_job *j = arg;
    struct net_lapsed *l = &j->net->lapsed;
    (void)code;
    if (outcome == CELL_DURABLE)
        l->sum += j->n;
    else
        l->failed = true; /* the old figure stays: a part would look like good news */
    if (--l->asked == 0 && !l->failed)
        l->known = l->sum;
    free(j);
}

static void ask(struct net_role *n, int64_t id)
{
    struct cell *c;
    struct count_job *j = calloc(1, sizeof *j);
    if (!j)
        abort();
    j->net = n;
    n->lapsed.asked++;
    if (store_cell(n->store, id, &c, NULL) != 0 || cell_read(c, count, j, on_count) != 0)
        on_count(j, CELL_REFUSED, 0);
}

int64_t net_domains_lapsed(void *net_role, int what)
{
    struct net_role *n = net_role;
    int64_t now = net_now_ms(n->loop), *ids = NULL;
    size_t count_ids = 0;
    (void)what;
    if (n->lapsed.asked > 0 || (n->lapsed.next_ms && now < n->lapsed.next_ms) || n->stopping)
        return n->lapsed.known;
    n->lapsed.next_ms = now + AGAIN_MS;
    if (store_cells(n->store, &ids, &count_ids) == 0) {
        n->lapsed.sum = 0;
        n->lapsed.failed = false;
        n->lapsed.asked = 1; /* until all are asked */
        for (size_t i = 0; i < count_ids; i++)
            ask(n, ids[i]);
        if (--n->lapsed.asked == 0 && !n->lapsed.failed)
            n->lapsed.known = n->lapsed.sum;
    }
    free(ids);
    return n->lapsed.known;
}
