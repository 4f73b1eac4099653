/* What a person sees of an HTML part. libxml2's HTML parser feeds a SAX handler: no tree is built, so nesting costs
 * nothing but one frame of its stack. What is hidden by attribute, style or rule is left out and counted. */
#include "extract/chars.h"
#include "extract/html_priv.h"

#define HTML_DEPTH_MAX 4096u
#define HTML_FONT_LEAST 10           /* tenths of px: nobody reads smaller text */
#define HTML_WORDS_FEW 60u           /* letters shown beside pictures: the mail is a picture */
#define HTML_UNSEEN_MAX (64u * 1024) /* hidden text that is searched for accounts */
#define HTML_SALAD_LEAST 400u        /* hidden letters */
#define HTML_CHUNK 4096u             /* given to libxml2 at a time; between two the clock is looked at */

enum tag_kind {
    TAG_BLOCK = 1,
    TAG_SKIP = 2,
    TAG_QUOTE = 4,
    TAG_CELL = 8,
    TAG_BREAK = 16,
    TAG_LINK = 32,
    TAG_IMAGE = 64,
    TAG_FORM = 128,
    TAG_SCRIPT = 256,
    TAG_META = 512,   /* says something about the page: base, meta, input, frames, body */
    TAG_FIELD = 1024, /* shows what its value attribute says */
};
struct tag {
    char name[12];
    unsigned kind;
};
static const struct tag tags[] = {
    {"a", TAG_LINK},
    {"address", TAG_BLOCK},
    {"area", TAG_LINK},
    {"article", TAG_BLOCK},
    {"base", TAG_META},
    {"blockquote", TAG_BLOCK | TAG_QUOTE},
    {"body", TAG_META},
    {"br", TAG_BREAK},
    {"button", TAG_META},
    {"center", TAG_BLOCK},
    {"dd", TAG_BLOCK},
    {"div", TAG_BLOCK},
    {"dt", TAG_BLOCK},
    {"embed", TAG_META},
    {"footer", TAG_BLOCK},
    {"form", TAG_BLOCK | TAG_FORM},
    {"frame", TAG_META},
    {"h1", TAG_BLOCK},
    {"h2", TAG_BLOCK},
    {"h3", TAG_BLOCK},
    {"h4", TAG_BLOCK},
    {"h5", TAG_BLOCK},
    {"h6", TAG_BLOCK},
    {"head", TAG_SKIP},
    {"header", TAG_BLOCK},
    {"hr", TAG_BLOCK},
    {"iframe", TAG_META},
    {"img", TAG_IMAGE},
    {"input", TAG_META | TAG_FIELD},
    {"li", TAG_BLOCK},
    {"meta", TAG_META},
    {"object", TAG_META},
    {"ol", TAG_BLOCK},
    {"option", TAG_BLOCK},
    {"p", TAG_BLOCK},
    {"pre", TAG_BLOCK},
    {"script", TAG_SKIP | TAG_SCRIPT},
    {"section", TAG_BLOCK},
    {"style", TAG_SKIP},
    {"table", TAG_BLOCK},
    {"td", TAG_CELL},
    {"template", TAG_SKIP},
    {"th", TAG_CELL},
    {"title", TAG_SKIP},
    {"tr", TAG_BLOCK},
    {"ul", TAG_BLOCK},
};

static void on_text(void *ctx, const xmlChar *xtext, int n);

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

static const struct html_frame *top(const struct html_reader *r) { return &r->frames[r->n - 1]; }

static bool seen(const struct html_reader *r)
{
    const struct html_frame *f = top(r);
    if (f->skip || f->gone || f->unseen || f->font <= HTML_FONT_LEAST)
        return false;
    if (f->color == STYLE_CLEAR)
        return f->shadow;
    /* White on white proves nothing while a rule that was not understood may have painted the ground. */
    return !style_same_color(f->color, f->background) || (!f->painted && r->sheet.unread_background);
}

static void newline(struct html_reader *r)
{
    if (!r->line_start) {
        buf_addc(r->out, '\n');
        r->line++;
    }
    r->line_start = true;
    r->space = r->join = false;
}

static bool has_attribute(const xmlChar **atts, const char *want)
{
    for (size_t i = 0; atts && atts[i]; i += 2)
        if (strcmp((const char *)atts[i], want) == 0)
            return true;
    return false;
}

static bool is_quotation(struct html_reader *r, const xmlChar **atts)
{
    struct str cls = html_attribute(atts, "class"), style = html_attribute(atts, "style"), out = buf_str(r->out);
    if (!r->own_words)
        return false;
    if (str_ieq(html_attribute(atts, "type"), STR("cite")) || has_attribute(atts, "cite") ||
        str_ifind(cls, STR("quote"), 0) >= 0 || str_ifind(cls, STR("cite"), 0) >= 0 ||
        str_ifind(style, STR("border-left"), 0) >= 0)
        return true;
    out = str_trim(out);
    return out.n > 0 && out.p[out.n - 1] == ':'; /* "On ... wrote:" before it */
}

static void sheet_style(struct html_reader *r, const char *name, const xmlChar **atts, struct style *s,
                        struct style *important)
{
    struct style_names one, *names = r->names ? &r->names[r->n - 1] : &one;
    style_names_of(str_c(name), html_attribute(atts, "class"), html_attribute(atts, "id"), names);
    style_sheet_apply(&r->sheet, r->names ? r->names : names, r->names ? r->n : 1, s, important);
}

/* What attributes, rules and the style attribute say, each over the one before (CSS Cascade 4, 6). */
static void element_style(struct html_reader *r, const char *name, const xmlChar **atts, struct style *s)
{
    struct style important;
    struct str style = html_attribute(atts, "style"), bg = html_attribute(atts, "bgcolor");
    style_init(s);
    style_init(&important);
    if (bg.n)
        s->background = style_color(bg);
    if (s->background == STYLE_CLEAR)
        s->background = STYLE_UNSET;
    if (html_attribute(atts, "background").n)
        s->background = STYLE_UNKNOWN;
    if (strcmp(name, "font") == 0 && html_attribute(atts, "color").n)
        s->color = style_color(html_attribute(atts, "color"));
    else if (strcmp(name, "body") == 0 && html_attribute(atts, "text").n)
        s->color = style_color(html_attribute(atts, "text"));
    else if (strcmp(name, "a") == 0)
        s->color = STYLE_UNKNOWN; /* links have a colour of their own */
    if (has_attribute(atts, "hidden"))
        s->display = STYLE_HIDES;
    if (r->sheet.n)
        sheet_style(r, name, atts, s, &important);
    if (style.n)
        style_read(style, s, &important);
    style_merge(s, &important);
}

static void apply_style(struct html_reader *r, const char *name, const xmlChar **atts, struct html_frame *f)
{
    struct style s;
    element_style(r, name, atts, &s);
    f->gone = f->gone || style_hides(&s);
    if (strcmp(name, "bdo") == 0)
        f->backwards = str_ieq(html_attribute(atts, "dir"), STR("rtl"));
    else if (s.rtl && s.override)
        f->backwards = true;
    f->unseen = s.visibility ? s.visibility == STYLE_HIDES : f->unseen;
    if (s.font >= 0)
        f->font = s.font;
    else if (s.font_percent >= 0)
        f->font = (int32_t)((int64_t)f->font * (s.font_percent < 1000 ? s.font_percent : 1000) / 100);
    f->color = s.color == STYLE_UNSET ? f->color : s.color;
    f->shadow = f->shadow || s.shadow;
    if (s.background != STYLE_UNSET) {
        f->background = s.background;
        f->painted = true;
    }
    if (s.fixed && !f->gone)
        r->flags |= HTML_OVERLAY;
}

static struct html_frame *push(struct html_reader *r)
{
    if (r->n == HTML_DEPTH_MAX) {
        r->deeper++;
        r->j->insight.flags |= FACTS_TOO_MANY;
        return NULL;
    }
    if (r->n == r->cap) {
        struct html_frame *more = realloc(r->frames, r->cap * 2 * sizeof *more);
        if (more)
            r->frames = more;
        struct style_names *names = r->names ? realloc(r->names, r->cap * 2 * sizeof *names) : NULL;
        if (names)
            r->names = names;
        if (!more || (r->names && !names)) {
            r->deeper++;
            return NULL;
        }
        r->cap *= 2;
    }
    r->frames[r->n] = r->frames[r->n - 1];
    r->frames[r->n].quote = false;
    return &r->frames[r->n++];
}

/* Of the fields of a form, those that show what stands in them. */
static void field(struct html_reader *r, const xmlChar **atts)
{
    struct str type = html_attribute(atts, "type"), value = html_attribute(atts, "value");
    if (value.n == 0 ||
        (type.n && !str_ieq(type, STR("text")) && !str_ieq(type, STR("submit")) && !str_ieq(type, STR("button"))))
        return;
    r->space = true;
    on_text(r, (const xmlChar *)value.p, (int)str_upto(value, FACTS_STRING_MAX).n);
    r->space = true;
}

static void shown_element(struct html_reader *r, const xmlChar **atts, unsigned kind, struct html_frame *f)
{
    if (kind & TAG_BREAK) {
        buf_addc(r->out, '\n');
        r->line++;
        r->line_start = true;
        r->space = r->join = false;
    } else if (kind & TAG_BLOCK) {
        newline(r);
    } else if (kind & TAG_CELL) {
        r->space = true;
    }
    if ((kind & TAG_QUOTE) && is_quotation(r, atts)) {
        f->quote = true;
        r->quotes++;
    }
    if (kind & TAG_LINK)
        html_link_start(r, atts);
    if (kind & TAG_IMAGE)
        html_image(r, atts);
    if (kind & TAG_FIELD)
        field(r, atts);
    if (kind & TAG_FORM)
        html_form(r, atts);
}

static void on_start(void *ctx, const xmlChar *xname, const xmlChar **atts)
{
    struct html_reader *r = ctx;
    const char *name = (const char *)xname;
    unsigned kind = kind_of(name);
    struct html_frame *f = push(r);
    if (!f)
        return;
    f->kind = kind;
    f->skip = f->skip || (kind & TAG_SKIP);
    if (kind & TAG_SCRIPT)
        r->flags |= HTML_SCRIPT;
    if (kind & TAG_FORM)
        r->flags |= HTML_FORM;
    if (kind & TAG_META)
        html_about_page(r, name, atts);
    if (atts) {
        html_any_attribute(r, atts);
        apply_style(r, name, atts, f);
    } else if (r->sheet.n) {
        apply_style(r, name, atts, f);
    }
    if (!f->skip && !f->gone)
        shown_element(r, atts, kind, f);
}

static void on_end(void *ctx, const xmlChar *xname)
{
    struct html_reader *r = ctx;
    (void)xname;
    if (r->deeper > 0) {
        r->deeper--;
        return;
    }
    if (r->link_open && r->n <= r->href_depth)
        html_link_end(r);
    if (r->n <= 1)
        return;
    const struct html_frame *f = top(r);
    if (!f->skip && !f->gone && (f->kind & TAG_BLOCK))
        newline(r);
    if (f->quote && r->quotes > 0)
        r->quotes--;
    r->n--;
}

static void put_word(struct html_reader *r, struct str word)
{
    if (r->line_start) {
        if (r->quotes > 0)
            buf_addz(r->out, "> ");
    } else if (r->space) {
        buf_addc(r->out, ' ');
    } else if (r->join) {
        buf_addc(r->out, EXTRACT_MARK);
    }
    r->line_start = r->space = r->join = false;
    buf_adds(r->out, word);
    r->shown += word.n;
    if (r->quotes == 0)
        r->own_words = true;
}

/* Letters or digits, not only the filling that newsletters put behind their first line. */
static bool says_something(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (chars_alnum(s.p[i]) || (c >= 0xC3 && c != 0xCD && c != 0xE2)) /* U+034F, U+200B and kin begin so */
            return true;
    }
    return false;
}

static void hidden_text(struct html_reader *r, struct str s)
{
    if (top(r)->skip || !says_something(s))
        return;
    r->j->insight.flags |= FACTS_HIDDEN_TEXT;
    r->hidden += s.n;
    if (r->unseen.n < HTML_UNSEEN_MAX) {
        if (!r->in_hidden)
            buf_addc(&r->unseen, '\n');
        buf_adds(&r->unseen, str_utf8_cut(s, HTML_UNSEEN_MAX - r->unseen.n));
    }
    if (!r->in_hidden)
        r->j->insight.hidden++;
    r->in_hidden = true;
    r->join = !r->line_start && !r->space;
}

/* The text as its letters are drawn. */
static struct str turned(struct html_reader *r, struct str s)
{
    char *p = arena_alloc(&r->j->scratch, s.n + 1);
    size_t at = s.n;
    for (size_t i = 0; i < s.n;) {
        size_t n = 1;
        while (i + n < s.n && ((unsigned char)s.p[i + n] & 0xC0) == 0x80)
            n++;
        at -= n;
        memcpy(p + at, s.p + i, n);
        i += n;
    }
    r->j->insight.flags |= FACTS_CUT_WORDS;
    return str_n(p, s.n);
}

/* What stands in "<!--[if mso]>" is shown by Outlook alone; an account in there is still one that somebody will use. */
static void on_comment(void *ctx, const xmlChar *text)
{
    struct html_reader *r = ctx;
    struct str s = str_trim(str_c((const char *)text));
    size_t n = 0, before = r->j->insight.n_payments;
    bool tag = false;
    if (!str_istarts(s, STR("[if")) || s.n > EXTRACT_TEXT_PART_MAX)
        return;
    struct arena_mark mark = arena_mark(&r->j->scratch);
    char *p = arena_alloc(&r->j->scratch, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        tag = s.p[i] == '<' ? true : tag;
        if (!tag)
            p[n++] = s.p[i];
        if (s.p[i] == '>')
            tag = false;
    }
    extract_payments(r->j, r->part, WHERE_HTML, str_n(p, str_utf8_valid(str_n(p, n))));
    if (r->j->insight.n_payments > before)
        r->j->insight.flags |= FACTS_HIDDEN_TEXT;
    arena_reset(&r->j->scratch, mark);
}

static void on_text(void *ctx, const xmlChar *xtext, int n)
{
    struct html_reader *r = ctx;
    struct str s = str_n(xtext, n > 0 ? (size_t)n : 0);
    if (top(r)->backwards && s.n > 1)
        s = turned(r, s);
    if (!seen(r)) {
        hidden_text(r, s);
        return;
    }
    for (size_t i = 0; i < s.n;) {
        if (chars_space(s.p[i])) {
            r->space = true;
            i++;
            continue;
        }
        size_t from = i;
        while (i < s.n && !chars_space(s.p[i]))
            i++;
        put_word(r, str_n(s.p + from, i - from));
        r->in_hidden = false;
    }
}

static void on_raw(void *ctx, const xmlChar *text, int n)
{
    struct html_reader *r = ctx;
    if (n > 0 && (top(r)->kind & TAG_SCRIPT) && extract_smuggles(str_n(text, (size_t)n)))
        r->flags |= HTML_SMUGGLING;
}

/* Rules may stand behind what they hide, so they are read before anything else; not those in comments, which only some
 * programs open. */
static void read_sheets(struct html_reader *r, struct str html)
{
    for (size_t i = 0; i < html.n;) {
        const char *lt = memchr(html.p + i, '<', html.n - i);
        if (!lt)
            return;
        i = (size_t)(lt - html.p);
        struct str at = str_from(html, i);
        if (str_starts(at, STR("<!--"))) {
            ptrdiff_t end = str_find(html, STR("-->"), i + 4);
            i = end < 0 ? html.n : (size_t)end + 3;
        } else if (at.n > 6 && (at.p[1] | 32) == 's' && str_istarts(at, STR("<style"))) {
            ptrdiff_t from = str_chr(html, '>', i), end = str_ifind(html, STR("</style"), i);
            if (from < 0)
                return;
            size_t stop = end < from ? html.n : (size_t)end;
            style_sheet_read(&r->j->scratch, str_n(html.p + from + 1, stop - (size_t)from - 1), &r->sheet);
            i = stop;
            if (end < from)
                return;
        } else {
            i++;
        }
    }
}

/* Whether something is seen is judged as well as it goes; an account must not get lost where that was wrong. */
static void hidden_accounts(struct html_reader *r)
{
    if (r->unseen.n > 0)
        extract_payments(r->j, r->part, WHERE_HTML, str_upto(buf_str(&r->unseen), str_utf8_valid(buf_str(&r->unseen))));
    buf_free(&r->unseen);
}

static uint32_t verdict(struct html_reader *r)
{
    uint32_t f = r->flags;
    if (r->sheet.work >= STYLE_WORK_MAX)
        r->j->insight.flags |= FACTS_UNREADABLE;
    if (r->shown > 0 || r->j->insight.images > 0)
        f |= HTML_SEEN;
    if (r->j->insight.images > 0 && r->shown < HTML_WORDS_FEW)
        f |= HTML_IMAGE_ONLY;
    if (r->hidden >= HTML_SALAD_LEAST && r->hidden > 2 * r->shown)
        f |= HTML_SALAD;
    return f;
}

uint32_t extract_html(struct extract_job *j, uint32_t part, enum facts_link_kind kind, struct str html,
                      struct buf *text)
{
    struct html_reader r = {.j = j, .out = text, .part = part, .kind = kind, .line_start = true, .cap = 64, .n = 1};
    htmlSAXHandler sax = {.startElement = on_start,
                          .endElement = on_end,
                          .characters = on_text,
                          .cdataBlock = on_raw,
                          .comment = on_comment,
                          .ignorableWhitespace = on_text};
    r.frames = malloc(r.cap * sizeof *r.frames);
    htmlParserCtxtPtr p = r.frames ? htmlCreatePushParserCtxt(&sax, &r, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8) : NULL;
    if (!p) {
        free(r.frames);
        j->insight.flags |= FACTS_UNREADABLE;
        return 0;
    }
    r.frames[0] = (struct html_frame){.background = 0xFFFFFF, .font = 160};
    buf_init(&r.unseen, HTML_UNSEEN_MAX + 2);
    read_sheets(&r, html);
    if (r.sheet.deep && (r.names = malloc(r.cap * sizeof *r.names)) != NULL)
        r.names[0].n = 0;
    htmlCtxtUseOptions(p, HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_RECOVER |
                              HTML_PARSE_IGNORE_ENC);
    for (size_t at = 0; at < html.n;) {
        size_t n = html.n - at < HTML_CHUNK ? html.n - at : HTML_CHUNK;
        /* An end that fits no open element makes libxml2 look through all that are open. */
        if (at > 0 && !extract_time_left(j)) {
            j->insight.flags |= FACTS_UNREADABLE | FACTS_TEXT_CUT;
            break;
        }
        htmlParseChunk(p, html.p + at, (int)n, 0);
        at += n;
    }
    htmlParseChunk(p, NULL, 0, 1);
    html_link_end(&r);
    if (text->err)
        j->insight.flags |= FACTS_TEXT_CUT;
    htmlFreeParserCtxt(p);
    free(r.frames);
    free(r.names);
    hidden_accounts(&r);
    return verdict(&r);
}
