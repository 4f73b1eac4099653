#include "intake/policy.h"
#include "core/map.h"
#include "store/account.h"
#include "store/firm.h"
#include "store/manage.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct policy {
    atomic_int refs; /* the table's and one per road */
    struct arena arena;
    struct guard_policy p, proven; /* proven: without the domains whose proof lapsed */
    const struct str *lapsed;
    size_t n_lapsed;
    int64_t read_ms;
};
struct policies {
    pthread_mutex_t lock;
    struct imap firms;
};

struct policies *policies_new(void)
{
    struct policies *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    pthread_mutex_init(&p->lock, NULL);
    imap_init(&p->firms);
    return p;
}

void policy_drop(struct policy **pp)
{
    struct policy *p = *pp;
    *pp = NULL;
    if (!p || atomic_fetch_sub(&p->refs, 1) > 1)
        return;
    arena_free(&p->arena);
    free(p);
}

static void forget_all(struct policies *p)
{
    uint64_t key;
    void *value;
    for (size_t it = 0; imap_next(&p->firms, &it, &key, &value);) {
        struct policy *one = value;
        policy_drop(&one);
    }
    imap_free(&p->firms);
    imap_init(&p->firms);
}

void policies_free(struct policies **pp)
{
    struct policies *p = *pp;
    *pp = NULL;
    if (!p)
        return;
    forget_all(p);
    imap_free(&p->firms);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

/* One of them, or below one. */
static bool among(const struct str *v, size_t n, struct str domain)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(v[i], domain) ||
            (domain.n > v[i].n && str_ends(domain, v[i]) && domain.p[domain.n - v[i].n - 1] == '.'))
            return true;
    return false;
}

const struct guard_policy *policy_of(const struct policy *p, const struct guard_input *in)
{
    const struct guard_authentication *a = &in->auth;
    bool from_there = a->dmarc == AUTH_PASS || a->dkim == AUTH_PASS || (a->dmarc != AUTH_FAIL && a->spf == AUTH_PASS);
    return !in->outgoing && from_there && among(p->lapsed, p->n_lapsed, in->from_domain) ? &p->proven : &p->p;
}

static int read_staff(struct txn *t, int64_t org, struct policy *p)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    struct guard_party *staff = arena_array(&p->arena, struct guard_party, POLICY_STAFF_MAX);
    int r = db_query(t->db, &c, SQL_ACCOUNT_PEOPLE, DB_ARGS(db_int(org)));
    while (r == 0 && p->p.n_staff < POLICY_STAFF_MAX && (r = db_next(&c)) == 1) {
        struct str addr = arena_str(&p->arena, db_col_str(&c, 0));
        ptrdiff_t at = str_rchr(addr, '@');
        staff[p->p.n_staff++] = (struct guard_party){arena_str(&p->arena, db_col_str(&c, 1)), addr,
                                                     at < 0 ? STR("") : str_from(addr, (size_t)at + 1)};
        r = 0;
    }
    p->p.staff = staff;
    return r;
}

static int read_lapsed(struct txn *t, int64_t org, struct policy *p)
{
    struct str *found, *lapsed, *left = arena_array(&p->arena, struct str, p->p.n_domains + 1);
    int r = domain_lapsed(t, org, &found, &p->n_lapsed);
    p->proven = p->p;
    if (r || p->n_lapsed == 0)
        return r;
    lapsed = arena_array(&p->arena, struct str, p->n_lapsed);
    for (size_t i = 0; i < p->n_lapsed; i++)
        lapsed[i] = arena_str(&p->arena, found[i]);
    p->lapsed = lapsed;
    p->proven.domains = left;
    p->proven.n_domains = 0;
    for (size_t i = 0; i < p->p.n_domains; i++)
        if (!among(lapsed, p->n_lapsed, p->p.domains[i]))
            left[p->proven.n_domains++] = p->p.domains[i];
    /* Their names are guarded, their addresses there prove nothing. */
    struct guard_party *staff = arena_array(&p->arena, struct guard_party, p->p.n_staff + 1);
    for (size_t i = 0; i < p->p.n_staff; i++) {
        bool there = among(lapsed, p->n_lapsed, p->p.staff[i].domain);
        staff[i] = there ? (struct guard_party){p->p.staff[i].name, STR("–"), STR("")} : p->p.staff[i];
    }
    p->proven.staff = staff;
    return 0;
}

static int read_policy(struct txn *t, int64_t org, struct policy **out)
{
    struct str *domains;
    struct policy *p = calloc(1, sizeof *p);
    *out = p;
    if (!p)
        return ERR_NOMEM;
    atomic_init(&p->refs, 1);
    arena_init(&p->arena, ARENA_NO_LIMIT);
    p->read_ms = env_mono_ms(t->env);
    int r = firm_domains(t, org, &domains, &p->p.n_domains);
    struct str *copy = arena_array(&p->arena, struct str, r == 0 ? p->p.n_domains + 1 : 1);
    for (size_t i = 0; r == 0 && i < p->p.n_domains; i++)
        copy[i] = arena_str(&p->arena, domains[i]);
    p->p.domains = copy;
    if (r == 0)
        r = read_staff(t, org, p);
    if (r == 0)
        r = read_lapsed(t, org, p);
    if (r != 0)
        policy_drop(out);
    return r;
}

/* A reference for the caller when it is young enough. */
static struct policy *kept(struct policies *p, int64_t org, int64_t now_ms)
{
    pthread_mutex_lock(&p->lock);
    struct policy *one = imap_get(&p->firms, (uint64_t)org);
    if (one && now_ms - one->read_ms < POLICY_KEEP_MS)
        atomic_fetch_add(&one->refs, 1);
    else
        one = NULL;
    pthread_mutex_unlock(&p->lock);
    return one;
}

int policy_take(struct policies *p, struct txn *t, int64_t org, struct policy **out)
{
    if ((*out = kept(p, org, env_mono_ms(t->env))))
        return 0;
    int r = read_policy(t, org, out);
    if (r != 0)
        return r;
    pthread_mutex_lock(&p->lock);
    if (p->firms.n >= POLICY_FIRMS_MAX)
        forget_all(p);
    atomic_fetch_add(&(*out)->refs, 1);
    struct policy *old = imap_put(&p->firms, (uint64_t)org, *out);
    policy_drop(&old);
    pthread_mutex_unlock(&p->lock);
    return 0;
}
