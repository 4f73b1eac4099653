/* A message arrives: content, facts, thread, placement. About ten statements, each prepared; numbers come from memory
 * (group_numbers.c). */
#include "store/mail.h"
#include "core/log.h"
#include "store/compress.h"
#include "store/mail_priv.h"

#include <openssl/evp.h>
#include <pthread.h>

#define HMAC_KEEP 16u

static const EVP_MD *sha256_md(void);
static int content_hmac(const uint8_t key[32], const uint8_t sha256[SHA256_LEN], uint8_t out[HMAC_KEEP]);
static int add_rows(struct txn *t, int64_t org, int64_t account, const struct mail_draft *d, const struct fresh *f);

static EVP_MD *the_md;
static void fetch_md(void) { the_md = EVP_MD_fetch(NULL, "SHA256", NULL); }
static const EVP_MD *sha256_md(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fetch_md); /* EVP_MD_fetch per call costs more than the hash */
    return the_md;
}

/* HMAC-SHA-256 of a digest, written out: EVP_MAC costs several allocations a call. */
static int content_hmac(const uint8_t key[32], const uint8_t sha256[SHA256_LEN], uint8_t out[HMAC_KEEP])
{
    uint8_t in[64 + SHA256_LEN], mid[64 + SHA256_LEN], full[SHA256_LEN];
    memset(in, 0x36, 64);
    memset(mid, 0x5c, 64);
    for (size_t i = 0; i < 32; i++) {
        in[i] ^= key[i];
        mid[i] ^= key[i];
    }
    memcpy(in + 64, sha256, SHA256_LEN);
    if (EVP_Digest(in, sizeof in, mid + 64, NULL, sha256_md(), NULL) != 1 ||
        EVP_Digest(mid, sizeof mid, full, NULL, sha256_md(), NULL) != 1)
        return ERR_NOMEM;
    memcpy(out, full, HMAC_KEEP);
    return 0;
}

static int blob_find(struct txn *t, int64_t org, const uint8_t hmac[HMAC_KEEP], const struct blob_draft *d,
                     int64_t *blob)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_BLOB_FIND, DB_ARGS(db_int(org), db_blob(str_n(hmac, HMAC_KEEP))));
    if (r || (r = db_next(&c)) != 1)
        return no_constraint(r);
    if (!str_eq(db_col_str(&c, 1), str_n(d->sha256, SHA256_LEN))) {
        log_error("store.hmac_collision", L_I("org", org));
        return ERR_CORRUPT;
    }
    *blob = db_col_int(&c, 0);
    return 1;
}

int blob_join(struct txn *t, int64_t org, const struct blob_draft *d, int64_t *blob)
{
    const uint8_t *key;
    uint8_t hmac[HMAC_KEEP];
    if (d->loc.length == 0) {
        log_bug("store.blob_without_pack", L_I("org", org));
        return ERR_INVALID;
    }
    int r = txn_org_key(t, org, &key);
    if (r == 0)
        r = content_hmac(key, d->sha256, hmac);
    if (r || (r = txn_id(t, org, blob)) != 0)
        return r;
    int64_t added = 0; /* most content is new: the search for an equal one is the unique index's own */
    r = db_run(t->db, SQL_BLOB_INSERT,
               DB_ARGS(db_int(org), db_int(*blob), db_blob(str_n(hmac, HMAC_KEEP)),
                       db_blob(str_n(d->sha256, SHA256_LEN)), db_int((int64_t)d->size), db_int(d->loc.pack),
                       db_int(d->loc.offset), db_int(d->loc.length)),
               &added);
    if (r || added)
        return no_constraint(r);
    r = blob_find(t, org, hmac, d, blob);
    return r == 1 ? 0 : r == 0 ? ERR_CORRUPT : r;
}

/* ---- add ---- */

int mail_draft_prepare(struct arena *a, struct mail_draft *d)
{
    int r = insight_pack(a, d->insight, &d->insight_packed);
    if (r == 0 && !d->insight_packed.p)
        d->insight_packed = STR("");
    return r;
}

static struct str join_refs(struct arena *a, const struct mail_draft *d)
{
    AUTO(buf) struct buf b;
    buf_init(&b, MAIL_REFS_BYTES);
    size_t from = d->n_references > MAIL_REFS_KEEP ? d->n_references - MAIL_REFS_KEEP : 0;
    for (size_t i = from; i < d->n_references; i++) {
        if (d->references[i].n > MAIL_ID_MAX)
            continue;
        if (b.n)
            buf_addc(&b, ' ');
        buf_adds(&b, d->references[i]);
    }
    return txn_text(a, arena_str(a, buf_str(&b)), MAIL_REFS_BYTES);
}

static int add_rows(struct txn *t, int64_t org, int64_t account, const struct mail_draft *d, const struct fresh *f)
{
    struct arena *a = t->arena;
    struct str last = d->n_references ? d->references[d->n_references - 1] : STR_NULL;
    int r = db_run(
        t->db, SQL_MESSAGE_INSERT,
        DB_ARGS(db_int(org), db_int(f->message), db_int(account), db_int(f->thread), db_int(f->blob), db_int(f->size),
                db_int(f->received_ms), db_int(d->sent_ms), db_text(txn_text(a, d->message_id, MAIL_ID_MAX)),
                db_text(txn_text(a, last, MAIL_ID_MAX)), db_text(join_refs(a, d)),
                db_text(txn_text(a, d->subject, MAIL_TEXT_MAX)), db_text(txn_text(a, d->from.name, MAIL_TEXT_MAX)),
                db_text(txn_text(a, d->from.addr, MAIL_TEXT_MAX)), db_text(txn_text(a, d->preview, MAIL_PREVIEW_MAX)),
                db_int(d->has_attachment), db_int(d->verdict), db_int(f->held), db_int(d->score_millinats),
                db_text(txn_text(a, d->findings, MAIL_FINDINGS_MAX)), db_text(txn_text(a, d->accepted_id, MAIL_ID_MAX)),
                db_int(f->seq)),
        NULL);
    if (r)
        return no_constraint(r);
    struct str insight = d->insight_packed;
    if (!insight.p && (r = insight_pack(a, d->insight, &insight)) != 0)
        return r;
    return no_constraint(db_run(
        t->db, SQL_FACTS_INSERT,
        DB_ARGS(db_int(org), db_int(f->message), db_blob(d->structure), db_int(d->insight_version), db_blob(insight)),
        NULL));
}

int mail_add_as(struct txn *t, int64_t org, int64_t account, const struct mail_draft *d, bool held, int64_t id,
                int64_t *message, int64_t *thread)
{
    struct fresh f = {.org = org,
                      .account = account,
                      .draft = d->blob,
                      .size = (int64_t)d->blob->size,
                      .received_ms = d->received_ms,
                      .held = held};
    int r = id ? 0 : txn_id(t, org, &f.message);
    if (id)
        f.message = id;
    if (r == 0)
        r = txn_seq(t, org, &f.seq);
    /* One mail to many accounts of the firm: its content is joined once. */
    const struct group *g = t->group;
    for (size_t i = 0; r == 0 && i < g->n_fresh; i++)
        if (g->fresh[i].org == org && g->fresh[i].draft == d->blob)
            f.blob = g->fresh[i].blob;
    if (r == 0 && !f.blob)
        r = blob_join(t, org, d->blob, &f.blob);
    if (r == 0)
        r = thread_join(t, org, account, d, f.message, f.seq, &f.thread, &f.new_thread);
    if (r == 0)
        r = add_rows(t, org, account, d, &f);
    if (r)
        return r;
    txn_changed(t, org, account, CHANGED_EMAIL | CHANGED_THREAD, f.seq);
    *txn_fresh_add(t) = f;
    *message = f.message;
    *thread = f.thread;
    return 0;
}

int mail_add(struct txn *t, int64_t org, int64_t account, const struct mail_draft *d, int64_t *message, int64_t *thread)
{
    return mail_add_as(t, org, account, d, false, 0, message, thread);
}

/* ---- place ---- */

/* What one placement more does to the counters of its mailbox. */
static int count_in(struct txn *t, int64_t org, int64_t account, int64_t mailbox, const struct placing *p,
                    int64_t *threads, int64_t *unread_threads)
{
    int64_t emails = 0, unread = 0;
    bool is_unread = !(p->flags & FLAG_SEEN);
    *threads = *unread_threads = 0;
    if (p->stub)
        return 0;
    int r = p->new_thread ? 0 : thread_in_mailbox(t, org, account, p->thread, mailbox, &emails, &unread);
    *threads = emails == 0;
    *unread_threads = is_unread && unread == 0;
    return r;
}

int place_row(struct txn *t, int64_t org, int64_t account, int64_t mailbox, const struct placing *p, int64_t *uid)
{
    int64_t threads, unread_threads;
    int r = count_in(t, org, account, mailbox, p, &threads, &unread_threads);
    if (r)
        return r;
    AUTO(db_cursor) struct db_cursor c = {0};
    bool unread = !p->stub && !(p->flags & FLAG_SEEN);
    r = db_query(t->db, &c, SQL_MAILBOX_NEXT, DB_ARGS(db_int(org), db_int(account), db_int(mailbox)));
    if (r || (r = db_next(&c)) < 0)
        return no_constraint(r);
    if (r == 0)
        return MAIL_NO_MAILBOX;
    *uid = db_col_int(&c, 0);
    struct pack_place place = {.org = org,
                               .account = account,
                               .mailbox = mailbox,
                               .uid = *uid,
                               .seq = p->seq,
                               .message = p->message,
                               .thread = p->thread,
                               .date_ms = p->internal_ms,
                               .flags = p->flags,
                               .verdict = str_c(p->verdict),
                               .mailbox_name = arena_str(t->arena, db_col_str(&c, 1)),
                               .address = arena_str(t->arena, db_col_str(&c, 2))};
    db_end(&c);
    memcpy(place.blob_sha256, p->sha256, SHA256_LEN);
    txn_pack_place(t, &place);
    r = db_run(t->db, SQL_MAILBOX_PLACE,
               DB_ARGS(db_int(org), db_int(account), db_int(mailbox), db_int(*uid), db_int(p->seq), db_int(!p->stub),
                       db_int(unread), db_int(threads), db_int(unread_threads), db_int(p->stub), db_int(p->size)),
               NULL);
    if (r)
        return no_constraint(r);
    r = db_run(t->db, SQL_PLACEMENT_INSERT,
               DB_ARGS(db_int(org), db_int(account), db_int(mailbox), db_int(*uid), db_int(p->message),
                       db_int(p->thread), db_int(p->blob), db_int(p->size), db_int(p->internal_ms), db_int(p->flags),
                       db_int(p->stub), db_int(p->seq)),
               NULL);
    if (r == 0 && !p->stub && threads == 0)
        r = db_run(t->db, SQL_PLACEMENT_HEAD_CAME,
                   DB_ARGS(db_int(org), db_int(account), db_int(p->thread), db_int(mailbox)), NULL);
    txn_changed(t, org, account, CHANGED_MAILBOX, p->seq);
    return no_constraint(r);
}

static int served_blob(struct txn *t, int64_t org, int64_t account, int64_t message, struct placing *p)
{
    struct mail_loc loc;
    int r = mail_blob_any(t, org, account, message, &loc, NULL);
    if (r != 1)
        return r ? r : MAIL_NO_MESSAGE;
    uint8_t *copy = arena_alloc(t->arena, SHA256_LEN);
    memcpy(copy, loc.sha256, SHA256_LEN);
    p->sha256 = copy;
    p->size = loc.size;
    return 0;
}

int mail_place(struct txn *t, int64_t org, int64_t account, int64_t mailbox, int64_t message,
               const struct blob_draft *served, int64_t internal_ms, uint32_t flags, int64_t *uid)
{
    struct placing p = {.message = message, .internal_ms = internal_ms, .flags = flags, .verdict = ""};
    struct fresh *f = txn_fresh_find(t, org, message);
    int r = 0;
    if (f) {
        p.thread = f->thread;
        p.seq = f->seq;
        p.blob = f->blob;
        p.size = f->size;
        p.new_thread = f->new_thread;
        p.sha256 = f->draft->sha256;
        p.verdict = f->held ? "hold" : "";
        f->new_thread = false; /* a second placement counts for itself, under its own seq */
        if (f->placed && (r = txn_seq(t, org, &p.seq)) != 0)
            return r;
        f->placed = true;
    } else {
        struct message_brief b;
        if ((r = message_brief(t, org, account, message, &b)) != 1)
            return r ? r : MAIL_NO_MESSAGE;
        p.thread = b.thread;
        p.blob = b.blob;
        p.size = b.size;
        p.verdict = b.held ? "hold" : "";
        if ((r = txn_seq(t, org, &p.seq)) != 0)
            return r;
        r = db_run(t->db, SQL_MESSAGE_SEQ, DB_ARGS(db_int(org), db_int(account), db_int(message), db_int(p.seq)), NULL);
        txn_changed(t, org, account, CHANGED_EMAIL, p.seq);
        r = no_constraint(r);
        if (r == 0 && !served && (r = served_blob(t, org, account, message, &p)) != 0)
            return r;
    }
    if (r == 0 && served && !(f && f->draft == served)) {
        p.sha256 = served->sha256;
        p.size = (int64_t)served->size;
        r = blob_join(t, org, served, &p.blob);
    }
    return r ? no_constraint(r) : place_row(t, org, account, mailbox, &p, uid);
}
