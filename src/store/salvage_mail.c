/* Messages: all records of one message together, its bytes out of the old packs, its rows made anew. Each is one job; jobs are handed in together so
 * that they share commits. */
#include "facts/facts.h"
#include "mime/identity.h"
#include "store/pack_format.h"
#include "store/salvage_priv.h"
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#define PLACES_MAX 64  /* of one message; more are said and left out */
#define FLIGHT_MAX 128 /* messages in work at once */
#define TEXT_MAX (64u << 10)
#define FLIGHT_BYTES (64u << 20)

struct unit { /* one message to be made */
    struct salvage *s;
    struct person *who;
    int64_t id; /* 0: a new one */
    struct by_message rec[PLACES_MAX];
    size_t n;
    bool uncertain, held;
    struct arena arena;
    struct blob_draft blob, stub;
    struct blob_draft *drafts[2];
    struct mail_draft draft;
    struct str raw;
    const struct by_message *stub_rec;
    int64_t placed;
    int code;
    enum cell_outcome outcome;
    sem_t *done;
    struct unit *next;
};
struct flight {
    struct salvage *s;
    struct unit *first, **last;
    size_t n, bytes;
    sem_t done;
};

static int read_bytes(struct unit *u, const struct by_message *m, struct blob_draft *d, struct str *plain);
static void make_draft(struct unit *u);
static int write_message(struct txn *t, void *arg);
static int send(struct flight *f, struct unit *u, struct err *e);
static int land(struct flight *f, struct err *e);
static int message_group(struct flight *f, const struct by_message *recs, size_t n, struct err *e);

static bool has_bytes(const struct by_message *m) { return key_get(m->pack) > 0; }

static void lost(struct salvage *s, const struct by_message *m)
{
    struct person *p = salvage_person(s, key_get(m->org), key_get(m->account));

    s->r->lost++;
    salvage_say(s,
                "Lost: message %lld of %.*s (UID %lld of mailbox %lld): its bytes are in no pack any more. Restore it "
                "from a backup, or ask its sender.",
                (long long)key_get(m->message), STRF(p->address), (long long)key_get(m->uid),
                (long long)key_get(m->mailbox));
}

static int read_bytes(struct unit *u, const struct by_message *m, struct blob_draft *d, struct str *plain)
{
    struct pack_loc loc = {key_get(m->pack), key_get(m->offset), key_get(m->length)};
    int rc = pack_read_blob(u->s->packs, loc, m->sha256, &u->arena, plain);

    return rc ? rc : blob_prepare(&u->arena, u->who->org, *plain, d);
}

/* Identity and subject from the one reader of headers. Text and structure are what a scan makes: insight version 0 says that it is still to be done;
 * until then plain text is shown as it is. */
static void make_draft(struct unit *u)
{
    struct mime_identity who;
    AUTO(buf) struct buf structure, insight;
    struct facts_insight in = {.flags = FACTS_UNREADABLE};
    struct mail_draft *d = &u->draft;
    struct str *refs;

    mime_identity_read(&u->arena, NULL, u->raw, &who);
    buf_init(&structure, FACTS_ENCODED_MAX);
    buf_init(&insight, FACTS_ENCODED_MAX);
    if (who.content_type.n == 0 || str_ifind(who.content_type, STR("text/plain"), 0) >= 0) {
        struct str body = str_utf8_cut(str_from(u->raw, who.body), TEXT_MAX);

        in.text = str_utf8_valid(body) == body.n ? body : STR("");
    }
    in.preview = str_utf8_cut(str_trim(in.text), FACTS_PREVIEW_MAX);
    facts_structure_put(&structure, &(struct facts_structure){0});
    facts_insight_put(&insight, &in);
    refs = arena_array(&u->arena, struct str, who.n_references + who.n_in_reply_to + 1);
    *d = (struct mail_draft){.blob = &u->blob,
                             .structure = arena_str(&u->arena, buf_str(&structure)),
                             .insight = arena_str(&u->arena, buf_str(&insight)),
                             .message_id = who.message_id,
                             .references = refs,
                             .subject = who.subject,
                             .subject_base = who.subject_base,
                             .from = {who.from_state == MIME_FROM_OK ? who.from.name : STR(""),
                                      who.from_state == MIME_FROM_OK ? who.from_key : who.from_text},
                             .sent_ms = who.has_date ? who.date_ms : 0,
                             .received_ms = key_get(u->rec[0].date),
                             .preview = in.preview,
                             .verdict = u->held ? VERDICT_HOLD : VERDICT_ACCEPT,
                             .findings = STR(""),
                             .accepted_id = STR("")};
    for (size_t i = 0; i < who.n_references; i++)
        refs[d->n_references++] = who.references[i];
    for (size_t i = 0; i < who.n_in_reply_to; i++)
        refs[d->n_references++] = who.in_reply_to[i];
}

static uint32_t flags_of(const struct unit *u, const struct by_message *m)
{
    uint32_t flags;

    (void)u;
    memcpy(&flags, m->flags, sizeof flags);
    return flags;
}

static int uid_set(struct txn *t, const struct unit *u, int64_t box, int64_t uid)
{
    return db_run(t->db, SQL_SALVAGE_UIDNEXT,
                  DB_ARGS(db_int(u->who->org), db_int(u->who->account), db_int(box), db_int(uid)), NULL);
}

static int write_stub(struct txn *t, struct unit *u, int64_t message, int64_t thread)
{
    const struct by_message *m = u->stub_rec;
    struct placing p = {.message = message,
                        .thread = thread,
                        .size = (int64_t)u->stub.size,
                        .internal_ms = key_get(m->date),
                        .sha256 = u->stub.sha256,
                        .stub = true,
                        .verdict = "stub"};
    int64_t uid;
    int rc = txn_seq(t, u->who->org, &p.seq);

    if (rc == 0)
        rc = blob_join(t, u->who->org, &u->stub, &p.blob);
    if (rc == 0)
        rc = uid_set(t, u, key_get(m->mailbox), key_get(m->uid));
    return rc ? rc : place_row(t, u->who->org, u->who->account, key_get(m->mailbox), &p, &uid);
}

static int write_message(struct txn *t, void *arg)
{
    struct unit *u = arg;
    int64_t org = u->who->org, account = u->who->account, message, thread, uid;
    int rc = mail_add_as(t, org, account, &u->draft, u->held, u->id, &message, &thread);

    u->placed = 0;
    if (rc == 0 && u->uncertain) { /* new UIDs: whether the old ones were ever seen by a client is not known */
        struct box *b = u->held ? salvage_role(u->who, ROLE_HELD) : u->who->recovered;

        rc = uid_set(t, u, b->id, b->uid_max + 1);
        if (rc == 0)
            rc = mail_place(t, org, account, b->id, message, u->draft.blob, key_get(u->rec[0].date), 0, &uid);
        u->placed = 1;
        return rc;
    }
    for (size_t i = 0; i < u->n && rc == 0; i++) {
        const struct by_message *m = &u->rec[i];

        if (m->verdict == V_STUB)
            continue;
        rc = uid_set(t, u, key_get(m->mailbox), key_get(m->uid));
        if (rc == 0)
            rc = mail_place(t, org, account, key_get(m->mailbox), message, u->draft.blob, key_get(m->date),
                            flags_of(u, m), &uid);
        u->placed++;
    }
    if (rc == 0 && u->stub_rec) {
        rc = write_stub(t, u, message, thread);
        u->placed++;
    }
    return rc;
}

static void done(void *arg, enum cell_outcome outcome, int code)
{
    struct unit *u = arg;

    u->outcome = outcome;
    u->code = code;
    sem_post(u->done);
}

static void unit_free(struct unit *u)
{
    arena_free(&u->arena);
    free(u);
}

/* Waits for all that is in work. */
static int land(struct flight *f, struct err *e)
{
    int rc = 0;

    for (size_t i = 0; i < f->n; i++)
        while (sem_wait(&f->done) != 0)
            ;
    while (f->first) {
        struct unit *u = f->first;

        f->first = u->next;
        if (u->outcome != CELL_DURABLE && rc == 0)
            rc = err_set(e, u->code < 0 ? u->code : ERR_INVALID,
                         "Message %lld of %.*s could not be written (%s %d). The old state is unchanged.",
                         (long long)u->id, STRF(u->who->address), err_name(u->code), u->code);
        if (u->uncertain) {
            struct box *b = u->held ? salvage_role(u->who, ROLE_HELD) : u->who->recovered;

            b->uid_max++;
        }
        f->s->r->messages += rc == 0;
        f->s->r->placements += rc == 0 ? u->placed : 0;
        f->s->r->held += rc == 0 && u->held;
        f->s->r->uncertain += rc == 0 && u->uncertain;
        unit_free(u);
    }
    f->last = &f->first;
    f->n = f->bytes = 0;
    return rc;
}

static int send(struct flight *f, struct unit *u, struct err *e)
{
    int rc;

    *f->last = u;
    f->last = &u->next;
    u->done = &f->done;
    if ((rc = cell_write(f->s->cell, write_message, u, u->drafts, u->stub_rec ? 2 : 1, done)) != 0) {
        u->outcome = CELL_REFUSED;
        u->code = rc;
        sem_post(&f->done);
    }
    f->n++;
    f->bytes += u->raw.n;
    /* Next UIDs of uncertain ones follow each other: one at a time. */
    return f->n == FLIGHT_MAX || f->bytes > FLIGHT_BYTES || u->uncertain ? land(f, e) : 0;
}

/* One message out of records of one content; id 0: a second content claims the same number, which happens only between uncertain groups. */
static int unit_send(struct flight *f, const struct by_message *const *recs, size_t n, int64_t id, bool uncertain,
                     struct err *e)
{
    const struct by_message *bytes = NULL, *stub = NULL;
    struct unit *u;
    bool released = false;
    int rc;

    /* A place outside Held is given only by a release: then what is left of the hold is there because the record of its removal is damaged. */
    for (size_t i = 0; i < n; i++)
        released |= recs[i]->verdict == V_NONE;
    for (size_t i = 0; i < n; i++) {
        if (recs[i]->verdict == V_STUB)
            stub = recs[i];
        else if (!bytes && has_bytes(recs[i]))
            bytes = recs[i];
    }
    if (!bytes) {
        lost(f->s, recs[0]);
        return 0;
    }
    if (!(u = calloc(1, sizeof *u)))
        return err_set(e, ERR_NOMEM, "No memory for a message.");
    arena_init(&u->arena, ARENA_NO_LIMIT);
    u->s = f->s;
    u->id = id;
    u->uncertain = uncertain;
    u->who = salvage_person(f->s, key_get(bytes->org), key_get(bytes->account));
    for (size_t i = 0; i < n && u->n < PLACES_MAX; i++)
        if (recs[i]->verdict == V_NONE || (recs[i]->verdict == V_HOLD && !released))
            u->rec[u->n++] = *recs[i];
    for (size_t i = 0; i < u->n; i++)
        u->held |= u->rec[i].verdict == V_HOLD;
    rc = read_bytes(u, bytes, &u->blob, &u->raw);
    if (rc == ERR_CORRUPT || rc == ERR_IO || rc == ERR_NOENT) {
        lost(f->s, bytes);
        unit_free(u);
        return 0;
    }
    if (rc == 0 && stub && has_bytes(stub) && u->held && !uncertain) {
        struct str text;

        u->stub_rec = arena_new(&u->arena, struct by_message);
        memcpy((void *)(uintptr_t)u->stub_rec, stub, sizeof *stub);
        if (read_bytes(u, stub, &u->stub, &text) != 0)
            u->stub_rec = NULL; /* without its stand-in a held message is still in Held */
    }
    if (rc != 0) {
        unit_free(u);
        return err_set(e, rc, "Reading message %lld failed (%s). The old state is unchanged.", (long long)id,
                       err_name(rc));
    }
    u->drafts[0] = &u->blob;
    u->drafts[1] = &u->stub;
    make_draft(u);
    return send(f, u, e);
}

/* All records of one message id. Committed ones make the message; uncertain ones only when there are none, one message a content. */
static int message_group(struct flight *f, const struct by_message *recs, size_t n, struct err *e)
{
    const struct by_message *some[PLACES_MAX];
    bool used[PLACES_MAX] = {false};
    size_t k = 0;
    int64_t id = key_get(recs[0].message);
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        if (recs[i].verdict == V_GONE) {
            f->s->r->removed++;
            return 0;
        }
        if (recs[i].fate == FATE_COMMITTED)
            some[k++] = &recs[i];
    }
    if (k) {
        bool only_stub = true;

        for (size_t i = 0; i < k; i++)
            only_stub &= some[i]->verdict == V_STUB;
        return only_stub ? 0 : unit_send(f, some, k, id, false, e);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (used[i] || recs[i].verdict == V_STUB)
            continue;
        k = 0;
        for (size_t j = i; j < n; j++)
            if (!used[j] && recs[j].verdict != V_STUB && memcmp(recs[j].sha256, recs[i].sha256, SHA256_LEN) == 0) {
                used[j] = true;
                some[k++] = &recs[j];
            }
        rc = unit_send(f, some, k, i == 0 ? id : 0, true, e);
    }
    return rc;
}

static int all_groups(struct flight *f, struct err *e)
{
    static const size_t key_len = offsetof(struct by_message, mailbox);
    struct by_message *recs = calloc(PLACES_MAX, sizeof *recs);
    size_t n = 0;
    const void *p;
    int rc = recs ? 0 : ERR_NOMEM, got = 0;

    while (rc == 0 && (got = sorter_next(f->s->messages, &p)) == 1) {
        if (n && memcmp(p, &recs[0], key_len) != 0) {
            rc = message_group(f, recs, n, e);
            n = 0;
        }
        if (n < PLACES_MAX)
            memcpy(&recs[n++], p, sizeof *recs);
        else
            salvage_say(f->s, "Message %lld is in more than %d mailboxes: the further ones were left out.",
                        (long long)key_get(recs[0].message), PLACES_MAX);
    }
    if (rc == 0 && n)
        rc = message_group(f, recs, n, e);
    free(recs);
    return rc ? rc : got < 0 ? err_set(e, got, "The sorted records could not be read (%s).", err_name(got)) : 0;
}

/* A content whose place record is damaged: held, because that record may have said so; new numbers. */
static int orphan_send(struct flight *f, const struct orphan *o, struct err *e)
{
    struct salvage *s = f->s;
    struct by_message m = {.verdict = V_HOLD, .fate = FATE_UNCERTAIN};
    AUTO(arena) struct arena a;
    struct str raw;
    struct person *who;

    arena_init(&a, ARENA_NO_LIMIT);
    if (pack_read_blob(s->packs, o->loc, o->sha256, &a, &raw) != 0)
        return 0;
    who = salvage_orphan_owner(s, o->org, raw);
    if (!who || !salvage_role(who, ROLE_HELD)) {
        salvage_say(s,
                    "The record that says whose message stands at offset %lld of pack %lld is damaged (firm %lld): it "
                    "was given to nobody.",
                    (long long)o->loc.offset, (long long)o->loc.pack, (long long)o->org);
        return 0;
    }
    key_put(m.org, o->org);
    key_put(m.account, who->account);
    key_put(m.date, env_wall_ms(s->old_store.env));
    key_put(m.pack, o->loc.pack);
    key_put(m.offset, o->loc.offset);
    key_put(m.length, o->loc.length);
    memcpy(m.sha256, o->sha256, SHA256_LEN);
    return unit_send(f, (const struct by_message *const[]){&m}, 1, 0, true, e);
}

int salvage_mail(struct salvage *s, struct err *e)
{
    struct flight f = {.s = s, .last = &f.first};
    struct err own = {0};
    int rc, rest;

    sem_init(&f.done, 0, 0);
    rc = all_groups(&f, e);
    for (size_t i = 0; i < s->n_orphans && rc == 0; i++)
        rc = orphan_send(&f, &s->orphans[i], e);
    rest = land(&f, rc ? &own : e);
    sem_destroy(&f.done);
    return rc ? rc : rest;
}
