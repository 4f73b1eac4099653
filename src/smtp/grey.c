#include "smtp/grey.h"
#include "core/hash.h"
#include <stdlib.h>

#define TOUCH_MS (24 * 3600 * 1000LL) /* how old the stored last_ms of a row that passes may become */

void smtp_grey_init(struct smtp_grey *g, const struct env *env, int64_t delay_ms)
{
    *g = (struct smtp_grey){.env = env, .delay_ms = delay_ms};
    g->rows = calloc((size_t)SMTP_GREY_SETS * SMTP_GREY_WAYS, sizeof *g->rows);
    if (!g->rows)
        abort();
}

void smtp_grey_free(struct smtp_grey *g)
{
    free(g->rows);
    g->rows = NULL;
}

/* Keys lie on disk, therefore the hash has no seed of this process. Who finds two that collide saves himself one minute. */
static int64_t key_of(struct str network, struct str from, struct str to)
{
    struct buf b;
    buf_init(&b, 4096);
    buf_vstr(&b, network);
    buf_vstr(&b, from);
    buf_vstr(&b, to);
    int64_t key = (int64_t)(hash64(buf_str(&b)) >> 1 | 1);
    buf_free(&b);
    return key;
}

/* Of rows that may go, those that never passed go first: a flood of first mails must not make us forget who has. */
static bool goes_before(const struct smtp_grey_row *a, const struct smtp_grey_row *b, int64_t now)
{
    bool pa = a->passed > 0 && now - a->last_ms < SMTP_GREY_KEEP_MS;
    bool pb = b->passed > 0 && now - b->last_ms < SMTP_GREY_KEEP_MS;
    return pa != pb ? pb : a->last_ms < b->last_ms;
}

static struct smtp_grey_row *row_of(struct smtp_grey *g, int64_t org, int64_t key)
{
    int64_t both[2] = {org, key}, now = env_wall_ms(g->env);
    struct smtp_grey_row *set = &g->rows[hash64(str_n(both, sizeof both)) % SMTP_GREY_SETS * SMTP_GREY_WAYS];
    struct smtp_grey_row *old = set;
    for (unsigned i = 0; i < SMTP_GREY_WAYS; i++) {
        if (set[i].org == org && set[i].key == key)
            return &set[i];
        if (goes_before(&set[i], old, now))
            old = &set[i];
    }
    *old = (struct smtp_grey_row){.org = org, .key = key};
    return old;
}

static void keep(struct smtp_grey *g, int64_t cell, const struct smtp_grey_row *r)
{
    if (g->keep)
        g->keep(g->keep_ctx, cell, r);
}

/* Wall time: rows outlive a restart. A clock that jumped back makes first_ms lie ahead: then the row begins anew. */
static void touch(struct smtp_grey *g, int64_t cell, struct smtp_grey_row *r, int64_t now)
{
    bool old = now - r->last_ms > TOUCH_MS || now < r->last_ms;
    r->last_ms = now;
    if (old)
        keep(g, cell, r);
}

int smtp_grey_ask(struct smtp_grey *g, int64_t cell, int64_t org, struct str network, struct str reverse_path,
                  struct str recipient)
{
    int64_t now = env_wall_ms(g->env);
    struct smtp_grey_row *net = row_of(g, org, key_of(network, STR_NULL, STR_NULL));
    if (net->passed >= SMTP_GREY_TRUST && now - net->last_ms < SMTP_GREY_KEEP_MS) {
        touch(g, cell, net, now);
        return 0;
    }
    struct smtp_grey_row *r = row_of(g, org, key_of(network, reverse_path, recipient));
    if (r->passed > 0 && now - r->last_ms < SMTP_GREY_KEEP_MS) {
        touch(g, cell, r, now);
        return 0;
    }
    if (r->first_ms == 0 || now < r->first_ms || now - r->first_ms > SMTP_GREY_WINDOW_MS) {
        r->first_ms = r->last_ms = now; /* in memory only: a flood of first mails writes nothing */
        r->passed = 0;
        return (int)((g->delay_ms + 999) / 1000);
    }
    if (now - r->first_ms < g->delay_ms)
        return (int)((g->delay_ms - (now - r->first_ms) + 999) / 1000);
    r->passed = 1;
    r->last_ms = now;
    keep(g, cell, r);
    /* The two rows may share a set, and making the second may have taken the first one's place. */
    net = row_of(g, org, key_of(network, STR_NULL, STR_NULL));
    if (net->first_ms == 0)
        net->first_ms = now;
    net->passed++;
    net->last_ms = now;
    keep(g, cell, net);
    return 0;
}

void smtp_grey_put(struct smtp_grey *g, const struct smtp_grey_row *row)
{
    if (row->key == 0)
        return;
    struct smtp_grey_row *r = row_of(g, row->org, row->key);
    if (row->last_ms >= r->last_ms) /* what happened here since is newer */
        *r = *row;
}
