/* What an HTML page leads to and loads: links with their texts, forms, pictures, refreshes. */
#include "extract/blob.h"
#include "extract/chars.h"
#include "extract/html_priv.h"
#include "mime/word.h"

#define PAGE_DEPTH_MAX 3u /* of pages in pages */

struct str html_attribute(const xmlChar **atts, const char *want)
{
    for (size_t i = 0; atts && atts[i]; i += 2)
        if (strcmp((const char *)atts[i], want) == 0)
            return str_c((const char *)atts[i + 1]);
    return STR_NULL;
}

static struct str collapse(struct html_reader *r, struct str s)
{
    char *p = arena_alloc(&r->j->scratch, s.n + 1);
    size_t n = 0;
    bool space = false;
    for (size_t i = 0; i < s.n; i++) {
        bool begins = i > 0 ? s.p[i - 1] == '\n' : s.p == r->out->p || s.p[-1] == '\n';
        if (s.p[i] == EXTRACT_MARK || (begins && r->quotes > 0 && s.p[i] == '>')) /* our own quote mark */
            continue;
        if (chars_space(s.p[i])) {
            space = n > 0;
            continue;
        }
        if (space)
            p[n++] = ' ';
        space = false;
        p[n++] = s.p[i];
    }
    return str_n(p, n);
}

static bool has_scheme(struct str url)
{
    for (size_t i = 0; i < url.n; i++) {
        if (url.p[i] == ':')
            return i > 0;
        if (!chars_alnum(url.p[i]) && url.p[i] != '+' && url.p[i] != '-' && url.p[i] != '.')
            return false;
    }
    return false;
}

/* White space inside an address is nothing to a browser; a base element leads relative ones elsewhere. */
static struct str address(struct html_reader *r, struct str url)
{
    url = str_trim(str_upto(url, FACTS_STRING_MAX));
    if (r->j->insight.n_links == FACTS_LINKS_MAX)
        return url; /* it is only counted from here on: nothing of it is kept */
    bool relative = r->base.n && url.n && url.p[0] != '#' && !has_scheme(url);
    char *p = arena_alloc(&r->j->scratch, url.n + r->base.n + 1);
    size_t n = 0;
    if (relative) {
        memcpy(p, r->base.p, r->base.n);
        n = r->base.n;
    }
    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] > ' ')
            p[n++] = url.p[i];
    return str_n(p, n);
}

static void add(struct html_reader *r, enum facts_link_kind kind, struct str url, struct str text, bool quoted,
                uint32_t line)
{
    size_t before = r->j->insight.n_links;
    if (url.n == 0 || url.p[0] == '#')
        return;
    if (str_istarts(url, STR("javascript:"))) {
        r->flags |= HTML_SCRIPT;
        return;
    }
    extract_link(r->j, (struct facts_link){.url = url, .text = text, .part = r->part, .kind = kind, .quoted = quoted});
    if (r->j->insight.n_links > before)
        r->j->link_line[before] = line;
}

void html_link_end(struct html_reader *r)
{
    if (!r->link_open)
        return;
    r->link_open = false;
    if (r->j->insight.n_links == FACTS_LINKS_MAX) {
        r->j->insight.flags |= FACTS_TOO_MANY;
        return;
    }
    struct str text = collapse(r, str_from(buf_str(r->out), r->href_text));
    add(r, r->kind, r->href, text.n ? text : r->alt, r->href_quoted, r->href_line);
}

void html_link_start(struct html_reader *r, const xmlChar **atts)
{
    html_link_end(r);
    struct str href = html_attribute(atts, "href");
    if (href.n == 0)
        return;
    r->href = address(r, href);
    r->alt = STR("");
    r->href_text = r->out->n;
    r->href_depth = r->n;
    r->href_line = r->line;
    r->href_quoted = r->quotes > 0;
    r->link_open = true;
}

static bool remote(struct str url) { return str_istarts(url, STR("http")) || str_starts(url, STR("//")); }

static void remote_content(struct html_reader *r, struct str url)
{
    if (!remote(str_trim(url)))
        return;
    if (r->j->image_links++ < EXTRACT_IMAGE_LINKS_MAX)
        add(r, r->kind == LINK_HTML ? LINK_HTML : LINK_IMAGE, address(r, url), STR(""), r->quotes > 0, r->line);
}

/* A picture that stands in the page itself may be a code like any attached one. */
static void picture_in_page(struct html_reader *r, struct str src)
{
    AUTO(buf) struct buf bytes = {0};
    ptrdiff_t comma = str_istarts(src, STR("data:image/")) ? str_chr(src, ',', 0) : -1;
    if (comma < 0 || str_ifind(str_upto(src, (size_t)comma), STR(";base64"), 0) < 0)
        return;
    struct str text = str_from(src, (size_t)comma + 1);
    if (text.n > r->j->budget.bytes)
        return;
    r->j->budget.bytes -= text.n;
    buf_init(&bytes, EXTRACT_TEXT_PART_MAX);
    mime_base64_decode(text, &bytes);
    extract_image_file(r->j, &(struct extract_blob){.bytes = buf_str(&bytes), .part = r->part}, NULL);
}

/* A page written into an attached one: a browser shows both as one. In the body of a mail frames are not shown. */
static void page_in_page(struct html_reader *r, const xmlChar **atts)
{
    struct str page = html_attribute(atts, "srcdoc"), src = str_trim(html_attribute(atts, "src"));
    AUTO(buf) struct buf bytes = {0};
    struct extract_job *j = r->j;
    ptrdiff_t comma = page.n == 0 && str_istarts(src, STR("data:text/html")) ? str_chr(src, ',', 0) : -1;
    buf_init(&bytes, EXTRACT_TEXT_PART_MAX);
    if (comma > 0) {
        page = str_from(src, (size_t)comma + 1);
        if (str_ifind(str_upto(src, (size_t)comma), STR(";base64"), 0) >= 0) {
            mime_base64_decode(page, &bytes);
            page = buf_str(&bytes);
        }
    }
    if (page.n == 0 || r->kind != LINK_HTML)
        return;
    if (j->page_depth >= PAGE_DEPTH_MAX || page.n > j->budget.bytes) {
        j->insight.flags |= FACTS_UNREADABLE;
        return;
    }
    j->budget.bytes -= page.n;
    j->page_depth++;
    extract_blob(j, &(struct extract_blob){.bytes = page,
                                           .name = STR("frame.html"),
                                           .type = STR("text"),
                                           .subtype = STR("html"),
                                           .charset = STR("utf-8"),
                                           .part = r->part,
                                           .flags = ATT_IN_ARCHIVE,
                                           .depth = j->page_depth});
    j->page_depth--;
}

void html_image(struct html_reader *r, const xmlChar **atts)
{
    struct str src = html_attribute(atts, "src"), w = html_attribute(atts, "width"), h = html_attribute(atts, "height");
    bool dot = (w.n == 1 && w.p[0] <= '2') || (h.n == 1 && h.p[0] <= '2');
    struct str alt = html_attribute(atts, "alt");
    if (src.n && !dot)
        r->j->insight.images++;
    if (r->link_open && alt.n && r->j->insight.n_links < FACTS_LINKS_MAX)
        r->alt = arena_str(&r->j->scratch, str_upto(alt, FACTS_NAME_MAX));
    remote_content(r, src);
    picture_in_page(r, src);
}

static void refresh(struct html_reader *r, const xmlChar **atts)
{
    struct str content = html_attribute(atts, "content");
    ptrdiff_t at = str_ifind(content, STR("url="), 0);
    if (!str_ieq(html_attribute(atts, "http-equiv"), STR("refresh")) || at < 0)
        return;
    r->flags |= HTML_REFRESH;
    struct str url = str_trim(str_from(content, (size_t)at + 4));
    if (url.n && (url.p[0] == '\'' || url.p[0] == '"'))
        url = str_from(url, 1);
    if (url.n && (url.p[url.n - 1] == '\'' || url.p[url.n - 1] == '"'))
        url.n--;
    add(r, r->kind, address(r, url), STR(""), false, r->line);
}

void html_about_page(struct html_reader *r, const char *name, const xmlChar **atts)
{
    if (strcmp(name, "base") == 0) {
        struct str href = str_trim(html_attribute(atts, "href"));
        if (href.n && r->base.n == 0) {
            r->flags |= HTML_BASE;
            r->base = arena_str(&r->j->scratch, str_upto(href, FACTS_STRING_MAX));
        }
    } else if (strcmp(name, "meta") == 0) {
        refresh(r, atts);
    } else if (strcmp(name, "input") == 0) {
        struct str type = html_attribute(atts, "type");
        if (str_ieq(type, STR("password")))
            r->flags |= HTML_PASSWORD;
    } else if (strcmp(name, "button") == 0) {
        struct str action = html_attribute(atts, "formaction");
        if (action.n)
            add(r, LINK_FORM, address(r, action), STR(""), false, r->line);
    } else if (strcmp(name, "body") != 0) {
        remote_content(r, html_attribute(atts, "src"));
        page_in_page(r, atts);
    }
}

void html_any_attribute(struct html_reader *r, const xmlChar **atts)
{
    for (size_t i = 0; atts && atts[i]; i += 2) {
        const char *name = (const char *)atts[i];
        if (name[0] == 'o' && name[1] == 'n' && name[2] && name[3])
            r->flags |= HTML_SCRIPT;
        else if (atts[i + 1] && strcmp(name, "background") == 0)
            remote_content(r, str_c((const char *)atts[i + 1]));
    }
}

void html_form(struct html_reader *r, const xmlChar **atts)
{
    add(r, LINK_FORM, address(r, html_attribute(atts, "action")), STR(""), r->quotes > 0, r->line);
}
