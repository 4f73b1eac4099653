/* What a person sees of an HTML part. libxml2's HTML parser feeds a SAX handler: no tree is built, so nesting costs
 * nothing but its depth counter. Elements hidden by attribute or inline style are left out and noted. */
#include "extract/job.h"
#include <libxml/HTMLparser.h>

#define HTML_DEPTH_MAX 4096

enum tag_kind { TAG_BLOCK = 1, TAG_SKIP = 2, TAG_QUOTE = 4, TAG_CELL = 8, TAG_BREAK = 16 };
struct tag {
    char name[12];
    unsigned kind;
};
static const struct tag tags[] = {
    {"address", TAG_BLOCK}, {"article", TAG_BLOCK}, {"blockquote", TAG_BLOCK | TAG_QUOTE},
    {"br", TAG_BREAK},      {"center", TAG_BLOCK},  {"dd", TAG_BLOCK},
    {"div", TAG_BLOCK},     {"dt", TAG_BLOCK},      {"footer", TAG_BLOCK},
    {"form", TAG_BLOCK},    {"h1", TAG_BLOCK},      {"h2", TAG_BLOCK},
    {"h3", TAG_BLOCK},      {"h4", TAG_BLOCK},      {"h5", TAG_BLOCK},
    {"h6", TAG_BLOCK},      {"head", TAG_SKIP},     {"header", TAG_BLOCK},
    {"hr", TAG_BLOCK},      {"li", TAG_BLOCK},      {"noscript", TAG_SKIP},
    {"object", TAG_SKIP},   {"ol", TAG_BLOCK},      {"option", TAG_BLOCK},
    {"p", TAG_BLOCK},       {"pre", TAG_BLOCK},     {"script", TAG_SKIP},
    {"section", TAG_BLOCK}, {"style", TAG_SKIP},    {"table", TAG_BLOCK},
    {"td", TAG_CELL},       {"template", TAG_SKIP}, {"th", TAG_CELL},
    {"title", TAG_SKIP},    {"tr", TAG_BLOCK},      {"ul", TAG_BLOCK},
};

struct reader {
    struct extract_job *j;
    struct buf *out;
    uint32_t part;
    int depth, skip_at, hidden_at; /* depth at which skipping / hiding began; 0 none */
    int quotes;
    bool line_start, space;
    struct str href;
    size_t href_text; /* out->n where the link's text begins */
    int href_depth;
};

static unsigned kind_of(const char *name)
{
    size_t lo = 0, hi = N_ELEMENTS(tags);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = strcmp(name, tags[mid].name);
        if (c == 0)
            return tags[mid].kind;
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return 0;
}

static void newline(struct reader *r)
{
    if (!r->line_start)
        buf_addc(r->out, '\n');
    r->line_start = true;
    r->space = false;
}

/* Value of a property in a style attribute, spaces removed; empty when absent. */
static bool style_has(struct str style, const char *property, const char *value)
{
    for (size_t at = 0; at < style.n;) {
        ptrdiff_t p = str_ifind(style, str_c(property), at);
        if (p < 0)
            return false;
        size_t i = (size_t)p + strlen(property);
        bool start = p == 0 || style.p[p - 1] == ';' || style.p[p - 1] == ' ' || style.p[p - 1] == '"';
        while (i < style.n && (style.p[i] == ' ' || style.p[i] == '\t'))
            i++;
        if (start && i < style.n && style.p[i] == ':') {
            struct str v = str_trim(str_from(style, i + 1));
            size_t n = strlen(value);
            if (str_istarts(v, str_c(value)) && (v.n == n || !(ascii_is_digit(v.p[n]) || v.p[n] == '.')))
                return true;
        }
        at = i;
    }
    return false;
}

static bool hides(const xmlChar **atts)
{
    for (size_t i = 0; atts && atts[i]; i += 2) {
        const char *name = (const char *)atts[i], *value = (const char *)atts[i + 1];
        if (strcmp(name, "hidden") == 0)
            return true;
        if (strcmp(name, "style") != 0 || !value)
            continue;
        struct str s = str_c(value);
        if (style_has(s, "display", "none") || style_has(s, "visibility", "hidden") || style_has(s, "font-size", "0") ||
            style_has(s, "opacity", "0") || style_has(s, "max-height", "0"))
            return true;
    }
    return false;
}

static struct str attribute(const xmlChar **atts, const char *want)
{
    for (size_t i = 0; atts && atts[i]; i += 2)
        if (strcmp((const char *)atts[i], want) == 0 && atts[i + 1])
            return str_c((const char *)atts[i + 1]);
    return STR_NULL;
}

static void link_end(struct reader *r)
{
    if (r->href.n == 0)
        return;
    struct str text = str_from(buf_str(r->out), r->href_text);
    extract_link(r->j, r->part, r->href, str_trim(text));
    r->href = STR_NULL;
}

static void on_start(void *ctx, const xmlChar *xname, const xmlChar **atts)
{
    struct reader *r = ctx;
    const char *name = (const char *)xname;
    unsigned kind = kind_of(name);
    r->depth++;
    if (r->depth > HTML_DEPTH_MAX)
        r->j->insight.flags |= FACTS_TOO_MANY;
    if ((kind & TAG_SKIP) && !r->skip_at)
        r->skip_at = r->depth;
    if (!r->hidden_at && hides(atts))
        r->hidden_at = r->depth;
    if (r->skip_at || r->hidden_at)
        return;
    if (kind & (TAG_BLOCK | TAG_BREAK)) {
        if (kind & TAG_BREAK) {
            buf_addc(r->out, '\n');
            r->line_start = true;
        } else {
            newline(r);
        }
    }
    if (kind & TAG_CELL)
        r->space = true;
    if (kind & TAG_QUOTE)
        r->quotes++;
    if (strcmp(name, "a") == 0) {
        link_end(r);
        r->href = arena_str(r->j->arena, str_upto(attribute(atts, "href"), FACTS_STRING_MAX));
        r->href_text = r->out->n;
        r->href_depth = r->depth;
    }
}

static void on_end(void *ctx, const xmlChar *xname)
{
    struct reader *r = ctx;
    unsigned kind = kind_of((const char *)xname);
    bool shown = !r->skip_at && !r->hidden_at;
    if (r->href.n && r->depth <= r->href_depth)
        link_end(r);
    if (r->skip_at >= r->depth)
        r->skip_at = 0;
    if (r->hidden_at >= r->depth)
        r->hidden_at = 0;
    r->depth--;
    if (!shown)
        return;
    if (kind & TAG_BLOCK)
        newline(r);
    if ((kind & TAG_QUOTE) && r->quotes > 0)
        r->quotes--;
}

static void put_word(struct reader *r, struct str word)
{
    if (r->line_start) {
        if (r->quotes > 0)
            buf_addz(r->out, "> ");
    } else if (r->space) {
        buf_addc(r->out, ' ');
    }
    r->line_start = r->space = false;
    buf_adds(r->out, word);
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

static void on_text(void *ctx, const xmlChar *xtext, int n)
{
    struct reader *r = ctx;
    struct str s = str_n(xtext, n > 0 ? (size_t)n : 0);
    if (r->skip_at)
        return;
    if (r->hidden_at) {
        if (str_trim(s).n > 0)
            r->j->insight.flags |= FACTS_HIDDEN_TEXT;
        return;
    }
    for (size_t i = 0; i < s.n;) {
        if (is_space(s.p[i])) {
            r->space = true;
            i++;
            continue;
        }
        size_t from = i;
        while (i < s.n && !is_space(s.p[i]))
            i++;
        put_word(r, str_n(s.p + from, i - from));
    }
}

void extract_html(struct extract_job *j, uint32_t part, struct str html, struct buf *text)
{
    struct reader r = {.j = j, .out = text, .part = part, .line_start = true};
    htmlSAXHandler sax = {.startElement = on_start,
                          .endElement = on_end,
                          .characters = on_text,
                          .cdataBlock = NULL,
                          .ignorableWhitespace = on_text};
    htmlParserCtxtPtr p = htmlCreatePushParserCtxt(&sax, &r, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
    if (!p) {
        j->insight.flags |= FACTS_UNREADABLE;
        return;
    }
    htmlCtxtUseOptions(p, HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_RECOVER |
                              HTML_PARSE_IGNORE_ENC);
    for (size_t at = 0; at < html.n;) {
        size_t n = html.n - at < 65536 ? html.n - at : 65536;
        htmlParseChunk(p, html.p + at, (int)n, 0);
        at += n;
    }
    htmlParseChunk(p, NULL, 0, 1);
    link_end(&r);
    if (text->err)
        j->insight.flags |= FACTS_TEXT_CUT;
    htmlFreeParserCtxt(p);
}
