/* Firms, accounts, contents, messages, audit: each row against the rows it names and the numbers of its firm. */
#include "store/audit.h"
#include "store/verify_priv.h"

#define UNREAD_REPORTED_MAX 1000

static int check_accounts(struct verify *v);
static int check_blobs(struct verify *v);
static int check_messages(struct verify *v);
static int check_audit(struct verify *v);
static int check_unread(struct verify *v);
static int check_judged(struct verify *v);
static int check_claims(struct verify *v);
static int check_proofs(struct verify *v);
static int check_reported(struct verify *v);

int verify_rows(struct verify *v)
{
    int rc = check_accounts(v);

    if (rc == 0)
        rc = check_blobs(v);
    if (rc == 0)
        rc = check_messages(v);
    if (rc == 0)
        rc = check_unread(v);
    if (rc == 0)
        rc = check_judged(v);
    if (rc == 0)
        rc = check_claims(v);
    if (rc == 0)
        rc = check_proofs(v);
    if (rc == 0)
        rc = check_reported(v);
    return rc ? rc : check_audit(v);
}

static int check_accounts(struct verify *v)
{
    AUTO(scan) struct scan s = scan_of(v->db, SQL_VERIFY_ACCOUNT, 2);
    int rc;

    while ((rc = scan_next(&s)) == 1) {
        struct str address = db_col_str(&s.c, 2);
        int64_t seq = db_col_int(&s.c, 8), next_id = db_col_int(&s.c, 9);

        v->result->accounts++;
        if (db_col_null(&s.c, 8))
            verify_report(v, VERIFY_ROW_DANGLING, VERIFY_ROW,
                          "The account %.*s belongs to firm %lld, which has no row.", STRF(address),
                          (long long)s.key[0]);
        else if (db_col_null(&s.c, 4))
            verify_report(v, VERIFY_ROW_DANGLING, VERIFY_ROW, "The account %.*s has no row of sync states.",
                          STRF(address));
        else if (db_col_int(&s.c, 4) > seq || db_col_int(&s.c, 5) > seq || db_col_int(&s.c, 6) > seq ||
                 db_col_int(&s.c, 7) > seq || s.key[1] >= next_id) {
            int64_t most = 0;

            for (int i = 4; i < 8; i++)
                most = db_col_int(&s.c, i) > most ? db_col_int(&s.c, i) : most;
            verify_report(v, VERIFY_SEQ, verify_mended(verify_mend_numbers(v, s.key[0], most, s.key[1] + 1)),
                          "The account %.*s has a state or number above the last that firm %lld gave (%lld).",
                          STRF(address), (long long)s.key[0], (long long)seq);
        }
    }
    return rc;
}

static int check_blobs(struct verify *v)
{
    AUTO(scan) struct scan s = scan_of(v->db, SQL_VERIFY_BLOB, 2);
    int rc;

    while ((rc = scan_next(&s)) == 1) {
        struct str sha = db_col_str(&s.c, 5);
        struct blob_key k = {{0}};

        v->result->blobs++;
        if (sha.n != SHA256_LEN) {
            verify_report(v, VERIFY_DATABASE_DAMAGED, VERIFY_ROW,
                          "The row of content %lld of firm %lld has a hash of %zu bytes instead of %u.",
                          (long long)s.key[1], (long long)s.key[0], sha.n, SHA256_LEN);
            continue;
        }
        key_put(k.pack, db_col_int(&s.c, 2));
        key_put(k.offset, db_col_int(&s.c, 3));
        key_put(k.length, db_col_int(&s.c, 4));
        memcpy(k.sha256, sha.p, SHA256_LEN);
        key_put(k.size, db_col_int(&s.c, 6));
        key_put(k.org, s.key[0]);
        key_put(k.blob, s.key[1]);
        if ((rc = sorter_add(v->blobs, &k)) != 0)
            return rc;
    }
    return rc;
}

/* The thread that a message names has no row: either its placements name one that has, then that was it, or the thread's row is lost and follows
 * from its messages. */
static int fix_thread(struct db *db, void *arg)
{
    const int64_t *k = arg; /* org, account, message, thread */
    int64_t changed = 0;
    int r = db_run(db, SQL_VERIFY_FIX_MESSAGE_THREAD, DB_ARGS(db_int(k[0]), db_int(k[1]), db_int(k[2])), &changed);

    if (r || changed)
        return r;
    return db_run(db, SQL_VERIFY_FIX_THREAD, DB_ARGS(db_int(k[0]), db_int(k[1]), db_int(k[3])), NULL);
}

static int fix_unread(struct db *db, void *arg)
{
    const int64_t *k = arg;

    return db_run(db, SQL_UNREAD_DONE, DB_ARGS(db_int(k[0]), db_int(k[1])), NULL);
}

static int fix_reported(struct db *db, void *arg)
{
    const int64_t *k = arg;

    return db_run(db, SQL_REPORTED_DELETE, DB_ARGS(db_int(k[0]), db_int(k[1])), NULL);
}

static int check_messages(struct verify *v)
{
    AUTO(scan) struct scan s = scan_of(v->db, SQL_VERIFY_MESSAGE, 2);
    int rc;

    while ((rc = scan_next(&s)) == 1) {
        const struct db_cursor *c = &s.c;
        long long org = s.key[0], message = s.key[1], account = db_col_int(c, 2);

        v->result->messages++;
        if (db_col_null(c, 7))
            verify_report(v, VERIFY_ROW_DANGLING, VERIFY_ROW, "Message %lld of firm %lld has no row of its content.",
                          message, org);
        else if (db_col_int(c, 7) != db_col_int(c, 4))
            verify_report(v, VERIFY_ROW_DANGLING, VERIFY_ROW,
                          "Message %lld of firm %lld is said to have %lld bytes, its content %lld.", message, org,
                          (long long)db_col_int(c, 4), (long long)db_col_int(c, 7));
        if (db_col_null(c, 8))
            verify_report(v, VERIFY_ROW_DANGLING, VERIFY_ROW, "Message %lld of firm %lld has no facts.", message, org);
        if (db_col_null(c, 9) || db_col_int(c, 9) != account)
            verify_report(
                v, VERIFY_THREAD,
                verify_mended(db_col_null(c, 9) &&
                              verify_mend(v, fix_thread, (int64_t[]){org, account, message, db_col_int(c, 3)})),
                "Message %lld of firm %lld names conversation %lld, which %s.", message, org,
                (long long)db_col_int(c, 3), db_col_null(c, 9) ? "has no row" : "is of another account");
        if (db_col_int(c, 5) > db_col_int(c, 6) || db_col_int(c, 6) > db_col_int(c, 10) || message >= db_col_int(c, 11))
            verify_report(v, VERIFY_SEQ,
                          verify_mended(db_col_int(c, 5) <= db_col_int(c, 6) &&
                                        verify_mend_numbers(v, org, db_col_int(c, 6), message + 1)),
                          "Message %lld of firm %lld has numbers (%lld, %lld) above the last that were given (%lld).",
                          message, org, (long long)db_col_int(c, 5), (long long)db_col_int(c, 6),
                          (long long)db_col_int(c, 10));
        if (db_col_int(c, 12) == 0)
            verify_report(v, VERIFY_ROW_DANGLING, VERIFY_ROW, "Message %lld of firm %lld is in no mailbox.", message,
                          org);
    }
    return rc;
}

/* "Read me again" stands only for held messages that exist. */
static int check_unread(struct verify *v)
{
    struct db_cursor c;
    int rc = db_query(v->db, &c, SQL_VERIFY_UNREAD, DB_ARGS(db_int(UNREAD_REPORTED_MAX)));

    while (rc == 0 && (rc = db_next(&c)) == 1) {
        verify_report(v, VERIFY_ROW_DANGLING,
                      verify_mended(verify_mend(v, fix_unread, (int64_t[]){db_col_int(&c, 0), db_col_int(&c, 1)})),
                      "Message %lld of firm %lld waits to be read again, but it is not there or not held.",
                      (long long)db_col_int(&c, 1), (long long)db_col_int(&c, 0));
        rc = 0;
    }
    db_end(&c);
    return rc;
}

/* Judgements belong to a firm and say something. */
static int check_judged(struct verify *v)
{
    struct db_cursor c;
    int rc = db_query(v->db, &c, SQL_VERIFY_JUDGED, DB_ARGS(db_int(UNREAD_REPORTED_MAX)));

    while (rc == 0 && (rc = db_next(&c)) == 1) {
        struct str id = db_col_str(&c, 1);
        verify_report(v, VERIFY_ROW_DANGLING, VERIFY_ROW, "The judgement of %.*s of firm %lld is of no firm, or empty.",
                      STRF(id), (long long)db_col_int(&c, 0));
        rc = 0;
    }
    db_end(&c);
    return rc;
}

static int check_proofs(struct verify *v)
{
    struct db_cursor c;
    int rc = db_query(v->db, &c, SQL_VERIFY_DOMAIN_PROOF, DB_ARGS(db_int(UNREAD_REPORTED_MAX)));

    while (rc == 0 && (rc = db_next(&c)) == 1) {
        struct str domain = db_col_str(&c, 1);
        verify_report(v, VERIFY_ROW_DANGLING, VERIFY_ROW,
                      "The proof of the domain %.*s of firm %lld is of no domain of that firm, or without its token.",
                      STRF(domain), (long long)db_col_int(&c, 0));
        rc = 0;
    }
    db_end(&c);
    return rc;
}

/* A domain that is only named belongs to a firm, has its token, and is not proven as well. */
static int check_claims(struct verify *v)
{
    struct db_cursor c;
    int rc = db_query(v->db, &c, SQL_VERIFY_DOMAIN_CLAIM, DB_ARGS(db_int(UNREAD_REPORTED_MAX)));

    while (rc == 0 && (rc = db_next(&c)) == 1) {
        struct str domain = db_col_str(&c, 1);
        verify_report(v, VERIFY_ROW_DANGLING, VERIFY_ROW,
                      "The unproven domain %.*s of firm %lld is of no firm, has no token, or is proven already.",
                      STRF(domain), (long long)db_col_int(&c, 0));
        rc = 0;
    }
    db_end(&c);
    return rc;
}

/* What a person said is said of a message that is there. */
static int check_reported(struct verify *v)
{
    struct db_cursor c;
    int rc = db_query(v->db, &c, SQL_VERIFY_REPORTED, DB_ARGS(db_int(UNREAD_REPORTED_MAX)));

    while (rc == 0 && (rc = db_next(&c)) == 1) {
        verify_report(v, VERIFY_ROW_DANGLING,
                      verify_mended(verify_mend(v, fix_reported, (int64_t[]){db_col_int(&c, 0), db_col_int(&c, 1)})),
                      "Message %lld of firm %lld was reported by its reader, but it is not there.",
                      (long long)db_col_int(&c, 1), (long long)db_col_int(&c, 0));
        rc = 0;
    }
    db_end(&c);
    return rc;
}

/* Each entry's hash covers the one before it, so an altered, removed or inserted entry shows. */
static int check_audit(struct verify *v)
{
    AUTO(scan) struct scan s = scan_of(v->db, SQL_VERIFY_ORG, 1);
    struct txn t = {.db = v->db, .cell = v->cell, .store = v->store, .arena = &v->arena, .env = v->store->env};
    int rc;

    while ((rc = scan_next(&s)) == 1) {
        int64_t bad = 0;

        rc = audit_check(&t, s.key[0], &bad);
        if (rc == ERR_CORRUPT && bad)
            verify_report(v, VERIFY_AUDIT, VERIFY_ROW,
                          "Audit entry %lld of firm %lld does not follow from the one before it.", (long long)bad,
                          (long long)s.key[0]);
        else if (rc != 0)
            return rc;
    }
    return rc;
}
