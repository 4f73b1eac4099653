#include "facts/print.h"

#define NAMES(list) (list), N_ELEMENTS(list)
static const char *const flag_names[] = {"text-cut",   "too-many",         "bad-charset", "hidden-text",
                                         "zero-width", "ambiguous-sender", "unreadable",  "encrypted",
                                         "signed",     "partial",          "tnef",        "cut-words"};
static const char *const html_names[] = {"seen",    "form", "password",   "script",  "smuggling",
                                         "refresh", "base", "image-only", "overlay", "salad"};
static const char *const att_names[] = {
    "encrypted",   "macro",    "program",    "double-extension", "direction",  "type-differs",
    "nested",      "bomb",     "smuggling",  "password-form",    "pdf-active", "pdf-picture",
    "pdf-changed", "polyglot", "unreadable", "invoice",          "in-archive", "remote",
    "inline",      "shortcut", "disk-image", "calendar",         "message",    "opened"};
static const char *const where_names[] = {"",    "text",   "html", "attachment", "subject",
                                          "pdf", "office", "xml",  "qr",         "metadata"};
static const char *const coordinate_names[] = {"", "iban", "bic", "account", "wallet", "phone"};
static const char *const link_names[] = {"",    "href",   "text", "form", "image",
                                         "pdf", "office", "qr",   "html", "calendar"};
static const char *const mention_names[] = {"", "from", "to"};
_Static_assert((1u << N_ELEMENTS(flag_names)) - 1 == FACTS_FLAGS_ALL, "a name for each flag");
_Static_assert((1u << N_ELEMENTS(html_names)) - 1 == HTML_FLAGS_ALL, "a name for each flag");
_Static_assert((1u << N_ELEMENTS(att_names)) - 1 == ATT_FLAGS_ALL, "a name for each flag");
_Static_assert(N_ELEMENTS(where_names) == WHERE_LAST + 1 && N_ELEMENTS(coordinate_names) == COORD_LAST + 1 &&
                   N_ELEMENTS(link_names) == LINK_LAST + 1 && N_ELEMENTS(mention_names) == MENTION_LAST + 1,
               "a name for each kind");

static void flags(struct json_w *w, const char *key, uint32_t bits, const char *const *names, size_t n)
{
    json_keyz(w, key);
    json_arr(w);
    for (size_t i = 0; i < n; i++)
        if (bits >> i & 1)
            json_strz(w, names[i]);
    json_arr_end(w);
}

/* Only what says something, so that a person finds it. */
static void text(struct json_w *w, const char *key, struct str v)
{
    if (v.n)
        json_kstr(w, key, v);
}

static void number(struct json_w *w, const char *key, int64_t v)
{
    if (v)
        json_kint(w, key, v);
}

static void when(struct json_w *w, const char *key, int64_t ms)
{
    if (ms) {
        json_keyz(w, key);
        json_time(w, ms);
    }
}

static void part(struct json_w *w, const struct facts_part *p)
{
    json_obj(w);
    json_kint(w, "parent", p->parent);
    json_kint(w, "depth", p->depth);
    json_kstr(w, "type", p->type);
    json_kstr(w, "subtype", p->subtype);
    text(w, "charset", p->charset);
    text(w, "name", p->name);
    text(w, "disposition", p->disposition);
    text(w, "encoding", p->encoding);
    text(w, "contentId", p->content_id);
    json_kint(w, "headerOffset", (int64_t)p->header_off);
    json_kint(w, "headerLength", (int64_t)p->header_len);
    json_kint(w, "bodyOffset", (int64_t)p->body_off);
    json_kint(w, "bodyLength", (int64_t)p->body_len);
    json_kint(w, "lines", (int64_t)p->lines);
    json_kint(w, "size", (int64_t)p->size);
    json_obj_end(w);
}

static void link(struct json_w *w, const struct facts_link *l)
{
    json_obj(w);
    json_kstr(w, "kind", str_c(link_names[l->kind]));
    json_kstr(w, "url", l->url);
    text(w, "text", l->text);
    json_kint(w, "part", l->part);
    if (l->quoted)
        json_kbool(w, "quoted", true);
    json_obj_end(w);
}

static void payment(struct json_w *w, const struct facts_payment *p)
{
    json_obj(w);
    json_kstr(w, "kind", str_c(coordinate_names[p->kind]));
    json_kstr(w, "where", str_c(where_names[p->where]));
    json_kstr(w, "value", p->value);
    text(w, "holder", p->holder);
    json_kint(w, "part", p->part);
    if (p->quoted)
        json_kbool(w, "quoted", true);
    json_obj_end(w);
}

static void attachment(struct json_w *w, const struct facts_attachment *a)
{
    json_obj(w);
    json_kint(w, "part", a->part);
    text(w, "name", a->name);
    text(w, "kind", a->kind);
    flags(w, "flags", a->flags, NAMES(att_names));
    text(w, "detail", a->detail);
    text(w, "tool", a->tool);
    text(w, "author", a->author);
    text(w, "number", a->number);
    text(w, "holder", a->holder);
    when(w, "made", a->made_ms);
    when(w, "changed", a->changed_ms);
    number(w, "pages", a->pages);
    number(w, "textChars", a->text_chars);
    json_obj_end(w);
}

static void insight(struct json_w *w, const struct facts_insight *in)
{
    json_obj(w);
    flags(w, "flags", in->flags, NAMES(flag_names));
    flags(w, "html", in->html, NAMES(html_names));
    number(w, "hidden", in->hidden);
    number(w, "images", in->images);
    text(w, "language", in->language);
    json_kbool(w, "hasAttachment", in->has_attachment);
    text(w, "preview", in->preview);
    json_kstr(w, "text", in->text);
    text(w, "attached", in->attached);
    json_keyz(w, "links");
    json_arr(w);
    for (size_t i = 0; i < in->n_links; i++)
        link(w, &in->links[i]);
    json_arr_end(w);
    json_keyz(w, "payments");
    json_arr(w);
    for (size_t i = 0; i < in->n_payments; i++)
        payment(w, &in->payments[i]);
    json_arr_end(w);
    json_keyz(w, "attachments");
    json_arr(w);
    for (size_t i = 0; i < in->n_attachments; i++)
        attachment(w, &in->attachments[i]);
    json_arr_end(w);
    json_keyz(w, "mentions");
    json_arr(w);
    for (size_t i = 0; i < in->n_mentions; i++) {
        json_obj(w);
        json_kstr(w, "kind", str_c(mention_names[in->mentions[i].kind]));
        text(w, "name", in->mentions[i].name);
        json_kstr(w, "addr", in->mentions[i].addr);
        json_obj_end(w);
    }
    json_arr_end(w);
    json_obj_end(w);
}

void facts_print(struct json_w *w, const struct facts_structure *s, const struct facts_insight *in)
{
    json_obj(w);
    json_keyz(w, "structure");
    json_arr(w);
    for (size_t i = 0; i < s->n_parts; i++)
        part(w, &s->parts[i]);
    json_arr_end(w);
    json_keyz(w, "insight");
    insight(w, in);
    json_obj_end(w);
}
