/* The indexer: news of the cell into search.db, in batches; whatever is interrupted is simply read again. */
#include "core/log.h"
#include "facts/facts.h"
#include "mime/fold.h"
#include "mime/identity.h"
#include "store/compress.h"
#include "store/mail_priv.h"
#include "store/search_priv.h"

#include <stdlib.h>

#define ORGS_A_PAGE 500
#define CHECKPOINT_TURNS 8
#define LOOK_AGAIN 100u /* firms of a turn over all whose marks are read again: verify --fix sets them back */
#define RECIPIENTS_BYTES_MAX 16384u
#define RECIPIENTS_ARENA_MAX (64u << 20) /* a message that does not fit is not found by its recipients */
#define SEARCH_COMMIT_DOCS 512u          /* of one transaction */
#define SEARCH_COMMIT_BYTES (8u << 20)

struct doc {
    int64_t message, seq, number; /* number in search.db, 0: nothing to write */
    bool held;
    struct str subject, people, recipients, body, files;
};
struct batch { /* of one account */
    struct batch *next;
    struct arena *arena;
    int64_t org, account, since;
    struct doc docs[SEARCH_BATCH];
    size_t n_docs;
    int64_t gone[SEARCH_BATCH], gone_seq[SEARCH_BATCH];
    size_t n_gone;
    int64_t upto; /* new mark */
    bool more;
};
/* Read, not yet written: one transaction of search.db. FTS5 writes a segment a commit and merges segments again and again: a commit for each account
 * made the index twice as dear. */
struct pending {
    struct arena arena; /* of the batches and their texts */
    struct batch *first, **last;
    size_t n_docs;
};
struct orgs {
    struct arena *arena;
    int64_t *org, *seq;
    size_t n, cap;
    int64_t after;
};
struct accounts {
    struct arena *arena;
    int64_t org, since;
    int64_t *account;
    size_t n, cap;
};

static int read_batch(struct txn *t, void *arg);
static int write_pending(struct search *s, struct pending *p, int64_t org, int64_t org_seq);
static int index_org(struct search *s, int64_t org, int64_t seq, size_t *budget);

static void push(struct arena *a, int64_t **list, size_t n, size_t *cap, int64_t v)
{
    if (n == *cap) {
        int64_t *more = arena_array(a, int64_t, *cap = *cap ? *cap * 2 : 64);
        if (n)
            memcpy(more, *list, n * sizeof *more);
        *list = more;
    }
    (*list)[n] = v;
}

/* ---- reading the cell ---- */

/* Text of the message; names and text of what hangs on it. */
static void texts_of(struct arena *a, struct str packed, struct doc *d)
{
    struct facts_insight in;
    struct str bytes;
    AUTO(buf) struct buf files = {0};
    if (insight_unpack(a, packed, &bytes) != 0 || facts_insight_get(a, bytes, &in) != 0)
        return;
    d->body = in.text;
    buf_init(&files, FACTS_TEXT_MAX);
    for (size_t i = 0; i < in.n_attachments && files.n + in.attachments[i].name.n + 1 < FACTS_TEXT_MAX; i++) {
        buf_adds(&files, in.attachments[i].name);
        buf_addz(&files, "\n");
    }
    buf_adds(&files, str_utf8_cut(in.attached, FACTS_TEXT_MAX - files.n));
    d->files = arena_str(a, buf_str(&files));
}

/* Names and addresses of To, Cc and Bcc stand in no row: they are read where the message lies. What cannot be read is not found by them. */
static void recipients_of(struct txn *t, struct batch *b, struct doc *d)
{
    struct mail_loc at;
    struct str raw;
    AUTO(arena) struct arena own;
    AUTO(buf) struct buf out = {0};
    arena_init(&own, RECIPIENTS_ARENA_MAX);
    if (mail_blob(t, b->org, b->account, d->message, &at) != 1 ||
        pack_read_blob(cell_packs(t->cell), at.loc, at.sha256, &own, &raw) != 0)
        return;
    size_t end = mime_header_end(str_upto(raw, MIME_HEADER_BYTES_MAX), 0);
    AUTO(arena) struct arena names;
    arena_init(&names, ARENA_NO_LIMIT);
    struct mime_identity *who = arena_new(&names, struct mime_identity);
    mime_identity_read(&names, NULL, str_upto(raw, end == MIME_NO_END ? MIME_HEADER_BYTES_MAX : end), who);
    const struct mime_addrs *lists[] = {&who->to, &who->cc, &who->bcc};
    buf_init(&out, RECIPIENTS_BYTES_MAX);
    for (size_t l = 0; l < N_ELEMENTS(lists); l++)
        for (size_t i = 0; i < lists[l]->n && !out.err; i++) {
            buf_adds(&out, lists[l]->v[i].name);
            buf_addc(&out, ' ');
            buf_adds(&out, mime_addr_key(&names, &lists[l]->v[i]));
            buf_addc(&out, '\n');
        }
    d->recipients = arena_str(b->arena, buf_str(&out));
}

static int read_docs(struct txn *t, struct batch *b)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_NEWS_EMAILS,
                     DB_ARGS(db_int(b->org), db_int(b->account), db_int(b->since), db_int(SEARCH_BATCH)));
    while (r == 0 && b->n_docs < SEARCH_BATCH && (r = db_next(&c)) == 1) {
        struct doc *d = &b->docs[b->n_docs++];
        *d = (struct doc){.message = db_col_int(&c, 0), .seq = db_col_int(&c, 1), .held = db_col_int(&c, 2) != 0};
        if (!d->held) {
            d->subject = arena_str(b->arena, db_col_str(&c, 3));
            d->people = arena_printf(b->arena, "%.*s %.*s", STRF(db_col_str(&c, 4)), STRF(db_col_str(&c, 5)));
            texts_of(b->arena, db_col_str(&c, 6), d);
            recipients_of(t, b, d);
        }
        r = 0;
    }
    return no_constraint(r);
}

static int read_gone(struct txn *t, struct batch *b)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(
        t->db, &c, SQL_CHANGES_GONE,
        DB_ARGS(db_int(b->org), db_int(b->account), db_int(SYNC_EMAIL), db_int(b->since), db_int(SEARCH_BATCH)));
    while (r == 0 && b->n_gone < SEARCH_BATCH && (r = db_next(&c)) == 1) {
        b->gone[b->n_gone] = db_col_int(&c, 0);
        b->gone_seq[b->n_gone++] = db_col_int(&c, 2);
        r = 0;
    }
    return no_constraint(r);
}

static int read_batch(struct txn *t, void *arg)
{
    struct batch *b = arg;
    b->n_docs = b->n_gone = 0;
    int r = read_docs(t, b);
    if (r == 0)
        r = read_gone(t, b);
    /* A full list ends the batch at its last seq; what lies behind is read next time. */
    b->upto = INT64_MAX;
    if (b->n_docs == SEARCH_BATCH)
        b->upto = b->docs[SEARCH_BATCH - 1].seq;
    if (b->n_gone == SEARCH_BATCH && b->gone_seq[SEARCH_BATCH - 1] < b->upto)
        b->upto = b->gone_seq[SEARCH_BATCH - 1];
    b->more = b->upto != INT64_MAX;
    if (!b->more) {
        b->upto = b->since;
        if (b->n_docs && b->docs[b->n_docs - 1].seq > b->upto)
            b->upto = b->docs[b->n_docs - 1].seq;
        if (b->n_gone && b->gone_seq[b->n_gone - 1] > b->upto)
            b->upto = b->gone_seq[b->n_gone - 1];
    }
    return r;
}

static int read_orgs(struct txn *t, void *arg)
{
    struct orgs *o = arg;
    int64_t rows;
    int r = 0;
    do {
        AUTO(db_cursor) struct db_cursor c = {0};
        rows = 0;
        r = db_query(t->db, &c, SQL_NEWS_ORGS, DB_ARGS(db_int(o->after), db_int(ORGS_A_PAGE)));
        while (r == 0 && (r = db_next(&c)) == 1) {
            size_t cap = o->cap;
            push(o->arena, &o->org, o->n, &cap, o->after = db_col_int(&c, 0));
            push(o->arena, &o->seq, o->n++, &o->cap, db_col_int(&c, 1));
            rows++;
            r = 0;
        }
    } while (r == 0 && rows == ORGS_A_PAGE);
    return no_constraint(r);
}

static int read_org(struct txn *t, void *arg)
{
    struct orgs *o = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_ORG_NUMBERS, DB_ARGS(db_int(o->org[0])));
    if (r == 0 && (r = db_next(&c)) == 1)
        o->seq[0] = db_col_int(&c, 0);
    return r < 0 ? r : 0;
}

static int read_accounts(struct txn *t, void *arg)
{
    struct accounts *l = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    l->n = 0;
    int r = db_query(t->db, &c, SQL_NEWS_ACCOUNTS, DB_ARGS(db_int(l->org), db_int(l->since)));
    while (r == 0 && (r = db_next(&c)) == 1) {
        push(l->arena, &l->account, l->n++, &l->cap, db_col_int(&c, 0));
        r = 0;
    }
    return no_constraint(r);
}

/* ---- writing search.db ---- */

static int mark(struct db *db, int64_t org, int64_t account, int64_t seq)
{
    return db_run(db, SQL_SEARCH_MARK_SET, DB_ARGS(db_int(org), db_int(account), db_int(seq)), NULL);
}

/* Rows first, words second: a statement that SQLite guards by a savepoint of its own (RETURNING, INSERT ... SELECT, upsert) makes FTS5 write out its
 * table in memory. */
static int put_rows(struct db *db, struct batch *b)
{
    int r = 0;
    for (size_t i = 0; i < b->n_docs && r == 0; i++) {
        struct doc *d = &b->docs[i];
        if (d->held || d->seq > b->upto)
            continue;
        r = db_get_int(db, SQL_SEARCH_DOC_PUT, DB_ARGS(db_int(b->org), db_int(b->account), db_int(d->message)),
                       &d->number);
        r = r > 0 ? 0 : r; /* none: it is in already, only its flags or folders changed */
    }
    for (size_t i = 0; i < b->n_gone && r == 0; i++)
        if (b->gone_seq[i] <= b->upto)
            r = db_run(db, SQL_SEARCH_DOC_DELETE, DB_ARGS(db_int(b->org), db_int(b->account), db_int(b->gone[i])),
                       NULL);
    return r ? r : mark(db, b->org, b->account, b->upto);
}

/* FTS5 folds what it is given (unicode61, remove_diacritics); PostgreSQL's simple configuration does not. */
static struct db_val indexed(struct arena *a, bool fold, struct str text, size_t max)
{
    struct str good = txn_text(a, text, max);
    return db_text(fold ? mime_fold(a, good) : good);
}

static int put_text(struct db *db, bool fold, const struct batch *b, const struct doc *d)
{
    struct arena *a = b->arena;
    return db_run(db, SQL_SEARCH_TEXT_PUT,
                  DB_ARGS(db_int(d->number), db_int(b->org), db_int(b->account), db_int(d->message),
                          db_text(str_c(search_tenant(a, b->org, b->account))),
                          indexed(a, fold, d->subject, MAIL_TEXT_MAX), indexed(a, fold, d->people, 2 * MAIL_TEXT_MAX),
                          indexed(a, fold, d->recipients, RECIPIENTS_BYTES_MAX),
                          indexed(a, fold, d->body, FACTS_TEXT_MAX), indexed(a, fold, d->files, FACTS_TEXT_MAX)),
                  NULL);
}

static int put_pending(struct db *db, bool fold, const struct pending *p)
{
    int r = 0;
    for (struct batch *b = p->first; b && r == 0; b = b->next)
        r = put_rows(db, b);
    for (struct batch *b = p->first; b && r == 0; b = b->next)
        for (size_t i = 0; i < b->n_docs && r == 0; i++)
            if (b->docs[i].number)
                r = put_text(db, fold, b, &b->docs[i]);
    return r;
}

static void pending_clear(struct pending *p)
{
    arena_free(&p->arena);
    p->first = NULL;
    p->last = &p->first;
    p->n_docs = 0;
}

/* Empties p. org_seq: the mark of the whole firm, 0: not yet. */
static int write_pending(struct search *s, struct pending *p, int64_t org, int64_t org_seq)
{
    int r = 0;
    if (p->first || org_seq) {
        pthread_mutex_lock(&s->lock);
        r = s->db ? db_begin_write(s->db) : ERR_GONE;
        bool begun = r == 0;
        if (r == 0)
            r = put_pending(s->db, s->cell->store->conf.engine == DB_POSTGRESQL, p);
        if (r == 0 && org_seq)
            r = mark(s->db, org, 0, org_seq);
        if (r == 0)
            r = db_commit(s->db);
        else if (begun)
            db_rollback(s->db);
        pthread_mutex_unlock(&s->lock);
    }
    pending_clear(p);
    return no_constraint(r);
}

static int mark_get(struct search *s, int64_t org, int64_t account, int64_t *seq)
{
    *seq = 0;
    pthread_mutex_lock(&s->lock);
    int r = s->db ? db_get_int(s->db, SQL_SEARCH_MARK_GET, DB_ARGS(db_int(org), db_int(account)), seq) : ERR_GONE;
    pthread_mutex_unlock(&s->lock);
    return r < 0 ? r : 0;
}

/* ---- turns ---- */

static int org_mark(struct search *s, int64_t org, int64_t **out)
{
    int64_t *m = imap_get(&s->marks, (uint64_t)org);
    if (!m) {
        if (!(m = malloc(sizeof *m)))
            return ERR_NOMEM;
        int r = mark_get(s, org, 0, m);
        if (r) {
            free(m);
            return r;
        }
        imap_put(&s->marks, (uint64_t)org, m);
    }
    *out = m;
    return 0;
}

/* Some firms more at each turn, from the first again after the last. */
static int look_again(struct search *s, const struct orgs *o)
{
    unsigned n = 0;
    int r = 0;
    for (size_t i = 0; i < o->n && n < LOOK_AGAIN && r == 0; i++) {
        int64_t *m = o->org[i] > s->looked ? imap_get(&s->marks, (uint64_t)o->org[i]) : NULL, seq;
        if (!m)
            continue;
        r = mark_get(s, o->org[i], 0, &seq);
        *m = r == 0 && seq < *m ? seq : *m;
        s->looked = o->org[i];
        n++;
    }
    if (n < LOOK_AGAIN)
        s->looked = 0;
    return r;
}

/* 1: the budget of the turn is used up. */
static int index_account(struct search *s, struct pending *p, int64_t org, int64_t account, int64_t since,
                         size_t *budget)
{
    int64_t from = 0;
    int r = mark_get(s, org, account, &from);
    bool more = true;
    if (from < since)
        from = since;
    while (r == 0 && more && *budget) {
        struct batch *b = arena_new(&p->arena, struct batch);
        b->arena = &p->arena;
        b->org = org;
        b->account = account;
        b->since = from;
        r = cell_read_wait(s->cell, read_batch, b);
        if (r)
            break;
        size_t read = b->n_docs + b->n_gone;
        more = b->more;
        from = b->upto;
        *budget -= read < *budget ? read : *budget;
        if (read) {
            *p->last = b;
            p->last = &b->next;
            p->n_docs += read;
        }
        if (p->n_docs >= SEARCH_COMMIT_DOCS || p->arena.used >= SEARCH_COMMIT_BYTES)
            r = write_pending(s, p, org, 0);
    }
    return r ? r : more;
}

static int index_org(struct search *s, int64_t org, int64_t seq, size_t *budget)
{
    int64_t *known;
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    int r = org_mark(s, org, &known);
    if (r || seq <= *known)
        return r;
    struct accounts l = {.arena = &a, .org = org, .since = *known};
    struct pending p = {.last = &p.first};
    arena_init(&p.arena, ARENA_NO_LIMIT);
    r = no_constraint(cell_read_wait(s->cell, read_accounts, &l));
    for (size_t i = 0; i < l.n && r == 0; i++)
        r = *budget ? index_account(s, &p, org, l.account[i], *known, budget) : 1;
    int w = r < 0 ? 0 : write_pending(s, &p, org, r == 0 && l.n ? seq : 0);
    pending_clear(&p);
    if (r == 0 && w == 0)
        *known = seq;
    return w ? w : r;
}

static int gather(struct search *s, bool all, struct orgs *o)
{
    size_t it = 0;
    uint64_t org;
    void *v;
    if (all)
        return cell_read_wait(s->cell, read_orgs, o);
    pthread_mutex_lock(&s->lock);
    while (imap_next(&s->noted, &it, &org, &v)) {
        size_t cap = o->cap;
        push(o->arena, &o->org, o->n, &cap, (int64_t)org);
        push(o->arena, &o->seq, o->n++, &o->cap, 0);
    }
    pthread_mutex_unlock(&s->lock);
    int r = 0;
    for (size_t i = 0; i < o->n && r == 0; i++) {
        struct orgs one = {.arena = o->arena, .org = &o->org[i], .seq = &o->seq[i]};
        r = cell_read_wait(s->cell, read_org, &one);
    }
    return r;
}

int search_turn(struct search *s, bool all, size_t *done)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct orgs o = {.arena = &a};
    size_t budget = SEARCH_TURN;
    int64_t left;
    pthread_mutex_lock(&s->lock);
    bool fresh = !s->db;
    int r = fresh ? search_reopen(s, NULL) : 0;
    pthread_mutex_unlock(&s->lock);
    if (r == 0)
        r = gather(s, all || fresh, &o);
    if (r == 0 && all)
        r = look_again(s, &o);
    for (size_t i = 0; i < o.n && r >= 0; i++) {
        int one = budget ? index_org(s, o.org[i], o.seq[i], &budget) : 1;
        if (one == 0) {
            pthread_mutex_lock(&s->lock);
            imap_del(&s->noted, (uint64_t)o.org[i]);
            pthread_mutex_unlock(&s->lock);
        } else {
            if (one == 1)
                search_note(s, o.org[i]);
            r = one;
        }
    }
    if (r >= 0 && (budget == 0 || ++s->turns % CHECKPOINT_TURNS == 0)) {
        pthread_mutex_lock(&s->lock);
        if (s->db && db_checkpoint(s->db, &left) != 0) /* a question that failed may have closed it */
            log_warn("search.checkpoint", L_I("cell", cell_id(s->cell)), L_Z("error", db_error(s->db)));
        pthread_mutex_unlock(&s->lock);
    }
    if (r < 0) {
        pthread_mutex_lock(&s->lock);
        log_warn("search.turn", L_I("cell", cell_id(s->cell)), L_Z("code", err_name(r)),
                 L_Z("error", s->db ? db_error(s->db) : ""));
        pthread_mutex_unlock(&s->lock);
        if (r != ERR_BUSY && r != ERR_FULL)
            search_fail(s, r);
    }
    if (done)
        *done = SEARCH_TURN - budget;
    return r;
}
