/* Identity/get, /changes (RFC 8621 6): who an account may write as. One for now, made from the account; nothing can be changed or submitted here yet. */
#include "core/hash.h"
#include "jmap/types.h"

enum { ID_ID, ID_NAME, ID_EMAIL, ID_REPLY_TO, ID_BCC, ID_TEXT, ID_HTML, ID_MAY_DELETE, ID_COUNT };
static const char *const names[ID_COUNT] = {"id",  "name",          "email",         "replyTo",
                                            "bcc", "textSignature", "htmlSignature", "mayDelete"};

static void put(struct jmap_call *c, uint64_t bits)
{
    struct json_w *w = c->w;
    json_obj(w);
    for (int p = 0; p < ID_COUNT; p++) {
        if (!(bits & (1ULL << p)))
            continue;
        json_keyz(w, names[p]);
        switch (p) {
        case ID_ID: jmap_put_id(w, c->person->account); break;
        case ID_NAME: json_str(w, c->person->name); break;
        case ID_EMAIL: json_str(w, c->person->address); break;
        case ID_TEXT:
        case ID_HTML: json_strz(w, ""); break;
        case ID_MAY_DELETE: json_bool(w, false); break;
        default: json_none(w);
        }
    }
    json_obj_end(w);
}

int jmap_identity_get(struct jmap_call *c)
{
    static const char *const args[] = {"ids", "properties", NULL};
    struct jmap_ids ids;
    uint64_t bits;
    size_t n_missing = 0;
    bool mine = false;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = jmap_arg_ids(c, "ids", &ids);
    if (!err)
        err = jmap_arg_properties(c, names, ID_COUNT, &bits);
    if (err)
        return err;
    int64_t *missing = arena_array(c->arena, int64_t, ids.n + 1);
    for (size_t i = 0; i < ids.n; i++) {
        if (ids.id[i] == c->person->account)
            mine = true;
        else
            missing[n_missing++] = ids.id[i];
    }
    json_obj(c->w);
    jmap_put_account(c);
    json_kstr(c->w, "state", STR("1"));
    json_keyz(c->w, "list");
    json_arr(c->w);
    if (ids.all || mine)
        put(c, bits);
    json_arr_end(c->w);
    jmap_put_not_found(c, &ids, missing, n_missing);
    json_obj_end(c->w);
    return 0;
}

int jmap_identity_changes(struct jmap_call *c)
{
    static const char *const args[] = {"sinceState", "maxChanges", NULL}, *const lists[] = {"created", "updated",
                                                                                            "destroyed"};
    const json_t *since = json_object_get(c->args, "sinceState");
    int64_t max;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err && !json_is_string(since))
        err = jmap_invalid(c, "sinceState is missing");
    if (!err)
        err = jmap_arg_int(c, "maxChanges", 1, 1, INT32_MAX, &max);
    if (!err && !str_eq(jmap_json_str(since), STR("1")))
        err = JMAP_CANNOT_CALCULATE_CHANGES;
    if (err)
        return err;
    json_obj(c->w);
    jmap_put_account(c);
    json_kstr(c->w, "oldState", STR("1"));
    json_kstr(c->w, "newState", STR("1"));
    json_kbool(c->w, "hasMoreChanges", false);
    for (size_t i = 0; i < N_ELEMENTS(lists); i++) {
        json_keyz(c->w, lists[i]);
        json_arr(c->w);
        json_arr_end(c->w);
    }
    json_obj_end(c->w);
    return 0;
}
