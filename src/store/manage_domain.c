/* Domains of a firm: named, proven, removed. The directory says who has a domain; what is only named stands in the firm's cell and nowhere else, so that
 * nothing that asks "whose is it?" can meet it. */
#include "store/account_priv.h"
#include "store/audit.h"
#include "store/mail_priv.h"
#include "store/manage_priv.h"
#include "store/store_priv.h"
#include "core/hash.h"

#define STATE_ACTIVE 1
#define DOMAINS_MAX 200u /* of one firm, pending ones too */
#define TOKEN_BYTES 16u

struct domain_job {
    int64_t org;
    struct str domain, who;
    enum domain_way way;
    enum domain_reason reason;
    bool removed; /* the directory had it */
    char token[2 * TOKEN_BYTES + 1];
    int64_t now_ms;
};

int domain_list(struct txn *t, struct arena *a, int64_t org, struct domain_row **out, size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    struct domain_row *list = arena_array(a, struct domain_row, DOMAINS_MAX + 1);
    *n = 0;
    int r = db_query(t->db, &c, SQL_DOMAIN_ROWS, DB_ARGS(db_int(org), db_int(DOMAINS_MAX)));
    while (r == 0 && *n < DOMAINS_MAX && (r = db_next(&c)) == 1) {
        int64_t reason = db_col_int(&c, 5);
        list[(*n)++] = (struct domain_row){.domain = arena_str(a, db_col_str(&c, 0)),
                                           .created_ms = db_col_int(&c, 1),
                                           .pending = db_col_int(&c, 2) == 1,
                                           .token = arena_str(a, db_col_str(&c, 3)),
                                           .looked_ms = db_col_int(&c, 4),
                                           .lapsed_ms = db_col_int(&c, 6),
                                           .reason = reason > 0 && reason < DOMAIN_REASONS ? (enum domain_reason)reason
                                                                                           : DOMAIN_NOT_LOOKED};
        r = 0;
    }
    *out = list;
    return no_constraint(r);
}

int domain_get(struct txn *t, struct arena *a, int64_t org, struct str domain, struct domain_row *out)
{
    struct domain_row *rows;
    size_t n;
    int r = domain_list(t, a, org, &rows, &n);
    for (size_t i = 0; i < n && r == 0; i++)
        if (str_eq(rows[i].domain, domain)) {
            *out = rows[i];
            return 1;
        }
    return r;
}

static int note(struct txn *t, const struct domain_job *j, struct str what)
{
    int64_t seq;
    return audit_add(t, j->org, j->who, what, j->domain, &seq);
}

/* ---- naming ---- */

static int claim_in_cell(struct txn *t, void *arg)
{
    struct domain_job *j = arg;
    struct domain_row *rows;
    size_t n;
    uint8_t raw[TOKEN_BYTES];
    struct buf token = {.p = j->token, .cap = sizeof j->token, .max = sizeof j->token};
    int r = domain_list(t, t->arena, j->org, &rows, &n);
    for (size_t i = 0; i < n && r == 0; i++)
        if (str_eq(rows[i].domain, j->domain))
            return DOMAIN_HAVE;
    if (r == 0 && n >= DOMAINS_MAX)
        return DOMAIN_TOO_MANY;
    env_random(t->env, raw, sizeof raw);
    hex_put(&token, str_n(raw, sizeof raw));
    j->now_ms = t->now_ms;
    if (r == 0)
        r = db_run(t->db, SQL_DOMAIN_CLAIM_INSERT,
                   DB_ARGS(db_int(j->org), db_text(j->domain), db_text(buf_str(&token)), db_int(t->now_ms)), NULL);
    return no_constraint(r ? r : note(t, j, STR("domain.claim")));
}

int domain_claim(struct store *s, struct arena *a, int64_t cell, int64_t org, struct str domain, struct str who,
                 struct domain_row *out, struct err *e)
{
    struct domain_job j = {.org = org, .domain = domain, .who = who};
    struct place_of at;
    struct cell *c;
    if (domain.n > DOMAIN_CLAIM_MAX)
        return DOMAIN_TOO_LONG;
    int r = directory_domain(s, domain, &at);
    if (r < 0)
        return err_set(e, r, "the directory cannot be read");
    if (r == 0 && at.org != org)
        return DOMAIN_TAKEN;
    r = store_cell(s, cell, &c, e);
    if (r == 0)
        r = manage_write(c, claim_in_cell, &j, "the domain cannot be written", e);
    *out = (struct domain_row){.domain = domain,
                               .token = arena_str(a, str_n(j.token, 2 * TOKEN_BYTES)),
                               .created_ms = j.now_ms,
                               .pending = true};
    return r;
}

static int looked_in_cell(struct txn *t, void *arg)
{
    struct domain_job *j = arg;
    return no_constraint(db_run(t->db, SQL_DOMAIN_CLAIM_LOOKED,
                                DB_ARGS(db_int(j->org), db_text(j->domain), db_int(t->now_ms), db_int(j->reason)),
                                NULL));
}

int domain_looked(struct store *s, int64_t cell, int64_t org, struct str domain, enum domain_reason reason,
                  struct err *e)
{
    struct domain_job j = {.org = org, .domain = domain, .reason = reason};
    struct cell *c;
    int r = store_cell(s, cell, &c, e);
    return r ? r : manage_write(c, looked_in_cell, &j, "the domain cannot be written", e);
}

/* ---- proven ---- */

static int add_in_directory(struct txn *t, void *arg)
{
    struct domain_job *j = arg;
    int64_t org = 0;
    int r = db_get_int(t->db, SQL_DIR_DOMAIN_FIND, DB_ARGS(db_text(j->domain)), &org);
    if (r < 0 || (r == 1 && org != j->org))
        return r < 0 ? r : DOMAIN_TAKEN;
    if (r == 0)
        r = db_run(t->db, SQL_DIR_DOMAIN_INSERT, DB_ARGS(db_text(j->domain), db_int(j->org)), NULL);
    else
        r = 0;
    if (r == 0)
        r = db_run(t->db, SQL_DIR_DOMAIN_STATE, DB_ARGS(db_int(j->org), db_int(STATE_ACTIVE)), NULL);
    return no_constraint(r);
}

static int add_in_cell(struct txn *t, void *arg)
{
    struct domain_job *j = arg;
    struct domain_row *rows, old;
    size_t n = 0;
    int had = domain_get(t, t->arena, j->org, j->domain, &old), r;
    if (had < 0)
        return had;
    if (had == 1 && !old.pending) { /* an earlier run ended here, or the operator's word in place of a record */
        if (old.token.n == 0 || j->way == DOMAIN_BY_PROOF)
            return 0;
        r = db_run(t->db, SQL_DOMAIN_PROOF_DELETE, DB_ARGS(db_int(j->org), db_text(j->domain)), NULL);
        return no_constraint(r ? r : note(t, j, STR("domain.add")));
    }
    if (!had && (r = domain_list(t, t->arena, j->org, &rows, &n)) != 0)
        return r;
    if (n >= DOMAINS_MAX)
        return DOMAIN_TOO_MANY;
    r = db_run(t->db, SQL_DOMAIN_CLAIM_DELETE, DB_ARGS(db_int(j->org), db_text(j->domain)), NULL);
    if (r == 0)
        r = db_run(t->db, SQL_DOMAIN_INSERT, DB_ARGS(db_int(j->org), db_text(j->domain), db_int(t->now_ms)), NULL);
    if (r == 0 && had == 1 && j->way == DOMAIN_BY_PROOF)
        r = db_run(t->db, SQL_DOMAIN_PROOF_PUT,
                   DB_ARGS(db_int(j->org), db_text(j->domain), db_text(old.token), db_int(t->now_ms)), NULL);
    return no_constraint(r ? r : note(t, j, j->way == DOMAIN_BY_PROOF ? STR("domain.prove") : STR("domain.add")));
}

static int remove_in_directory(struct txn *t, void *arg)
{
    struct domain_job *j = arg;
    int64_t changed = 0;
    int r = db_run(t->db, SQL_DIR_DOMAIN_DELETE, DB_ARGS(db_int(j->org), db_text(j->domain)), &changed);
    j->removed = changed > 0;
    return no_constraint(r);
}

/* The directory first: a name that belongs to somebody else must not get into the firm's own list. */
int domain_add(struct store *s, int64_t cell, int64_t org, struct str domain, enum domain_way way, struct str who,
               struct err *e)
{
    struct domain_job j = {.org = org, .domain = domain, .who = who, .way = way};
    struct cell *c;
    int r = store_cell(s, cell, &c, e);
    if (r == 0)
        r = manage_write(store_directory(s), add_in_directory, &j, "the directory cannot be written", e);
    if (r)
        return r;
    r = manage_write(c, add_in_cell, &j, "the domain cannot be written", e);
    /* Full: nor may it stay in the directory, where mail for it would be taken. */
    int back = r == DOMAIN_TOO_MANY
                   ? manage_write(store_directory(s), remove_in_directory, &j, "the directory cannot be written", e)
                   : 0;
    return back ? back : r;
}

/* ---- removed ---- */

static int remove_in_cell(struct txn *t, void *arg)
{
    struct domain_job *j = arg;
    struct domain_row *rows;
    size_t n, i = 0, proven = 0;
    int64_t used = 0;
    int r = domain_list(t, t->arena, j->org, &rows, &n);
    while (r == 0 && proven < n && !rows[proven].pending)
        proven++;
    while (r == 0 && i < n && !str_eq(rows[i].domain, j->domain))
        i++;
    if (r || i == n)
        return r ? r : DOMAIN_UNKNOWN;
    if (rows[i].pending) {
        r = db_run(t->db, SQL_DOMAIN_CLAIM_DELETE, DB_ARGS(db_int(j->org), db_text(j->domain)), NULL);
        return no_constraint(r ? r : note(t, j, STR("domain.unclaim")));
    }
    if (proven == 1)
        return DOMAIN_LAST;
    struct str tail = arena_printf(t->arena, "@%.*s", STRF(j->domain));
    r = db_get_int(t->db, SQL_ACCOUNT_IN_DOMAIN, DB_ARGS(db_int(j->org), db_text(tail), db_int((int64_t)tail.n)),
                   &used);
    if (r < 0 || used > 0)
        return r < 0 ? r : DOMAIN_IN_USE;
    r = db_run(t->db, SQL_DOMAIN_DELETE, DB_ARGS(db_int(j->org), db_text(j->domain)), NULL);
    if (r == 0)
        r = db_run(t->db, SQL_DOMAIN_PROOF_DELETE, DB_ARGS(db_int(j->org), db_text(j->domain)), NULL);
    return no_constraint(r ? r : note(t, j, STR("domain.remove")));
}

/* Unknown to the cell, it may still stand in the directory: an earlier run ended between the two. */
int domain_remove(struct store *s, int64_t cell, int64_t org, struct str domain, struct str who, struct err *e)
{
    struct domain_job j = {.org = org, .domain = domain, .who = who};
    struct cell *c;
    int r = store_cell(s, cell, &c, e);
    int in_cell = r ? r : manage_write(c, remove_in_cell, &j, "the domain cannot be removed", e);
    if (in_cell && in_cell != DOMAIN_UNKNOWN)
        return in_cell;
    r = manage_write(store_directory(s), remove_in_directory, &j, "the directory cannot be written", e);
    return r || j.removed ? r : in_cell;
}
