/* Firms, accounts and mailboxes: from the place records, completed by what the old databases still answer. */
#include "store/salvage_priv.h"
#include <stdio.h>

#define RECOVERED_SORT 900
static const struct {
    const char *name;
    enum mail_role role;
} usual[] = {{"Inbox", ROLE_INBOX},     {"Held", ROLE_HELD}, {"Drafts", ROLE_DRAFTS}, {"Sent", ROLE_SENT},
             {"Archive", ROLE_ARCHIVE}, {"Junk", ROLE_JUNK}, {"Trash", ROLE_TRASH}};

static struct str person_key(char out[16], int64_t org, int64_t account);
static void ask_directory(struct salvage *s);
static void ask_person(struct salvage *s, struct person *p);
static void complete_boxes(struct salvage *s, struct person *p);
static int write_firm(struct txn *t, void *arg);
static int write_person(struct txn *t, void *arg);
static int write_directory(struct txn *t, void *arg);

static struct str person_key(char out[16], int64_t org, int64_t account)
{
    key_put((uint8_t *)out, org);
    key_put((uint8_t *)out + 8, account);
    return str_n(out, 16);
}

struct firm *salvage_firm(struct salvage *s, int64_t org)
{
    struct firm *f = imap_get(&s->firms, (uint64_t)org);

    if (f)
        return f;
    f = arena_new(&s->arena, struct firm);
    f->org = org;
    f->name = arena_printf(&s->arena, "Firm %lld", (long long)org);
    (void)imap_put(&s->firms, (uint64_t)org, f);
    *s->last_firm = f;
    s->last_firm = &f->next;
    return f;
}

struct person *salvage_person(struct salvage *s, int64_t org, int64_t account)
{
    char key[16];
    struct person *p = map_get(&s->people, person_key(key, org, account));

    if (p)
        return p;
    p = arena_new(&s->arena, struct person);
    p->org = org;
    p->account = account;
    (void)map_put(&s->people, person_key(key, org, account), p);
    *s->last_person = p;
    s->last_person = &p->next;
    return p;
}

struct box *salvage_box(struct salvage *s, struct person *p, int64_t id)
{
    struct box **at = &p->boxes;

    while (*at && (*at)->id != id)
        at = &(*at)->next;
    if (!*at) {
        *at = arena_new(&s->arena, struct box);
        (*at)->id = id;
    }
    return *at;
}

struct box *salvage_role(const struct person *p, enum mail_role role)
{
    struct box *b = p->boxes;

    while (b && b->role != role)
        b = b->next;
    return b;
}

/* ---- what the old databases still know; each question may fail alone ---- */

static void ask_firm(struct salvage *s, struct firm *f)
{
    struct db_cursor c;
    bool cell = s->db != NULL;
    struct db *db = cell ? s->db : s->dir;
    size_t cap = 0;

    if (!db || db_begin_read(db) != 0)
        return;
    if (db_query(db, &c, cell ? SQL_ORG_GET : SQL_DIR_ORG_GET, DB_ARGS(db_int(f->org))) == 0) {
        if (db_next(&c) == 1)
            f->name = arena_str(&s->arena, db_col_str(&c, cell ? 0 : 1));
        db_end(&c);
    }
    if (cell && db_query(db, &c, SQL_ORG_NUMBERS, DB_ARGS(db_int(f->org))) == 0) {
        if (db_next(&c) == 1) {
            f->seq_max = db_col_int(&c, 0) > f->seq_max ? db_col_int(&c, 0) : f->seq_max;
            f->id_max = db_col_int(&c, 1) > f->id_max ? db_col_int(&c, 1) : f->id_max;
        }
        db_end(&c);
    }
    if (db_query(db, &c, cell ? SQL_DOMAIN_LIST : SQL_DIR_DOMAIN_LIST, DB_ARGS(db_int(f->org))) == 0) {
        while (db_next(&c) == 1) {
            if (f->n_domains == cap) {
                struct str *more = arena_array(&s->arena, struct str, cap ? cap * 2 : 4);

                if (f->n_domains)
                    memcpy(more, f->domains, f->n_domains * sizeof *more);
                f->domains = more;
                cap = cap ? cap * 2 : 4;
            }
            f->domains[f->n_domains++] = arena_str(&s->arena, db_col_str(&c, 0));
        }
        db_end(&c);
    }
    db_rollback(db);
}

/* People who never got mail stand in no pack. */
static void ask_directory(struct salvage *s)
{
    int64_t org = INT64_MIN;

    for (;;) {
        AUTO(db_cursor) struct db_cursor orgs = {0}, c = {0};

        if (db_begin_read(s->dir) != 0)
            return;
        if (db_query(s->dir, &orgs, SQL_VERIFY_DIR_ORG, DB_ARGS(db_int(org), db_int(s->old->id), db_int(1))) != 0 ||
            db_next(&orgs) != 1)
            break;
        org = db_col_int(&orgs, 0);
        db_end(&orgs);
        (void)salvage_firm(s, org);
        if (db_query(s->dir, &c, SQL_VERIFY_DIR_ADDRESSES, DB_ARGS(db_int(org))) != 0)
            break;
        while (db_next(&c) == 1) {
            struct person *p = salvage_person(s, org, db_col_int(&c, 1));

            if (p->address.n == 0)
                p->address = arena_str(&s->arena, db_col_str(&c, 0));
        }
        db_end(&c);
        db_rollback(s->dir);
    }
    db_rollback(s->dir);
}

static void ask_cell(struct salvage *s)
{
    struct scan scan = scan_of(s->db, SQL_VERIFY_ACCOUNT, 2);

    if (db_begin_read(s->db) != 0)
        return;
    while (scan_next(&scan) == 1) {
        struct person *p = salvage_person(s, scan.key[0], scan.key[1]);

        (void)salvage_firm(s, scan.key[0]);
        p->address = arena_str(&s->arena, db_col_str(&scan.c, 2));
    }
    scan_end(&scan);
    scan = scan_of(s->db, SQL_VERIFY_MAILBOX, 3);
    while (scan_next(&scan) == 1) {
        struct box *b = salvage_box(s, salvage_person(s, scan.key[0], scan.key[1]), scan.key[2]);

        b->name = arena_str(&s->arena, db_col_str(&scan.c, 3));
        b->role = (enum mail_role)db_col_int(&scan.c, 4);
        b->uid_max = db_col_int(&scan.c, 5) > b->uid_max ? db_col_int(&scan.c, 5) : b->uid_max;
    }
    scan_end(&scan);
    db_rollback(s->db);
}

static void ask_person(struct salvage *s, struct person *p)
{
    struct db_cursor c;

    if (!s->db || db_begin_read(s->db) != 0)
        return;
    if (db_query(s->db, &c, SQL_CREDENTIAL_LOGIN, DB_ARGS(db_int(p->org), db_int(p->account))) == 0) {
        if (db_next(&c) == 1) {
            p->hash = arena_str(&s->arena, db_col_str(&c, 0));
            p->name = arena_str(&s->arena, db_col_str(&c, 1));
        }
        db_end(&c);
    }
    for (struct box *b = p->boxes; b; b = b->next)
        if (db_query(s->db, &c, SQL_MAILBOX_GET, DB_ARGS(db_int(p->org), db_int(p->account), db_int(b->id))) == 0) {
            if (db_next(&c) == 1)
                b->uidvalidity = db_col_int(&c, 5);
            db_end(&c);
        }
    db_rollback(s->db);
}

int salvage_ask(struct salvage *s, struct err *e)
{
    (void)e;
    if (s->db)
        ask_cell(s);
    if (s->dir)
        ask_directory(s);
    for (struct person *p = s->first_person; p; p = p->next) {
        struct firm *f = salvage_firm(s, p->org);

        f->id_max = p->account > f->id_max ? p->account : f->id_max;
        ask_person(s, p);
    }
    for (struct firm *f = s->first_firm; f; f = f->next)
        ask_firm(s, f);
    return 0;
}

/* ---- writing ---- */

static bool name_taken(const struct person *p, const struct box *but, struct str name)
{
    for (const struct box *b = p->boxes; b; b = b->next)
        if (b != but && str_eq(b->name, name))
            return true;
    return false;
}

static struct box *add_box(struct salvage *s, struct person *p, const char *name, enum mail_role role)
{
    struct box *b = salvage_box(s, p, ++salvage_firm(s, p->org)->id_max);

    b->role = role;
    b->name = str_c(name);
    return b;
}

/* Roles by the usual names, one each; the missing usual ones are made; no two of one name (folders inside folders come up to the top). */
static void complete_boxes(struct salvage *s, struct person *p)
{
    for (struct box *b = p->boxes; b; b = b->next)
        for (size_t i = 0; i < N_ELEMENTS(usual); i++)
            if (b->role == ROLE_NONE && str_eq(b->name, str_c(usual[i].name)) && !salvage_role(p, usual[i].role))
                b->role = usual[i].role;
    for (size_t i = 0; i < N_ELEMENTS(usual); i++)
        if (!salvage_role(p, usual[i].role))
            (void)add_box(s, p, usual[i].name, usual[i].role);
    if (p->uncertain)
        p->recovered = add_box(s, p, SALVAGE_BOX, ROLE_NONE);
    for (struct box *b = p->boxes; b; b = b->next) {
        struct str name = b->name.n ? b->name : STR("Mailbox");

        for (int n = 2; name_taken(p, b, name); n++)
            name = arena_printf(&s->arena, "%.*s (%d)", STRF(b->name), n);
        b->name = name;
    }
}

struct write {
    struct salvage *s;
    struct firm *firm;
    struct person *person;
};

static int write_firm(struct txn *t, void *arg)
{
    const struct firm *f = ((struct write *)arg)->firm;
    uint8_t key[32];
    int rc;

    env_random(t->env, key, sizeof key);
    rc = db_run(t->db, SQL_ORG_INSERT,
                DB_ARGS(db_int(f->org), db_text(f->name), db_blob(str_n(key, sizeof key)), db_int(t->now_ms)), NULL);
    for (size_t i = 0; i < f->n_domains && rc == 0; i++)
        rc = db_run(t->db, SQL_DOMAIN_INSERT, DB_ARGS(db_int(f->org), db_text(f->domains[i]), db_int(t->now_ms)), NULL);
    if (rc == 0) /* behind every number that was ever given */
        rc = db_run(t->db, SQL_ORG_NUMBERS_SET, DB_ARGS(db_int(f->org), db_int(f->seq_max + 1), db_int(f->id_max + 1)),
                    NULL);
    return rc ? rc : db_run(t->db, SQL_ORG_STATE, DB_ARGS(db_int(f->org), db_int(1)), NULL);
}

static int write_person(struct txn *t, void *arg)
{
    const struct person *p = ((struct write *)arg)->person;
    int64_t seq = 0, credential, order = 0;
    int rc = db_run(t->db, SQL_ACCOUNT_INSERT,
                    DB_ARGS(db_int(p->org), db_int(p->account), db_text(p->address),
                            db_text(p->name.n ? p->name : p->address), db_int(t->now_ms)),
                    NULL);

    if (rc == 0)
        rc = txn_id(t, p->org, &credential);
    if (rc == 0) /* one that no password fits, so that one can be set */
        rc = db_run(t->db, SQL_CREDENTIAL_INSERT,
                    DB_ARGS(db_int(p->org), db_int(p->account), db_int(credential), db_int(CREDENTIAL_PASSWORD),
                            db_text(p->hash.n ? p->hash : STR("!")), db_int(t->now_ms)),
                    NULL);
    for (const struct box *b = p->boxes; b && rc == 0; b = b->next) {
        rc = txn_seq(t, p->org, &seq);
        /* A new UIDVALIDITY is above all that seq has made before, so no client takes the mailbox for the old one. */
        if (rc == 0)
            rc = db_run(t->db, SQL_MAILBOX_INSERT,
                        DB_ARGS(db_int(p->org), db_int(p->account), db_int(b->id), db_int(0), db_text(b->name),
                                db_int(b->role), db_int(b == p->recovered ? RECOVERED_SORT : order),
                                db_int(b->uidvalidity ? b->uidvalidity : 1 + seq % 0xfffffffe), db_int(seq)),
                        NULL);
        order += 10;
    }
    if (rc == 0)
        rc = db_run(t->db, SQL_JMAP_STATE_INSERT, DB_ARGS(db_int(p->org), db_int(p->account), db_int(seq)), NULL);
    return rc ? rc : db_run(t->db, SQL_ACCOUNT_STATE, DB_ARGS(db_int(p->org), db_int(p->account), db_int(1)), NULL);
}

static int write_directory(struct txn *t, void *arg)
{
    struct write *w = arg;
    const struct firm *f = w->firm;
    const struct person *p = w->person;
    struct place_of at = {.cell = w->s->old->id, .org = p ? p->org : 0, .account = p ? p->account : 0};
    int rc;

    if (p)
        return directory_address_put(t, p->address, &at);
    rc = db_run(t->db, SQL_DIR_ORG_INSERT,
                DB_ARGS(db_int(f->org), db_int(w->s->old->id), db_text(f->name), db_int(t->now_ms)), NULL);
    for (size_t i = 0; i < f->n_domains && rc == 0; i++)
        rc = db_run(t->db, SQL_DIR_DOMAIN_INSERT, DB_ARGS(db_text(f->domains[i]), db_int(f->org)), NULL);
    if (rc == 0)
        rc = db_run(t->db, SQL_DIR_DOMAIN_STATE, DB_ARGS(db_int(f->org), db_int(1)), NULL);
    return rc ? rc : db_run(t->db, SQL_DIR_ORG_STATE, DB_ARGS(db_int(f->org), db_int(1)), NULL);
}

/* Domains that no database told: those of the firm's own addresses. */
static void guess_domains(struct salvage *s)
{
    for (struct person *p = s->first_person; p; p = p->next) {
        struct firm *f = salvage_firm(s, p->org);
        ptrdiff_t at = str_rchr(p->address, '@');

        if (f->n_domains == 0 && at >= 0) {
            f->domains = arena_array(&s->arena, struct str, 1);
            f->domains[0] = str_from(p->address, (size_t)at + 1);
            f->n_domains = 1;
        }
    }
}

int salvage_people(struct salvage *s, struct err *e)
{
    int rc = 0;

    guess_domains(s);
    for (struct person *p = s->first_person; p; p = p->next) {
        if (p->address.n == 0)
            p->address =
                arena_printf(&s->arena, "account%lld@firm%lld.invalid", (long long)p->account, (long long)p->org);
        complete_boxes(s, p);
    }
    for (struct firm *f = s->first_firm; f && rc == 0; f = f->next) {
        struct write w = {s, f, NULL};

        rc = store_must(s->cell, write_firm, &w, "A firm's rows could not be written", e);
        if (rc == 0)
            rc = store_must(s->store->dir, write_directory, &w, "A firm could not be written to the directory", e);
        s->r->firms++;
    }
    for (struct person *p = s->first_person; p && rc == 0; p = p->next) {
        struct write w = {s, NULL, p};

        rc = store_must(s->cell, write_person, &w, "An account could not be written", e);
        if (rc == 0)
            rc = store_must(s->store->dir, write_directory, &w, "An address could not be written to the directory", e);
        s->r->accounts++;
        s->r->passwords += p->hash.n > 0;
        p->made = rc == 0;
    }
    return rc;
}

static int write_uids(struct txn *t, void *arg)
{
    const struct person *p = ((struct write *)arg)->person;
    int rc = 0;

    for (const struct box *b = p->boxes; b && rc == 0; b = b->next)
        rc = db_run(t->db, SQL_SALVAGE_UIDNEXT,
                    DB_ARGS(db_int(p->org), db_int(p->account), db_int(b->id), db_int(b->uid_max + 1)), NULL);
    return rc;
}

int salvage_uids(struct salvage *s, struct err *e)
{
    int rc = 0;

    for (struct person *p = s->first_person; p && rc == 0; p = p->next) {
        struct write w = {s, NULL, p};

        rc = store_must(s->cell, write_uids, &w, "The next UIDs could not be written", e);
    }
    return rc;
}
