/* Mailbox/set (RFC 8621 2.5). */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/mailbox.h"
#include "jmap/set.h"
#include "jmap/types.h"

#define EMPTY_MAX 20000 /* messages that a destroy may take along; more are removed from the mailbox first */

struct change {
    struct mailbox_values v;
    bool name, parent, role, order, subscribed; /* given */
    struct str parent_text;
};
static const struct {
    int refusal;
    const char *error, *property, *why;
} refusals[] = {
    {MAIL_NO_MAILBOX, "notFound", NULL, NULL},
    {MAILBOX_BAD_NAME, "invalidProperties", "name", "A name has 1 to 200 bytes, no control characters and no \"/\"."},
    {MAILBOX_NAME_TAKEN, "invalidProperties", "name", "There is a mailbox of that name already."},
    {MAILBOX_BAD_PARENT, "invalidProperties", "parentId", "A mailbox cannot be put there."},
    {MAILBOX_TOO_DEEP, "invalidProperties", "parentId", "Mailboxes may be nested ten levels deep."},
    {MAILBOX_TOO_MANY, "overQuota", NULL, "An account has at most 1000 mailboxes."},
    {MAILBOX_ROLE_TAKEN, "invalidProperties", "role", "Another mailbox has that role."},
    {MAILBOX_FIXED, "forbidden", NULL, "This mailbox belongs to the system: it keeps its name, place and role."},
    {MAILBOX_HAS_CHILD, "mailboxHasChild", NULL, NULL},
    {MAILBOX_HAS_EMAIL, "mailboxHasEmail", NULL, NULL},
};

static int refuse(struct jmap_obj *o, int refusal)
{
    for (size_t i = 0; i < N_ELEMENTS(refusals); i++)
        if (refusals[i].refusal == refusal) {
            o->property = refusals[i].property;
            return jmap_obj_refuse(o, refusals[i].error, refusals[i].why);
        }
    return refusal;
}

/* ---- values ---- */

static int read_role(struct jmap_obj *o, const json_t *v, enum mail_role *role)
{
    *role = ROLE_NONE;
    if (json_is_null(v))
        return 0;
    for (int r = ROLE_INBOX; r <= ROLE_ARCHIVE; r++) {
        const char *name = mailbox_role_name((enum mail_role)r);
        if (name && str_eq(jmap_json_str(v), str_c(name)))
            *role = (enum mail_role)r;
    }
    return *role != ROLE_NONE ? 0 : jmap_obj_property(o, "role", "There is no such role here.");
}

static int read_value(struct jmap_obj *o, struct change *ch, const char *key, const json_t *v)
{
    if (strcmp(key, "name") == 0) {
        ch->name = true;
        ch->v.name = jmap_json_str(v);
        return json_is_string(v) ? 0 : jmap_obj_property(o, "name", "A name is a string.");
    }
    if (strcmp(key, "parentId") == 0) {
        ch->parent = true;
        ch->parent_text = jmap_json_str(v);
        return json_is_string(v) || json_is_null(v) ? 0
                                                    : jmap_obj_property(o, "parentId", "A parent is an id or null.");
    }
    if (strcmp(key, "role") == 0) {
        ch->role = true;
        return read_role(o, v, &ch->v.role);
    }
    if (strcmp(key, "sortOrder") == 0) {
        ch->order = true;
        ch->v.sort_order = json_integer_value(v);
        return json_is_integer(v) && ch->v.sort_order >= 0 && ch->v.sort_order <= INT32_MAX
                   ? 0
                   : jmap_obj_property(o, "sortOrder", "A number from 0 to 2147483647.");
    }
    if (strcmp(key, "isSubscribed") == 0) {
        ch->subscribed = true;
        ch->v.subscribed = json_is_true(v);
        return json_is_boolean(v) ? 0 : jmap_obj_property(o, "isSubscribed", "true or false.");
    }
    return jmap_obj_property(o, key, "This property cannot be set.");
}

static int prepare(struct jmap_set *s, struct jmap_obj *o)
{
    struct change *ch = arena_new(s->c->arena, struct change);
    const char *key;
    json_t *v;
    o->data = ch;
    o->cost = 5; /* each reads all mailboxes */
    ch->v.subscribed = true;
    if (o->op == JMAP_DESTROY)
        return 0;
    json_object_foreach(o->value, key, v)
    {
        if (read_value(o, ch, key, v))
            return 0;
    }
    if (o->op == JMAP_CREATE && !ch->name)
        jmap_obj_property(o, "name", "A mailbox needs a name.");
    return 0;
}

/* ---- under the fence ---- */

static int parent_of(struct jmap_set *s, struct jmap_obj *o, struct change *ch)
{
    ch->v.parent = 0;
    if (!ch->parent || ch->parent_text.n == 0)
        return 0;
    return jmap_set_id(s, ch->parent_text, &ch->v.parent) ? 0 : refuse(o, MAILBOX_BAD_PARENT);
}

static int update(struct txn *t, struct jmap_set *s, struct jmap_obj *o, struct change *ch)
{
    const struct jmap_person *me = s->c->person;
    struct read_mailbox *m;
    struct mailbox_values v;
    size_t n, i = 0;
    int r = read_mailboxes(t, t->arena, me->org, me->account, &m, &n);
    while (r == 0 && i < n && m[i].id != o->id)
        i++;
    if (r || i == n)
        return r ? r : refuse(o, MAIL_NO_MAILBOX);
    if (ch->parent && (r = parent_of(s, o, ch)) != 0)
        return r;
    v.name = ch->name ? ch->v.name : m[i].name;
    v.parent = ch->parent ? ch->v.parent : m[i].parent;
    v.role = ch->role ? ch->v.role : m[i].role;
    v.sort_order = ch->order ? ch->v.sort_order : m[i].sort_order;
    v.subscribed = ch->subscribed ? ch->v.subscribed : m[i].subscribed;
    return mailbox_change(t, me->org, me->account, o->id, &v);
}

static int destroy(struct txn *t, struct jmap_set *s, struct jmap_obj *o)
{
    const struct jmap_person *me = s->c->person;
    const bool *with_mail = s->arg;
    bool more = false;
    int r = mailbox_destroy(t, me->org, me->account, o->id);
    if (r != MAILBOX_HAS_EMAIL || !*with_mail)
        return r;
    struct read_mailbox *m;
    size_t n;
    if ((r = read_mailboxes(t, t->arena, me->org, me->account, &m, &n)) != 0)
        return r;
    for (size_t i = 0; i < n; i++)
        if (m[i].id == o->id && m[i].total > EMPTY_MAX) {
            return jmap_obj_refuse(o, "mailboxHasEmail",
                                   "It holds too many messages to go at once: remove them first.");
        }
    s->dirty = true;
    r = mailbox_empty(t, me->org, me->account, o->id, &more);
    if (r == 0 && !more)
        r = mailbox_destroy(t, me->org, me->account, o->id);
    return r ? r : more ? JMAP_OBJ_AGAIN : 0;
}

static int apply(struct txn *t, struct jmap_set *s, struct jmap_obj *o)
{
    const struct jmap_person *me = s->c->person;
    struct change *ch = o->data;
    int r = 0;
    if (o->op == JMAP_CREATE) {
        if ((r = parent_of(s, o, ch)) == 0)
            r = mailbox_create(t, me->org, me->account, &ch->v, &o->id);
    } else {
        r = o->op == JMAP_UPDATE ? update(t, s, o, ch) : destroy(t, s, o);
    }
    return r > 0 && r != JMAP_OBJ_AGAIN && r != JMAP_OBJ_REFUSED ? refuse(o, r) : r;
}

static void made(struct jmap_set *s, const struct jmap_obj *o, struct json_w *w)
{
    (void)s;
    const struct change *ch = o->data;
    static const char *const zero[] = {"totalEmails", "unreadEmails", "totalThreads", "unreadThreads"};
    if (!ch->parent) {
        json_keyz(w, "parentId");
        json_none(w);
    }
    if (!ch->role) {
        json_keyz(w, "role");
        json_none(w);
    }
    if (!ch->order)
        json_kint(w, "sortOrder", 0);
    if (!ch->subscribed)
        json_kbool(w, "isSubscribed", true);
    for (size_t i = 0; i < N_ELEMENTS(zero); i++)
        json_kint(w, zero[i], 0);
    json_keyz(w, "myRights");
    mailbox_put_rights(w, ch->v.role);
}

static int begin(struct jmap_set *s) { return jmap_arg_bool(s->c, "onDestroyRemoveEmails", false, s->arg); }

int jmap_mailbox_set(struct jmap_call *c)
{
    static const char *const args[] = {"onDestroyRemoveEmails", NULL};
    static const struct jmap_set_type type = {
        .sync = SYNC_MAILBOX, .args = args, .begin = begin, .prepare = prepare, .apply = apply, .made = made};
    return jmap_set(c, &type, arena_zalloc(c->arena, sizeof(bool)));
}
