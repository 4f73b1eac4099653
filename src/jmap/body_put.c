/* bodyStructure, bodyValues, textBody, htmlBody, attachments (RFC 8621 4.1.4). A held message has one part "text": its cleaned text. */
#include "jmap/email.h"

#define HELD_PART "text"

enum body_prop {
    BP_PART_ID,
    BP_BLOB_ID,
    BP_SIZE,
    BP_NAME,
    BP_TYPE,
    BP_CHARSET,
    BP_DISPOSITION,
    BP_CID,
    BP_LANGUAGE,
    BP_LOCATION,
    BP_SUB_PARTS,
    BP_HEADERS,
    BP_COUNT
};
static const char *const names[BP_COUNT] = {"partId",      "blobId", "size",     "name",     "type",     "charset",
                                            "disposition", "cid",    "language", "location", "subParts", "headers"};
#define BP(p) (1u << (p))
#define BP_DEFAULT (BP(BP_HEADERS) - 1 - BP(BP_SUB_PARTS))

int body_ask_parse(struct jmap_call *c, struct email_body_ask *out)
{
    const json_t *list = json_object_get(c->args, "bodyProperties");
    *out = (struct email_body_ask){.bits = BP_DEFAULT,
                                   .header = arena_array(c->arena, struct header_ask, EMAIL_HEADERS_MAX)};
    if (!list || json_is_null(list))
        return 0;
    if (!json_is_array(list))
        return jmap_invalid(c, "bodyProperties is neither null nor a list");
    out->bits = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str want = jmap_json_str(json_array_get(list, i));
        int k = 0;
        while (k < BP_COUNT && !str_eq(want, str_c(names[k])))
            k++;
        if (k < BP_COUNT) {
            out->bits |= BP(k);
            continue;
        }
        if (out->n_header == EMAIL_HEADERS_MAX)
            return JMAP_REQUEST_TOO_LARGE;
        int err = header_ask_parse(c, want, &out->header[out->n_header++]);
        if (err)
            return err;
    }
    return 0;
}

static void text_or_none(struct json_w *w, const char *key, struct str v)
{
    json_keyz(w, key);
    if (v.n)
        json_str(w, v);
    else
        json_none(w);
}

static struct str part_header(const struct email_view *v, const struct facts_part *p)
{
    if (!v->raw.p || p->header_off > v->raw.n || p->header_len > v->raw.n - p->header_off)
        return STR("");
    return str_n(v->raw.p + p->header_off, p->header_len);
}

static void put_language(struct email_view *v, struct json_w *w, const struct facts_part *p)
{
    struct mime_header h;
    struct mime_field f;
    mime_header_init(&h, part_header(v, p));
    if (!mime_header_find(&h, STR("Content-Language"), &f)) {
        json_none(w);
        return;
    }
    struct str list = mime_unfold(v->c->arena, f.value), one;
    json_arr(w);
    while (list.p && str_token(&list, ',', &one))
        if (str_trim(one).n)
            json_str(w, str_trim(one));
    json_arr_end(w);
}

static void put_location(struct email_view *v, struct json_w *w, const struct facts_part *p)
{
    struct mime_header h;
    struct mime_field f;
    mime_header_init(&h, part_header(v, p));
    text_or_none(w, names[BP_LOCATION],
                 mime_header_find(&h, STR("Content-Location"), &f) ? mime_unfold(v->c->arena, f.value) : STR(""));
}

static struct str blob_of(struct email_view *v, uint32_t i)
{
    if (v->parsed) /* parts of bytes that are no message of ours have no name of their own */
        return STR("");
    return blob_text(v->c->arena, BLOB_PART, v->row.id, i);
}

static void put_ids(struct email_view *v, struct json_w *w, uint32_t i, bool multi)
{
    if (v->body.bits & BP(BP_PART_ID)) {
        json_keyz(w, names[BP_PART_ID]);
        if (multi)
            json_none(w);
        else
            json_str(w, arena_printf(v->c->arena, "%u", i));
    }
    if (v->body.bits & BP(BP_BLOB_ID))
        text_or_none(w, names[BP_BLOB_ID], multi ? STR("") : blob_of(v, i));
}

/* sub: whether this is bodyStructure, whose parts go deeper. */
static void put_part(struct email_view *v, struct json_w *w, uint32_t i, bool sub)
{
    const struct facts_part *p = &v->structure.parts[i];
    uint32_t bits = v->body.bits;
    struct arena *a = v->c->arena;
    bool multi = part_is(p, "multipart", NULL);
    json_obj(w);
    put_ids(v, w, i, multi);
    if (bits & BP(BP_SIZE))
        json_kint(w, names[BP_SIZE], multi ? 0 : (int64_t)p->size);
    if (bits & BP(BP_NAME))
        text_or_none(w, names[BP_NAME], p->name);
    if (bits & BP(BP_TYPE))
        json_kstr(w, names[BP_TYPE], part_type(a, p));
    if (bits & BP(BP_CHARSET))
        text_or_none(w, names[BP_CHARSET], p->charset.n || !part_is(p, "text", NULL) ? p->charset : STR("us-ascii"));
    if (bits & BP(BP_DISPOSITION))
        text_or_none(w, names[BP_DISPOSITION], p->disposition);
    if (bits & BP(BP_CID))
        text_or_none(w, names[BP_CID], p->content_id);
    if (bits & BP(BP_LANGUAGE)) {
        json_keyz(w, names[BP_LANGUAGE]);
        put_language(v, w, p);
    }
    if (bits & BP(BP_LOCATION))
        put_location(v, w, p);
    if (bits & BP(BP_HEADERS)) {
        json_keyz(w, names[BP_HEADERS]);
        header_put_all(w, a, part_header(v, p));
    }
    for (size_t k = 0; k < v->body.n_header; k++) {
        json_key(w, v->body.header[k].prop);
        header_put(w, a, v->cs, part_header(v, p), &v->body.header[k]);
    }
    if (sub || (bits & BP(BP_SUB_PARTS))) {
        json_keyz(w, names[BP_SUB_PARTS]);
        if (multi) {
            uint32_t *list = arena_array(a, uint32_t, v->structure.n_parts);
            size_t n = part_children(&v->structure, i, list);
            json_arr(w);
            for (size_t k = 0; k < n; k++)
                put_part(v, w, list[k], sub);
            json_arr_end(w);
        } else {
            json_none(w);
        }
    }
    json_obj_end(w);
}

/* ---- held: the cleaned text as one part ---- */

static void put_clean_part(struct email_view *v, struct json_w *w)
{
    json_obj(w);
    json_kstr(w, names[BP_PART_ID], STR(HELD_PART));
    json_keyz(w, names[BP_BLOB_ID]);
    json_none(w);
    json_kint(w, names[BP_SIZE], (int64_t)v->insight.text.n);
    json_kstr(w, names[BP_TYPE], STR("text/plain"));
    json_kstr(w, names[BP_CHARSET], STR("utf-8"));
    json_obj_end(w);
}

static void put_value(struct email_view *v, struct json_w *w, struct str id, struct str text, bool problem, bool cut)
{
    struct str shown = v->max_bytes > 0 ? str_utf8_cut(text, (size_t)v->max_bytes) : text;
    json_key(w, id);
    json_obj(w);
    json_kstr(w, "value", shown);
    json_kbool(w, "isEncodingProblem", problem);
    json_kbool(w, "isTruncated", cut || shown.n < text.n);
    json_obj_end(w);
}

static bool in_list(const uint32_t *list, size_t n, uint32_t i)
{
    for (size_t k = 0; k < n; k++)
        if (list[k] == i)
            return true;
    return false;
}

void email_put_values(struct email_view *v, struct json_w *w)
{
    struct arena *a = v->c->arena;
    json_obj(w);
    if (v->row.held && (v->text_values || v->html_values || v->all_values))
        put_value(v, w, STR(HELD_PART), v->insight.text, (v->insight.flags & FACTS_BAD_CHARSET) != 0,
                  (v->insight.flags & FACTS_TEXT_CUT) != 0);
    for (uint32_t i = 0; !v->row.held && v->raw.p && i < v->structure.n_parts && !w->b->err; i++) {
        const struct facts_part *p = &v->structure.parts[i];
        struct part_text t;
        if (!part_is(p, "text", NULL))
            continue;
        if (!v->all_values && !(v->text_values && in_list(v->lists.text, v->lists.n_text, i)) &&
            !(v->html_values && in_list(v->lists.html, v->lists.n_html, i)))
            continue;
        struct arena_mark mark = arena_mark(a);
        if (part_text(a, v->cs, v->raw, p, &t) == 0)
            put_value(v, w, arena_printf(a, "%u", i), t.text, t.problem, t.cut);
        arena_reset(a, mark);
    }
    json_obj_end(w);
}

static void put_list(struct email_view *v, struct json_w *w, const uint32_t *list, size_t n)
{
    json_arr(w);
    for (size_t i = 0; i < n; i++)
        put_part(v, w, list[i], false);
    json_arr_end(w);
}

void email_put_text(struct email_view *v, struct json_w *w)
{
    if (!v->row.held) {
        put_list(v, w, v->lists.text, v->lists.n_text);
        return;
    }
    json_arr(w);
    put_clean_part(v, w);
    json_arr_end(w);
}

void email_put_html(struct email_view *v, struct json_w *w)
{
    if (v->row.held)
        email_put_text(v, w);
    else
        put_list(v, w, v->lists.html, v->lists.n_html);
}

/* Of a held message a person sees what hangs on it, and gets none of it. */
static void put_held_attachments(struct email_view *v, struct json_w *w)
{
    struct arena *a = v->c->arena;
    struct part_lists l;
    json_arr(w);
    part_lists(a, &v->structure, &l);
    for (size_t i = 0; i < l.n_attached; i++) {
        const struct facts_part *p = &v->structure.parts[l.attached[i]];
        json_obj(w);
        json_kstr(w, names[BP_PART_ID], arena_printf(a, "%u", l.attached[i]));
        json_keyz(w, names[BP_BLOB_ID]);
        json_none(w);
        json_kint(w, names[BP_SIZE], (int64_t)p->size);
        text_or_none(w, names[BP_NAME], p->name);
        json_kstr(w, names[BP_TYPE], part_type(a, p));
        text_or_none(w, names[BP_DISPOSITION], p->disposition);
        json_obj_end(w);
    }
    json_arr_end(w);
}

void email_put_attachments(struct email_view *v, struct json_w *w)
{
    if (v->row.held)
        put_held_attachments(v, w);
    else
        put_list(v, w, v->lists.attached, v->lists.n_attached);
}

void email_put_structure(struct email_view *v, struct json_w *w)
{
    if (v->row.held)
        put_clean_part(v, w);
    else if (v->structure.n_parts)
        put_part(v, w, 0, true);
    else
        json_none(w);
}
