#include "store/mailbox_set.h"
#include "store/account_priv.h"
#include "store/mail_priv.h"
#include "store/read.h"

struct boxes {
    struct read_mailbox *v;
    size_t n;
};

bool mailbox_fixed(enum mail_role role) { return role != ROLE_NONE && role != ROLE_ARCHIVE; }

static const struct read_mailbox *find(const struct boxes *b, int64_t id)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->v[i].id == id)
            return &b->v[i];
    return NULL;
}

static bool name_valid(struct str name, int64_t parent)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < ' ' || name.p[i] == 127 || name.p[i] == '/')
            return false;
    return name.n >= 1 && name.n <= MAILBOX_NAME_MAX && str_utf8_valid(name) == name.n && str_trim(name).n == name.n &&
           (parent != 0 || !str_ieq(name, STR("INBOX")));
}

/* Levels below the mailbox itself: bounded by the number of mailboxes, because there are no loops. */
static size_t height(const struct boxes *b, int64_t id, size_t guard)
{
    size_t best = 0;
    for (size_t i = 0; guard && i < b->n; i++)
        if (b->v[i].parent == id) {
            size_t h = 1 + height(b, b->v[i].id, guard - 1);
            best = h > best ? h : best;
        }
    return best;
}

/* self 0: a new one. */
static int check(const struct boxes *b, int64_t self, const struct mailbox_values *v)
{
    size_t depth = 1;
    if (!name_valid(v->name, v->parent))
        return MAILBOX_BAD_NAME;
    for (int64_t up = v->parent; up; depth++) {
        const struct read_mailbox *p = find(b, up);
        if (!p || p->role == ROLE_HELD || p->id == self)
            return MAILBOX_BAD_PARENT;
        if (depth > MAILBOX_DEPTH_MAX)
            return MAILBOX_TOO_DEEP;
        up = p->parent;
    }
    if (depth + (self ? height(b, self, MAILBOX_DEPTH_MAX) : 0) > MAILBOX_DEPTH_MAX)
        return MAILBOX_TOO_DEEP;
    for (size_t i = 0; i < b->n; i++) {
        if (b->v[i].id == self)
            continue;
        if (b->v[i].parent == v->parent && str_eq(b->v[i].name, v->name))
            return MAILBOX_NAME_TAKEN;
        if (v->role != ROLE_NONE && b->v[i].role == v->role)
            return MAILBOX_ROLE_TAKEN;
    }
    return 0;
}

static int load(struct txn *t, int64_t org, int64_t account, struct boxes *b)
{
    return read_mailboxes(t, t->arena, org, account, &b->v, &b->n);
}

int mailbox_create(struct txn *t, int64_t org, int64_t account, const struct mailbox_values *v, int64_t *mailbox)
{
    struct boxes b;
    int64_t seq;
    int r = load(t, org, account, &b);
    if (r == 0)
        r = b.n >= MAILBOX_COUNT_MAX ? MAILBOX_TOO_MANY : v->role == ROLE_HELD ? MAILBOX_FIXED : check(&b, 0, v);
    if (r || (r = txn_id(t, org, mailbox)) != 0 || (r = txn_seq(t, org, &seq)) != 0)
        return r;
    txn_changed(t, org, account, CHANGED_MAILBOX, seq);
    r = mailbox_add(t, org, account, *mailbox, v->parent, v->name, v->role, v->sort_order, seq);
    if (r == 0 && !v->subscribed)
        r = db_run(t->db, SQL_MAILBOX_UPDATE,
                   DB_ARGS(db_int(org), db_int(account), db_int(*mailbox), db_int(v->parent), db_text(v->name),
                           db_int(v->role), db_int(v->sort_order), db_int(0), db_int(seq)),
                   NULL);
    return no_constraint(r);
}

int mailbox_change(struct txn *t, int64_t org, int64_t account, int64_t mailbox, const struct mailbox_values *v)
{
    struct boxes b;
    int64_t seq;
    int r = load(t, org, account, &b);
    const struct read_mailbox *m = r == 0 ? find(&b, mailbox) : NULL;
    if (r || !m)
        return r ? r : MAIL_NO_MAILBOX;
    bool moved = m->parent != v->parent || !str_eq(m->name, v->name) || m->role != v->role;
    if (moved && (mailbox_fixed(m->role) || v->role == ROLE_HELD))
        return MAILBOX_FIXED;
    if (moved && (r = check(&b, mailbox, v)) != 0)
        return r;
    if ((r = txn_seq(t, org, &seq)) != 0)
        return r;
    txn_changed(t, org, account, CHANGED_MAILBOX, seq);
    return no_constraint(
        db_run(t->db, SQL_MAILBOX_UPDATE,
               DB_ARGS(db_int(org), db_int(account), db_int(mailbox), db_int(v->parent), db_text(v->name),
                       db_int(v->role), db_int(v->sort_order), db_int(v->subscribed), db_int(seq)),
               NULL));
}

int mailbox_destroy(struct txn *t, int64_t org, int64_t account, int64_t mailbox)
{
    struct boxes b;
    int64_t seq;
    int r = load(t, org, account, &b);
    const struct read_mailbox *m = r == 0 ? find(&b, mailbox) : NULL;
    if (r || !m)
        return r ? r : MAIL_NO_MAILBOX;
    if (mailbox_fixed(m->role))
        return MAILBOX_FIXED;
    for (size_t i = 0; i < b.n; i++)
        if (b.v[i].parent == mailbox)
            return MAILBOX_HAS_CHILD;
    if (m->total || m->stubs)
        return MAILBOX_HAS_EMAIL;
    if ((r = txn_seq(t, org, &seq)) != 0)
        return r;
    txn_changed(t, org, account, CHANGED_MAILBOX, seq);
    r = db_run(t->db, SQL_MAILBOX_DELETE, DB_ARGS(db_int(org), db_int(account), db_int(mailbox)), NULL);
    /* created_seq 0: a client that never saw it ignores the id. */
    return r ? no_constraint(r) : tombstone(t, org, account, TOMBSTONE_MAILBOX, seq, mailbox, 0, 0);
}

int mailbox_empty(struct txn *t, int64_t org, int64_t account, int64_t mailbox, bool *more)
{
    int64_t uids[MAILBOX_EMPTY_STEP];
    size_t n = 0;
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_MAILBOX_FIRST,
                     DB_ARGS(db_int(org), db_int(account), db_int(mailbox), db_int(MAILBOX_EMPTY_STEP)));
    while (r == 0 && n < MAILBOX_EMPTY_STEP && (r = db_next(&c)) == 1) {
        uids[n++] = db_col_int(&c, 0);
        r = 0;
    }
    db_end(&c);
    c = (struct db_cursor){0};
    for (size_t i = 0; i < n && r == 0; i++)
        r = mail_unplace(t, org, account, mailbox, uids[i]);
    *more = n == MAILBOX_EMPTY_STEP;
    return r < 0 ? r : 0;
}
