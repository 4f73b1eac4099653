/* Proven domains, looked up again (store/manage.h). */
#include "store/audit.h"
#include "store/mail_priv.h"
#include "store/manage_priv.h"
#include "store/store_priv.h"

struct proof_job {
    const struct domain_look *look;
    enum domain_change change;
};
struct proof_row {
    int64_t looked_ms, next_ms, missed, lapsed_ms, reason;
};

enum domain_reason domain_proof_in(const struct str *text, size_t n, struct str token)
{
    for (size_t i = 0; i < n; i++) {
        struct str one = str_trim(text[i]);
        if (token.n && str_starts(one, STR(DOMAIN_PROOF_PREFIX)) &&
            str_eq(str_from(one, sizeof DOMAIN_PROOF_PREFIX - 1), token))
            return DOMAIN_NOT_LOOKED;
    }
    return n ? DOMAIN_OTHER_RECORD : DOMAIN_NO_RECORD;
}

int domain_due(struct txn *t, struct arena *a, struct domain_due *out, size_t max, size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    *n = 0;
    int r = db_query(t->db, &c, SQL_DOMAIN_PROOF_DUE, DB_ARGS(db_int(env_wall_ms(t->env)), db_int((int64_t)max)));
    while (r == 0 && *n < max && (r = db_next(&c)) == 1) {
        out[(*n)++] =
            (struct domain_due){db_col_int(&c, 0), arena_str(a, db_col_str(&c, 1)), arena_str(a, db_col_str(&c, 2))};
        r = 0;
    }
    return no_constraint(r);
}

int domain_lapsed(struct txn *t, int64_t org, struct str **out, size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    size_t cap = 4;
    *out = arena_array(t->arena, struct str, cap);
    *n = 0;
    int r = db_query(t->db, &c, SQL_DOMAIN_LAPSED_LIST, DB_ARGS(db_int(org)));
    while (r == 0 && (r = db_next(&c)) == 1) {
        if (*n == cap) {
            struct str *more = arena_array(t->arena, struct str, cap * 2);
            memcpy(more, *out, cap * sizeof **out);
            *out = more;
            cap *= 2;
        }
        (*out)[(*n)++] = arena_str(t->arena, db_col_str(&c, 0));
        r = 0;
    }
    return no_constraint(r);
}

int domain_lapsed_count(struct txn *t, int64_t *n)
{
    int r = db_get_int(t->db, SQL_DOMAIN_PROOF_LAPSED, NULL, 0, n);
    return r < 0 ? r : 0;
}

static enum domain_change judge(const struct domain_look *l, int64_t now_ms, struct proof_row *p)
{
    bool lapsed = p->lapsed_ms != 0;
    if (l->reason == DOMAIN_NO_ANSWER)
        return DOMAIN_AS_BEFORE;
    p->looked_ms = now_ms;
    p->reason = l->reason;
    if (l->reason == DOMAIN_NOT_LOOKED) {
        p->missed = p->lapsed_ms = 0;
        return lapsed ? DOMAIN_BACK : DOMAIN_AS_BEFORE;
    }
    if (l->next_ms == 0 || lapsed)
        return DOMAIN_AS_BEFORE;
    p->missed++;
    if (p->missed < DOMAIN_MISSES)
        return DOMAIN_MISSED;
    p->lapsed_ms = now_ms;
    return DOMAIN_LAPSED;
}

static int read_row(struct txn *t, const struct domain_look *l, struct proof_row *p)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_DOMAIN_PROOF_GET, DB_ARGS(db_int(l->org), db_text(l->domain)));
    if (r || (r = db_next(&c)) != 1)
        return r;
    *p = (struct proof_row){db_col_int(&c, 0), db_col_int(&c, 1), db_col_int(&c, 2), db_col_int(&c, 3),
                            db_col_int(&c, 4)};
    return 1;
}

static int looked(struct txn *t, void *arg)
{
    struct proof_job *j = arg;
    const struct domain_look *l = j->look;
    struct proof_row p = {0};
    int64_t seq;
    j->change = DOMAIN_AS_BEFORE;
    int r = read_row(t, l, &p);
    if (r != 1) /* removed meanwhile, or the operator's now */
        return no_constraint(r);
    if (l->next_ms && p.next_ms > t->now_ms) /* another process has just looked */
        return 0;
    j->change = judge(l, t->now_ms, &p);
    r = db_run(t->db, SQL_DOMAIN_PROOF_SET,
               DB_ARGS(db_int(l->org), db_text(l->domain), db_int(p.looked_ms),
                       db_int(l->next_ms ? l->next_ms : p.next_ms), db_int(p.missed), db_int(p.reason),
                       db_int(p.lapsed_ms)),
               NULL);
    if (r == 0 && (j->change == DOMAIN_LAPSED || j->change == DOMAIN_BACK))
        r = audit_add(t, l->org, l->who, j->change == DOMAIN_LAPSED ? STR("domain.lapse") : STR("domain.back"),
                      l->domain, &seq);
    return no_constraint(r);
}

int domain_proof_looked(struct store *s, int64_t cell, const struct domain_look *l, enum domain_change *out,
                        struct err *e)
{
    struct proof_job j = {.look = l};
    struct cell *c;
    int r = store_cell(s, cell, &c, e);
    if (r == 0)
        r = manage_write(c, looked, &j, "the domain cannot be written", e);
    *out = r == 0 ? j.change : DOMAIN_AS_BEFORE;
    return r;
}
