#pragma once
/* A name server in a table, for tests: records are added in wire form or as text, jobs are run against it. */
#include "auth/auth.h"
#include "core/buf.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define ZONE_MAX 4000u

struct zone_row {
    char name[260];
    unsigned type;
    enum auth_rr_status status;
    struct str rdata; /* p == NULL: the name is there, the type is not */
};
struct zone {
    struct arena a;
    struct zone_row *row;
    size_t n;
    unsigned rounds, asked; /* of the last job */
};

static inline void zone_init(struct zone *z)
{
    arena_init(&z->a, ARENA_NO_LIMIT);
    z->row = arena_array(&z->a, struct zone_row, ZONE_MAX);
    z->n = 0;
}
static inline void zone_free(struct zone *z) { arena_free(&z->a); }
static inline void zone_put(struct zone *z, struct str name, unsigned type, enum auth_rr_status status,
                            struct str rdata)
{
    if (z->n == ZONE_MAX || name.n >= sizeof z->row->name)
        abort();
    struct zone_row *r = &z->row[z->n++];
    memcpy(r->name, name.p, name.n);
    r->name[name.n] = '\0';
    r->type = type;
    r->status = status;
    r->rdata = rdata.p ? arena_str(&z->a, rdata) : STR_NULL;
}
static inline void zone_txt(struct zone *z, const char *name, const char *text)
{
    AUTO(buf) struct buf b;
    size_t n = strlen(text);
    buf_init(&b, 65536);
    do {
        size_t part = n < 255 ? n : 255;
        buf_u8(&b, (uint8_t)part);
        buf_add(&b, text, part);
        text += part;
        n -= part;
    } while (n > 0);
    zone_put(z, str_c(name), AUTH_RR_TXT, AUTH_RR_OK, buf_str(&b));
}
static inline void zone_ip(struct zone *z, const char *name, const char *address)
{
    uint8_t b[16];
    bool v6 = inet_pton(AF_INET, address, b) != 1;
    if (v6 && inet_pton(AF_INET6, address, b) != 1)
        abort();
    zone_put(z, str_c(name), v6 ? AUTH_RR_AAAA : AUTH_RR_A, AUTH_RR_OK, str_n(b, v6 ? 16 : 4));
}
/* PTR, or MX with a preference. */
static inline void zone_name(struct zone *z, const char *name, unsigned type, const char *target)
{
    AUTO(buf) struct buf b;
    struct str rest = str_c(target), label;
    buf_init(&b, 1024);
    if (type == AUTH_RR_MX)
        buf_u16(&b, 10);
    while (rest.p && rest.n && str_token(&rest, '.', &label)) {
        buf_u8(&b, (uint8_t)label.n);
        buf_adds(&b, label);
    }
    buf_u8(&b, 0);
    zone_put(z, str_c(name), type, AUTH_RR_OK, buf_str(&b));
}
static inline void zone_fail(struct zone *z, const char *name, unsigned type, enum auth_rr_status status)
{
    zone_put(z, str_c(name), type, status, STR_NULL);
}

static inline void zone_answer(struct zone *z, struct auth_job *job, const struct auth_question *q)
{
    struct str rdata[128];
    size_t n = 0;
    enum auth_rr_status status = AUTH_RR_NXDOMAIN;
    for (size_t i = 0; i < z->n; i++) {
        const struct zone_row *r = &z->row[i];
        if (!str_ieq(str_c(r->name), q->name))
            continue;
        if (status == AUTH_RR_NXDOMAIN)
            status = AUTH_RR_OK;
        if (r->type != (unsigned)q->type)
            continue;
        if (r->status != AUTH_RR_OK)
            status = r->status;
        else if (r->rdata.p && n < N_ELEMENTS(rdata))
            rdata[n++] = r->rdata;
    }
    auth_answer(job, q->id, status, rdata, status == AUTH_RR_OK ? n : 0);
}

/* Runs a job to its end; returns its results. */
static inline const struct auth_results *zone_run(struct zone *z, struct auth_job *job)
{
    struct auth_question q;
    z->rounds = z->asked = 0;
    while (auth_step(job) == AUTH_ASK) {
        bool any = false;
        z->rounds++;
        while (auth_question(job, &q)) {
            any = true;
            z->asked++;
            zone_answer(z, job, &q);
        }
        if (!any)
            abort(); /* a job that waits for nothing */
    }
    return &job->results;
}
