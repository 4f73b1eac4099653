#include "store/party.h"
#include "store/audit.h"
#include "store/group.h"

#define PARTY_TEXT_MAX 400u

static int fixed(int r) { return r > 0 ? ERR_INVALID : r; }

int party_details(struct txn *t, int64_t org, struct str domain, enum party_kind kind, struct party_detail **out,
                  size_t *n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    struct party_detail *list = arena_array(t->arena, struct party_detail, PARTY_DETAILS_MAX);
    *n = 0;
    int r = db_query(t->db, &c, SQL_PARTY_DETAIL_LIST,
                     DB_ARGS(db_int(org), db_text(txn_text(t->arena, domain, PARTY_TEXT_MAX)), db_int(kind),
                             db_int(PARTY_DETAILS_MAX)));
    while (r == 0 && (r = db_next(&c)) == 1) {
        list[(*n)++] = (struct party_detail){.value = arena_str(t->arena, db_col_str(&c, 0)),
                                             .first_ms = db_col_int(&c, 1),
                                             .last_ms = db_col_int(&c, 2),
                                             .count = db_col_int(&c, 3),
                                             .state = (enum party_state)db_col_int(&c, 4),
                                             .who = arena_str(t->arena, db_col_str(&c, 5))};
        r = 0;
    }
    *out = list;
    return fixed(r);
}

static int detail_get(struct txn *t, int64_t org, struct str domain, enum party_kind kind, struct str value,
                      struct party_detail *d)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r =
        db_query(t->db, &c, SQL_PARTY_DETAIL_GET, DB_ARGS(db_int(org), db_text(domain), db_int(kind), db_text(value)));
    if (r || (r = db_next(&c)) != 1)
        return fixed(r);
    *d = (struct party_detail){.first_ms = db_col_int(&c, 0),
                               .last_ms = db_col_int(&c, 1),
                               .count = db_col_int(&c, 2),
                               .state = (enum party_state)db_col_int(&c, 3)};
    return 1;
}

static int detail_put(struct txn *t, int64_t org, struct str domain, enum party_kind kind, struct str value,
                      const struct party_detail *d)
{
    return fixed(db_run(t->db, SQL_PARTY_DETAIL_PUT,
                        DB_ARGS(db_int(org), db_text(domain), db_int(kind), db_text(value), db_int(d->first_ms),
                                db_int(d->last_ms), db_int(d->count), db_int(d->state), db_text(d->who)),
                        NULL));
}

int party_seen(struct txn *t, int64_t org, struct str domain, enum party_kind kind, struct str value, int64_t at_ms,
               bool accepted)
{
    if (!accepted)
        return 0;
    domain = txn_text(t->arena, domain, PARTY_TEXT_MAX);
    value = txn_text(t->arena, value, PARTY_TEXT_MAX);
    struct party_detail d = {.who = STR("")};
    int r = detail_get(t, org, domain, kind, value, &d);
    if (r < 0)
        return r;
    d.who = STR("");
    if (r == 0)
        d.first_ms = at_ms;
    if (at_ms > d.last_ms)
        d.last_ms = at_ms;
    d.count++;
    if (d.state == PARTY_SEEN && d.count >= PARTY_LEARN_COUNT && d.last_ms - d.first_ms >= PARTY_LEARN_MS)
        d.state = PARTY_LEARNED;
    return detail_put(t, org, domain, kind, value, &d);
}

int party_verify(struct txn *t, int64_t org, struct str domain, struct str name, struct str iban, struct str who)
{
    int64_t seq;
    domain = txn_text(t->arena, domain, PARTY_TEXT_MAX);
    name = txn_text(t->arena, name, PARTY_TEXT_MAX);
    iban = txn_text(t->arena, iban, PARTY_TEXT_MAX);
    who = txn_text(t->arena, who, PARTY_TEXT_MAX);
    int r = db_run(t->db, SQL_PARTY_PUT, DB_ARGS(db_int(org), db_text(domain), db_text(name), db_int(t->now_ms)), NULL);
    if (r)
        return fixed(r);
    struct party_detail d = {.first_ms = t->now_ms, .last_ms = t->now_ms};
    if ((r = detail_get(t, org, domain, PARTY_IBAN, iban, &d)) < 0)
        return r;
    d.state = PARTY_VERIFIED;
    d.who = who;
    r = detail_put(t, org, domain, PARTY_IBAN, iban, &d);
    return r ? r
             : audit_add(t, org, who, STR("party.verify"),
                         arena_printf(t->arena, "%.*s %.*s", STRF(domain), STRF(iban)), &seq);
}

int party_get(struct txn *t, int64_t org, struct str domain, struct str *name, int64_t *version)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r =
        db_query(t->db, &c, SQL_PARTY_GET, DB_ARGS(db_int(org), db_text(txn_text(t->arena, domain, PARTY_TEXT_MAX))));
    if (r || (r = db_next(&c)) != 1)
        return fixed(r);
    *name = arena_str(t->arena, db_col_str(&c, 0));
    *version = db_col_int(&c, 1);
    return 1;
}
