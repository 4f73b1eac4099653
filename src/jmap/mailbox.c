/* Mailbox (RFC 8621 2). */
#include "core/hash.h"
#include "jmap/types.h"
#include "jmap/mailbox.h"
#include "store/read.h"

enum {
    MB_ID,
    MB_NAME,
    MB_PARENT,
    MB_ROLE,
    MB_SORT,
    MB_TOTAL,
    MB_UNREAD,
    MB_TOTAL_THREADS,
    MB_UNREAD_THREADS,
    MB_RIGHTS,
    MB_SUBSCRIBED,
    MB_SIGILLO_ROLE,
    MB_COUNT
};
static const char *const names[MB_COUNT] = {
    "id",           "name",         "parentId",      "role",     "sortOrder",    "totalEmails",
    "unreadEmails", "totalThreads", "unreadThreads", "myRights", "isSubscribed", "sigilloRole"};

const char *mailbox_role_name(enum mail_role r)
{
    static const char *const roles[] = {
        [ROLE_NONE] = NULL,     [ROLE_INBOX] = "inbox", [ROLE_HELD] = NULL,       [ROLE_JUNK] = "junk",
        [ROLE_TRASH] = "trash", [ROLE_SENT] = "sent",   [ROLE_DRAFTS] = "drafts", [ROLE_ARCHIVE] = "archive"};
    return (size_t)r < N_ELEMENTS(roles) ? roles[r] : NULL;
}

void mailbox_put_rights(struct json_w *w, enum mail_role role)
{
    /* Held: a message goes in and out only by the guard and by people's decisions (design 4). */
    bool open = role != ROLE_HELD, own = !mailbox_fixed(role);
    const struct {
        const char *name;
        bool may;
    } rights[] = {{"mayReadItems", true}, {"mayAddItems", open},    {"mayRemoveItems", open},
                  {"maySetSeen", open},   {"maySetKeywords", open}, {"mayCreateChild", open},
                  {"mayRename", own},     {"mayDelete", own},       {"maySubmit", false}};
    json_obj(w);
    for (size_t i = 0; i < N_ELEMENTS(rights); i++)
        json_kbool(w, rights[i].name, rights[i].may);
    json_obj_end(w);
}

static void put_name(struct json_w *w, const char *key, const char *value)
{
    json_keyz(w, key);
    if (value)
        json_strz(w, value);
    else
        json_none(w);
}

static void put(struct json_w *w, const struct read_mailbox *m, uint64_t bits)
{
#define ASKED(p) (bits & (1ULL << (p)))
    json_obj(w);
    json_keyz(w, "id");
    jmap_put_id(w, m->id);
    if (ASKED(MB_NAME))
        json_kstr(w, "name", m->name);
    if (ASKED(MB_PARENT)) {
        json_keyz(w, "parentId");
        if (m->parent)
            jmap_put_id(w, m->parent);
        else
            json_none(w);
    }
    if (ASKED(MB_ROLE))
        put_name(w, "role", mailbox_role_name(m->role));
    const struct {
        int p;
        int64_t v;
    } numbers[] = {{MB_SORT, m->sort_order},
                   {MB_TOTAL, m->total},
                   {MB_UNREAD, m->unread},
                   {MB_TOTAL_THREADS, m->threads},
                   {MB_UNREAD_THREADS, m->unread_threads}};
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++)
        if (ASKED(numbers[i].p))
            json_kint(w, names[numbers[i].p], numbers[i].v);
    if (ASKED(MB_RIGHTS)) {
        json_keyz(w, "myRights");
        mailbox_put_rights(w, m->role);
    }
    if (ASKED(MB_SUBSCRIBED))
        json_kbool(w, "isSubscribed", m->subscribed);
    if (ASKED(MB_SIGILLO_ROLE))
        put_name(w, "sigilloRole", m->role == ROLE_HELD ? "held" : NULL);
    json_obj_end(w);
}

static const struct read_mailbox *of_id(const struct read_mailbox *m, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (m[i].id == id)
            return &m[i];
    return NULL;
}

int jmap_mailbox_get(struct jmap_call *c)
{
    static const char *const args[] = {"ids", "properties", NULL};
    struct jmap_ids ids;
    struct read_mailbox *m;
    struct read_state state;
    uint64_t bits;
    size_t n, n_missing = 0;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = jmap_arg_ids(c, "ids", &ids);
    if (!err)
        err = jmap_arg_properties(c, names, MB_COUNT, &bits);
    if (!err)
        err = read_state(c->t, c->person->org, c->person->account, SYNC_MAILBOX, &state);
    if (!err)
        err = read_mailboxes(c->t, c->arena, c->person->org, c->person->account, &m, &n);
    if (err)
        return err;
    int64_t *missing = arena_array(c->arena, int64_t, ids.n + 1);
    json_obj(c->w);
    jmap_put_account(c);
    jmap_put_state(c, "state", state);
    json_keyz(c->w, "list");
    json_arr(c->w);
    for (size_t i = 0; ids.all && i < n; i++)
        put(c->w, &m[i], bits);
    for (size_t i = 0; i < ids.n; i++) {
        const struct read_mailbox *one = of_id(m, n, ids.id[i]);
        if (one)
            put(c->w, one, bits);
        else
            missing[n_missing++] = ids.id[i];
    }
    json_arr_end(c->w);
    jmap_put_not_found(c, &ids, missing, n_missing);
    json_obj_end(c->w);
    return 0;
}

int jmap_mailbox_changes(struct jmap_call *c) { return jmap_changes(c, SYNC_MAILBOX); }
