/* The directory: where an address lives, and the cache of that. Order of creation of a firm: its number is reserved in
 * the directory (pending: not found by anybody), its rows are made in the cell (pending), then both are made active.
 * Each step may be repeated. */
#include "store/account.h"
#include "store/account_priv.h"
#include "core/log.h"
#include "store/kin.h"
#include "store/store_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define CACHE_TTL_NS (60 * 1000000000LL)
#define CACHE_MAX 100000u

enum dir_state { STATE_PENDING, STATE_ACTIVE, STATE_DISABLED };

struct cached {
    struct place_of at;
    int64_t until_ns;
};
struct find_job {
    struct str key;
    struct place_of at;
    int64_t state;
};

static int find_address(struct txn *t, void *arg);
static int find_domain(struct txn *t, void *arg);

/* ---- look-up ---- */

static int find_address(struct txn *t, void *arg)
{
    struct find_job *j = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_DIR_ADDRESS_FIND, DB_ARGS(db_text(j->key)));
    if (r || (r = db_next(&c)) < 0)
        return r > 0 ? ERR_INVALID : r;
    if (r == 1 && db_col_int(&c, 3) != STATE_PENDING)
        j->at = (struct place_of){.cell = db_col_int(&c, 0),
                                  .org = db_col_int(&c, 1),
                                  .account = db_col_int(&c, 2),
                                  .found = true,
                                  .disabled = db_col_int(&c, 3) == STATE_DISABLED};
    return 0;
}

static int find_domain(struct txn *t, void *arg)
{
    struct find_job *j = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_DIR_DOMAIN_FIND, DB_ARGS(db_text(j->key)));
    if (r || (r = db_next(&c)) < 0)
        return r > 0 ? ERR_INVALID : r;
    if (r == 1) {
        j->at = (struct place_of){.cell = db_col_int(&c, 1), .org = db_col_int(&c, 0), .found = true};
        j->state = db_col_int(&c, 2);
    }
    return 0;
}

static bool cache_get(struct store *s, struct str address, struct place_of *out)
{
    pthread_mutex_lock(&s->cache_lock);
    struct cached *c = map_get(&s->cache, address);
    bool hit = c && env_mono_ns(s->env) < c->until_ns;
    if (hit)
        *out = c->at;
    pthread_mutex_unlock(&s->cache_lock);
    return hit;
}

static void cache_clear(struct store *s)
{
    size_t it = 0;
    struct str key;
    void *v;
    while (map_next(&s->cache, &it, &key, &v))
        free(v);
    map_free(&s->cache);
    uint64_t seed[2];
    env_random(s->env, seed, sizeof seed);
    map_init(&s->cache, seed[0], seed[1]);
}

static void cache_put(struct store *s, struct str address, const struct place_of *at)
{
    struct cached *c = malloc(sizeof *c);
    if (!c)
        return;
    *c = (struct cached){*at, env_mono_ns(s->env) + CACHE_TTL_NS};
    pthread_mutex_lock(&s->cache_lock);
    if (s->cache.n >= CACHE_MAX)
        cache_clear(s);
    free(map_put(&s->cache, address, c));
    pthread_mutex_unlock(&s->cache_lock);
}

static void cache_drop(struct store *s, struct str address)
{
    pthread_mutex_lock(&s->cache_lock);
    free(map_del(&s->cache, address));
    pthread_mutex_unlock(&s->cache_lock);
}

/* Unknown addresses are not cached: one that was just made must be found at once, also when another process made it. */
int directory_find(struct store *s, struct str address, struct place_of *out)
{
    if (cache_get(s, address, out))
        return 0;
    if (str_utf8_valid(address) != address.n || memchr(address.p ? address.p : "", 0, address.n))
        return DIR_UNKNOWN;
    struct find_job j = {.key = address};
    int r = cell_read_wait(s->dir, find_address, &j);
    if (r)
        return r < 0 ? r : ERR_INVALID;
    *out = j.at;
    if (!j.at.found)
        return DIR_UNKNOWN;
    cache_put(s, address, &j.at);
    return 0;
}

bool directory_has_domain(struct store *s, struct str domain)
{
    struct find_job j = {.key = domain};
    return str_utf8_valid(domain) == domain.n && cell_read_wait(s->dir, find_domain, &j) == 0 && j.at.found &&
           j.state == STATE_ACTIVE;
}

int directory_domain(struct store *s, struct str domain, struct place_of *out)
{
    struct find_job j = {.key = domain};
    int r = cell_read_wait(s->dir, find_domain, &j);
    if (r)
        return r < 0 ? r : ERR_INVALID;
    *out = j.at;
    return j.at.found ? 0 : DIR_UNKNOWN;
}

static int find_org(struct txn *t, void *arg)
{
    int64_t *pair = arg;
    int r = db_get_int(t->db, SQL_DIR_ORG_GET, DB_ARGS(db_int(pair[0])), &pair[1]);
    return r == 1 ? 0 : r == 0 ? ERR_NOENT : r;
}

int directory_org_cell(struct store *s, int64_t org, int64_t *cell)
{
    int64_t pair[2] = {org, 0};
    int r = cell_read_wait(s->dir, find_org, pair);
    *cell = pair[1];
    return r;
}

/* ---- making ---- */

static int add_cell(struct txn *t, void *arg)
{
    return db_run(t->db, SQL_DIR_CELL_INSERT, DB_ARGS(db_int(*(int64_t *)arg), db_int(t->now_ms)), NULL);
}

int store_create(const struct store_conf *conf, const struct env *env, struct err *e)
{
    int64_t first = 1;
    int r = cell_make(conf, env, STORE_DIRECTORY_CELL, true, e);
    if (r == 0)
        r = cell_make(conf, env, first, true, e);
    struct store *s = NULL;
    if (r == 0)
        r = store_open(&s, conf, env, e);
    if (r)
        return r;
    int code;
    if (cell_write_wait(s->dir, add_cell, &first, NULL, 0, &code) != CELL_DURABLE)
        r = err_set(e, code < 0 ? code : ERR_INVALID, "the directory cannot be written");
    store_close(&s);
    return r;
}

struct cell_list {
    int64_t *id;
    size_t n, cap;
};

static int list_cells(struct txn *t, void *arg)
{
    struct cell_list *l = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_DIR_CELL_LIST, NULL, 0);
    while (r == 0 && (r = db_next(&c)) == 1) {
        if (l->n == l->cap) {
            l->cap = l->cap ? l->cap * 2 : 64;
            int64_t *more = realloc(l->id, l->cap * sizeof *more);
            if (!more)
                return ERR_NOMEM;
            l->id = more;
        }
        l->id[l->n++] = db_col_int(&c, 0);
        r = 0;
    }
    return r > 0 ? ERR_INVALID : r;
}

int store_cells(struct store *s, int64_t **ids, size_t *n)
{
    struct cell_list l = {0};
    int r = cell_read_wait(s->dir, list_cells, &l);
    if (r) {
        free(l.id);
        return r;
    }
    *ids = l.id;
    *n = l.n;
    return 0;
}

int store_add_cell(struct store *s, int64_t *id, struct err *e)
{
    int64_t *ids = NULL;
    size_t n = 0;
    int r = store_cells(s, &ids, &n);
    if (r)
        return err_set(e, r, "the directory cannot be read");
    *id = n ? ids[n - 1] + 1 : 1;
    free(ids);
    r = cell_make(&s->conf, s->env, *id, true, e);
    return r ? r : store_must(s->dir, add_cell, id, "the cell cannot be entered into the directory", e);
}

int store_migrate(const struct store_conf *conf, const struct env *env, struct err *e)
{
    int r = cell_make(conf, env, STORE_DIRECTORY_CELL, false, e);
    if (r)
        return r;
    struct store *s = NULL;
    r = store_open(&s, conf, env, e);
    if (r)
        return r;
    int64_t *ids = NULL;
    size_t n = 0;
    r = store_cells(s, &ids, &n);
    if (r)
        err_set(e, r, "the directory cannot be read");
    store_close(&s);
    for (size_t i = 0; i < n && r == 0; i++) {
        struct err own = {0};
        r = cell_make(conf, env, ids[i], false, &own);
        /* A cell is what fails: its people wait (451), those of the others do not. */
        if (r == ERR_CORRUPT || r == ERR_IO || r == ERR_NOENT) {
            log_error("cell.damaged", L_I("cell", ids[i]), L_Z("why", own.text),
                      L_Z("cure", "run `sigillo verify`; the other cells are served"));
            r = 0;
        }
        if (r)
            err_set(e, r, "%s", own.text);
    }
    if (r == 0)
        r = store_open(&s, conf, env, e);
    for (size_t i = 0; i < n && r == 0; i++)
        r = store_kin(s, ids[i], e);
    store_close(&s);
    free(ids);
    return r;
}

struct reserve {
    const struct new_firm *firm;
    int64_t org, cell, state;
};

static int reserve(struct txn *t, void *arg)
{
    struct reserve *j = arg;
    struct find_job f = {.key = j->firm->domain};
    int r = find_domain(t, &f);
    if (r)
        return r;
    if (f.at.found) {
        j->org = f.at.org;
        j->cell = f.at.cell;
        j->state = f.state;
        return 0;
    }
    j->state = STATE_PENDING;
    if ((r = db_get_int(t->db, SQL_DIR_CELL_CHOOSE, NULL, 0, &j->cell)) != 1)
        return r ? r : ERR_NOENT;
    if ((r = db_get_int(t->db, SQL_DIR_COUNTER_NEXT, NULL, 0, &j->org)) != 1)
        return r ? r : ERR_CORRUPT;
    r = db_run(t->db, SQL_DIR_ORG_INSERT,
               DB_ARGS(db_int(j->org), db_int(j->cell), db_text(j->firm->name), db_int(t->now_ms)), NULL);
    if (r == 0)
        r = db_run(t->db, SQL_DIR_DOMAIN_INSERT, DB_ARGS(db_text(j->firm->domain), db_int(j->org)), NULL);
    return r;
}

static int activate_firm(struct txn *t, void *arg)
{
    struct reserve *j = arg;
    int r = db_run(t->db, SQL_DIR_ORG_STATE, DB_ARGS(db_int(j->org), db_int(STATE_ACTIVE)), NULL);
    return r ? r : db_run(t->db, SQL_DIR_DOMAIN_STATE, DB_ARGS(db_int(j->org), db_int(STATE_ACTIVE)), NULL);
}

static int firm_rows(struct txn *t, void *arg)
{
    struct reserve *j = arg;
    uint8_t key[32];
    env_random(t->env, key, sizeof key);
    int r = db_run(t->db, SQL_ORG_INSERT,
                   DB_ARGS(db_int(j->org), db_text(j->firm->name), db_blob(str_n(key, sizeof key)), db_int(t->now_ms)),
                   NULL);
    if (r == 0)
        r = db_run(t->db, SQL_DOMAIN_INSERT, DB_ARGS(db_int(j->org), db_text(j->firm->domain), db_int(t->now_ms)),
                   NULL);
    return r ? r : db_run(t->db, SQL_ORG_STATE, DB_ARGS(db_int(j->org), db_int(STATE_ACTIVE)), NULL);
}

int store_must(struct cell *c, cell_fn *fn, void *arg, const char *what, struct err *e)
{
    int code = 0;
    int outcome = cell_write_wait(c, fn, arg, NULL, 0, &code);
    if (outcome == CELL_DURABLE)
        return 0;
    if (outcome == CELL_UNKNOWN)
        return err_set(e, ERR_UNKNOWN, "%s: the database went away while it answered; run the same command again",
                       what);
    return err_set(e, code < 0 ? code : ERR_EXIST, "%s: %s", what, code < 0 ? err_name(code) : "refused");
}

int firm_create(struct store *s, const struct new_firm *f, int64_t *org, int64_t *cell, struct err *e)
{
    struct reserve j = {.firm = f};
    struct cell *c;
    int r = store_must(s->dir, reserve, &j, "the firm's number cannot be taken", e);
    if (r)
        return r;
    if (j.state != STATE_PENDING)
        return err_set(e, ERR_EXIST, "the domain %.*s belongs to a firm already", STRF(f->domain));
    r = store_cell(s, j.cell, &c, e);
    if (r == 0)
        r = store_must(c, firm_rows, &j, "the firm's rows cannot be written", e);
    if (r == 0)
        r = store_must(s->dir, activate_firm, &j, "the firm cannot be made active", e);
    if (r)
        return r;
    *org = j.org;
    *cell = j.cell;
    return 0;
}

/* ---- addresses, for account.c ---- */

int directory_address_put(struct txn *t, struct str address, const struct place_of *at)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_DIR_ADDRESS_FIND, DB_ARGS(db_text(address)));
    if (r || (r = db_next(&c)) < 0)
        return r > 0 ? ERR_INVALID : r;
    if (r == 1)
        return db_col_int(&c, 1) == at->org && db_col_int(&c, 2) == at->account ? 0 : DIR_TAKEN;
    db_end(&c);
    r = db_run(t->db, SQL_DIR_ADDRESS_INSERT,
               DB_ARGS(db_text(address), db_int(at->org), db_int(at->cell), db_int(at->account)), NULL);
    return r ? r
             : db_run(t->db, SQL_DIR_ADDRESS_STATE, DB_ARGS(db_text(address), db_int(at->org), db_int(STATE_ACTIVE)),
                      NULL);
}

void directory_forget(struct store *s, struct str address) { cache_drop(s, address); }

/* ---- list ---- */

#define FIRMS_A_PAGE 200

struct firms {
    struct arena *arena;
    struct firm_row *rows;
    size_t n, cap;
};

static int list_page(struct txn *t, struct firms *f, int64_t after, size_t *got)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    *got = 0;
    int r = db_query(t->db, &c, SQL_DIR_ORG_LIST, DB_ARGS(db_int(after), db_int(FIRMS_A_PAGE)));
    while (r == 0 && (r = db_next(&c)) == 1) {
        if (f->n == f->cap) {
            struct firm_row *more = arena_array(f->arena, struct firm_row, f->cap = f->cap ? f->cap * 2 : 32);
            if (f->n)
                memcpy(more, f->rows, f->n * sizeof *more);
            f->rows = more;
        }
        f->rows[f->n++] = (struct firm_row){.org = db_col_int(&c, 0),
                                            .cell = db_col_int(&c, 1),
                                            .name = arena_str(f->arena, db_col_str(&c, 2)),
                                            .active = db_col_int(&c, 3) == STATE_ACTIVE};
        (*got)++;
        r = 0;
    }
    return r > 0 ? ERR_INVALID : r;
}

static int list_firms(struct txn *t, void *arg)
{
    struct firms *f = arg;
    size_t got;
    int r;
    f->n = 0;
    do
        r = list_page(t, f, f->n ? f->rows[f->n - 1].org : 0, &got);
    while (r == 0 && got == FIRMS_A_PAGE);
    for (size_t i = 0; i < f->n && r == 0; i++) {
        AUTO(db_cursor) struct db_cursor c = {0};
        r = db_query(t->db, &c, SQL_DIR_DOMAIN_LIST, DB_ARGS(db_int(f->rows[i].org)));
        if (r == 0 && (r = db_next(&c)) == 1) {
            f->rows[i].domain = arena_str(f->arena, db_col_str(&c, 0));
            r = 0;
        }
    }
    return r > 0 ? ERR_INVALID : r;
}

int firm_list(struct store *s, struct arena *a, struct firm_row **out, size_t *n)
{
    struct firms f = {.arena = a};
    int r = cell_read_wait(s->dir, list_firms, &f);
    *out = f.rows;
    *n = f.n;
    return r;
}
