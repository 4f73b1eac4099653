#include "guard/memory.h"
#include "core/err.h"
#include "core/map.h"
#include <stdlib.h>

#define HISTORY_ROWS_MAX 1024u /* rows that one message is shown */

struct row {
    struct row *next;
    struct guard_known k;
};
struct detail {
    struct detail *next;
    struct guard_detail d;
};
struct guard_memory {
    struct arena arena;
    struct map rows;    /* kind and key -> struct row, newest first */
    struct map details; /* party -> struct detail */
    struct detail *own;
    size_t n;
};

int guard_memory_open(struct guard_memory **mp)
{
    struct guard_memory *m = calloc(1, sizeof *m);
    *mp = m;
    if (!m)
        return ERR_NOMEM;
    arena_init(&m->arena, ARENA_NO_LIMIT);
    map_init(&m->rows, 1, 2); /* keys of a mailbox that its owner chose to read: no flooding to fear */
    map_init(&m->details, 3, 4);
    return 0;
}

void guard_memory_close(struct guard_memory **mp)
{
    struct guard_memory *m = *mp;
    *mp = NULL;
    if (!m)
        return;
    map_free(&m->rows);
    map_free(&m->details);
    arena_free(&m->arena);
    free(m);
}

size_t guard_memory_rows(const struct guard_memory *m) { return m->n; }

static struct str row_key(enum guard_known_kind kind, struct str key, char out[GUARD_KEY_MAX + 1])
{
    key = str_upto(key, GUARD_KEY_MAX);
    out[0] = (char)kind;
    memcpy(out + 1, key.p ? key.p : "", key.n);
    return str_n(out, key.n + 1);
}

static void row_add(struct guard_memory *m, const struct guard_known *k)
{
    char bytes[GUARD_KEY_MAX + 1];
    struct str key = row_key(k->kind, k->key, bytes);
    struct row *first = map_get(&m->rows, key), *r = first;
    while (r && !str_eq(r->k.value, k->value))
        r = r->next;
    if (!r) {
        r = arena_new(&m->arena, struct row);
        r->k = *k;
        r->k.key = arena_str(&m->arena, k->key);
        r->k.value = arena_str(&m->arena, k->value);
        r->next = first;
        map_put(&m->rows, key, r);
        m->n++;
        return;
    }
    r->k.received += k->received;
    r->k.sent += k->sent;
    r->k.first_ms = k->first_ms < r->k.first_ms ? k->first_ms : r->k.first_ms;
    r->k.last_ms = k->last_ms > r->k.last_ms ? k->last_ms : r->k.last_ms;
}

static struct guard_detail *detail_at(struct guard_memory *m, struct str party, struct str iban, int64_t at_ms)
{
    struct detail *first = map_get(&m->details, party), *d = first;
    while (d && !str_eq(d->d.iban, iban))
        d = d->next;
    if (!d) {
        d = arena_new(&m->arena, struct detail);
        d->d = (struct guard_detail){
            arena_str(&m->arena, party), arena_str(&m->arena, iban), DETAIL_SEEN, at_ms, at_ms, 0};
        d->next = first;
        map_put(&m->details, party, d);
    }
    return &d->d;
}

static void detail_seen(struct guard_memory *m, const struct guard_detail *x)
{
    struct guard_detail *d = detail_at(m, x->domain, x->iban, x->first_ms);
    d->count++;
    d->first_ms = x->first_ms < d->first_ms ? x->first_ms : d->first_ms;
    d->last_ms = x->last_ms > d->last_ms ? x->last_ms : d->last_ms;
    if (d->state == DETAIL_SEEN && d->count >= GUARD_LEARN_COUNT && d->last_ms - d->first_ms >= GUARD_LEARN_MS)
        d->state = DETAIL_LEARNED;
}

void guard_memory_own(struct guard_memory *m, struct str iban)
{
    struct detail *d = arena_new(&m->arena, struct detail);
    d->d = (struct guard_detail){.iban = arena_str(&m->arena, iban), .state = DETAIL_VERIFIED, .count = 1};
    d->next = m->own;
    m->own = d;
}

void guard_memory_decide(struct guard_memory *m, struct str party, struct str iban, enum guard_detail_state state,
                         int64_t at_ms)
{
    detail_at(m, party, iban, at_ms)->state = state;
}

static void show_details(const struct guard_memory *m, struct str party, struct arena *a, struct guard_history *h)
{
    size_t n = 0;
    const struct detail *first = map_get(&m->details, party);
    for (size_t i = 0; i < h->n_details; i++)
        if (str_eq(h->details[i].domain, party))
            return;
    for (const struct detail *d = first; d; d = d->next)
        n++;
    struct guard_detail *v = arena_array(a, struct guard_detail, h->n_details + n + 1);
    for (size_t i = 0; i < h->n_details; i++)
        v[i] = h->details[i];
    for (const struct detail *d = first; d; d = d->next)
        v[h->n_details++] = d->d;
    h->details = v;
}

/* before: rows of earlier rounds; the keys of one round are all different. */
static void show_rows(const struct guard_memory *m, const struct guard_key *k, size_t before, struct guard_history *h)
{
    char bytes[GUARD_KEY_MAX + 1];
    for (size_t i = 0; i < before; i++)
        if (h->rows[i].kind == k->kind && str_eq(h->rows[i].key, k->key))
            return; /* asked for in an earlier round */
    for (const struct row *r = map_get(&m->rows, row_key(k->kind, k->key, bytes)); r && h->n_rows < HISTORY_ROWS_MAX;
         r = r->next)
        h->rows[h->n_rows++] = r->k;
}

void guard_memory_history(const struct guard_memory *m, const struct guard_input *in, struct arena *a,
                          struct guard_history *h)
{
    struct guard_keys *keys = arena_new(a, struct guard_keys);
    *h = (struct guard_history){.rows = arena_array(a, struct guard_known, HISTORY_ROWS_MAX)};
    for (const struct detail *d = m->own; d; d = d->next)
        h->n_own++;
    h->own = arena_array(a, struct guard_detail, h->n_own + 1);
    size_t n = 0;
    for (const struct detail *d = m->own; d; d = d->next)
        h->own[n++] = d->d;
    for (int round = 0; round < GUARD_ROUNDS; round++) {
        guard_keys(in, h, round, a, keys);
        size_t before = h->n_rows;
        for (size_t i = 0; i < keys->n; i++) {
            if (keys->v[i].kind == KNOWN_DETAIL)
                show_details(m, keys->v[i].key, a, h);
            else
                show_rows(m, &keys->v[i], before, h);
        }
    }
    h->version = guard_history_version(h);
}

void guard_memory_learn(struct guard_memory *m, const struct guard_input *in, const struct guard_history *h,
                        const struct guard_verdict *v)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct guard_lessons *l = arena_new(&a, struct guard_lessons);
    guard_lessons(in, h, v, &a, l);
    for (size_t i = 0; i < l->n; i++)
        row_add(m, &l->v[i]);
    for (size_t i = 0; i < l->n_details; i++)
        detail_seen(m, &l->details[i]);
}

void guard_memory_add(struct guard_memory *m, const struct guard_input *in, struct guard_verdict *v)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct guard_history h;
    guard_memory_history(m, in, &a, &h);
    guard_judge(in, &h, &a, v);
    guard_memory_learn(m, in, &h, v);
    v->n_findings = 0; /* their facts were views of this arena */
}
