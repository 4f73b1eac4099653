/* Threads: a message joins the oldest thread that knows one of its references under the same base subject (RFC 8621 3).
 * Both stand in one number, the SipHash of id and subject under the firm's key: a stranger cannot compute which id
 * collides. Threads are never merged: an Email's threadId is immutable. */
#include "core/hash.h"
#include "store/mail_priv.h"

static int64_t ref_of(const uint64_t seed[2], struct str id, struct str subject, struct buf *b)
{
    buf_clear(b);
    buf_adds(b, str_upto(id, MAIL_ID_MAX));
    buf_u8(b, 0);
    buf_adds(b, str_upto(subject, MAIL_TEXT_MAX));
    return (int64_t)(siphash13(seed, b->p, b->n) >> 1);
}

/* The ids looked at: own first, then the newest it names. */
static int refs_of(struct txn *t, int64_t org, const struct mail_draft *d, int64_t refs[THREAD_REFS], size_t *n)
{
    const uint8_t *key;
    int r = txn_org_key(t, org, &key);
    if (r)
        return r;
    uint64_t seed[2];
    memcpy(seed, key, sizeof seed);
    AUTO(buf) struct buf b;
    buf_init(&b, MAIL_ID_MAX + MAIL_TEXT_MAX + 8);
    *n = 0;
    if (d->message_id.n)
        refs[(*n)++] = ref_of(seed, d->message_id, d->subject_base, &b);
    for (size_t i = d->n_references; i > 0 && *n < THREAD_REFS; i--)
        if (d->references[i - 1].n)
            refs[(*n)++] = ref_of(seed, d->references[i - 1], d->subject_base, &b);
    return 0;
}

/* The oldest living thread that knows one of the ids; 0 none. */
static int thread_find(struct txn *t, int64_t org, int64_t account, const int64_t refs[THREAD_REFS], size_t n,
                       int64_t *found)
{
    if (n == 1)
        return db_get_int(t->db, SQL_THREAD_FIND_ONE, DB_ARGS(db_int(org), db_int(account), db_int(refs[0])), found);
    struct db_val v[2 + THREAD_REFS] = {db_int(org), db_int(account)};
    for (size_t i = 0; i < THREAD_REFS; i++)
        v[2 + i] = db_int(refs[i < n ? i : 0]);
    return db_get_int(t->db, SQL_THREAD_FIND, v, N_ELEMENTS(v), found);
}

int thread_join(struct txn *t, int64_t org, int64_t account, const struct mail_draft *d, int64_t message, int64_t seq,
                int64_t *thread, bool *created)
{
    int64_t refs[THREAD_REFS], found = 0, added = 0;
    size_t n;
    int r = refs_of(t, org, d, refs, &n);
    if (r)
        return r;
    /* Most mail begins a thread: an id that nobody knew is found out by writing it. */
    if (n == 1)
        r = db_run(t->db, SQL_THREAD_REF_INSERT,
                   DB_ARGS(db_int(org), db_int(account), db_int(refs[0]), db_int(message)), &added);
    if (r == 0 && n && !added)
        r = thread_find(t, org, account, refs, n, &found);
    if (r < 0)
        return r;
    *created = found == 0;
    *thread = found ? found : message;
    r = db_run(t->db, found ? SQL_THREAD_TOUCH : SQL_THREAD_INSERT,
               DB_ARGS(db_int(org), db_int(*thread), db_int(account), db_int(seq)), NULL);
    for (size_t i = 0; i < n && r == 0 && !added; i++)
        r = db_run(t->db, SQL_THREAD_REF_INSERT,
                   DB_ARGS(db_int(org), db_int(account), db_int(refs[i]), db_int(*thread)), NULL);
    return no_constraint(r);
}

int thread_leave(struct txn *t, int64_t org, int64_t account, int64_t thread, int64_t seq)
{
    int64_t left = 0, created = 0;
    int r = db_get_int(t->db, SQL_THREAD_EMAILS, DB_ARGS(db_int(org), db_int(account), db_int(thread)), &left);
    if (r < 0)
        return r;
    if (left)
        return no_constraint(
            db_run(t->db, SQL_THREAD_TOUCH, DB_ARGS(db_int(org), db_int(thread), db_int(account), db_int(seq)), NULL));
    r = db_get_int(t->db, SQL_THREAD_GET, DB_ARGS(db_int(org), db_int(account), db_int(thread)), &created);
    if (r <= 0)
        return r;
    r = db_run(t->db, SQL_THREAD_DELETE, DB_ARGS(db_int(org), db_int(account), db_int(thread)), NULL);
    return r ? no_constraint(r) : tombstone(t, org, account, TOMBSTONE_THREAD, seq, thread, 0, created);
}

int thread_in_mailbox(struct txn *t, int64_t org, int64_t account, int64_t thread, int64_t mailbox, int64_t *emails,
                      int64_t *unread)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_THREAD_IN_MAILBOX,
                     DB_ARGS(db_int(org), db_int(account), db_int(thread), db_int(mailbox)));
    if (r || (r = db_next(&c)) < 0)
        return no_constraint(r);
    *emails = db_col_int(&c, 0);
    *unread = db_col_int(&c, 1);
    return 0;
}
