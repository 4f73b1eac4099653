/* Email/get, /changes (RFC 8621 4.2, 4.3). */
#include "jmap/email.h"
#include "jmap/types.h"
#include "core/err.h"
#include "core/hash.h"
#include "jmap/tree.h"

/* The tree of bytes whose scan is not there (lost, or made here) is read anew. */
static void load_structure(struct email_view *v, struct str stored)
{
    struct arena *a = v->c->arena;
    if (stored.n == 0 || facts_structure_get(a, stored, (uint64_t)v->row.size, &v->structure) != 0 ||
        v->structure.n_parts == 0)
        tree_read(a, v->cs, v->raw, &v->structure);
    part_lists(a, &v->structure, &v->lists);
}

int email_load_raw(struct email_view *v, int64_t id)
{
    struct jmap_call *c = v->c;
    struct mail_loc at;
    v->raw = STR_NULL;
    int err = mail_blob(c->t, c->person->org, c->person->account, id, &at);
    if (err != 1)
        return err;
    err = pack_read_blob(cell_packs(c->t->cell), at.loc, at.sha256, c->arena, &v->raw);
    if (err == 0)
        return 1;
    v->raw = STR_NULL;
    return err;
}

/* 1 filled, 0 not there. */
static int load(struct email_view *v, int64_t id)
{
    struct jmap_call *c = v->c;
    struct read_email *row;
    struct read_facts f = {0};
    size_t n;
    int err = read_emails(c->t, c->arena, c->person->org, c->person->account, &id, 1, &row, &n);
    if (err < 0 || n == 0)
        return err;
    v->row = *row;
    v->blob_id = blob_text(c->arena, BLOB_MESSAGE, id, 0);
    v->insight = (struct facts_insight){0};
    v->structure = (struct facts_structure){0};
    v->who = (struct mime_identity){0};
    v->lists = (struct part_lists){0};
    v->raw = STR_NULL;
    unsigned needs = v->row.held ? v->needs & ~(NEEDS_RAW | NEEDS_IDENTITY) : v->needs;
    if (v->row.held && (needs & NEEDS_STRUCTURE))
        needs |= NEEDS_INSIGHT; /* its cleaned text stands for the body */
    if ((needs & (NEEDS_RAW | NEEDS_IDENTITY)) && (err = email_load_raw(v, id)) < 0)
        return err;
    if ((needs & (NEEDS_STRUCTURE | NEEDS_INSIGHT)) &&
        (err = read_facts(c->t, c->arena, c->person->org, c->person->account, id, &f)) < 0)
        return err;
    if ((needs & NEEDS_REPORT) &&
        (err = mail_reported(c->t, c->arena, c->person->org, c->person->account, id, &v->reported)) < 0)
        return err;
    v->has_report = (needs & NEEDS_REPORT) && err == 1;
    if ((needs & NEEDS_INSIGHT) && facts_insight_get(c->arena, f.insight, &v->insight) != 0)
        v->insight = (struct facts_insight){0};
    if ((needs & NEEDS_STRUCTURE) && !v->row.held)
        load_structure(v, f.structure);
    else if ((needs & NEEDS_STRUCTURE) && f.structure.n &&
             facts_structure_get(c->arena, f.structure, (uint64_t)v->row.size, &v->structure) != 0)
        v->structure = (struct facts_structure){0};
    if ((needs & NEEDS_IDENTITY) && v->raw.p)
        mime_identity_read(c->arena, v->cs, v->raw, &v->who);
    return 1;
}

/* ---- arguments ---- */

static int one_property(struct jmap_call *c, struct email_view *v, struct str name, bool parse)
{
    for (size_t i = 0; i < email_n_props; i++)
        if (str_eq(name, str_c(email_props[i].name))) {
            if (parse && !email_props[i].parse)
                return 0; /* RFC 8621 4.9: null there; left out */
            v->bits |= 1ULL << i;
            return 0;
        }
    if (v->n_header == EMAIL_HEADERS_MAX)
        return JMAP_REQUEST_TOO_LARGE;
    int err = header_ask_parse(c, name, &v->header[v->n_header]);
    v->n_header += err == 0;
    return err;
}

static int read_properties(struct jmap_call *c, struct email_view *v, bool parse)
{
    const json_t *list = json_object_get(c->args, "properties");
    v->header = arena_array(c->arena, struct header_ask, EMAIL_HEADERS_MAX);
    if (list && !json_is_null(list) && !json_is_array(list))
        return jmap_invalid(c, "properties is neither null nor a list");
    if (!json_is_array(list)) {
        for (size_t i = 0; i < email_n_props; i++)
            if (email_props[i].by_default && (!parse || email_props[i].parse))
                v->bits |= 1ULL << i;
        return 0;
    }
    v->bits = parse ? 0 : 1; /* row 0 is id */
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json_is_string(json_array_get(list, i)))
            return jmap_invalid(c, "a property is not a string");
        int err = one_property(c, v, jmap_json_str(json_array_get(list, i)), parse);
        if (err)
            return err;
    }
    return 0;
}

int email_view_args(struct jmap_call *c, struct email_view *v, bool parse)
{
    v->c = c;
    int err = read_properties(c, v, parse);
    if (!err)
        err = body_ask_parse(c, &v->body);
    if (!err)
        err = jmap_arg_bool(c, "fetchTextBodyValues", false, &v->text_values);
    if (!err)
        err = jmap_arg_bool(c, "fetchHTMLBodyValues", false, &v->html_values);
    if (!err)
        err = jmap_arg_bool(c, "fetchAllBodyValues", false, &v->all_values);
    if (!err)
        err = jmap_arg_int(c, "maxBodyValueBytes", 0, 0, INT32_MAX, &v->max_bytes);
    for (size_t i = 0; i < email_n_props; i++)
        if (v->bits & (1ULL << i))
            v->needs |= email_props[i].needs;
    if (v->n_header)
        v->needs |= NEEDS_RAW;
    if ((v->needs & NEEDS_STRUCTURE) && v->body.n_header)
        v->needs |= NEEDS_RAW;
    return err;
}

int jmap_email_get(struct jmap_call *c)
{
    static const char *const args[] = {"ids",
                                       "properties",
                                       "bodyProperties",
                                       "fetchTextBodyValues",
                                       "fetchHTMLBodyValues",
                                       "fetchAllBodyValues",
                                       "maxBodyValueBytes",
                                       NULL};
    struct email_view *v = arena_new(c->arena, struct email_view);
    struct jmap_ids ids;
    struct read_state state;
    size_t n_missing = 0;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = jmap_arg_ids(c, "ids", &ids);
    if (!err)
        err = email_view_args(c, v, false);
    if (!err && ids.all)
        return JMAP_REQUEST_TOO_LARGE; /* all mail of an account: query first */
    if (!err)
        err = read_state(c->t, c->person->org, c->person->account, SYNC_EMAIL, &state);
    if (!err && (v->needs & NEEDS_KEYWORDS))
        err = keyword_load(c->t, c->arena, c->person->org, c->person->account, &v->keywords);
    if (err)
        return err;
    int64_t *missing = arena_array(c->arena, int64_t, ids.n + 1);
    v->cs = v->needs & ~(NEEDS_KEYWORDS | NEEDS_REPORT) ? jmap_charsets_take() : NULL;
    json_obj(c->w);
    jmap_put_account(c);
    jmap_put_state(c, "state", state);
    json_keyz(c->w, "list");
    json_arr(c->w);
    for (size_t i = 0; i < ids.n && err >= 0; i++) {
        struct arena_mark mark = arena_mark(c->arena);
        err = load(v, ids.id[i]);
        if (err == 1)
            email_put(v);
        if (err == 0)
            missing[n_missing++] = ids.id[i];
        arena_reset(c->arena, mark);
        if (c->w->b->err)
            break; /* the answer is over its limit: nothing more is read for it */
        if (err >= 0 && jmap_run_late(c)) {
            jmap_charsets_give(v->cs);
            return JMAP_REQUEST_TOO_LARGE;
        }
    }
    jmap_charsets_give(v->cs);
    if (err < 0)
        return err;
    json_arr_end(c->w);
    jmap_put_not_found(c, &ids, missing, n_missing);
    json_obj_end(c->w);
    return 0;
}

int jmap_email_changes(struct jmap_call *c) { return jmap_changes(c, SYNC_EMAIL); }
