#include "admin/people.h"
#include "facts/iban.h"
#include "store/manage.h"
#include "store/party.h"

struct party_job {
    int64_t org;
    struct str domain, name, iban, who;
};

static int verify_party(struct txn *t, void *arg);
static int firm_of(struct store *s, struct arena *a, struct str domain, struct place_of *out, struct err *e);

int people_add_firm(struct store *s, const struct people_args *p, struct err *e)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct new_firm f = {.name = str_trim(p->firm)};
    int64_t org, cell;
    int r = domain_key(&a, p->domain, &f.domain, e);
    if (r == 0 && (f.name.n == 0 || str_utf8_valid(f.name) != f.name.n))
        r = err_set(e, ERR_INVALID, "the firm needs a name in UTF-8");
    return r ? r : firm_create(s, &f, &org, &cell, e);
}

static int domain_done(int r, struct str domain, struct err *e)
{
    static const char *const why[] = {[DOMAIN_TAKEN] = "it belongs to another firm here",
                                      [DOMAIN_UNKNOWN] = "no firm here has it",
                                      [DOMAIN_IN_USE] = "there are still addresses in it",
                                      [DOMAIN_LAST] = "a firm keeps at least one domain",
                                      [DOMAIN_TOO_MANY] = "the firm has as many domains as it may"};
    if (r <= 0)
        return r;
    return err_set(e, ERR_INVALID, "%.*s: %s", STRF(domain), r < (int)N_ELEMENTS(why) && why[r] ? why[r] : "refused");
}

int people_add_domain(struct store *s, const struct people_args *p, struct err *e)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct place_of firm;
    struct str domain;
    int r = domain_key(&a, p->domain, &domain, e);
    if (r == 0)
        r = firm_of(s, &a, p->firm, &firm, e);
    if (r == 0)
        r = domain_add(s, firm.cell, firm.org, domain, DOMAIN_BY_OPERATOR, p->who, e);
    return domain_done(r, domain, e);
}

int people_remove_domain(struct store *s, const struct people_args *p, struct err *e)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct place_of firm;
    struct str domain;
    int r = domain_key(&a, p->domain, &domain, e);
    if (r == 0)
        r = firm_of(s, &a, domain, &firm, e);
    if (r == 0)
        r = domain_remove(s, firm.cell, firm.org, domain, p->who, e);
    return domain_done(r, domain, e);
}

int people_add_user(struct store *s, const struct people_args *p, struct err *e)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct new_user u = {.name = str_trim(p->name), .password_hash = p->hash};
    struct str domain;
    struct place_of at;
    int r = address_key(&a, p->address, &u.address, &domain, e);
    if (r == 0 && str_utf8_valid(u.name) != u.name.n)
        r = err_set(e, ERR_INVALID, "the name is not UTF-8");
    if (r == 0 && !str_starts(u.password_hash, STR("$argon2id$")))
        r = err_set(e, ERR_INVALID, "the password's hash is missing");
    return r ? r : user_create(s, domain, &u, &at, e);
}

int people_set_password(struct store *s, const struct people_args *p, struct err *e)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct str key, domain;
    struct place_of at;
    int r = address_key(&a, p->address, &key, &domain, e);
    if (r)
        return r;
    r = directory_find(s, key, &at);
    if (r)
        return err_set(e, r < 0 ? r : ERR_NOENT,
                       r < 0 ? "the directory cannot be read%.*s" : "there is no account %.*s", r < 0 ? 0 : (int)key.n,
                       key.p);
    if (!str_starts(p->hash, STR("$argon2id$")))
        return err_set(e, ERR_INVALID, "the password's hash is missing");
    return login_set_hash(s, &at, p->hash, str_eq(p->tokens, STR("keep")) ? LOGIN_KEEP_TOKENS : LOGIN_REVOKE_TOKENS,
                          p->who.n ? p->who : STR("operator"), e);
}

/* "0", "2147483648", "500M", "2G": powers of 1024. */
static bool read_bytes(struct str text, int64_t *out)
{
    static const char units[] = "KMGT";
    const char *unit = text.n ? strchr(units, text.p[text.n - 1]) : NULL;
    int shift = unit && *unit ? 10 * (int)(unit - units + 1) : 0;
    uint64_t n;
    if (!str_u64(str_upto(text, text.n - (shift != 0)), &n) || n > (uint64_t)INT64_MAX >> shift)
        return false;
    *out = (int64_t)(n << shift);
    return true;
}

int people_set_quota(struct store *s, const struct people_args *p, struct err *e)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct str key, domain;
    struct place_of at;
    int64_t bytes;
    int r = address_key(&a, p->address, &key, &domain, e);
    if (r)
        return r;
    if (!read_bytes(p->quota, &bytes))
        return err_set(e, ERR_INVALID, "\"%.*s\" is no size: write bytes, or 500M, 2G; 0 is without limit",
                       STRF(str_upto(p->quota, 40)));
    r = directory_find(s, key, &at);
    if (r < 0)
        return err_set(e, r, "the directory cannot be read");
    return r ? err_set(e, ERR_NOENT, "there is no account %.*s", STRF(key)) : account_quota_set(s, &at, bytes, e);
}

/* The firm a counterparty belongs to: named by its domain, or the only one there is. */
static int firm_of(struct store *s, struct arena *a, struct str domain, struct place_of *out, struct err *e)
{
    if (domain.n) {
        struct str key;
        int r = domain_key(a, domain, &key, e);
        if (r)
            return r;
        r = directory_domain(s, key, out);
        return r == 0 ? 0 : err_set(e, r < 0 ? r : ERR_NOENT, "no firm here has the domain %.*s", STRF(key));
    }
    struct firm_row *firms;
    size_t n;
    int r = firm_list(s, a, &firms, &n);
    if (r)
        return err_set(e, r, "the directory cannot be read");
    if (n != 1)
        return err_set(e, ERR_INVALID,
                       n ? "there are %zu firms here: say which with --firm DOMAIN" : "there is no firm here yet (%zu)",
                       n);
    *out = (struct place_of){.cell = firms[0].cell, .org = firms[0].org, .found = true};
    return 0;
}

static int verify_party(struct txn *t, void *arg)
{
    struct party_job *j = arg;
    return party_verify(t, j->org, j->domain, j->name, j->iban, j->who);
}

int people_add_party(struct store *s, const struct people_args *p, struct err *e)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct party_job j = {.name = str_trim(p->name), .who = p->who};
    struct place_of firm;
    struct cell *cell;
    char iban[IBAN_MAX + 1];
    size_t at = 0, start;
    int code = 0, r = domain_key(&a, p->party, &j.domain, e);
    if (r)
        return r;
    if (!iban_next(p->iban, &at, iban, &start) || start != 0 || str_trim(str_from(p->iban, at)).n)
        return err_set(e, ERR_INVALID, "\"%.*s\" is not a valid IBAN: its check digits or its length do not fit",
                       STRF(str_upto(p->iban, 60)));
    j.iban = str_c(iban);
    if ((r = firm_of(s, &a, p->domain, &firm, e)) != 0 || (r = store_cell(s, firm.cell, &cell, e)) != 0)
        return r;
    j.org = firm.org;
    int outcome = cell_write_wait(cell, verify_party, &j, NULL, 0, &code);
    if (outcome == CELL_DURABLE)
        return 0;
    return err_set(e,
                   outcome == CELL_UNKNOWN ? ERR_UNKNOWN
                   : code < 0              ? code
                                           : ERR_INVALID,
                   "the counterparty cannot be written (%s)", err_name(code));
}
