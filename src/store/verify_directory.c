/* The addresses and domains of one cell: each account, and each firm's list of domains, against the directory, both ways. */
#include "store/verify_priv.h"
#include "core/hash.h"

enum { IN_CELL, IN_DIRECTORY };
enum { STATE_PENDING, STATE_ACTIVE, STATE_DISABLED };
struct address_key {
    uint8_t org[8], account[8], address[8] /* hash */, source, state;
};

static int add_accounts(struct verify *v, struct sorter *s);
static int add_addresses(struct verify *v, struct db *dir, struct sorter *s);
static int compare_all(struct verify *v, struct sorter *s);

static int add(struct sorter *s, int64_t org, int64_t account, struct str address, uint8_t source, int64_t state)
{
    struct address_key k = {.source = source, .state = (uint8_t)state};

    key_put(k.org, org);
    key_put(k.account, account);
    key_put(k.address, (int64_t)hash64(address));
    return sorter_add(s, &k);
}

static int add_accounts(struct verify *v, struct sorter *sorter)
{
    AUTO(scan) struct scan s = scan_of(v->db, SQL_VERIFY_ACCOUNT, 2);
    int rc;

    while ((rc = scan_next(&s)) == 1)
        if ((rc = add(sorter, s.key[0], s.key[1], db_col_str(&s.c, 2), IN_CELL, db_col_int(&s.c, 3))) != 0)
            return rc;
    return rc;
}

/* What `has` lists and `lacks` does not. */
static int compare_domains(struct verify *v, int64_t org, struct db *has, struct db *lacks, bool in_cell)
{
    AUTO(db_cursor) struct db_cursor a = {0};
    int rc = db_query(has, &a, in_cell ? SQL_DOMAIN_LIST : SQL_DIR_DOMAIN_LIST, DB_ARGS(db_int(org)));

    while (rc == 0 && (rc = db_next(&a)) == 1) {
        AUTO(db_cursor) struct db_cursor b = {0};
        struct str domain = db_col_str(&a, 0);
        bool same = false;

        rc = db_query(lacks, &b, in_cell ? SQL_DIR_DOMAIN_LIST : SQL_DOMAIN_LIST, DB_ARGS(db_int(org)));
        while (rc == 0 && !same && (rc = db_next(&b)) == 1) {
            same = str_eq(db_col_str(&b, 0), domain);
            rc = 0;
        }
        if (rc == 0 && !same)
            verify_report(v, VERIFY_ADDRESS, VERIFY_ROW, "The domain %.*s of firm %lld stands only in the %s.",
                          STRF(domain), (long long)org, in_cell ? "cell" : "directory");
    }
    return rc;
}

static int add_addresses(struct verify *v, struct db *dir, struct sorter *sorter)
{
    int64_t org = INT64_MIN, next;
    int rc = 0;

    for (;;) {
        AUTO(db_cursor) struct db_cursor orgs = {0}, c = {0};

        rc = db_query(dir, &orgs, SQL_VERIFY_DIR_ORG, DB_ARGS(db_int(org), db_int(v->cell->id), db_int(1)));
        if (rc != 0 || (rc = db_next(&orgs)) != 1)
            return rc;
        next = db_col_int(&orgs, 0);
        db_end(&orgs);
        org = next;
        if ((rc = compare_domains(v, org, dir, v->db, false)) != 0 ||
            (rc = compare_domains(v, org, v->db, dir, true)) != 0)
            return rc;
        rc = db_query(dir, &c, SQL_VERIFY_DIR_ADDRESSES, DB_ARGS(db_int(org)));
        while (rc == 0 && (rc = db_next(&c)) == 1) {
            if (db_col_int(&c, 2) != v->cell->id)
                verify_report(v, VERIFY_ADDRESS, VERIFY_ROW,
                              "The directory sends %.*s to cell %lld, but its firm %lld lives in this one.",
                              STRF(db_col_str(&c, 0)), (long long)db_col_int(&c, 2), (long long)org);
            rc = add(sorter, org, db_col_int(&c, 1), db_col_str(&c, 0), IN_DIRECTORY, db_col_int(&c, 3));
        }
        if (rc != 0)
            return rc;
    }
}

/* One account's rows: its own, and the addresses that lead to it. */
struct account_state {
    struct address_key own;
    bool has_own, has_same, any_address;
    uint8_t same_state;
};

static void judge(struct verify *v, const struct account_state *a, const struct address_key *k)
{
    long long org = key_get(k->org), account = key_get(k->account);

    if (!a->has_own)
        verify_report(v, VERIFY_ADDRESS, VERIFY_ROW,
                      "The directory leads an address to account %lld of firm %lld, which this cell does not have.",
                      account, org);
    else if (a->own.state == STATE_PENDING)
        verify_report(v, VERIFY_ADDRESS_PENDING, VERIFY_ROW, "Account %lld of firm %lld was never made active.",
                      account, org);
    else if (!a->has_same)
        verify_report(v, VERIFY_ADDRESS, VERIFY_ROW,
                      "The directory does not know the address of account %lld of firm %lld%s.", account, org,
                      a->any_address ? ", only others of it" : "");
    else if (a->same_state == STATE_PENDING)
        verify_report(v, VERIFY_ADDRESS_PENDING, VERIFY_ROW,
                      "Account %lld of firm %lld is active, its address not yet.", account, org);
}

static int compare_all(struct verify *v, struct sorter *s)
{
    struct account_state a = {0};
    struct address_key first = {{0}};
    bool any = false;
    const void *p;
    int rc;

    while ((rc = sorter_next(s, &p)) == 1) {
        struct address_key k;

        memcpy(&k, p, sizeof k);
        if (any && memcmp(&k, &first, offsetof(struct address_key, address)) != 0) {
            judge(v, &a, &first);
            a = (struct account_state){0};
            any = false;
        }
        if (!any)
            first = k;
        any = true;
        if (k.source == IN_CELL) {
            a.own = k;
            a.has_own = true;
        } else {
            a.any_address = true;
            if (a.has_own && memcmp(k.address, a.own.address, sizeof k.address) == 0) {
                a.has_same = true; /* sorted by hash, then source: the own row came just before */
                a.same_state = k.state;
            }
        }
    }
    if (any)
        judge(v, &a, &first);
    return rc;
}

int verify_directory(struct verify *v, struct db *dir, bool cell_known)
{
    struct sorter *s;
    int rc;

    if (!cell_known)
        return 0;
    if ((rc = sorter_open(&s, sizeof(struct address_key), VERIFY_SORT_BYTES, v->cell->dir, NULL)) != 0)
        return rc;
    rc = add_accounts(v, s);
    if (rc == 0)
        rc = add_addresses(v, dir, s);
    if (rc == 0)
        rc = sorter_sort(s);
    if (rc == 0)
        rc = compare_all(v, s);
    sorter_close(&s);
    return rc;
}
