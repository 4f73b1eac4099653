#include "store/audit.h"
#include "store/group.h"

#include <openssl/evp.h>

#define AUDIT_TEXT_MAX 4000u
#define AUDIT_PAGE 200

static int link_hash(struct str before, int64_t org, int64_t seq, int64_t at_ms, struct str who, struct str what,
                     struct str detail, uint8_t out[SHA256_LEN])
{
    AUTO(buf) struct buf b;
    buf_init(&b, 4 * AUDIT_TEXT_MAX);
    buf_vstr(&b, before);
    buf_u64(&b, (uint64_t)org);
    buf_u64(&b, (uint64_t)seq);
    buf_u64(&b, (uint64_t)at_ms);
    buf_vstr(&b, who);
    buf_vstr(&b, what);
    buf_vstr(&b, detail);
    if (b.err)
        return ERR_LIMIT;
    return EVP_Digest(b.p, b.n, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : ERR_NOMEM;
}

int audit_add(struct txn *t, int64_t org, struct str who, struct str what, struct str detail, int64_t *seq)
{
    struct str before = STR("");
    int64_t last = 0;
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_AUDIT_LAST, DB_ARGS(db_int(org)));
    if (r || (r = db_next(&c)) < 0)
        return r > 0 ? ERR_INVALID : r;
    if (r == 1) {
        last = db_col_int(&c, 0);
        before = arena_str(t->arena, db_col_str(&c, 1));
    }
    db_end(&c);
    who = txn_text(t->arena, who, AUDIT_TEXT_MAX);
    what = txn_text(t->arena, what, AUDIT_TEXT_MAX);
    detail = txn_text(t->arena, detail, AUDIT_TEXT_MAX);
    uint8_t hash[SHA256_LEN];
    *seq = last + 1;
    if ((r = link_hash(before, org, *seq, t->now_ms, who, what, detail, hash)) != 0)
        return r;
    r = db_run(t->db, SQL_AUDIT_INSERT,
               DB_ARGS(db_int(org), db_int(*seq), db_int(t->now_ms), db_text(who), db_text(what), db_text(detail),
                       db_blob(str_n(hash, sizeof hash))),
               NULL);
    return r > 0 ? ERR_INVALID : r;
}

int audit_event(struct txn *t, int64_t org, int64_t account, struct str what, struct str detail)
{
    int64_t seq;
    int r = txn_seq(t, org, &seq);
    if (r == 0)
        r = db_run(t->db, SQL_EVENT_INSERT,
                   DB_ARGS(db_int(org), db_int(seq), db_int(t->now_ms), db_int(account),
                           db_text(txn_text(t->arena, what, AUDIT_TEXT_MAX)),
                           db_text(txn_text(t->arena, detail, AUDIT_TEXT_MAX))),
                   NULL);
    return r > 0 ? ERR_INVALID : r;
}

int audit_check(struct txn *t, int64_t org, int64_t *bad)
{
    uint8_t before[SHA256_LEN], hash[SHA256_LEN];
    int64_t last = 0;
    for (;;) {
        AUTO(db_cursor) struct db_cursor c = {0};
        int64_t from = last;
        int r = db_query(t->db, &c, SQL_AUDIT_LIST, DB_ARGS(db_int(org), db_int(from), db_int(AUDIT_PAGE)));
        while (r == 0 && (r = db_next(&c)) == 1) {
            struct str kept = db_col_str(&c, 5);
            r = link_hash(str_n(before, last ? SHA256_LEN : 0), org, last + 1, db_col_int(&c, 1), db_col_str(&c, 2),
                          db_col_str(&c, 3), db_col_str(&c, 4), hash);
            if (r)
                return r;
            if (db_col_int(&c, 0) != last + 1 || !str_eq(kept, str_n(hash, SHA256_LEN))) {
                *bad = last + 1;
                return ERR_CORRUPT;
            }
            memcpy(before, hash, SHA256_LEN);
            last++;
        }
        if (r < 0 || last == from)
            return r < 0 ? r : 0;
    }
}
