/* The numbers of a group: seq and ids are given from memory under the fence, so that 64 messages of a firm cost one
 * read and one write of its row. */
#include "core/log.h"
#include "store/group.h"

static void *grow(struct arena *a, void *old, size_t n, size_t *cap, size_t size);
static int org_row(struct txn *t, int64_t org, struct org_row **out);
static struct group *group_of(struct txn *t) { return t->group; }

void group_init(struct group *g, struct cell *c, struct db *db)
{
    struct arena *arena = &c->group_arena;
    arena_free(arena);
    arena_init(arena, ARENA_NO_LIMIT);
    *g = (struct group){.arena = arena};
    env_random(c->store->env, g->uuid.b, sizeof g->uuid.b);
    g->t =
        (struct txn){.db = db, .cell = c, .store = c->store, .arena = &c->job_arena, .env = c->store->env, .group = g};
}

static void *grow(struct arena *a, void *old, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return old;
    size_t more = *cap ? *cap * 2 : 16;
    void *p = arena_zalloc(a, more * size);
    if (n)
        memcpy(p, old, n * size);
    *cap = more;
    return p;
}
#define GROW(g, array, n, cap) ((g)->array = grow((g)->arena, (g)->array, (g)->n, &(g)->cap, sizeof *(g)->array))

void group_job_begin(struct group *g)
{
    g->job++;
    g->n_fresh = 0;
    g->mark_orgs = g->n_orgs;
    g->mark_states = g->n_states;
    g->mark_places = g->n_places;
    g->mark_gones = g->n_gones;
}

void group_job_undo(struct group *g)
{
    g->n_fresh = 0;
    g->n_places = g->mark_places;
    g->n_gones = g->mark_gones;
    g->n_orgs = g->mark_orgs; /* what this job read first may be a row it made itself */
    g->n_states = g->mark_states;
    for (size_t i = 0; i < g->n_orgs; i++) {
        struct org_row *o = &g->orgs[i];
        if (o->job != g->job)
            continue;
        o->seq = o->saved_seq;
        o->next_id = o->saved_id;
        o->dirty = o->saved_dirty;
    }
    for (size_t i = 0; i < g->n_states; i++)
        if (g->states[i].job == g->job)
            memcpy(g->states[i].seq, g->states[i].saved, sizeof g->states[i].seq);
}

int group_flush(struct group *g)
{
    int r = 0;
    for (size_t i = 0; i < g->n_orgs && r == 0; i++) {
        struct org_row *o = &g->orgs[i];
        if (o->dirty)
            r = db_run(g->t.db, SQL_ORG_NUMBERS_SET, DB_ARGS(db_int(o->org), db_int(o->seq), db_int(o->next_id)), NULL);
    }
    for (size_t i = 0; i < g->n_states && r == 0; i++) {
        struct state_row *s = &g->states[i];
        if (!(s->seq[0] | s->seq[1] | s->seq[2]))
            continue;
        int64_t last = s->seq[0] > s->seq[1] ? s->seq[0] : s->seq[1];
        cell_touched(g->t.cell, s->org, s->account, s->seq[2] > last ? s->seq[2] : last);
        r = db_run(g->t.db, SQL_JMAP_STATE_RAISE,
                   DB_ARGS(db_int(s->org), db_int(s->account), db_int(s->seq[0]), db_int(s->seq[1]), db_int(s->seq[2])),
                   NULL);
    }
    return r > 0 ? ERR_INVALID : r;
}

static int org_load(struct txn *t, struct org_row *o)
{
    struct db_cursor c;
    int r = db_query(t->db, &c, SQL_ORG_NUMBERS, DB_ARGS(db_int(o->org)));
    if (r == 0 && (r = db_next(&c)) == 1) {
        struct str key = db_col_str(&c, 2);
        o->seq = db_col_int(&c, 0);
        o->next_id = db_col_int(&c, 1);
        if (key.n == sizeof o->key)
            memcpy(o->key, key.p, key.n);
        else
            r = ERR_CORRUPT;
    } else if (r == 0) {
        r = ERR_NOENT;
    }
    db_end(&c);
    return r == 1 ? 0 : r > 0 ? ERR_CORRUPT : r;
}

static int org_row(struct txn *t, int64_t org, struct org_row **out)
{
    struct group *g = group_of(t);
    if (!g) {
        log_bug("store.numbers_in_read", L_I("org", org));
        return ERR_INVALID;
    }
    struct org_row *o = NULL;
    for (size_t i = g->n_orgs; i > 0 && !o; i--)
        if (g->orgs[i - 1].org == org)
            o = &g->orgs[i - 1];
    if (!o) {
        struct org_row fresh = {.org = org};
        int r = org_load(t, &fresh);
        if (r)
            return r;
        GROW(g, orgs, n_orgs, cap_orgs);
        o = &g->orgs[g->n_orgs++];
        *o = fresh;
    }
    if (o->job != g->job) {
        o->job = g->job;
        o->saved_seq = o->seq;
        o->saved_id = o->next_id;
        o->saved_dirty = o->dirty;
    }
    *out = o;
    return 0;
}

int txn_seq(struct txn *t, int64_t org, int64_t *seq)
{
    struct org_row *o;
    int r = org_row(t, org, &o);
    if (r)
        return r;
    o->dirty = true;
    *seq = ++o->seq;
    return 0;
}

int txn_id(struct txn *t, int64_t org, int64_t *id)
{
    struct org_row *o;
    int r = org_row(t, org, &o);
    if (r)
        return r;
    o->dirty = true;
    *id = o->next_id++;
    return 0;
}

int txn_org_key(struct txn *t, int64_t org, const uint8_t **key)
{
    struct org_row *o;
    int r = org_row(t, org, &o);
    if (r)
        return r;
    uint8_t *copy = arena_alloc(t->arena, sizeof o->key); /* the array may move */
    memcpy(copy, o->key, sizeof o->key);
    *key = copy;
    return 0;
}

void txn_changed(struct txn *t, int64_t org, int64_t account, unsigned types, int64_t seq)
{
    struct group *g = group_of(t);
    struct state_row *s = NULL;
    for (size_t i = g->n_states; i > 0 && !s; i--)
        if (g->states[i - 1].account == account && g->states[i - 1].org == org)
            s = &g->states[i - 1];
    if (!s) {
        GROW(g, states, n_states, cap_states);
        s = &g->states[g->n_states++];
        *s = (struct state_row){.org = org, .account = account};
    }
    if (s->job != g->job) {
        s->job = g->job;
        memcpy(s->saved, s->seq, sizeof s->saved);
    }
    for (unsigned i = 0; i < 3; i++)
        if ((types & (1u << i)) && seq > s->seq[i])
            s->seq[i] = seq;
}

void txn_pack_place(struct txn *t, const struct pack_place *p)
{
    struct group *g = group_of(t);
    GROW(g, places, n_places, cap_places);
    struct pack_place *to = &g->places[g->n_places++];
    *to = *p;
    to->mailbox_name = arena_str(g->arena, p->mailbox_name);
    to->address = arena_str(g->arena, p->address);
    to->verdict = arena_str(g->arena, p->verdict);
}

void txn_pack_gone(struct txn *t, const struct pack_gone *p)
{
    struct group *g = group_of(t);
    GROW(g, gones, n_gones, cap_gones);
    g->gones[g->n_gones++] = *p;
}

struct fresh *txn_fresh_add(struct txn *t)
{
    struct group *g = group_of(t);
    GROW(g, fresh, n_fresh, cap_fresh);
    struct fresh *f = &g->fresh[g->n_fresh++];
    *f = (struct fresh){0};
    return f;
}

struct fresh *txn_fresh_find(struct txn *t, int64_t org, int64_t message)
{
    struct group *g = group_of(t);
    for (size_t i = g->n_fresh; i > 0; i--)
        if (g->fresh[i - 1].message == message && g->fresh[i - 1].org == org)
            return &g->fresh[i - 1];
    return NULL;
}

struct str txn_text(struct arena *a, struct str s, size_t max)
{
    if (s.n > max)
        s = str_utf8_cut(s, max);
    if (LIKELY(str_utf8_valid(s) == s.n && (s.n == 0 || !memchr(s.p, 0, s.n))))
        return s;
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    while (s.n) {
        size_t good = str_utf8_valid(s);
        for (size_t i = 0; i < good; i++)
            out[n++] = s.p[i] ? s.p[i] : ' ';
        s = str_from(s, good);
        if (s.n) {
            out[n++] = '?';
            s = str_from(s, 1);
        }
    }
    return (struct str){out, n};
}
