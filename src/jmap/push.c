/* StateChange (RFC 8620 7.1): the states of an account, for http's EventSource. */
#include "core/hash.h"
#include "jmap/routes.h"
#include "store/read.h"

#include <stdlib.h>

struct push_job {
    struct jmap_ctx *ctx;
    uint64_t ticket;
    int64_t org, account;
    struct arena arena;
    struct http_push_state v[3];
    size_t n;
};
static const struct {
    enum sync_type sync;
    const char *name;
} types[] = {{SYNC_MAILBOX, "Mailbox"}, {SYNC_EMAIL, "Email"}, {SYNC_THREAD, "Thread"}};

static int read_states(struct txn *t, void *arg)
{
    struct push_job *j = arg;
    int r = 0;
    j->n = 0;
    for (size_t i = 0; i < N_ELEMENTS(types) && r == 0; i++) {
        struct read_state s;
        r = read_state(t, j->org, j->account, types[i].sync, &s);
        if (r == 0)
            j->v[j->n++] = (struct http_push_state){str_c(types[i].name), read_state_text(&j->arena, s)};
    }
    return r;
}

static void on_states(void *arg, enum cell_outcome outcome, int code)
{
    struct push_job *j = arg;
    (void)code;
    http_push_states(j->ctx->http, j->ticket, j->v, outcome == CELL_DURABLE ? j->n : 0);
    arena_free(&j->arena);
    free(j);
}

void jmap_push_ask(void *jmap_ctx, uint64_t ticket, int64_t cell, int64_t org, int64_t account)
{
    struct jmap_ctx *c = jmap_ctx;
    struct push_job *j = calloc(1, sizeof *j);
    struct cell *where;
    if (!j)
        abort();
    *j = (struct push_job){.ctx = c, .ticket = ticket, .org = org, .account = account};
    arena_init(&j->arena, ARENA_NO_LIMIT);
    if (store_cell(c->store, cell, &where, NULL) != 0 || cell_read(where, read_states, j, on_states) != 0)
        on_states(j, CELL_REFUSED, 0);
}
