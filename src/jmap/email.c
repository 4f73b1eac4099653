/* Email/get, /query, /changes (RFC 8621 4). */
#include "jmap/email.h"
#include "core/hash.h"

/* Asked by default when "properties" is absent (RFC 8621 4.2); ours are only given when asked. */
#define EP_DEFAULT (~(EP_BIT(EP_GUARD_VERDICT) | EP_BIT(EP_GUARD_FINDINGS) | EP_BIT(EP_GUARD_HELD)))

/* 1 filled, 0 not there. */
static int load(struct email_view *v, int64_t id)
{
    struct jmap_call *c = v->c;
    struct read_email *row;
    size_t n;
    int err = read_emails(c->t, c->arena, c->person->org, c->person->account, &id, 1, &row, &n);
    if (err < 0 || n == 0)
        return err;
    v->row = *row;
    v->has_facts = false;
    v->insight = (struct facts_insight){0};
    v->structure = (struct facts_structure){0};
    v->who = (struct mime_identity){0};
    if (v->bits & EP_NEEDS_FACTS) {
        struct read_facts f;
        err = read_facts(c->t, c->arena, c->person->org, c->person->account, id, &f);
        if (err < 0)
            return err;
        v->has_facts = err == 1 && f.structure.n > 0 &&
                       facts_structure_get(c->arena, f.structure, (uint64_t)v->row.size, &v->structure) == 0 &&
                       facts_insight_get(c->arena, f.insight, &v->insight) == 0;
    }
    if (v->bits & EP_NEEDS_HEADER) {
        struct mail_loc at;
        struct str plain;
        err = mail_blob(c->t, c->person->org, c->person->account, id, &at);
        if (err == 1)
            err = pack_read_blob(cell_packs(c->t->cell), at.loc, at.sha256, c->arena, &plain);
        else if (err == 0)
            return 1; /* held: its header stays unread */
        if (err < 0)
            return err;
        mime_identity_read(c->arena, NULL, plain, &v->who);
    }
    return 1;
}

static int get_args(struct jmap_call *c, struct email_view *v, struct jmap_ids *ids)
{
    static const char *const args[] = {"ids",
                                       "properties",
                                       "bodyProperties",
                                       "fetchTextBodyValues",
                                       "fetchHTMLBodyValues",
                                       "fetchAllBodyValues",
                                       "maxBodyValueBytes",
                                       NULL};
    bool text = false, html = false, all = false;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = jmap_arg_ids(c, "ids", ids);
    if (!err)
        err = jmap_arg_properties(c, email_props, EP_COUNT, &v->bits);
    if (!err)
        err = jmap_arg_bool(c, "fetchTextBodyValues", false, &text);
    if (!err)
        err = jmap_arg_bool(c, "fetchHTMLBodyValues", false, &html);
    if (!err)
        err = jmap_arg_bool(c, "fetchAllBodyValues", false, &all);
    if (!err)
        err = jmap_arg_int(c, "maxBodyValueBytes", 0, 0, INT32_MAX, &v->max_bytes);
    v->body_values = text || html || all;
    if (!err && ids->all)
        return JMAP_REQUEST_TOO_LARGE; /* all mail of an account: query first */
    return err;
}

int jmap_email_get(struct jmap_call *c)
{
    struct email_view *v = arena_new(c->arena, struct email_view);
    struct jmap_ids ids;
    struct read_state state;
    size_t n_missing = 0;
    v->c = c;
    int err = get_args(c, v, &ids);
    if (!err)
        err = read_state(c->t, c->person->org, c->person->account, SYNC_EMAIL, &state);
    if (err)
        return err;
    if (!json_is_array(json_object_get(c->args, "properties")))
        v->bits &= EP_DEFAULT;
    int64_t *missing = arena_array(c->arena, int64_t, ids.n + 1);
    json_obj(c->w);
    jmap_put_account(c);
    jmap_put_state(c, "state", state);
    json_keyz(c->w, "list");
    json_arr(c->w);
    for (size_t i = 0; i < ids.n; i++) {
        struct arena_mark mark = arena_mark(c->arena);
        int found = load(v, ids.id[i]);
        if (found < 0)
            return found;
        if (found == 1)
            email_put(v);
        arena_reset(c->arena, mark);
        if (found == 0)
            missing[n_missing++] = ids.id[i];
    }
    json_arr_end(c->w);
    jmap_put_not_found(c, &ids, missing, n_missing);
    json_obj_end(c->w);
    return 0;
}

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

int jmap_email_changes(struct jmap_call *c) { return jmap_changes(c, SYNC_EMAIL); }
