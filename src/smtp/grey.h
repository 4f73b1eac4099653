#pragma once
/* Greylisting: the first mail of an unknown (network, reverse-path, recipient) is deferred; who comes back within a day has shown that he keeps a queue. A
 * network that has passed SMTP_GREY_TRUST times for a firm is let through from then on. Pure but for the clock in env; a table of fixed size: rows that
 * never passed are forgotten first, then the longest unused. Who has passed outlives a restart: such rows are handed to `keep` and taken back by
 * smtp_grey_put. */
#include "core/env.h"
#include "core/str.h"

#define SMTP_GREY_SETS 8192u
#define SMTP_GREY_WAYS 4u
#define SMTP_GREY_TRUST 3u
#define SMTP_GREY_WINDOW_MS (24 * 3600 * 1000LL)    /* who comes back later begins anew */
#define SMTP_GREY_KEEP_MS (35 * 24 * 3600 * 1000LL) /* what passed is known so long after its last mail */

struct smtp_grey_row {
    int64_t org, key; /* key 0: free */
    int64_t first_ms, last_ms, passed;
};
struct smtp_grey {
    const struct env *env;
    int64_t delay_ms;
    struct smtp_grey_row *rows;
    void (*keep)(void *ctx, int64_t cell, const struct smtp_grey_row *row); /* a row that changed; may be NULL */
    void *keep_ctx;
};
void smtp_grey_init(struct smtp_grey *g, const struct env *env, int64_t delay_ms);
void smtp_grey_free(struct smtp_grey *g);
/* 0: let it through; else the seconds until it may come back. network: smtp_network_key. */
int smtp_grey_ask(struct smtp_grey *g, int64_t cell, int64_t org, struct str network, struct str reverse_path,
                  struct str recipient) MUST_USE;
void smtp_grey_put(struct smtp_grey *g, const struct smtp_grey_row *row);
