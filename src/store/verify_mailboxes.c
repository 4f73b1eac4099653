/* Mailboxes and placements, two scans walked side by side: counters, UIDs, seq, conversation and hold of every
 * placement. */
#include "store/mail.h"
#include "store/verify_priv.h"
#include <stdlib.h>

struct thread_seen { /* one Email of a mailbox */
    int64_t thread, ms, uid;
    bool unread, older;
};
struct count { /* of the placements of one mailbox */
    int64_t total, unread, threads, unread_threads, stubs, bytes, max_uid, max_seq;
};
struct walk {
    struct verify *v;
    struct scan mailboxes, placements;
    bool have_mailbox, have_placement;
    struct thread_seen *seen;
    size_t n_seen, cap_seen;
};
enum {
    M_NAME = 3,
    M_ROLE,
    M_UIDNEXT,
    M_MODSEQ,
    M_TOTAL,
    M_UNREAD,
    M_THREADS,
    M_UNREAD_THREADS,
    M_STUBS,
    M_BYTES,
    M_SEQ,
    M_ORG_SEQ,
    M_ADDRESS
};
enum {
    P_MESSAGE = 4,
    P_THREAD,
    P_SIZE,
    P_FLAGS,
    P_STUB,
    P_CREATED,
    P_SEQ,
    P_M_ACCOUNT,
    P_M_THREAD,
    P_M_HELD,
    P_M_BLOB,
    P_BLOB,
    P_SHA,
    P_BLOB_SIZE,
    P_MS,
    P_OLDER
};

static int advance(struct scan *s, bool *have);
static int compare(const struct walk *w);
static int placement(struct walk *w, struct count *n, int64_t role);
static int thread_add(struct walk *w, struct thread_seen one);
static void threads_count(struct walk *w, struct count *n);
static int mailbox_end(struct walk *w, const struct count *n);

static int advance(struct scan *s, bool *have)
{
    int rc = scan_next(s);

    *have = rc == 1;
    return rc < 0 ? rc : 0;
}

/* < 0: the placement's mailbox comes before the one at hand. */
static int compare(const struct walk *w)
{
    for (int i = 0; i < 3; i++)
        if (w->placements.key[i] != w->mailboxes.key[i])
            return w->placements.key[i] < w->mailboxes.key[i] ? -1 : 1;
    return 0;
}

static int thread_add(struct walk *w, struct thread_seen one)
{
    if (w->n_seen == w->cap_seen) {
        size_t cap = w->cap_seen ? w->cap_seen * 2 : 1024;
        struct thread_seen *p = realloc(w->seen, cap * sizeof *p);

        if (!p)
            return ERR_NOMEM;
        w->seen = p;
        w->cap_seen = cap;
    }
    w->seen[w->n_seen++] = one;
    return 0;
}

/* The newest of a thread first. */
static int by_thread(const void *a, const void *b)
{
    const struct thread_seen *x = a, *y = b;

    if (x->thread != y->thread)
        return x->thread < y->thread ? -1 : 1;
    if (x->ms != y->ms)
        return x->ms > y->ms ? -1 : 1;
    return x->uid > y->uid ? -1 : x->uid < y->uid;
}

static int fix_heads(struct db *db, void *arg)
{
    const int64_t *k = arg; /* org, account, mailbox, thread */
    int r = db_run(db, SQL_PLACEMENT_HEAD_CAME, DB_ARGS(db_int(k[0]), db_int(k[1]), db_int(k[3]), db_int(k[2])), NULL);

    return r ? r
             : db_run(db, SQL_PLACEMENT_HEAD_WENT, DB_ARGS(db_int(k[0]), db_int(k[1]), db_int(k[3]), db_int(k[2])),
                      NULL);
}

static void thread_end(struct walk *w, struct count *n, const struct thread_seen *seen, size_t count)
{
    bool unread = false, wrong = false;

    for (size_t i = 0; i < count; i++) {
        unread = unread || seen[i].unread;
        wrong = wrong || seen[i].older != (i > 0);
    }
    n->threads++;
    n->unread_threads += unread;
    if (!wrong)
        return;
    const int64_t *key = w->mailboxes.key;
    struct verify_at at = VERIFY_ROW;
    at.fixed = verify_mend(w->v, fix_heads, (int64_t[]){key[0], key[1], key[2], seen->thread});
    verify_report(w->v, VERIFY_THREAD, at,
                  "In mailbox %lld of firm %lld conversation %lld is not listed where its newest message stands%s.",
                  (long long)key[2], (long long)key[0], (long long)seen->thread, at.fixed ? "; mended" : "");
}

static void threads_count(struct walk *w, struct count *n)
{
    if (w->n_seen)
        qsort(w->seen, w->n_seen, sizeof *w->seen, by_thread);
    for (size_t i = 0, to; i < w->n_seen; i = to) {
        for (to = i + 1; to < w->n_seen && w->seen[to].thread == w->seen[i].thread; to++)
            ;
        thread_end(w, n, &w->seen[i], to - i);
    }
    w->n_seen = 0;
}

static int place_key_add(struct walk *w)
{
    const struct db_cursor *c = &w->placements.c;
    struct str sha = db_col_str(c, P_SHA);
    struct place_key k = {.source = FROM_ROW};

    key_put(k.org, w->placements.key[0]);
    key_put(k.account, w->placements.key[1]);
    key_put(k.mailbox, w->placements.key[2]);
    key_put(k.uid, w->placements.key[3]);
    key_put(k.message, db_col_int(c, P_MESSAGE));
    if (sha.n >= sizeof k.sha256)
        memcpy(k.sha256, sha.p, sizeof k.sha256);
    return sorter_add(w->v->places, &k);
}

/* A message knows its conversation; its placements only repeat it. */
static int fix_placement_thread(struct db *db, void *arg)
{
    const int64_t *k = arg; /* org, account, mailbox, uid */

    return db_run(db, SQL_VERIFY_FIX_PLACEMENT_THREAD, DB_ARGS(db_int(k[0]), db_int(k[1]), db_int(k[2]), db_int(k[3])),
                  NULL);
}

static void placement_rules(struct walk *w, int64_t role)
{
    struct verify *v = w->v;
    const struct db_cursor *c = &w->placements.c;
    bool stub = db_col_int(c, P_STUB) != 0, held = db_col_int(c, P_M_HELD) != 0;
    long long org = w->placements.key[0], mailbox = w->placements.key[2], uid = w->placements.key[3],
              message = db_col_int(c, P_MESSAGE);

    if (db_col_null(c, P_M_ACCOUNT)) {
        verify_report(v, VERIFY_ROW_DANGLING, VERIFY_ROW,
                      "Mailbox %lld of firm %lld holds UID %lld, whose message %lld has no row.", mailbox, org, uid,
                      message);
        return;
    }
    if (db_col_int(c, P_M_ACCOUNT) != w->placements.key[1])
        verify_report(v, VERIFY_ROW_DANGLING, VERIFY_ROW,
                      "Mailbox %lld of firm %lld holds UID %lld, whose message %lld is of another account.", mailbox,
                      org, uid, message);
    if (db_col_int(c, P_M_THREAD) != db_col_int(c, P_THREAD))
        verify_report(v, VERIFY_THREAD, verify_mended(verify_mend(v, fix_placement_thread, w->placements.key)),
                      "UID %lld in mailbox %lld of firm %lld names another conversation than its message %lld.", uid,
                      mailbox, org, message);
    if (db_col_null(c, P_SHA) || db_col_int(c, P_BLOB_SIZE) != db_col_int(c, P_SIZE))
        verify_report(v, VERIFY_ROW_DANGLING, VERIFY_ROW,
                      "UID %lld in mailbox %lld of firm %lld has no content, or one of another size.", uid, mailbox,
                      org);
    if (held && !stub && role != ROLE_HELD)
        verify_report(v, VERIFY_HOLD, VERIFY_ROW,
                      "Message %lld of firm %lld is held, yet placed in mailbox %lld under UID %lld.", message, org,
                      mailbox, uid);
    if (stub && (!held || role == ROLE_HELD))
        verify_report(v, VERIFY_HOLD, VERIFY_ROW,
                      "UID %lld in mailbox %lld of firm %lld stands in for message %lld, which is not held.", uid,
                      mailbox, org, message);
    if (stub && db_col_int(c, P_BLOB) == db_col_int(c, P_M_BLOB))
        verify_report(v, VERIFY_HOLD, VERIFY_ROW,
                      "UID %lld in mailbox %lld of firm %lld shows the bytes of the held message %lld.", uid, mailbox,
                      org, message);
}

static int placement(struct walk *w, struct count *n, int64_t role)
{
    const struct db_cursor *c = &w->placements.c;
    bool stub = db_col_int(c, P_STUB) != 0, unread = !(db_col_int(c, P_FLAGS) & FLAG_SEEN);
    int64_t seq = db_col_int(c, P_SEQ);
    int rc;

    w->v->result->placements++;
    n->total += !stub;
    n->stubs += stub;
    n->unread += !stub && unread;
    n->bytes += db_col_int(c, P_SIZE);
    n->max_uid = w->placements.key[3]; /* they come in order */
    n->max_seq = seq > n->max_seq ? seq : n->max_seq;
    placement_rules(w, role);
    if (db_col_int(c, P_CREATED) > seq)
        verify_report(w->v, VERIFY_SEQ, VERIFY_ROW, "UID %lld in mailbox %lld of firm %lld changed before it was made.",
                      (long long)w->placements.key[3], (long long)w->placements.key[2],
                      (long long)w->placements.key[0]);
    rc = stub ? 0
              : thread_add(w, (struct thread_seen){.thread = db_col_int(c, P_THREAD),
                                                   .ms = db_col_int(c, P_MS),
                                                   .uid = w->placements.key[3],
                                                   .unread = unread,
                                                   .older = db_col_int(c, P_OLDER) != 0});
    return rc ? rc : place_key_add(w);
}

struct counters {
    const int64_t *key;
    const struct count *n;
    int64_t uidnext, modseq;
};

static int fix_counters(struct db *db, void *arg)
{
    const struct counters *k = arg;
    const struct count *n = k->n;
    int64_t changed = 0;
    int r = db_run(db, SQL_VERIFY_FIX_COUNTERS,
                   DB_ARGS(db_int(k->key[0]), db_int(k->key[1]), db_int(k->key[2]), db_int(k->uidnext),
                           db_int(k->modseq), db_int(n->total), db_int(n->unread), db_int(n->threads),
                           db_int(n->unread_threads), db_int(n->stubs), db_int(n->bytes)),
                   &changed);

    return r ? r : changed != 1;
}

static int mailbox_end(struct walk *w, const struct count *n)
{
    const struct db_cursor *c = &w->mailboxes.c;
    struct verify_at at = VERIFY_ROW;
    int64_t uidnext = db_col_int(c, M_UIDNEXT), modseq = db_col_int(c, M_MODSEQ), org_seq = db_col_int(c, M_ORG_SEQ);
    bool bad_uid = uidnext <= n->max_uid, bad_seq = modseq < n->max_seq;
    struct str name = db_col_str(c, M_NAME), address = db_col_str(c, M_ADDRESS);

    if (db_col_null(c, M_ADDRESS))
        verify_report(w->v, VERIFY_ROW_DANGLING, VERIFY_ROW,
                      "The mailbox \"%.*s\" of firm %lld belongs to an account that has no row.", STRF(name),
                      (long long)w->mailboxes.key[0]);
    int64_t last = modseq > n->max_seq ? modseq : n->max_seq;
    last = db_col_int(c, M_SEQ) > last ? db_col_int(c, M_SEQ) : last;
    if (last > org_seq)
        verify_report(w->v, VERIFY_SEQ, verify_mended(verify_mend_numbers(w->v, w->mailboxes.key[0], last, 0)),
                      "The mailbox \"%.*s\" of %.*s has changes above the last number its firm gave (%lld).",
                      STRF(name), STRF(address), (long long)org_seq);
    if (!bad_uid && !bad_seq && n->total == db_col_int(c, M_TOTAL) && n->unread == db_col_int(c, M_UNREAD) &&
        n->threads == db_col_int(c, M_THREADS) && n->unread_threads == db_col_int(c, M_UNREAD_THREADS) &&
        n->stubs == db_col_int(c, M_STUBS) && n->bytes == db_col_int(c, M_BYTES))
        return 0;
    /* UIDs above the highest left may have been given and removed: the jump of an epoch is the honest way past them. */
    struct counters made = {w->mailboxes.key, n, bad_uid ? n->max_uid + CELL_EPOCH_JUMP : uidnext,
                            bad_seq ? n->max_seq : modseq};
    at.fixed = verify_mend(w->v, fix_counters, &made);
    verify_report(
        w->v, VERIFY_COUNTER, at,
        "The mailbox \"%.*s\" of %.*s says %lld messages (%lld unread, %lld conversations, %lld unread ones, %lld "
        "stand-ins, %lld bytes, next UID "
        "%lld, change %lld); counted: %lld (%lld, %lld, %lld, %lld, %lld bytes, highest UID %lld, change %lld)%s.",
        STRF(name), STRF(address), (long long)db_col_int(c, M_TOTAL), (long long)db_col_int(c, M_UNREAD),
        (long long)db_col_int(c, M_THREADS), (long long)db_col_int(c, M_UNREAD_THREADS),
        (long long)db_col_int(c, M_STUBS), (long long)db_col_int(c, M_BYTES), (long long)uidnext, (long long)modseq,
        (long long)n->total, (long long)n->unread, (long long)n->threads, (long long)n->unread_threads,
        (long long)n->stubs, (long long)n->bytes, (long long)n->max_uid, (long long)n->max_seq,
        at.fixed ? "; mended" : "");
    return 0;
}

static int walk_all(struct walk *w)
{
    int rc = advance(&w->mailboxes, &w->have_mailbox);

    if (rc == 0)
        rc = advance(&w->placements, &w->have_placement);
    while (rc == 0 && (w->have_mailbox || w->have_placement)) {
        struct count n = {0};

        if (w->have_placement && (!w->have_mailbox || compare(w) < 0)) {
            verify_report(w->v, VERIFY_ROW_DANGLING, VERIFY_ROW,
                          "UID %lld of firm %lld, account %lld is in mailbox %lld, which has no row.",
                          (long long)w->placements.key[3], (long long)w->placements.key[0],
                          (long long)w->placements.key[1], (long long)w->placements.key[2]);
            rc = place_key_add(w);
            rc = rc ? rc : advance(&w->placements, &w->have_placement);
            continue;
        }
        while (rc == 0 && w->have_placement && compare(w) == 0) {
            rc = placement(w, &n, db_col_int(&w->mailboxes.c, M_ROLE));
            rc = rc ? rc : advance(&w->placements, &w->have_placement);
        }
        threads_count(w, &n);
        if (rc == 0)
            rc = mailbox_end(w, &n);
        if (rc == 0)
            rc = advance(&w->mailboxes, &w->have_mailbox);
    }
    return rc;
}

int verify_mailboxes(struct verify *v)
{
    struct walk w = {.v = v,
                     .mailboxes = scan_of(v->db, SQL_VERIFY_MAILBOX, 3),
                     .placements = scan_of(v->db, SQL_VERIFY_PLACEMENT, 4)};
    int rc = walk_all(&w);

    scan_end(&w.mailboxes);
    scan_end(&w.placements);
    free(w.seen);
    return rc;
}
