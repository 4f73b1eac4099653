/* Email/query (RFC 8621 4.4). */
#include "core/hash.h"
#include "jmap/email.h"
#include "jmap/types.h"

static int read_filter(struct jmap_call *c, int64_t *mailbox)
{
    json_t *filter = json_object_get(c->args, "filter"), *value;
    const char *key;
    if (!filter || json_is_null(filter))
        return 0;
    json_object_foreach(filter, key, value)
    {
        if (strcmp(key, "inMailbox") != 0)
            return JMAP_UNSUPPORTED_FILTER;
        if (!id_parse(jmap_json_str(value), mailbox)) {
            c->why = "inMailbox is not an id";
            return JMAP_INVALID_ARGUMENTS;
        }
    }
    return 0;
}

static int read_sort(struct jmap_call *c, bool *ascending)
{
    const json_t *sort = json_object_get(c->args, "sort");
    if (!sort || json_is_null(sort) || json_array_size(sort) == 0)
        return 0;
    const json_t *first = json_array_get(sort, 0), *asc = json_object_get(first, "isAscending");
    if (json_array_size(sort) > 1 || !str_eq(jmap_json_str(json_object_get(first, "property")), STR("receivedAt")))
        return JMAP_UNSUPPORTED_SORT;
    *ascending = !asc || json_is_true(asc); /* RFC 8620 5.5: true when absent */
    return 0;
}

static int query_args(struct jmap_call *c, struct read_query *q)
{
    static const char *const args[] = {"filter", "sort",           "position",        "anchor", "anchorOffset",
                                       "limit",  "calculateTotal", "collapseThreads", NULL};
    const json_t *anchor = json_object_get(c->args, "anchor");
    int64_t limit = JMAP_QUERY_MAX;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = read_filter(c, &q->mailbox);
    if (!err)
        err = read_sort(c, &q->ascending);
    if (!err)
        err = jmap_arg_int(c, "position", 0, INT32_MIN, INT32_MAX, &q->position);
    if (!err)
        err = jmap_arg_int(c, "anchorOffset", 0, INT32_MIN, INT32_MAX, &q->anchor_offset);
    if (!err)
        err = jmap_arg_int(c, "limit", JMAP_QUERY_MAX, 0, JMAP_QUERY_MAX, &limit);
    if (!err)
        err = jmap_arg_bool(c, "calculateTotal", false, &q->want_total);
    if (!err)
        err = jmap_arg_bool(c, "collapseThreads", false, &q->collapse);
    if (!err && anchor && !json_is_null(anchor) && !id_parse(jmap_json_str(anchor), &q->anchor))
        err = JMAP_ANCHOR_NOT_FOUND;
    q->limit = (size_t)limit;
    return err;
}

int jmap_email_query(struct jmap_call *c)
{
    struct read_query q = {0};
    struct read_page page;
    struct read_state state;
    int err = query_args(c, &q);
    if (!err)
        err = read_state(c->t, c->person->org, c->person->account, SYNC_EMAIL, &state);
    if (err)
        return err;
    err = read_query(c->t, c->arena, c->person->org, c->person->account, &q, &page);
    if (err)
        return err == READ_NO_ANCHOR ? JMAP_ANCHOR_NOT_FOUND : err;
    json_obj(c->w);
    jmap_put_account(c);
    jmap_put_state(c, "queryState", state);
    json_kbool(c->w, "canCalculateChanges", false);
    json_kint(c->w, "position", page.position);
    json_keyz(c->w, "ids");
    json_arr(c->w);
    for (size_t i = 0; i < page.n; i++)
        jmap_put_id(c->w, page.ids[i]);
    json_arr_end(c->w);
    json_kint(c->w, "limit", (int64_t)q.limit);
    if (q.want_total)
        json_kint(c->w, "total", page.total);
    json_obj_end(c->w);
    return 0;
}
