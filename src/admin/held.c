/* Held mail and roles from the command line, for when nobody can log in. */
#include "admin/held.h"
#include "admin/control.h"
#include "admin/init.h"
#include "admin/print.h"
#include "core/hash.h"
#include "jmap/jmap.h"
#include "store/manage.h"
#include "store/read.h"
#include "store/read_list.h"

#define LIST_MOST 500u
#define LIST_WIDTH 100u

/* ---- done in a store ---- */

struct release {
    struct place_of at;
    int64_t message;
    struct str who;
};

static int release_fn(struct txn *t, void *arg)
{
    const struct release *j = arg;
    return mail_release(t, j->at.org, j->at.account, j->message, j->who);
}

static int account_of(struct store *s, struct arena *a, struct str address, struct str *key, struct place_of *at,
                      struct err *e)
{
    struct str domain;
    int r = address_key(a, address, key, &domain, e);
    if (r)
        return r;
    r = directory_find(s, *key, at);
    if (r < 0)
        return err_set(e, r, "the directory cannot be read");
    return r ? err_set(e, ERR_NOENT, "there is no account %.*s", STRF(*key)) : 0;
}

int held_release(struct store *s, const struct people_args *p, struct err *e)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct release j = {.who = STR("operator")};
    struct str key;
    struct cell *cell;
    int code = 0, r = account_of(s, &a, p->address, &key, &j.at, e);
    if (r)
        return r;
    if (!id_parse(p->id, &j.message))
        return err_set(e, ERR_INVALID, "\"%.*s\" is no id of a message: take it from `sigillo held list`",
                       STRF(str_upto(p->id, 40)));
    if ((r = store_cell(s, j.at.cell, &cell, e)) != 0)
        return r;
    int outcome = cell_write_wait(cell, release_fn, &j, NULL, 0, &code);
    if (outcome == CELL_DURABLE)
        return 0;
    if (code == MAIL_NO_MESSAGE || code == MAIL_NOT_HELD)
        return err_set(e, ERR_NOENT, "%.*s holds no message %.*s", STRF(key), STRF(str_upto(p->id, 40)));
    return err_set(e,
                   outcome == CELL_UNKNOWN ? ERR_UNKNOWN
                   : code < 0              ? code
                                           : ERR_INVALID,
                   "the message cannot be released (%s)", err_name(code));
}

struct role_job {
    struct arena *arena;
    int64_t org, account;
    struct person_row row;
    int found;
};

static int read_person(struct txn *t, void *arg)
{
    struct role_job *j = arg;
    j->found = person_get(t, j->arena, j->org, j->account, &j->row);
    return j->found < 0 ? j->found : 0;
}

int people_set_role(struct store *s, const struct people_args *p, struct err *e)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct str key;
    struct place_of at;
    struct cell *cell;
    bool admin = str_eq(p->role, STR("admin"));
    if (!admin && !str_eq(p->role, STR("member")))
        return err_set(e, ERR_INVALID, "a role is admin or member");
    int r = account_of(s, &a, p->address, &key, &at, e);
    if (r)
        return r;
    struct role_job j = {.arena = &a, .org = at.org, .account = at.account};
    if ((r = store_cell(s, at.cell, &cell, e)) != 0)
        return r;
    if ((r = cell_read_wait(cell, read_person, &j)) != 0 || j.found != 1)
        return err_set(e, r < 0 ? r : ERR_NOENT, "the account cannot be read");
    j.row.admin = admin;
    r = person_change(s, at.cell, at.org, &j.row, STR("operator"), e);
    return r == PERSON_LAST_ADMIN
               ? err_set(e, ERR_INVALID, "%.*s is the last administrator of the firm: make another one first",
                         STRF(key))
           : r > 0 ? err_set(e, ERR_INVALID, "the role cannot be changed")
                   : r;
}

/* ---- verbs ---- */

static int role(struct admin_ctx *c, int argc, char **argv)
{
    int rc = admin_words(c, argc, argv, 2, 2);
    if (rc)
        return rc;
    struct people_args p = {.address = str_c(argv[0]), .role = str_c(argv[1])};
    return admin_perform(c, "user.role", (struct control_field[]){{"address", p.address}, {"role", p.role}}, 2,
                         people_set_role, &p);
}

static int release(struct admin_ctx *c, int argc, char **argv)
{
    int rc = admin_words(c, argc, argv, 2, 2);
    if (rc)
        return rc;
    struct people_args p = {.address = str_c(argv[0]), .id = str_c(argv[1])};
    rc = admin_perform(c, "held.release", (struct control_field[]){{"address", p.address}, {"id", p.id}}, 2,
                       held_release, &p);
    if (rc == 0)
        fprintf(c->out, "released %s\n", argv[1]);
    return rc;
}

struct list {
    struct arena *arena;
    struct place_of at;
    struct read_email *rows;
    size_t n;
};

static int read_held(struct txn *t, void *arg)
{
    struct list *l = arg;
    struct list_walk w = {.mailbox = 0};
    struct list_item *item = arena_array(l->arena, struct list_item, LIST_PAGE);
    int64_t ids[LIST_MOST];
    size_t n, n_ids = 0;
    int r = mail_role_mailbox(t, l->at.org, l->at.account, ROLE_HELD, &w.mailbox);
    list_begin(&w);
    while (r == 0 && !w.end && n_ids < LIST_MOST) {
        r = list_next(t, l->at.org, l->at.account, &w, item, &n);
        for (size_t i = 0; i < n && r == 0 && n_ids < LIST_MOST; i++)
            ids[n_ids++] = item[i].message;
    }
    return r ? r : read_emails(t, l->arena, l->at.org, l->at.account, ids, n_ids, &l->rows, &l->n);
}

static int list_held(struct admin_ctx *c, int argc, char **argv)
{
    AUTO(arena) struct arena a = {0};
    struct err e = {0};
    struct store_conf sc;
    struct store *s;
    struct cell *cell;
    struct str key;
    struct list l = {.arena = &a};
    int rc = admin_words(c, argc, argv, 1, 1);
    if (rc)
        return rc;
    arena_init(&a, ARENA_NO_LIMIT);
    admin_store_conf(c, &sc);
    sc.readonly = true;
    if (store_open(&s, &sc, c->env, &e) != 0)
        return admin_fail(c, &e);
    int r = account_of(s, &a, str_c(argv[0]), &key, &l.at, &e);
    if (r == 0)
        r = store_cell(s, l.at.cell, &cell, &e);
    if (r == 0 && (r = cell_read_wait(cell, read_held, &l)) != 0)
        r = err_set(&e, r < 0 ? r : ERR_INVALID, "the mailbox cannot be read");
    store_close(&s);
    if (r)
        return admin_fail(c, &e);
    for (size_t i = 0; i < l.n; i++) {
        char id[ID_TEXT_MAX + 1];
        id_text(l.rows[i].id, id);
        fprintf(c->out, "%s  ", id);
        (void)admin_print(c->out, l.rows[i].from.addr, LIST_WIDTH);
        fputs("  ", c->out);
        (void)admin_print(c->out, l.rows[i].subject, LIST_WIDTH);
        fputc('\n', c->out);
    }
    return 0;
}

static int docs(struct admin_ctx *c, int argc, char **argv)
{
    AUTO(buf) struct buf b = {0};
    int rc = admin_words(c, argc, argv, 0, 0);
    if (rc)
        return rc;
    buf_init(&b, 1u << 20);
    jmap_docs(&b);
    fwrite(b.p, 1, b.n, c->out);
    return b.err ? 1 : 0;
}

const struct admin_verb admin_held_verbs[] = {
    {"held list", "ADDRESS", "Lists what the guard holds for an account: id, sender, subject.", list_held, ADMIN_STATE},
    {"held release", "ADDRESS ID", "Lets a held message into the Inbox, as its owner could. Written to the audit.",
     release, ADMIN_STATE},
    {"user role", "ADDRESS admin|member", "Makes an account an administrator of its firm, or an ordinary member.", role,
     ADMIN_STATE},
    {"jmap docs", "", "Prints docs/jmap.md.", docs, ADMIN_NO_STATE},
    {NULL, NULL, NULL, NULL, ADMIN_NO_STATE},
};
