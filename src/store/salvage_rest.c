/* What no pack holds and the old database may still tell: domains that were only named, how the others were proven, what people said of messages. */
#include "store/salvage_priv.h"

#define REPORTS_PAGE 100 /* two statements each */

struct named { /* domain_claim, or domain_proof of a proven one */
    int64_t org;
    struct str domain, token;
    int64_t at_ms, looked_ms, next_ms, missed, reason, lapsed_ms;
    bool proven;
};
struct names {
    struct named *v;
    size_t n, cap;
};
struct said {
    int64_t org, message, account, what, at_ms;
    struct str who;
};
struct said_page {
    int64_t org, message; /* behind these */
    struct arena arena;
    struct said v[REPORTS_PAGE];
    size_t n;
};

static struct named *name_new(struct salvage *s, struct names *l)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        struct named *v = arena_array(&s->arena, struct named, cap);

        if (l->n)
            memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n] = (struct named){.org = 0};
    return &l->v[l->n++];
}

static bool has_domain(const struct firm *f, struct str domain)
{
    for (size_t i = 0; i < f->n_domains; i++)
        if (str_eq(f->domains[i], domain))
            return true;
    return false;
}

static void ask_claims(struct salvage *s, const struct firm *f, struct names *l)
{
    AUTO(db_cursor) struct db_cursor c = {0};

    if (db_query(s->db, &c, SQL_SALVAGE_CLAIMS, DB_ARGS(db_int(f->org))) != 0)
        return;
    while (db_next(&c) == 1)
        if (!has_domain(f, db_col_str(&c, 0))) {
            struct named *n = name_new(s, l);

            n->org = f->org;
            n->domain = arena_str(&s->arena, db_col_str(&c, 0));
            n->token = arena_str(&s->arena, db_col_str(&c, 1));
            n->at_ms = db_col_int(&c, 2);
        }
}

static void ask_proofs(struct salvage *s, const struct firm *f, struct names *l)
{
    AUTO(db_cursor) struct db_cursor c = {0};

    if (db_query(s->db, &c, SQL_SALVAGE_PROOFS, DB_ARGS(db_int(f->org))) != 0)
        return;
    while (db_next(&c) == 1)
        if (has_domain(f, db_col_str(&c, 0))) {
            struct named *n = name_new(s, l);

            *n = (struct named){.org = f->org, .proven = true};
            n->domain = arena_str(&s->arena, db_col_str(&c, 0));
            n->token = arena_str(&s->arena, db_col_str(&c, 1));
            n->looked_ms = db_col_int(&c, 2);
            n->next_ms = db_col_int(&c, 3);
            n->missed = db_col_int(&c, 4);
            n->reason = db_col_int(&c, 5);
            n->lapsed_ms = db_col_int(&c, 6);
        }
}

static int write_name(struct txn *t, void *arg)
{
    const struct named *n = arg;
    int rc;

    if (n->token.n == 0)
        return 0;
    if (!n->proven)
        return no_constraint(db_run(t->db, SQL_DOMAIN_CLAIM_INSERT,
                                    DB_ARGS(db_int(n->org), db_text(n->domain), db_text(n->token), db_int(n->at_ms)),
                                    NULL));
    rc = db_run(t->db, SQL_DOMAIN_PROOF_PUT,
                DB_ARGS(db_int(n->org), db_text(n->domain), db_text(n->token), db_int(n->looked_ms)), NULL);
    if (rc == 0)
        rc = db_run(t->db, SQL_DOMAIN_PROOF_SET,
                    DB_ARGS(db_int(n->org), db_text(n->domain), db_int(n->looked_ms), db_int(n->next_ms),
                            db_int(n->missed), db_int(n->reason), db_int(n->lapsed_ms)),
                    NULL);
    return no_constraint(rc);
}

static int domains(struct salvage *s, struct err *e)
{
    struct names l = {NULL, 0, 0};
    int rc = 0;

    for (const struct firm *f = s->first_firm; f; f = f->next) {
        if (db_begin_read(s->db) != 0)
            return 0;
        ask_claims(s, f, &l);
        db_rollback(s->db);
        if (db_begin_read(s->db) != 0)
            return 0;
        ask_proofs(s, f, &l);
        db_rollback(s->db);
    }
    for (size_t i = 0; i < l.n && rc == 0; i++)
        rc = store_must(s->cell, write_name, &l.v[i], "A domain's proof could not be written", e);
    return rc;
}

static void ask_said(struct salvage *s, struct said_page *p)
{
    AUTO(db_cursor) struct db_cursor c = {0};

    p->n = 0;
    if (db_query(s->db, &c, SQL_SALVAGE_REPORTED, DB_ARGS(db_int(p->org), db_int(p->message), db_int(REPORTS_PAGE))) !=
        0)
        return;
    while (p->n < REPORTS_PAGE && db_next(&c) == 1)
        p->v[p->n++] = (struct said){db_col_int(&c, 0), db_col_int(&c, 1), db_col_int(&c, 2),
                                     db_col_int(&c, 3), db_col_int(&c, 4), arena_str(&p->arena, db_col_str(&c, 5))};
}

/* Only of messages that came back, under the number they had. */
static int write_said(struct txn *t, void *arg)
{
    const struct said_page *p = arg;
    int rc = 0;

    for (size_t i = 0; i < p->n && rc == 0; i++) {
        const struct said *r = &p->v[i];

        rc = db_run(t->db, SQL_REPORTED_BACK,
                    DB_ARGS(db_int(r->org), db_int(r->message), db_int(r->account), db_int(r->what), db_int(r->at_ms),
                            db_text(r->who)),
                    NULL);
    }
    return no_constraint(rc);
}

static int reports(struct salvage *s, struct err *e)
{
    struct said_page *p = arena_new(&s->arena, struct said_page);
    int rc = 0;

    *p = (struct said_page){.org = INT64_MIN, .message = INT64_MIN};
    do {
        arena_init(&p->arena, ARENA_NO_LIMIT);
        if (db_begin_read(s->db) != 0)
            return 0;
        ask_said(s, p);
        db_rollback(s->db);
        if (p->n)
            rc = store_must(s->cell, write_said, p, "What people said of messages could not be written", e);
        if (p->n) {
            p->org = p->v[p->n - 1].org;
            p->message = p->v[p->n - 1].message;
        }
        arena_free(&p->arena);
    } while (rc == 0 && p->n == REPORTS_PAGE);
    return rc;
}

int salvage_rest(struct salvage *s, struct err *e)
{
    if (!s->db)
        return 0;
    int rc = domains(s, e);
    return rc ? rc : reports(s, e);
}
