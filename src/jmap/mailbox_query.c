/* Mailbox/query, /queryChanges (RFC 8621 2.3, 2.4). An account has some hundred mailboxes at most: they are all read, then sorted and judged here. */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/mailbox.h"
#include "jmap/query.h"
#include "jmap/types.h"

#include <stdlib.h>

#define DEPTH_MAX 20u
enum by { BY_ORDER, BY_NAME, BY_PARENT };
struct boxes {
    struct jmap_call *c;
    struct read_mailbox *v;
    size_t n;
    struct {
        enum by by;
        bool ascending;
    } sort[4];
    size_t n_sort;
    bool as_tree, filter_tree;
    const json_t *filter;
    int64_t *ids; /* result */
    size_t n_ids;
    int err;
};

static const struct read_mailbox *find(const struct boxes *b, int64_t id)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->v[i].id == id)
            return &b->v[i];
    return NULL;
}

/* ---- filter ---- */

static bool condition(struct boxes *b, const struct read_mailbox *m, const char *key, const json_t *v)
{
    const char *role = mailbox_role_name(m->role);
    int64_t id;
    if (strcmp(key, "name") == 0)
        return str_ifind(m->name, jmap_json_str(v), 0) >= 0;
    if (strcmp(key, "role") == 0)
        return json_is_null(v) ? role == NULL : role && str_eq(jmap_json_str(v), str_c(role));
    if (strcmp(key, "hasAnyRole") == 0)
        return json_is_true(v) == (role != NULL);
    if (strcmp(key, "isSubscribed") == 0)
        return json_is_true(v) == m->subscribed;
    if (strcmp(key, "parentId") == 0)
        return json_is_null(v) ? m->parent == 0 : id_parse(jmap_json_str(v), &id) && id == m->parent;
    b->err = JMAP_UNSUPPORTED_FILTER;
    return false;
}

static bool matches(struct boxes *b, const struct read_mailbox *m, const json_t *f, unsigned depth)
{
    struct str op = jmap_json_str(json_object_get(f, "operator"));
    const json_t *list = json_object_get(f, "conditions");
    const char *key;
    json_t *v;
    if (!f || json_is_null(f))
        return true;
    if (!json_is_object(f) || depth > DEPTH_MAX) {
        b->err = jmap_invalid(b->c, "a filter is an object");
        return false;
    }
    if (!op.n) {
        bool all = true;
        json_object_foreach((json_t *)(uintptr_t)f, key, v) { all = condition(b, m, key, v) && all; }
        return all;
    }
    bool and = str_eq(op, STR("AND")), any = false, every = true;
    if (!(and || str_eq(op, STR("OR")) || str_eq(op, STR("NOT"))) || !json_is_array(list)) {
        b->err = jmap_invalid(b->c, "a filter operator is AND, OR or NOT with a list of conditions");
        return false;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        bool one = matches(b, m, json_array_get(list, i), depth + 1);
        any = any || one;
        every = every && one;
    }
    return and? every : str_eq(op, STR("OR")) ? any : !any;
}

/* With filterAsTree one stays only when everything above it does. */
static bool stays(struct boxes *b, const struct read_mailbox *m)
{
    for (unsigned depth = 0; m && depth <= MAILBOX_DEPTH_MAX; depth++) {
        if (!matches(b, m, b->filter, 0))
            return false;
        if (!b->filter_tree || !m->parent)
            return true;
        m = find(b, m->parent);
    }
    return true;
}

/* ---- order ---- */

static _Thread_local const struct boxes *sorting; /* qsort has no argument */

static int by_name(struct str a, struct str b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        int d = (unsigned char)ascii_lower(a.p[i]) - (unsigned char)ascii_lower(b.p[i]);
        if (d)
            return d;
    }
    return a.n < b.n ? -1 : a.n > b.n;
}

static int order(const void *x, const void *y)
{
    const struct read_mailbox *a = x, *b = y;
    for (size_t i = 0; i < sorting->n_sort; i++) {
        int d = 0;
        switch (sorting->sort[i].by) {
        case BY_ORDER: d = a->sort_order < b->sort_order ? -1 : a->sort_order > b->sort_order; break;
        case BY_NAME: d = by_name(a->name, b->name); break;
        case BY_PARENT: d = a->parent < b->parent ? -1 : a->parent > b->parent; break;
        }
        if (d)
            return sorting->sort[i].ascending ? d : -d;
    }
    return a->id < b->id ? -1 : a->id > b->id;
}

static void add_tree(struct boxes *b, int64_t parent, unsigned depth)
{
    for (size_t i = 0; i < b->n && depth <= MAILBOX_DEPTH_MAX; i++) {
        if (b->v[i].parent != parent)
            continue;
        if (stays(b, &b->v[i]))
            b->ids[b->n_ids++] = b->v[i].id;
        add_tree(b, b->v[i].id, depth + 1);
    }
}

static int read_sort(struct boxes *b)
{
    static const struct {
        const char *name;
        enum by by;
    } props[] = {{"sortOrder", BY_ORDER}, {"name", BY_NAME}, {"parentId", BY_PARENT}};
    const json_t *list = json_object_get(b->c->args, "sort");
    if (list && !json_is_null(list) && !json_is_array(list))
        return jmap_invalid(b->c, "sort is a list of comparators");
    if (json_array_size(list) > N_ELEMENTS(b->sort))
        return JMAP_UNSUPPORTED_SORT;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i), *asc = json_object_get(v, "isAscending");
        struct str name = jmap_json_str(json_object_get(v, "property"));
        size_t k = 0;
        while (k < N_ELEMENTS(props) && !str_eq(name, str_c(props[k].name)))
            k++;
        if (!name.n)
            return jmap_invalid(b->c, "a comparator is {property, isAscending}");
        if (k == N_ELEMENTS(props) || json_object_get(v, "collation"))
            return JMAP_UNSUPPORTED_SORT;
        b->sort[b->n_sort].by = props[k].by;
        b->sort[b->n_sort++].ascending = !asc || json_is_true(asc);
    }
    return 0;
}

static int find_all(struct jmap_call *c, struct boxes *b)
{
    *b = (struct boxes){.c = c, .filter = json_object_get(c->args, "filter")};
    int err = read_sort(b);
    if (!err)
        err = jmap_arg_bool(c, "sortAsTree", false, &b->as_tree);
    if (!err)
        err = jmap_arg_bool(c, "filterAsTree", false, &b->filter_tree);
    if (!err)
        err = read_mailboxes(c->t, c->arena, c->person->org, c->person->account, &b->v, &b->n);
    if (err)
        return err;
    if (b->n_sort && b->n) { /* else: as read, by sortOrder, then name */
        sorting = b;
        qsort(b->v, b->n, sizeof *b->v, order);
    }
    b->ids = arena_array(c->arena, int64_t, b->n + 1);
    if (b->as_tree)
        add_tree(b, 0, 1);
    for (size_t i = 0; !b->as_tree && i < b->n; i++)
        if (stays(b, &b->v[i]))
            b->ids[b->n_ids++] = b->v[i].id;
    return b->err;
}

int jmap_mailbox_query(struct jmap_call *c)
{
    static const char *const args[] = {"filter",     "sort",  "position",       "anchor",       "anchorOffset",
                                       "sortAsTree", "limit", "calculateTotal", "filterAsTree", NULL};
    struct boxes b;
    struct read_state state;
    int64_t position, offset, limit, anchor = 0;
    bool total;
    const json_t *at = json_object_get(c->args, "anchor");
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = jmap_arg_int(c, "position", 0, INT32_MIN, INT32_MAX, &position);
    if (!err)
        err = jmap_arg_int(c, "anchorOffset", 0, INT32_MIN, INT32_MAX, &offset);
    if (!err)
        err = jmap_arg_int(c, "limit", JMAP_QUERY_MAX, 0, JMAP_QUERY_MAX, &limit);
    if (!err)
        err = jmap_arg_bool(c, "calculateTotal", false, &total);
    if (!err)
        err = read_state(c->t, c->person->org, c->person->account, SYNC_MAILBOX, &state);
    if (!err)
        err = find_all(c, &b);
    if (!err && at && !json_is_null(at)) {
        size_t i = 0;
        bool good = id_parse(jmap_json_str(at), &anchor);
        while (good && i < b.n_ids && b.ids[i] != anchor)
            i++;
        if (!good || i == b.n_ids)
            return JMAP_ANCHOR_NOT_FOUND;
        position = (int64_t)i + offset;
        position = position < 0 ? 0 : position;
    }
    if (err)
        return err;
    if (position < 0)
        position = position + (int64_t)b.n_ids > 0 ? position + (int64_t)b.n_ids : 0;
    json_obj(c->w);
    jmap_put_account(c);
    jmap_put_state(c, "queryState", state);
    json_kbool(c->w, "canCalculateChanges", true);
    json_kint(c->w, "position", position);
    json_keyz(c->w, "ids");
    json_arr(c->w);
    for (size_t i = (size_t)position; i < b.n_ids && (int64_t)i - position < limit; i++)
        jmap_put_id(c->w, b.ids[i]);
    json_arr_end(c->w);
    if (total)
        json_kint(c->w, "total", (int64_t)b.n_ids);
    json_obj_end(c->w);
    return 0;
}

int jmap_mailbox_query_changes(struct jmap_call *c)
{
    static const char *const args[] = {"filter",         "sort",       "sinceQueryState", "maxChanges", "upToId",
                                       "calculateTotal", "sortAsTree", "filterAsTree",    NULL};
    struct boxes b;
    struct query_diff d = {.total = -1};
    struct read_changes ch;
    const json_t *since = json_object_get(c->args, "sinceQueryState");
    int64_t max = 0;
    bool total = false;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err && !json_is_string(since))
        err = jmap_invalid(c, "sinceQueryState is missing");
    if (!err)
        err = jmap_arg_int(c, "maxChanges", 0, 1, INT32_MAX, &max);
    if (!err)
        err = jmap_arg_bool(c, "calculateTotal", false, &total);
    if (!err && !read_state_parse(jmap_json_str(since), &d.old))
        err = JMAP_CANNOT_CALCULATE_CHANGES;
    if (!err)
        err = find_all(c, &b);
    if (!err)
        err = read_changes(c->t, c->arena, c->person->org, c->person->account, SYNC_MAILBOX, d.old, 0, &ch);
    if (err)
        return err == READ_CANNOT ? JMAP_CANNOT_CALCULATE_CHANGES : err;
    if (ch.has_more)
        return JMAP_CANNOT_CALCULATE_CHANGES;
    d.changed = arena_array(c->arena, int64_t, ch.n_created + ch.n_updated + ch.n_destroyed + 1);
    for (size_t i = 0; i < ch.n_created; i++)
        d.changed[d.n_changed++] = ch.created[i];
    for (size_t i = 0; i < ch.n_updated; i++)
        d.changed[d.n_changed++] = ch.updated[i];
    for (size_t i = 0; i < ch.n_destroyed; i++)
        d.changed[d.n_changed++] = ch.destroyed[i];
    d.now = ch.state;
    d.ids = b.ids;
    d.n = b.n_ids;
    d.total = total ? (int64_t)b.n_ids : -1;
    d.max = (size_t)max;
    return query_put_changes(c, &d);
}
