/* Email/import, Email/copy, Email/parse (RFC 8621 4.7-4.9), Blob/copy (RFC 8620 6.3). */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/email_set.h"
#include "jmap/tree.h"
#include "jmap/types.h"

#define IMPORT_BYTES_MAX (100u << 20) /* of all messages of one call */
#define PARSE_MAX 50u

/* ---- import ---- */

static int read_import(struct jmap_set *s, struct jmap_obj *o, struct email_new *n, struct blob_ref *ref)
{
    static const char *const known[] = {"blobId", "mailboxIds", "keywords", "receivedAt"};
    json_t *words = json_object_get(o->value, "keywords"), *v;
    const json_t *at = json_object_get(o->value, "receivedAt");
    const char *key;
    json_object_foreach(o->value, key, v)
    {
        size_t i = 0;
        while (i < N_ELEMENTS(known) && strcmp(key, known[i]) != 0)
            i++;
        if (i == N_ELEMENTS(known))
            return jmap_obj_property(o, key, "This property cannot be set.");
    }
    int r = email_patch_boxes(s, o, n->patch, json_object_get(o->value, "mailboxIds"));
    if (r == 0 && words)
        r = email_patch_words(o, n->patch, words);
    if (r == 0 && at && !json_is_null(at) && (!jmap_utc(jmap_json_str(at), &n->received_ms) || n->received_ms <= 0))
        r = jmap_obj_property(o, "receivedAt", "A UTCDate is expected.");
    if (r == 0 && !blob_parse(jmap_json_str(json_object_get(o->value, "blobId")), ref))
        r = jmap_obj_property(o, "blobId", "There is no such blob.");
    return r;
}

/* A message has at least one header field before anything else. */
static bool is_message(struct str raw)
{
    struct mime_header h;
    struct mime_field f;
    mime_header_init(&h, raw);
    return mime_header_next(&h, &f) && f.name.n > 0;
}

static int import_prepare(struct jmap_set *s, struct jmap_obj *o)
{
    struct email_new *n = arena_new(s->c->arena, struct email_new);
    struct blob_ref ref;
    struct blob_got got;
    uint64_t *total = s->arg;
    o->data = n;
    n->patch = email_patch_new(s->c->arena);
    if (read_import(s, o, n, &ref) != 0)
        return 0;
    int r = blob_get(s->c->t, s->c->person, s->c->arena, &ref, &got);
    if (r < 0)
        return r;
    if (r == 0) {
        jmap_obj_property(o, "blobId", "There is no such blob.");
        return 0;
    }
    if ((*total += got.bytes.n) > IMPORT_BYTES_MAX) {
        jmap_obj_refuse(o, "overQuota", "Too much for one call: import the rest in the next one.");
        return 0;
    }
    if (!is_message(got.bytes)) {
        jmap_obj_refuse(o, "invalidEmail", "These bytes are not a message.");
        return 0;
    }
    n->raw = got.bytes;
    r = email_new_prepare(s, o, n);
    return r < 0 ? r : 0;
}

static int import_apply(struct txn *t, struct jmap_set *s, struct jmap_obj *o)
{
    return email_new_apply(t, s, o, o->data);
}
static void import_made(struct jmap_set *s, const struct jmap_obj *o, struct json_w *w)
{
    email_new_made(s, o, o->data, w);
}

int jmap_email_import(struct jmap_call *c)
{
    static const char *const args[] = {"ifInState", NULL};
    static const struct jmap_set_type type = {.sync = SYNC_EMAIL,
                                              .args = args,
                                              .prepare = import_prepare,
                                              .apply = import_apply,
                                              .made = import_made,
                                              .create_key = "emails",
                                              .only_create = true};
    return jmap_set(c, &type, arena_zalloc(c->arena, sizeof(uint64_t)));
}

/* ---- copies between accounts: a log-in reaches one account, so there is none to copy from ---- */

static int no_other_account(struct jmap_call *c, const char *const *args)
{
    const json_t *from = json_object_get(c->args, "fromAccountId");
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err && !json_is_string(from))
        err = jmap_invalid(c, "fromAccountId is missing");
    if (!err && jmap_is_account(c, jmap_json_str(from)))
        err = jmap_invalid(
            c, "accountId and fromAccountId are the same; use Email/set to put an Email into more mailboxes");
    return err ? err : JMAP_FROM_ACCOUNT_NOT_FOUND;
}

int jmap_email_copy(struct jmap_call *c)
{
    static const char *const args[] = {"fromAccountId",
                                       "ifFromInState",
                                       "ifInState",
                                       "create",
                                       "onSuccessDestroyOriginal",
                                       "destroyFromIfInState",
                                       NULL};
    return no_other_account(c, args);
}

int jmap_blob_copy(struct jmap_call *c)
{
    static const char *const args[] = {"fromAccountId", "blobIds", NULL};
    return no_other_account(c, args);
}

/* ---- parse ---- */

static struct str words_of(struct arena *a, const struct str *ids, size_t n)
{
    AUTO(buf) struct buf b;
    buf_init(&b, 65536);
    for (size_t i = 0; i < n; i++) {
        buf_addz(&b, i ? " " : "");
        buf_adds(&b, ids[i]);
    }
    return arena_str(a, buf_str(&b));
}

static void view_bytes(struct email_view *v, struct str id, struct str raw)
{
    struct arena *a = v->c->arena;
    v->parsed = true;
    v->blob_id = id;
    v->raw = raw;
    tree_read(a, v->cs, raw, &v->structure);
    part_lists(a, &v->structure, &v->lists);
    mime_identity_read(a, v->cs, raw, &v->who);
    v->row = (struct read_email){.size = (int64_t)raw.n,
                                 .message_id = v->who.message_id,
                                 .in_reply_to = words_of(a, v->who.in_reply_to, v->who.n_in_reply_to),
                                 .references = words_of(a, v->who.references, v->who.n_references),
                                 .subject = v->who.subject,
                                 .preview = STR(""),
                                 .sent_ms = v->who.has_date ? v->who.date_ms : 0,
                                 .has_attachment = v->lists.n_attached > 0};
}

static void put_words(struct json_w *w, const char *key, const struct str *list, size_t n)
{
    json_keyz(w, key);
    json_arr(w);
    for (size_t i = 0; i < n; i++)
        json_str(w, list[i]);
    json_arr_end(w);
}

int jmap_email_parse(struct jmap_call *c)
{
    static const char *const args[] = {"blobIds",
                                       "properties",
                                       "bodyProperties",
                                       "fetchTextBodyValues",
                                       "fetchHTMLBodyValues",
                                       "fetchAllBodyValues",
                                       "maxBodyValueBytes",
                                       NULL};
    struct email_view *v = arena_new(c->arena, struct email_view);
    const json_t *list = json_object_get(c->args, "blobIds");
    size_t n = json_array_size(list), n_bad = 0, n_gone = 0;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err && !json_is_array(list))
        err = jmap_invalid(c, "blobIds is a list");
    if (!err && n > PARSE_MAX)
        err = JMAP_REQUEST_TOO_LARGE;
    if (!err)
        err = email_view_args(c, v, true);
    if (err)
        return err;
    struct str *bad = arena_array(c->arena, struct str, n + 1), *gone = arena_array(c->arena, struct str, n + 1);
    v->cs = jmap_charsets_take();
    json_obj(c->w);
    jmap_put_account(c);
    json_keyz(c->w, "parsed");
    json_obj(c->w);
    for (size_t i = 0; i < n && err >= 0 && !c->w->b->err && !jmap_run_late(c); i++) {
        struct str id = jmap_json_str(json_array_get(list, i));
        struct blob_ref ref;
        struct blob_got got;
        struct arena_mark mark = arena_mark(c->arena);
        err = blob_parse(id, &ref) ? blob_get(c->t, c->person, c->arena, &ref, &got) : 0;
        if (err == 1 && !is_message(got.bytes)) {
            bad[n_bad++] = id;
        } else if (err == 1) {
            view_bytes(v, id, got.bytes);
            json_key(c->w, id);
            email_put(v);
        } else {
            gone[n_gone++] = id;
        }
        arena_reset(c->arena, mark);
    }
    jmap_charsets_give(v->cs);
    if (err < 0 || jmap_run_late(c))
        return err < 0 ? err : JMAP_REQUEST_TOO_LARGE;
    json_obj_end(c->w);
    put_words(c->w, "notParsable", bad, n_bad);
    put_words(c->w, "notFound", gone, n_gone);
    json_obj_end(c->w);
    return 0;
}
