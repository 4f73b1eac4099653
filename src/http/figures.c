#include "http/figures.h"
#include "core/log.h"
#include "net/shared.h"
#include <stdlib.h>
#include <string.h>

struct columns {
    int64_t v[NET_SHARED_UNITS][HTTP_FIGURES_MAX];
};
struct http_figures {
    struct net_shared *shared;
    struct columns *columns;
    unsigned unit;
    int64_t before[HTTP_FIGURES_MAX]; /* what the predecessor told last */
};

_Static_assert(NET_SHARED_FIGURES_BYTES >= sizeof(struct columns) + 4096,
               "the columns fit into their part of the memory");

struct http_figures *http_figures_new(int counters, unsigned unit, const struct env *env)
{
    struct http_figures *f;
    if (counters <= 0)
        return NULL;
    if (!(f = calloc(1, sizeof *f)))
        abort();
    f->unit = unit;
    if (unit >= NET_SHARED_UNITS ||
        net_shared_part(&f->shared, counters, NET_SHARED_FIGURES, sizeof *f->columns, env) != 0) {
        log_error("http.figures", L_Z("meaning", "/metrics tells of this process alone"));
        free(f);
        return NULL;
    }
    f->columns = net_shared_memory(f->shared);
    net_shared_lock(f->shared);
    memcpy(f->before, f->columns->v[unit], sizeof f->before);
    net_shared_unlock(f->shared);
    return f;
}

void http_figures_free(struct http_figures **fp)
{
    struct http_figures *f = *fp;
    *fp = NULL;
    if (!f)
        return;
    net_shared_close(&f->shared);
    free(f);
}

void http_figures_tell(struct http_figures *f, const int64_t *v, const bool *counter, size_t n)
{
    net_shared_lock(f->shared);
    for (size_t i = 0; i < n && i < HTTP_FIGURES_MAX; i++)
        f->columns->v[f->unit][i] = v[i] + (counter[i] ? f->before[i] : 0);
    net_shared_unlock(f->shared);
}

void http_figures_add(struct http_figures *f, int64_t *v, const bool *counter, size_t n)
{
    net_shared_lock(f->shared);
    for (size_t i = 0; i < n && i < HTTP_FIGURES_MAX; i++) {
        v[i] += counter[i] ? f->before[i] : 0;
        for (unsigned u = 0; u < NET_SHARED_UNITS; u++)
            v[i] += u == f->unit ? 0 : f->columns->v[u][i];
    }
    net_shared_unlock(f->shared);
}
