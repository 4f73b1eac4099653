/* Mailbox (RFC 8621 2). */
#include "core/hash.h"
#include "jmap/types.h"
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

static const char *role_name(enum mail_role r)
{
    static const char *const roles[] = {
        [ROLE_NONE] = NULL,     [ROLE_INBOX] = "inbox", [ROLE_HELD] = NULL,       [ROLE_JUNK] = "junk",
        [ROLE_TRASH] = "trash", [ROLE_SENT] = "sent",   [ROLE_DRAFTS] = "drafts", [ROLE_ARCHIVE] = "archive"};
    return (size_t)r < N_ELEMENTS(roles) ? roles[r] : NULL;
}

static void put_rights(struct json_w *w)
{
    /* This release reads; what changes mail comes with Email/set. */
    static const char *const rights[] = {"mayReadItems", "mayAddItems",    "mayRemoveItems",
                                         "maySetSeen",   "maySetKeywords", "mayCreateChild",
                                         "mayRename",    "mayDelete",      "maySubmit"};
    json_obj(w);
    for (size_t i = 0; i < N_ELEMENTS(rights); i++)
        json_kbool(w, rights[i], i == 0);
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
        put_name(w, "role", role_name(m->role));
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
        put_rights(w);
    }
    if (ASKED(MB_SUBSCRIBED))
        json_kbool(w, "isSubscribed", true);
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

static bool matches(const struct read_mailbox *m, const json_t *filter)
{
    const json_t *role = json_object_get(filter, "role"), *name = json_object_get(filter, "name"),
                 *any = json_object_get(filter, "hasAnyRole"), *parent = json_object_get(filter, "parentId");
    int64_t id = 0;
    if (role && !str_eq(jmap_json_str(role), str_c(role_name(m->role) ? role_name(m->role) : "")))
        return false;
    if (name && str_ifind(m->name, jmap_json_str(name), 0) < 0)
        return false;
    if (any && json_is_true(any) != (role_name(m->role) != NULL))
        return false;
    if (parent)
        return json_is_null(parent) ? m->parent == 0 : id_parse(jmap_json_str(parent), &id) && id == m->parent;
    return true;
}

static int check_filter(const json_t *filter)
{
    static const char *const known[] = {"role", "name", "hasAnyRole", "parentId"};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)filter, key, value)
    {
        size_t i = 0;
        while (i < N_ELEMENTS(known) && strcmp(known[i], key) != 0)
            i++;
        if (i == N_ELEMENTS(known))
            return JMAP_UNSUPPORTED_FILTER;
    }
    return 0;
}

/* Mailboxes come sorted by sortOrder, then name, which is also the only order offered. */
int jmap_mailbox_query(struct jmap_call *c)
{
    static const char *const args[] = {"filter",         "sort",       "position",     "limit",
                                       "calculateTotal", "sortAsTree", "filterAsTree", NULL};
    struct read_mailbox *m;
    struct read_state state;
    int64_t position, limit, seen = 0;
    bool total;
    size_t n;
    const json_t *filter = json_object_get(c->args, "filter"), *sort = json_object_get(c->args, "sort");
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = jmap_arg_int(c, "position", 0, 0, INT32_MAX, &position);
    if (!err)
        err = jmap_arg_int(c, "limit", JMAP_QUERY_MAX, 0, JMAP_QUERY_MAX, &limit);
    if (!err)
        err = jmap_arg_bool(c, "calculateTotal", false, &total);
    if (!err && json_array_size(sort) > 0)
        err = JMAP_UNSUPPORTED_SORT;
    if (!err && filter)
        err = check_filter(filter);
    if (!err)
        err = read_state(c->t, c->person->org, c->person->account, SYNC_MAILBOX, &state);
    if (!err)
        err = read_mailboxes(c->t, c->arena, c->person->org, c->person->account, &m, &n);
    if (err)
        return err;
    json_obj(c->w);
    jmap_put_account(c);
    jmap_put_state(c, "queryState", state);
    json_kbool(c->w, "canCalculateChanges", false);
    json_kint(c->w, "position", position);
    json_keyz(c->w, "ids");
    json_arr(c->w);
    for (size_t i = 0; i < n; i++) {
        if (filter && !matches(&m[i], filter))
            continue;
        if (seen >= position && seen - position < limit)
            jmap_put_id(c->w, m[i].id);
        seen++;
    }
    json_arr_end(c->w);
    if (total)
        json_kint(c->w, "total", seen);
    json_obj_end(c->w);
    return 0;
}

int jmap_mailbox_changes(struct jmap_call *c) { return jmap_changes(c, SYNC_MAILBOX); }
