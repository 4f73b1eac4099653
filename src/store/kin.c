#include "store/kin.h"

#define KIN_DOMAINS 64u

struct kin {
    struct arena arena;
    int64_t cell, org;
    struct str domains[KIN_DOMAINS];
    size_t n;
    bool any, common;
};

static int in_directory(struct txn *t, void *arg)
{
    struct kin *k = arg;
    AUTO(db_cursor) struct db_cursor c = {0}, d = {0};
    int r = db_query(t->db, &c, SQL_VERIFY_DIR_ORG, DB_ARGS(db_int(0), db_int(k->cell), db_int(1)));
    k->n = 0;
    if (r || (r = db_next(&c)) != 1)
        return r < 0 ? r : 0;
    k->org = db_col_int(&c, 0);
    r = db_query(t->db, &d, SQL_DIR_DOMAIN_LIST, DB_ARGS(db_int(k->org)));
    while (r == 0 && k->n < KIN_DOMAINS && (r = db_next(&d)) == 1) {
        k->domains[k->n++] = arena_str(&k->arena, db_col_str(&d, 0));
        r = 0;
    }
    return r < 0 ? r : 0;
}

static int in_cell(struct txn *t, void *arg)
{
    struct kin *k = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_DOMAIN_LIST, DB_ARGS(db_int(k->org)));
    k->any = k->common = false;
    while (r == 0 && (r = db_next(&c)) == 1) {
        k->any = true;
        for (size_t i = 0; i < k->n; i++)
            k->common |= str_eq(k->domains[i], db_col_str(&c, 0));
        r = 0;
    }
    return r < 0 ? r : 0;
}

int store_kin(struct store *s, int64_t cell, struct err *e)
{
    struct kin k = {.cell = cell};
    struct cell *c;
    arena_init(&k.arena, ARENA_NO_LIMIT);
    bool known = cell_read_wait(store_directory(s), in_directory, &k) == 0 && k.n > 0 &&
                 store_cell(s, cell, &c, NULL) == 0 && cell_read_wait(c, in_cell, &k) == 0;
    arena_free(&k.arena);
    if (!known || !k.any || k.common)
        return 0;
    return err_set(e, ERR_INVALID,
                   "the directory and cell %lld of %s are of two different states (firm %lld has other domains there): "
                   "nothing was started, put the right one back",
                   (long long)cell, store_conf(s)->state, (long long)k.org);
}
