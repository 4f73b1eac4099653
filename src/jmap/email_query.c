/* Email/query, /queryChanges (RFC 8621 4.4, 4.5): arguments and answers; how the rows are found is in query_run.c. */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/query.h"
#include "jmap/types.h"

#include <stdlib.h>

#define CHANGED_MAX 5000u

static const struct {
    const char *name;
    enum sort_by by;
} sorts[] = {{"receivedAt", SORT_RECEIVED},
             {"size", SORT_SIZE},
             {"from", SORT_FROM},
             {"subject", SORT_SUBJECT},
             {"sentAt", SORT_SENT},
             {"hasKeyword", SORT_KEYWORD},
             {"allInThreadHaveKeyword", SORT_ALL},
             {"someInThreadHaveKeyword", SORT_SOME}};

static int read_comparator(struct query *q, const json_t *v, struct query_sort *s)
{
    struct jmap_call *c = q->x.c;
    struct str name = jmap_json_str(json_object_get(v, "property"));
    const json_t *asc = json_object_get(v, "isAscending"), *collation = json_object_get(v, "collation");
    size_t i = 0;
    if (!json_is_object(v) || name.n == 0)
        return jmap_invalid(c, "a comparator is {property, isAscending}");
    while (i < N_ELEMENTS(sorts) && !str_eq(name, str_c(sorts[i].name)))
        i++;
    if (i == N_ELEMENTS(sorts) || (collation && !json_is_null(collation)))
        return JMAP_UNSUPPORTED_SORT;
    if (asc && !json_is_boolean(asc))
        return jmap_invalid(c, "isAscending is true or false");
    *s = (struct query_sort){.by = sorts[i].by,
                             .ascending = !asc || json_is_true(asc), /* RFC 8620 5.5: true when absent */
                             .keyword = jmap_json_str(json_object_get(v, "keyword"))};
    if (s->by >= SORT_KEYWORD && !keyword_valid(s->keyword))
        return jmap_invalid(c, "this comparator needs a keyword");
    s->flag = keyword_flag(&q->x.keywords, s->keyword);
    q->x.threads = q->x.threads || s->by == SORT_ALL || s->by == SORT_SOME;
    return 0;
}

static int read_sort(struct query *q)
{
    struct jmap_call *c = q->x.c;
    const json_t *list = json_object_get(c->args, "sort");
    int err = 0;
    if (list && !json_is_null(list) && !json_is_array(list))
        return jmap_invalid(c, "sort is a list of comparators");
    if (json_array_size(list) > QUERY_SORTS_MAX)
        return JMAP_UNSUPPORTED_SORT;
    for (size_t i = 0; i < json_array_size(list) && !err; i++)
        err = read_comparator(q, json_array_get(list, i), &q->sort[q->n_sort++]);
    if (!err && q->n_sort == 0)
        q->sort[q->n_sort++] = (struct query_sort){.by = SORT_RECEIVED};
    return err;
}

/* Held mail asked for as such is found in its own mailbox. */
static bool asks_held(const struct filter *f, int64_t held)
{
    if (!f)
        return false;
    if ((f->kind == FILTER_HELD && f->yes) || (f->kind == FILTER_IN && f->number == held))
        return true;
    for (size_t i = 0; f->kind == FILTER_AND && i < f->n_sub; i++)
        if (asks_held(f->sub[i], held))
            return true;
    return false;
}

static int only_held(struct query *q, int64_t *held)
{
    struct jmap_call *c = q->x.c;
    if (!q->filter)
        return 0;
    int r = mail_role_mailbox(c->t, c->person->org, c->person->account, ROLE_HELD, held);
    if (r || !asks_held(q->filter, *held))
        return r < 0 ? r : 0;
    struct filter *both = filter_new(&q->x, FILTER_AND), *in = filter_new(&q->x, FILTER_IN);
    if (in)
        in->number = *held;
    q->x.held = true;
    r = filter_add(&q->x, both, in);
    if (r == 0)
        r = filter_add(&q->x, both, q->filter);
    q->filter = both;
    return r;
}

int query_begin(struct jmap_call *c, struct query *q)
{
    q->x.c = c;
    q->limit = JMAP_QUERY_MAX;
    q->total = -1;
    int64_t held = 0;
    int err = keyword_load(c->t, c->arena, c->person->org, c->person->account, &q->x.keywords);
    if (!err)
        err = filter_parse(&q->x, json_object_get(c->args, "filter"), &q->filter);
    if (!err)
        err = read_sort(q);
    if (!err)
        err = jmap_arg_bool(c, "collapseThreads", false, &q->collapse);
    if (!err)
        err = jmap_arg_bool(c, "calculateTotal", false, &q->want_total);
    if (!err)
        err = only_held(q, &held);
    if (!err && q->x.words && !q->x.held) {
        q->use = jmap_search_take(c, &q->x.search);
        err = filter_look_up(&q->x, q->filter);
    }
    return err;
}

void query_end(struct query *q) { jmap_search_give(q->use); }

static int query_args(struct jmap_call *c, struct query *q)
{
    static const char *const args[] = {"filter", "sort",           "position",        "anchor", "anchorOffset",
                                       "limit",  "calculateTotal", "collapseThreads", NULL};
    const json_t *anchor = json_object_get(c->args, "anchor");
    int64_t limit = JMAP_QUERY_MAX;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = jmap_arg_int(c, "position", 0, INT32_MIN, INT32_MAX, &q->position);
    if (!err)
        err = jmap_arg_int(c, "anchorOffset", 0, INT32_MIN, INT32_MAX, &q->anchor_offset);
    if (!err)
        err = jmap_arg_int(c, "limit", JMAP_QUERY_MAX, 0, JMAP_QUERY_MAX, &limit);
    if (!err && anchor && !json_is_null(anchor) && !json_is_string(anchor))
        err = jmap_invalid(c, "anchor is an id");
    if (!err && json_is_string(anchor) && !id_parse(jmap_json_str(anchor), &q->anchor))
        err = JMAP_ANCHOR_NOT_FOUND;
    if (!err)
        err = query_begin(c, q);
    q->limit = (size_t)limit;
    return err;
}

int jmap_email_query(struct jmap_call *c)
{
    struct query *q = arena_new(c->arena, struct query);
    struct read_state state;
    int err = query_args(c, q);
    if (!err)
        err = read_state(c->t, c->person->org, c->person->account, SYNC_EMAIL, &state);
    if (!err)
        err = query_run(q);
    query_end(q);
    if (err)
        return err;
    const json_t *asked = json_object_get(c->args, "limit");
    json_obj(c->w);
    jmap_put_account(c);
    jmap_put_state(c, "queryState", state);
    json_kbool(c->w, "canCalculateChanges", !q->x.words);
    json_kint(c->w, "position", q->from);
    json_keyz(c->w, "ids");
    json_arr(c->w);
    for (size_t i = 0; i < q->n; i++)
        jmap_put_id(c->w, q->ids[i]);
    json_arr_end(c->w);
    if (!json_is_integer(asked) || json_integer_value(asked) > (int64_t)q->limit)
        json_kint(c->w, "limit", (int64_t)q->limit);
    if (q->want_total && q->total >= 0)
        json_kint(c->w, "total", q->total);
    json_obj_end(c->w);
    return 0;
}

/* ---- queryChanges ---- */

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

int query_put_changes(struct jmap_call *c, struct query_diff *d)
{
    size_t n = 0, added = 0;
    if (d->n_changed)
        qsort(d->changed, d->n_changed, sizeof *d->changed, by_id);
    for (size_t i = 0; i < d->n_changed; i++)
        if (n == 0 || d->changed[n - 1] != d->changed[i])
            d->changed[n++] = d->changed[i];
#define CHANGED(id) (n > 0 && bsearch(&(id), d->changed, n, sizeof *d->changed, by_id))
    for (size_t i = 0; i < d->n; i++)
        added += CHANGED(d->ids[i]) ? 1 : 0;
    if (d->max && n + added > d->max)
        return JMAP_TOO_MANY_CHANGES;
    json_obj(c->w);
    jmap_put_account(c);
    jmap_put_state(c, "oldQueryState", d->old);
    jmap_put_state(c, "newQueryState", d->now);
    if (d->total >= 0)
        json_kint(c->w, "total", d->total);
    json_keyz(c->w, "removed");
    json_arr(c->w);
    for (size_t i = 0; i < n; i++)
        jmap_put_id(c->w, d->changed[i]);
    json_arr_end(c->w);
    json_keyz(c->w, "added");
    json_arr(c->w);
    for (size_t i = 0; i < d->n; i++) {
        if (!CHANGED(d->ids[i]))
            continue;
        json_obj(c->w);
        json_keyz(c->w, "id");
        jmap_put_id(c->w, d->ids[i]);
        json_kint(c->w, "index", (int64_t)i);
        json_obj_end(c->w);
    }
    json_arr_end(c->w);
    json_obj_end(c->w);
#undef CHANGED
    return 0;
}

struct changed {
    struct jmap_call *c;
    int64_t *ids;
    size_t n, cap;
};

static void push(struct changed *l, const int64_t *ids, size_t n)
{
    if (l->n + n > l->cap) {
        size_t cap = 2 * (l->n + n) + 64;
        int64_t *more = arena_array(l->c->arena, int64_t, cap);
        if (l->n)
            memcpy(more, l->ids, l->n * sizeof *more);
        l->ids = more;
        l->cap = cap;
    }
    if (n)
        memcpy(l->ids + l->n, ids, n * sizeof *ids);
    l->n += n;
}

static int members(struct changed *l, int64_t thread)
{
    int64_t *ids;
    size_t n;
    int r = read_thread(l->c->t, l->c->arena, l->c->person->org, l->c->person->account, thread, &ids, &n);
    if (r == 1)
        push(l, ids, n);
    return r < 0 ? r : 0;
}

/* Everything of a type that changed since; deep: the other Emails of its threads too, because they may stand for it now. */
static int collect(struct changed *l, enum sync_type type, struct read_state since, bool deep)
{
    struct jmap_call *c = l->c;
    struct read_changes ch;
    int r = 0;
    do {
        r = read_changes(c->t, c->arena, c->person->org, c->person->account, type, since, 0, &ch);
        if (r)
            return r == READ_CANNOT ? JMAP_CANNOT_CALCULATE_CHANGES : r;
        const int64_t *lists[] = {ch.created, ch.updated};
        size_t sizes[] = {ch.n_created, ch.n_updated};
        if (type == SYNC_EMAIL)
            push(l, ch.destroyed, ch.n_destroyed);
        for (int k = 0; k < 2; k++) {
            if (type == SYNC_EMAIL)
                push(l, lists[k], sizes[k]);
            for (size_t i = 0; i < sizes[k] && deep && r == 0; i++) {
                struct list_light light;
                int64_t thread = lists[k][i];
                if (type == SYNC_EMAIL)
                    r = list_light(c->t, c->person->org, c->person->account, lists[k][i], &light);
                if (type == SYNC_EMAIL && r == 1)
                    thread = light.thread;
                if (r < 0 || (type == SYNC_EMAIL && r == 0))
                    continue;
                r = members(l, thread);
                if (l->n >
                    CHANGED_MAX) /* at once: a thousand changes in one long conversation name it a thousand times */
                    return r < 0 ? r : JMAP_CANNOT_CALCULATE_CHANGES;
            }
        }
        since = ch.state;
        if (l->n > CHANGED_MAX)
            return JMAP_CANNOT_CALCULATE_CHANGES;
    } while (ch.has_more && r >= 0);
    return r < 0 ? r : 0;
}

int jmap_email_query_changes(struct jmap_call *c)
{
    static const char *const args[] = {"filter", "sort",           "sinceQueryState", "maxChanges",
                                       "upToId", "calculateTotal", "collapseThreads", NULL};
    struct query *q = arena_new(c->arena, struct query);
    struct query_diff d = {.total = -1};
    struct changed l = {.c = c};
    const json_t *since = json_object_get(c->args, "sinceQueryState");
    int64_t max = 0;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err && !json_is_string(since))
        err = jmap_invalid(c, "sinceQueryState is missing");
    if (!err)
        err = jmap_arg_int(c, "maxChanges", 0, 1, INT32_MAX, &max);
    if (!err)
        err = query_begin(c, q);
    if (!err && (q->x.words || !read_state_parse(jmap_json_str(since), &d.old)))
        err = JMAP_CANNOT_CALCULATE_CHANGES;
    bool deep = q->collapse || q->x.threads;
    if (!err)
        err = collect(&l, SYNC_EMAIL, d.old, deep);
    if (!err && deep)
        err = collect(&l, SYNC_THREAD, d.old, true);
    if (!err)
        err = read_state(c->t, c->person->org, c->person->account, SYNC_EMAIL, &d.now);
    q->limit = QUERY_CHANGES_MAX + 1;
    if (!err)
        err = query_run(q);
    query_end(q);
    if (err)
        return err;
    if (q->n > QUERY_CHANGES_MAX)
        return JMAP_CANNOT_CALCULATE_CHANGES;
    d.changed = l.ids;
    d.n_changed = l.n;
    d.ids = q->ids;
    d.n = q->n;
    d.total = q->want_total ? (int64_t)q->n : -1;
    d.max = (size_t)max;
    return query_put_changes(c, &d);
}
