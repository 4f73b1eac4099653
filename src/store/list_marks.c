/* Far down a list: the keys of some rows of the mailboxes last scrolled through, so that the next far page does not count its way again. Believed
 * while total and next UID of the mailbox are what they were: then nothing came or went, and every row stands where it stood. At most 128 KB a mailbox. */
#include "store/read_list.h"
#include "core/map.h"
#include "store/store_priv.h"

#include <string.h>

#define LIST_MARK_ROWS 128   /* of conversations, oldest first: behind a mark each row costs a look-up */
#define LIST_MARK_PIECE 1024 /* of all others: an index entry costs next to nothing */
#define LIST_MARKS_MAX 8192u /* of one mailbox; what is below is counted */
#define LIST_MARKED 16u      /* mailboxes remembered */

struct mark {
    int64_t ms, key;
};
struct marked {
    struct pack_uuid cell;
    int64_t epoch, org, account, mailbox, total, uidnext;
    uint64_t used; /* 0: empty */
    bool ascending, collapsed;
    size_t n;
    struct mark v[LIST_MARKS_MAX]; /* v[i]: row (i + 1) * rows_of() - 1 */
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct marked table[LIST_MARKED];
static uint64_t clock_now;

static int64_t rows_of(const struct list_walk *w)
{
    return w->collapsed && w->ascending ? LIST_MARK_ROWS : LIST_MARK_PIECE;
}

static bool is(const struct marked *m, const struct txn *t, int64_t org, int64_t account, const struct list_walk *w)
{
    return m->used && m->org == org && m->account == account && m->mailbox == w->mailbox &&
           m->ascending == w->ascending && m->collapsed == w->collapsed && m->epoch == t->cell->epoch &&
           memcmp(&m->cell, &t->cell->uuid, sizeof m->cell) == 0;
}

static struct marked *find(const struct txn *t, int64_t org, int64_t account, const struct list_walk *w,
                           const struct list_counts *c, bool make)
{
    struct marked *oldest = &table[0];
    for (size_t i = 0; i < LIST_MARKED; i++) {
        struct marked *m = &table[i];
        if (is(m, t, org, account, w) && (m->total != c->total || m->uidnext != c->uidnext))
            m->used = 0;
        if (is(m, t, org, account, w)) {
            m->used = ++clock_now;
            return m;
        }
        if (m->used < oldest->used)
            oldest = m;
    }
    if (!make)
        return NULL;
    oldest->cell = t->cell->uuid;
    oldest->epoch = t->cell->epoch;
    oldest->collapsed = w->collapsed;
    oldest->org = org;
    oldest->account = account;
    oldest->mailbox = w->mailbox;
    oldest->ascending = w->ascending;
    oldest->total = c->total;
    oldest->uidnext = c->uidnext;
    oldest->used = ++clock_now;
    oldest->n = 0;
    return oldest;
}

/* Goes to the last mark before row `skip`; how many rows are behind it then. */
static int64_t jump(const struct txn *t, int64_t org, int64_t account, struct list_walk *w, int64_t skip,
                    const struct list_counts *c)
{
    int64_t behind = 0;
    pthread_mutex_lock(&lock);
    const struct marked *m = find(t, org, account, w, c, false);
    size_t i = (size_t)(skip / rows_of(w));
    if (m && i > m->n)
        i = m->n;
    if (m && i > 0) {
        w->ms = m->v[i - 1].ms;
        w->key = m->v[i - 1].key;
        behind = (int64_t)i * rows_of(w);
    }
    pthread_mutex_unlock(&lock);
    return behind;
}

static void remember(const struct txn *t, int64_t org, int64_t account, const struct list_walk *w, int64_t behind,
                     const struct list_counts *c)
{
    pthread_mutex_lock(&lock);
    struct marked *m = find(t, org, account, w, c, true);
    if (behind == (int64_t)(m->n + 1) * rows_of(w) && m->n < LIST_MARKS_MAX)
        m->v[m->n++] = (struct mark){w->ms, w->key};
    pthread_mutex_unlock(&lock);
}

void list_marks_forget(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < LIST_MARKED; i++)
        table[i].used = 0;
    pthread_mutex_unlock(&lock);
}

int list_skip(struct txn *t, int64_t org, int64_t account, struct list_walk *w, int64_t skip,
              const struct list_counts *counts)
{
    bool marks = counts && w->mailbox;
    int64_t behind = marks ? jump(t, org, account, w, skip, counts) : 0;
    while (behind < skip) {
        int64_t n = skip - behind, piece = marks ? LIST_MARK_PIECE : LIST_SKIP_PIECE;
        int r = list_skip_piece(t, org, account, w, n < piece ? n : piece);
        if (r < 0)
            return r;
        if (r == 0) {
            w->end = true;
            return 0;
        }
        behind += n < piece ? n : piece;
        if (marks && behind % LIST_MARK_PIECE == 0)
            remember(t, org, account, w, behind, counts);
    }
    return 0;
}

/* ---- one row per conversation ---- */

/* Newest first: the rows that stand for their conversations have an index of their own. */
static int heads(struct txn *t, int64_t org, int64_t account, struct list_walk *w, int64_t skip, size_t most,
                 const struct list_counts *c, struct list_item *page, int64_t *out, size_t *n_out)
{
    int r = list_skip(t, org, account, w, skip, c);
    while (r == 0 && !w->end && *n_out < most) {
        size_t n;
        r = list_next(t, org, account, w, page, &n);
        for (size_t i = 0; i < n && *n_out < most && r == 0; i++)
            out[(*n_out)++] = page[i].message;
    }
    return r;
}

/* Does an earlier row of the walk belong to the thread of this one? Asked only behind a mark: before it nobody looked. */
static int shown_before(struct txn *t, int64_t org, int64_t account, const struct list_walk *w,
                        const struct list_item *i)
{
    int64_t n = 0;
    int r = db_get_int(
        t->db, SQL_THREAD_BEFORE_ASC,
        DB_ARGS(db_int(org), db_int(account), db_int(i->thread), db_int(w->mailbox), db_int(i->ms), db_int(i->key)),
        &n);
    return r < 0 ? r : n > 0;
}

int list_threads(struct txn *t, int64_t org, int64_t account, struct list_walk *w, int64_t skip, size_t most,
                 const struct list_counts *c, struct list_item *page, int64_t *out, size_t *n_out)
{
    struct imap seen;
    int64_t row = 0, behind;
    int r = 0;
    w->collapsed = true;
    *n_out = 0;
    if (!w->ascending)
        return heads(t, org, account, w, skip, most, c, page, out, n_out);
    imap_init(&seen);
    row = behind = jump(t, org, account, w, skip, c);
    while (!w->end && *n_out < most && r >= 0) {
        size_t n;
        if ((r = list_next(t, org, account, w, page, &n)) < 0)
            break;
        for (size_t i = 0; i < n && *n_out < most && r >= 0; i++) {
            if (imap_put(&seen, (uint64_t)page[i].thread, w))
                continue;
            if (behind && (r = shown_before(t, org, account, w, &page[i])) != 0)
                continue;
            if (row++ >= skip)
                out[(*n_out)++] = page[i].message;
            if (row % LIST_MARK_ROWS == 0) {
                struct list_walk here = *w;
                here.ms = page[i].ms;
                here.key = page[i].key;
                remember(t, org, account, &here, row, c);
            }
        }
    }
    imap_free(&seen);
    return r < 0 ? r : 0;
}
