/* Email/set create (RFC 8621 4.6): a draft from properties. Header first, in the client's order; then either bodyStructure or what textBody, htmlBody and
 * attachments amount to. Line breaks cannot get into a field: mime/build.h refuses them. */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/email_set.h"
#include "mime/build.h"

#define DRAFT_MAX (72u << 20) /* JMAP_UPLOAD_MAX of attachments as base64 */
#define DRAFT_DEPTH_MAX 8u
#define DRAFT_PARTS_MAX 200u
#define DRAFT_ADDRS_MAX 2000u
#define DRAFT_HEADERS_MAX 200u

struct make {
    struct jmap_set *s;
    struct jmap_obj *o;
    struct arena *arena;
    struct buf out;
    json_t *values;
    struct str seen[DRAFT_HEADERS_MAX]; /* fields written */
    size_t n_seen, n_parts;
    unsigned boundary;
    uint64_t random;
};
enum field_kind { FIELD_ADDRS, FIELD_IDS, FIELD_TEXT, FIELD_DATE };
static const struct {
    const char *prop, *field;
    enum field_kind kind;
} fields[] = {
    {"messageId", "Message-ID", FIELD_IDS},
    {"inReplyTo", "In-Reply-To", FIELD_IDS},
    {"references", "References", FIELD_IDS},
    {"sender", "Sender", FIELD_ADDRS},
    {"from", "From", FIELD_ADDRS},
    {"to", "To", FIELD_ADDRS},
    {"cc", "Cc", FIELD_ADDRS},
    {"bcc", "Bcc", FIELD_ADDRS},
    {"replyTo", "Reply-To", FIELD_ADDRS},
    {"subject", "Subject", FIELD_TEXT},
    {"sentAt", "Date", FIELD_DATE},
};

static int bad(struct make *m, const char *property, const char *why) { return jmap_obj_property(m->o, property, why); }

/* ---- header ---- */

static bool first_time(struct make *m, struct str field)
{
    for (size_t i = 0; i < m->n_seen; i++)
        if (str_ieq(m->seen[i], field))
            return false;
    if (m->n_seen == DRAFT_HEADERS_MAX)
        return false;
    m->seen[m->n_seen++] = field;
    return true;
}

static bool was_written(const struct make *m, const char *field)
{
    for (size_t i = 0; i < m->n_seen; i++)
        if (str_ieq(m->seen[i], str_c(field)))
            return true;
    return false;
}

static bool read_addr(struct make *m, const json_t *v, struct mime_addr *out)
{
    struct str email = jmap_json_str(json_object_get(v, "email")), name = jmap_json_str(json_object_get(v, "name"));
    ptrdiff_t at = str_rchr(email, '@');
    (void)m;
    if (!json_is_object(v) || email.n == 0 || at == 0)
        return false;
    *out = (struct mime_addr){.name = str_trim(name), .local = email};
    if (at < 0) {
        out->flags = MIME_ADDR_NO_DOMAIN;
        return true;
    }
    out->local = str_upto(email, (size_t)at);
    out->domain = out->udomain = str_from(email, (size_t)at + 1);
    return out->domain.n > 0;
}

static int put_addrs(struct make *m, struct mime_build *b, struct str field, const json_t *list)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > DRAFT_ADDRS_MAX)
        return 1;
    struct mime_addr *v = arena_array(m->arena, struct mime_addr, n + 1);
    for (size_t i = 0; i < n; i++)
        if (!read_addr(m, json_array_get(list, i), &v[i]))
            return 1;
    mime_build_addrs(b, field, v, n);
    return b->err != 0;
}

static int put_ids(struct make *m, struct mime_build *b, struct str field, const json_t *list)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > MIME_MSGIDS_MAX)
        return 1;
    struct str *ids = arena_array(m->arena, struct str, n + 1);
    for (size_t i = 0; i < n; i++)
        ids[i] = jmap_json_str(json_array_get(list, i));
    mime_build_msgids(b, field, ids, n);
    return b->err != 0;
}

/* RFC 8621 Date: UTCDate, or with an offset, which is kept in the header. */
static int put_date(struct mime_build *b, struct str field, struct str text)
{
    int64_t ms;
    int zone = 0;
    if (text.n == 25 && (text.p[19] == '+' || text.p[19] == '-') && text.p[22] == ':') {
        uint64_t h, min;
        char z[21];
        if (!str_u64(str_n(text.p + 20, 2), &h) || !str_u64(str_n(text.p + 23, 2), &min) || h > 14 || min > 59)
            return 1;
        zone = (int)(h * 60 + min) * (text.p[19] == '-' ? -1 : 1);
        memcpy(z, text.p, 19);
        z[19] = 'Z';
        if (!jmap_utc(str_n(z, 20), &ms))
            return 1;
        ms -= zone * 60000LL;
    } else if (!jmap_utc(text, &ms)) {
        return 1;
    }
    mime_build_date(b, field, ms, zone);
    return b->err != 0;
}

static int put_kind(struct make *m, struct mime_build *b, struct str field, enum field_kind kind, const json_t *v)
{
    switch (kind) {
    case FIELD_ADDRS: return put_addrs(m, b, field, v);
    case FIELD_IDS: return put_ids(m, b, field, v);
    case FIELD_DATE: return put_date(b, field, jmap_json_str(v));
    case FIELD_TEXT: break;
    }
    if (!json_is_string(v))
        return 1;
    mime_build_text(b, field, jmap_json_str(v));
    return b->err != 0;
}

/* header:Name[:asForm] */
static int put_asked(struct make *m, struct mime_build *b, const char *prop, const json_t *v)
{
    struct header_ask h;
    if (header_ask_parse(m->s->c, str_c(prop), &h) != 0 || h.all || str_istarts(h.field, STR("Content-")) ||
        str_ieq(h.field, STR("MIME-Version")))
        return bad(m, prop, "This header field cannot be set.");
    if (!first_time(m, h.field))
        return bad(m, prop, "The same header field is given twice.");
    int r = 1;
    switch (h.form) {
    case AS_RAW:
    case AS_TEXT: r = put_kind(m, b, h.field, FIELD_TEXT, v); break;
    case AS_ADDRESSES: r = put_kind(m, b, h.field, FIELD_ADDRS, v); break;
    case AS_MESSAGE_IDS:
    case AS_URLS: r = put_kind(m, b, h.field, FIELD_IDS, v); break;
    case AS_DATE: r = put_kind(m, b, h.field, FIELD_DATE, v); break;
    case AS_GROUPED:
    case AS_FORMS: break;
    }
    return r ? bad(m, prop, "The value does not fit this header field.") : 0;
}

static bool is_body_prop(const char *key)
{
    static const char *const names[] = {"mailboxIds", "keywords", "receivedAt", "bodyStructure",
                                        "bodyValues", "textBody", "htmlBody",   "attachments"};
    for (size_t i = 0; i < N_ELEMENTS(names); i++)
        if (strcmp(key, names[i]) == 0)
            return true;
    return false;
}

static int put_field(struct make *m, struct mime_build *b, const char *key, const json_t *v)
{
    if (strncmp(key, "header:", 7) == 0)
        return json_is_null(v) ? 0 : put_asked(m, b, key, v);
    for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
        if (strcmp(key, fields[i].prop) != 0)
            continue;
        if (json_is_null(v))
            return 0;
        if (!first_time(m, str_c(fields[i].field)))
            return bad(m, fields[i].prop, "The same header field is given twice.");
        return put_kind(m, b, str_c(fields[i].field), fields[i].kind, v)
                   ? bad(m, fields[i].prop, "The value does not fit this header field.")
                   : 0;
    }
    return bad(m, key, "This property cannot be set.");
}

static int put_header(struct make *m)
{
    struct mime_build b;
    const char *key;
    json_t *v;
    mime_build_init(&b, &m->out);
    json_object_foreach(m->o->value, key, v)
    {
        int r = is_body_prop(key) ? 0 : put_field(m, &b, key, v);
        if (r)
            return r;
    }
    if (!was_written(m, "Message-ID")) {
        struct str domain, local, id;
        str_cut(m->s->c->person->address, '@', &local, &domain);
        id = arena_printf(m->arena, "%016llx.%zu@%.*s", (unsigned long long)m->random, (size_t)(m->o - m->s->obj),
                          STRF(domain));
        mime_build_msgids(&b, STR("Message-ID"), &id, 1);
    }
    if (!was_written(m, "Date"))
        mime_build_date(&b, STR("Date"), m->s->c->t->now_ms, 0);
    buf_addz(&m->out, "MIME-Version: 1.0\r\n");
    return b.err ? bad(m, NULL, "A header field cannot be written.") : 0;
}

/* ---- body ---- */

struct content {
    struct str type, name, disposition, cid, text, bytes;
    bool is_text;
};

static bool type_valid(struct str t)
{
    size_t slash = 0;
    for (size_t i = 0; i < t.n; i++) {
        char c = t.p[i];
        slash += c == '/';
        if (!ascii_is_alpha(c) && !ascii_is_digit(c) && !strchr("/.+-_", c))
            return false;
    }
    return t.n >= 3 && t.n <= 127 && slash == 1 && t.p[0] != '/' && t.p[t.n - 1] != '/';
}

/* A parameter's value: quoted, or in UTF-8 after RFC 2231. */
static void param_put(struct buf *b, const char *name, struct str v)
{
    static const char hex[] = "0123456789ABCDEF";
    bool plain = v.n < 60;
    for (size_t i = 0; i < v.n; i++)
        plain = plain && (unsigned char)v.p[i] >= ' ' && (unsigned char)v.p[i] < 127;
    buf_printf(b, plain ? "; %s=\"" : "; %s*=utf-8''", name);
    for (size_t i = 0; i < v.n; i++) {
        unsigned char c = (unsigned char)v.p[i];
        if (plain) {
            if (c == '"' || c == '\\')
                buf_addc(b, '\\');
            buf_addc(b, (char)c);
        } else if (ascii_is_alpha((char)c) || ascii_is_digit((char)c) || c == '.' || c == '-' || c == '_') {
            buf_addc(b, (char)c);
        } else {
            buf_addc(b, '%');
            buf_addc(b, hex[c >> 4]);
            buf_addc(b, hex[c & 15]);
        }
    }
    if (plain)
        buf_addc(b, '"');
}

static int read_blob(struct make *m, struct str id, struct content *c)
{
    struct blob_ref ref;
    struct blob_got got;
    struct jmap_call *call = m->s->c;
    int r = blob_parse(id, &ref) ? blob_get(call->t, call->person, m->arena, &ref, &got) : 0;
    if (r < 0)
        return r;
    if (r == 0) {
        m->o->existing = id;
        return jmap_obj_refuse(m->o, "blobNotFound", NULL);
    }
    c->bytes = got.bytes;
    if (!c->type.n)
        c->type = type_valid(got.type) ? got.type : STR("application/octet-stream");
    if (!c->name.n)
        c->name = got.name;
    return 0;
}

static int read_content(struct make *m, const json_t *part, struct content *c)
{
    static const char *const known[] = {"partId", "blobId",  "type",     "name",     "disposition", "cid",
                                        "size",   "charset", "subParts", "language", "location"};
    struct str id = jmap_json_str(json_object_get(part, "partId")),
               blob = jmap_json_str(json_object_get(part, "blobId"));
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)part, key, v)
    {
        size_t i = 0;
        while (i < N_ELEMENTS(known) && strcmp(key, known[i]) != 0)
            i++;
        if (i == N_ELEMENTS(known))
            return bad(m, "bodyStructure", "A body part has a property that cannot be set.");
    }
    *c = (struct content){.type = jmap_json_str(json_object_get(part, "type")),
                          .name = jmap_json_str(json_object_get(part, "name")),
                          .disposition = jmap_json_str(json_object_get(part, "disposition")),
                          .cid = jmap_json_str(json_object_get(part, "cid"))};
    if (c->type.n && !type_valid(c->type))
        return bad(m, "type", "A type is \"text/plain\" or the like.");
    if (c->disposition.n && !str_eq(c->disposition, STR("inline")) && !str_eq(c->disposition, STR("attachment")))
        return bad(m, "disposition", "A disposition is inline or attachment.");
    if ((id.n == 0) == (blob.n == 0))
        return bad(m, "bodyStructure", "A part has either a partId or a blobId.");
    if (blob.n)
        return read_blob(m, blob, c);
    const json_t *value = json_object_get(m->values, arena_z(m->arena, id)), *text = json_object_get(value, "value");
    if (!json_is_string(text) || json_is_true(json_object_get(value, "isTruncated")) ||
        json_is_true(json_object_get(value, "isEncodingProblem")))
        return bad(m, "bodyValues", "A partId names no whole body value.");
    c->text = jmap_json_str(text);
    c->is_text = true;
    if (!c->type.n)
        c->type = STR("text/plain");
    return str_istarts(c->type, STR("text/")) ? 0 : bad(m, "type", "A body value is text.");
}

static int put_leaf(struct make *m, const json_t *part)
{
    struct content c;
    AUTO(buf) struct buf v = {0};
    struct mime_build b;
    int r = read_content(m, part, &c);
    if (r)
        return r;
    buf_init(&v, 16384);
    mime_build_init(&b, &m->out);
    buf_adds(&v, c.type);
    if (c.is_text)
        buf_addz(&v, "; charset=utf-8");
    if (c.name.n)
        param_put(&v, "name", c.name);
    mime_build_raw(&b, STR("Content-Type"), buf_str(&v));
    if (c.disposition.n || c.name.n) {
        buf_clear(&v);
        buf_adds(&v, c.disposition.n ? c.disposition : STR("attachment"));
        if (c.name.n)
            param_put(&v, "filename", c.name);
        mime_build_raw(&b, STR("Content-Disposition"), buf_str(&v));
    }
    if (c.cid.n)
        mime_build_msgids(&b, STR("Content-ID"), &c.cid, 1);
    bool message = str_ieq(c.type, STR("message/rfc822")); /* RFC 2046 5.2.1: no encoding but 7bit, 8bit, binary */
    mime_build_raw(&b, STR("Content-Transfer-Encoding"),
                   c.is_text ? STR("quoted-printable")
                   : message ? STR("8bit")
                             : STR("base64"));
    if (b.err || v.err)
        return bad(m, "bodyStructure", "A part's name or type cannot be written.");
    buf_addz(&m->out, "\r\n");
    if (c.is_text)
        mime_qp_put(&m->out, c.text);
    else if (message)
        buf_adds(&m->out, c.bytes);
    else
        mime_base64_lines_put(&m->out, c.bytes);
    return 0;
}

static struct str new_boundary(struct make *m)
{
    return arena_printf(m->arena, "=_%016llx.%zu.%u", (unsigned long long)m->random, (size_t)(m->o - m->s->obj),
                        m->boundary++);
}

static int put_part(struct make *m, const json_t *part, unsigned depth);

static int put_multi(struct make *m, struct str type, json_t *const *parts, size_t n, unsigned depth)
{
    struct str mark = new_boundary(m);
    buf_printf(&m->out, "Content-Type: %.*s;\r\n boundary=\"%.*s\"\r\n\r\n", STRF(type), STRF(mark));
    for (size_t i = 0; i < n; i++) {
        buf_printf(&m->out, "--%.*s\r\n", STRF(mark));
        int r = put_part(m, parts[i], depth + 1);
        if (r)
            return r;
        buf_addz(&m->out, "\r\n");
    }
    buf_printf(&m->out, "--%.*s--\r\n", STRF(mark));
    return 0;
}

static int put_part(struct make *m, const json_t *part, unsigned depth)
{
    const json_t *subs = json_object_get(part, "subParts");
    struct str type = jmap_json_str(json_object_get(part, "type"));
    size_t n = json_array_size(subs);
    if (!json_is_object(part) || depth > DRAFT_DEPTH_MAX || ++m->n_parts > DRAFT_PARTS_MAX)
        return bad(m, "bodyStructure", "The body has too many parts or levels.");
    if (!json_is_array(subs) && !str_istarts(type, STR("multipart/")))
        return put_leaf(m, part);
    if (!str_istarts(type, STR("multipart/")) || !type_valid(type) || n == 0 || n > DRAFT_PARTS_MAX)
        return bad(m, "bodyStructure", "A part with subParts is a multipart with at least one.");
    json_t **list = arena_array(m->arena, json_t *, n);
    for (size_t i = 0; i < n; i++)
        list[i] = json_array_get(subs, i);
    return put_multi(m, type, list, n, depth);
}

/* The part of textBody or htmlBody, which must be the only one. */
static int single(struct make *m, const char *prop, const char *type, json_t **out)
{
    json_t *list = json_object_get(m->o->value, prop);
    *out = NULL;
    if (!list || json_is_null(list))
        return 0;
    if (json_array_size(list) == 0 && json_is_array(list))
        return 0;
    *out = json_array_get(list, 0);
    struct str given = jmap_json_str(json_object_get(*out, "type"));
    if (json_array_size(list) != 1 || !json_is_object(*out) || (given.n && !str_eq(given, str_c(type))))
        return bad(m, prop, "There is one part, of text/plain in textBody and text/html in htmlBody.");
    if (!given.n)
        json_object_set_new(*out, "type", json_string(type));
    return 0;
}

static int put_text(struct make *m, json_t *text, json_t *html)
{
    json_t *both[2] = {text, html};
    if (text && html)
        return put_multi(m, STR("multipart/alternative"), both, 2, 0);
    if (text || html)
        return put_part(m, text ? text : html, 0);
    buf_addz(&m->out, "Content-Type: text/plain; charset=utf-8\r\n\r\n");
    return 0;
}

static int put_body(struct make *m)
{
    json_t *whole = json_object_get(m->o->value, "bodyStructure"), *text, *html, *files;
    m->values = json_object_get(m->o->value, "bodyValues");
    files = json_object_get(m->o->value, "attachments");
    if (whole && !json_is_null(whole)) {
        if (json_object_get(m->o->value, "textBody") || json_object_get(m->o->value, "htmlBody") || files)
            return bad(m, "bodyStructure", "bodyStructure stands alone, without textBody, htmlBody and attachments.");
        return put_part(m, whole, 0);
    }
    int r = single(m, "textBody", "text/plain", &text);
    if (r == 0)
        r = single(m, "htmlBody", "text/html", &html);
    if (r == 0 && files && !json_is_null(files) && !json_is_array(files))
        r = bad(m, "attachments", "attachments is a list of parts.");
    if (r || json_array_size(files) == 0)
        return r ? r : put_text(m, text, html);
    struct str mark = new_boundary(m);
    buf_printf(&m->out, "Content-Type: multipart/mixed;\r\n boundary=\"%.*s\"\r\n\r\n--%.*s\r\n", STRF(mark),
               STRF(mark));
    r = put_text(m, text, html);
    for (size_t i = 0; i < json_array_size(files) && r == 0; i++) {
        buf_printf(&m->out, "\r\n--%.*s\r\n", STRF(mark));
        r = put_part(m, json_array_get(files, i), 1);
    }
    buf_printf(&m->out, "\r\n--%.*s--\r\n", STRF(mark));
    return r;
}

/* ---- the draft ---- */

static int read_received(struct jmap_obj *o, int64_t *ms)
{
    const json_t *v = json_object_get(o->value, "receivedAt");
    *ms = 0;
    if (!v || json_is_null(v))
        return 0;
    return jmap_utc(jmap_json_str(v), ms) && *ms > 0 ? 0 : jmap_obj_property(o, "receivedAt", "A UTCDate is expected.");
}

static int make(struct make *m, struct email_new *n)
{
    int r = put_header(m);
    if (r == 0)
        r = put_body(m);
    if (r)
        return r;
    uint64_t *total = m->s->arg;
    if (m->out.err || (*total += m->out.n) > DRAFT_MAX)
        return jmap_obj_refuse(m->o, "tooLarge", "The message is larger than maxSizeAttachmentsPerEmail allows.");
    n->raw = arena_str(m->arena, buf_str(&m->out));
    return email_new_prepare(m->s, m->o, n);
}

int email_create_prepare(struct jmap_set *s, struct jmap_obj *o)
{
    struct email_new *n = arena_new(s->c->arena, struct email_new);
    struct make *m = arena_new(s->c->arena, struct make);
    json_t *words = json_object_get(o->value, "keywords");
    o->data = n;
    n->patch = email_patch_new(s->c->arena);
    *m = (struct make){.s = s, .o = o, .arena = s->c->arena};
    env_random(s->c->t->env, &m->random, sizeof m->random);
    if (email_patch_boxes(s, o, n->patch, json_object_get(o->value, "mailboxIds")) != 0 ||
        (words && email_patch_words(o, n->patch, words) != 0) || read_received(o, &n->received_ms) != 0)
        return 0;
    buf_init(&m->out, DRAFT_MAX);
    int r = make(m, n);
    buf_free(&m->out);
    return r < 0 ? r : 0;
}

int email_create_apply(struct txn *t, struct jmap_set *s, struct jmap_obj *o)
{
    return email_new_apply(t, s, o, o->data);
}

void email_create_made(struct jmap_set *s, const struct jmap_obj *o, struct json_w *w)
{
    email_new_made(s, o, o->data, w);
}
