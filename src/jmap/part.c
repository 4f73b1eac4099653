#include "jmap/part.h"
#include "core/err.h"
#include "mime/word.h"
#include "store/ctx_pool.h"

static struct ctx_pool charsets = CTX_POOL_INIT;

struct mime_charsets *jmap_charsets_take(void)
{
    struct mime_charsets *cs = ctx_take(&charsets);
    return cs ? cs : mime_charsets_open();
}

void jmap_charsets_give(struct mime_charsets *cs)
{
    if (cs && !ctx_give(&charsets, cs))
        mime_charsets_close(cs);
}

/* ---- bytes ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* RFC 2045 6.7, tolerant: what is no escape stays as it is; white space before a line end was added on the way. */
static struct str qp_decode(char *out, struct str in)
{
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        if (c == '=' && i + 2 < in.n && hex_digit(in.p[i + 1]) >= 0 && hex_digit(in.p[i + 2]) >= 0) {
            out[n++] = (char)(hex_digit(in.p[i + 1]) << 4 | hex_digit(in.p[i + 2]));
            i += 2;
            continue;
        }
        if (c == '=' || c == ' ' || c == '\t') {
            size_t k = c == '=' ? i + 1 : i;
            while (k < in.n && (in.p[k] == ' ' || in.p[k] == '\t'))
                k++;
            bool cr = k < in.n && in.p[k] == '\r';
            bool end = k == in.n || in.p[k] == '\n' || (cr && k + 1 < in.n && in.p[k + 1] == '\n');
            if (end && c == '=') { /* soft line end */
                i = k + (cr ? 1 : 0);
                continue;
            }
            if (c != '=') { /* a run of white space: dropped at a line end, else kept whole */
                if (!end) {
                    memcpy(out + n, in.p + i, k - i);
                    n += k - i;
                }
                i = k - 1;
                continue;
            }
        }
        out[n++] = c;
    }
    return str_n(out, n);
}

int part_bytes(struct arena *a, struct str raw, const struct facts_part *p, struct str *out)
{
    *out = STR("");
    if (p->body_off > raw.n || p->body_len > raw.n - p->body_off)
        return ERR_CORRUPT;
    struct str body = str_n(raw.p + p->body_off, p->body_len);
    bool base64 = str_ieq(p->encoding, STR("base64")), qp = str_ieq(p->encoding, STR("quoted-printable"));
    *out = body;
    if (!base64 && !qp)
        return 0;
    char *mem = arena_try(a, body.n + 1);
    if (!mem)
        return ERR_NOMEM;
    if (qp) {
        *out = qp_decode(mem, body);
        return 0;
    }
    struct buf b = {.p = mem, .cap = body.n + 1, .max = body.n + 1};
    mime_base64_decode(body, &b);
    *out = str_n(mem, b.n);
    return 0;
}

int part_text(struct arena *a, struct mime_charsets *cs, struct str raw, const struct facts_part *p,
              struct part_text *out)
{
    struct str bytes;
    unsigned flags = 0;
    int err = part_bytes(a, raw, p, &bytes);
    if (err)
        return err;
    struct str text = mime_charset_text(a, cs, p->charset, bytes, PART_VALUE_MAX, &flags);
    char *to = arena_try(a, text.n + 1);
    if (!to)
        return ERR_NOMEM;
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) /* CRLF is one line end (RFC 8621 4.1.4) */
        if (text.p[i] != '\r' || i + 1 >= text.n || text.p[i + 1] != '\n')
            to[n++] = text.p[i];
    *out = (struct part_text){.text = str_n(to, n),
                              .problem = (flags & (MIME_CS_UNKNOWN | MIME_CS_REPLACED | MIME_CS_GUESSED)) != 0,
                              .cut = (flags & MIME_CS_CUT) != 0};
    return 0;
}

/* ---- which parts are shown ---- */

struct str part_type(struct arena *a, const struct facts_part *p)
{
    return arena_printf(a, "%.*s/%.*s", STRF(p->type), STRF(p->subtype));
}

bool part_is(const struct facts_part *p, const char *type, const char *subtype)
{
    return str_eq(p->type, str_c(type)) && (!subtype || str_eq(p->subtype, str_c(subtype)));
}

size_t part_children(const struct facts_structure *s, uint32_t of, uint32_t *out)
{
    size_t n = 0;
    if (!part_is(&s->parts[of], "multipart", NULL))
        return 0;
    for (uint32_t i = of + 1; i < s->n_parts && s->parts[i].depth > s->parts[of].depth; i++)
        if (s->parts[i].parent == of)
            out[n++] = i;
    return n;
}

static bool inline_media(const struct facts_part *p)
{
    return part_is(p, "image", NULL) || part_is(p, "audio", NULL) || part_is(p, "video", NULL);
}

struct walk {
    struct arena *arena;
    const struct facts_structure *s;
    struct part_lists *to;
};

static void place(struct walk *w, uint32_t i, bool first, struct str multi, bool in_alternative, bool *text,
                  bool *html);

static void walk_parts(struct walk *w, const uint32_t *parts, size_t n, struct str multi, bool in_alternative,
                       bool text, bool html)
{
    struct part_lists *to = w->to;
    size_t text_n = to->n_text, html_n = to->n_html;
    bool text_at = text, html_at = html;
    for (size_t i = 0; i < n; i++)
        place(w, parts[i], i == 0, multi, in_alternative, &text, &html);
    if (!str_eq(multi, STR("alternative")) || !text_at || !html_at)
        return;
    size_t texts = to->n_text - text_n, htmls = to->n_html - html_n;
    if (texts == 0 && htmls > 0) /* HTML alone stands for the text too, and the other way round */
        while (htmls--)
            to->text[to->n_text++] = to->html[html_n++];
    else if (htmls == 0 && texts > 0)
        while (texts--)
            to->html[to->n_html++] = to->text[text_n++];
}

static void place(struct walk *w, uint32_t i, bool first, struct str multi, bool in_alternative, bool *text, bool *html)
{
    const struct facts_part *p = &w->s->parts[i];
    struct part_lists *to = w->to;
    bool plain = part_is(p, "text", "plain"), page = part_is(p, "text", "html"), media = inline_media(p);
    if (part_is(p, "multipart", NULL)) {
        struct arena_mark mark = arena_mark(w->arena);
        uint32_t *sub = arena_array(w->arena, uint32_t, w->s->n_parts);
        size_t n = part_children(w->s, i, sub);
        walk_parts(w, sub, n, p->subtype, in_alternative || str_eq(p->subtype, STR("alternative")), *text, *html);
        arena_reset(w->arena, mark);
        return;
    }
    bool shown = !str_eq(p->disposition, STR("attachment")) && (plain || page || media) &&
                 (first || (!str_eq(multi, STR("related")) && (media || p->name.n == 0)));
    if (!shown) {
        to->attached[to->n_attached++] = i;
        return;
    }
    if (str_eq(multi, STR("alternative"))) {
        if (plain && *text)
            to->text[to->n_text++] = i;
        else if (page && *html)
            to->html[to->n_html++] = i;
        else
            to->attached[to->n_attached++] = i;
        return;
    }
    if (in_alternative && plain)
        *html = false;
    if (in_alternative && page)
        *text = false;
    if (*text)
        to->text[to->n_text++] = i;
    if (*html)
        to->html[to->n_html++] = i;
    if ((!*text || !*html) && media)
        to->attached[to->n_attached++] = i;
}

void part_lists(struct arena *a, const struct facts_structure *s, struct part_lists *out)
{
    uint32_t root = 0;
    *out = (struct part_lists){0};
    out->text = arena_array(a, uint32_t, 2 * s->n_parts + 1);
    out->html = arena_array(a, uint32_t, 2 * s->n_parts + 1);
    out->attached = arena_array(a, uint32_t, s->n_parts + 1);
    struct walk w = {a, s, out};
    if (s->n_parts)
        walk_parts(&w, &root, 1, STR("mixed"), false, true, true);
}
