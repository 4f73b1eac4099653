#include "extract/style.h"
#include "extract/chars.h"

#define STYLE_SELECTOR_MAX 120u
#define STYLE_OFF_PAGE (-500) /* px; a text further out than this is never scrolled to */

void style_init(struct style *s)
{
    *s = (struct style){.color = STYLE_UNSET, .background = STYLE_UNSET, .font = -1, .font_percent = -1};
}

static bool is(struct str v, const char *z) { return str_ieq(v, str_c(z)); }
static bool begins(struct str v, const char *z) { return str_istarts(v, str_c(z)); }

static int hex(char c)
{
    c = ascii_lower(c);
    return ascii_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Number with one decimal kept, times ten; *rest is what follows. false: no number. */
static bool tenths(struct str v, int32_t *out, struct str *rest)
{
    size_t i = 0;
    bool neg = false, any = false;
    int64_t n = 0;
    if (i < v.n && (v.p[i] == '-' || v.p[i] == '+'))
        neg = v.p[i++] == '-';
    for (; i < v.n && ascii_is_digit(v.p[i]); i++, any = true)
        n = n < 1000000 ? n * 10 + (v.p[i] - '0') : n;
    n *= 10;
    if (i < v.n && v.p[i] == '.') {
        i++;
        for (unsigned k = 0; i < v.n && ascii_is_digit(v.p[i]); i++, k++, any = true)
            n += k == 0 ? v.p[i] - '0' : 0;
    }
    *out = (int32_t)(neg ? -n : n);
    *rest = str_from(v, i);
    return any;
}

static uint32_t rgb_function(struct str v)
{
    ptrdiff_t open = str_chr(v, '(', 0);
    struct str rest = str_from(v, (size_t)open + 1);
    uint32_t c = 0;
    for (int k = 0; k < 3; k++) {
        int32_t t;
        while (rest.n && (rest.p[0] == ' ' || rest.p[0] == ','))
            rest = str_from(rest, 1);
        if (!tenths(rest, &t, &rest))
            return STYLE_UNKNOWN;
        int32_t x = t / 10;
        if (rest.n && rest.p[0] == '%') {
            x = (x < 0 ? 0 : x > 100 ? 100 : x) * 255 / 100;
            rest = str_from(rest, 1);
        }
        c = c << 8 | (uint32_t)(x < 0 ? 0 : x > 255 ? 255 : x);
    }
    while (rest.n && (rest.p[0] == ' ' || rest.p[0] == ',' || rest.p[0] == '/'))
        rest = str_from(rest, 1);
    int32_t alpha;
    if (rest.n && rest.p[0] != ')' && tenths(rest, &alpha, &rest) && alpha < 10)
        return STYLE_UNKNOWN; /* what shines through is not known */
    return c;
}

uint32_t style_color(struct str v)
{
    static const struct {
        const char *name;
        uint32_t c;
    } names[] = {{"white", 0xFFFFFF},      {"black", 0},
                 {"red", 0xFF0000},        {"gray", 0x808080},
                 {"grey", 0x808080},       {"silver", 0xC0C0C0},
                 {"blue", 0x0000FF},       {"green", 0x008000},
                 {"yellow", 0xFFFF00},     {"navy", 0x000080},
                 {"snow", 0xFFFAFA},       {"ivory", 0xFFFFF0},
                 {"azure", 0xF0FFFF},      {"ghostwhite", 0xF8F8FF},
                 {"whitesmoke", 0xF5F5F5}, {"windowtext", 0},
                 {"window", 0xFFFFFF},     {"orange", 0xFFA500}};
    v = str_trim(v);
    if (v.n >= 4 && v.p[0] == '#') {
        uint32_t c = 0;
        size_t digits = v.n >= 7 && hex(v.p[4]) >= 0 && hex(v.p[5]) >= 0 && hex(v.p[6]) >= 0 ? 6 : 3;
        for (size_t i = 1; i <= digits; i++) {
            int h = hex(v.p[i]);
            if (h < 0)
                return STYLE_UNKNOWN;
            c = digits == 6 ? c << 4 | (uint32_t)h : c << 8 | (uint32_t)h * 17u;
        }
        return c;
    }
    if (begins(v, "rgb") && str_chr(v, '(', 0) > 0)
        return rgb_function(v);
    for (size_t i = 0; i < N_ELEMENTS(names); i++)
        if (is(v, names[i].name))
            return names[i].c;
    if (v.n == 6) { /* bgcolor="ffffff" without the sign is read so by every mail program */
        uint32_t c = 0;
        for (size_t i = 0; i < 6; i++) {
            int h = hex(v.p[i]);
            if (h < 0)
                return STYLE_UNKNOWN;
            c = c << 4 | (uint32_t)h;
        }
        return c;
    }
    return STYLE_UNKNOWN;
}

bool style_same_color(uint32_t a, uint32_t b)
{
    if (a > 0xFFFFFF || b > 0xFFFFFF)
        return false;
    for (int k = 0; k < 24; k += 8) {
        int d = (int)(a >> k & 255) - (int)(b >> k & 255);
        if (d > 10 || d < -10)
            return false;
    }
    return true;
}

static void font_size(struct str v, struct style *s)
{
    int32_t t;
    struct str unit;
    if (!tenths(v, &t, &unit)) {
        if (is(v, "inherit"))
            return;
        s->font = 130;
        return;
    }
    s->font_percent = -1;
    if (begins(unit, "%") || begins(unit, "em") || begins(unit, "rem")) {
        s->font = -1;
        s->font_percent = unit.p[0] == '%' ? t / 10 : t * 10;
    } else {
        s->font = begins(unit, "pt") ? t * 4 / 3 : begins(unit, "in") || begins(unit, "cm") ? t * 38 : t;
    }
}

static void background(struct str v, struct style *s)
{
    if (str_ifind(v, STR("url("), 0) >= 0 || str_ifind(v, STR("gradient"), 0) >= 0) {
        s->background = STYLE_UNKNOWN;
        return;
    }
    if (begins(v, "transparent") || begins(v, "none") || begins(v, "inherit") || begins(v, "0"))
        return;
    struct str word = v;
    ptrdiff_t end = begins(v, "rgb") ? -1 : str_chr(v, ' ', 0);
    if (end > 0)
        word = str_upto(v, (size_t)end);
    s->background = style_color(word);
}

static bool zero(struct str v)
{
    int32_t t;
    struct str rest;
    return tenths(v, &t, &rest) && t >= 0 && t <= 10 && !begins(rest, "em");
}

static bool far_out(struct str v)
{
    int32_t t;
    struct str rest;
    return tenths(v, &t, &rest) && (begins(rest, "em") ? t <= STYLE_OFF_PAGE : t <= STYLE_OFF_PAGE * 10);
}

static void declaration(struct str name, struct str v, struct style *s)
{
    switch (ascii_lower(name.p[0])) {
    case 'd':
        if (is(name, "display"))
            s->display = begins(v, "none") ? STYLE_HIDES : STYLE_SHOWS;
        else if (is(name, "direction"))
            s->rtl = begins(v, "rtl");
        break;
    case 'u':
        if (is(name, "unicode-bidi"))
            s->override = str_ifind(v, STR("override"), 0) >= 0;
        break;
    case 'v':
        if (is(name, "visibility"))
            s->visibility = begins(v, "hidden") || begins(v, "collapse") ? STYLE_HIDES : STYLE_SHOWS;
        break;
    case 'f':
        if (is(name, "font-size"))
            font_size(v, s);
        break;
    case 'o':
        if (is(name, "opacity")) {
            int32_t t;
            struct str rest;
            if (tenths(v, &t, &rest))
                s->opacity = t == 0 ? STYLE_HIDES : STYLE_SHOWS;
        } else if (is(name, "overflow")) {
            s->clipped = begins(v, "hidden");
        }
        break;
    case 'c':
        if (is(name, "color"))
            s->color = begins(v, "inherit") ? STYLE_UNSET : style_color(v);
        else if (is(name, "clip") && begins(v, "rect(") && str_ifind(v, STR("auto"), 0) < 0)
            s->place = STYLE_HIDES;
        break;
    case 'b':
        if (is(name, "background") || is(name, "background-color"))
            background(v, s);
        else if (is(name, "background-image") && !begins(v, "none"))
            s->background = STYLE_UNKNOWN;
        break;
    case 'm':
        if (is(name, "max-height"))
            s->zero_height = zero(v);
        else if (is(name, "max-width"))
            s->zero_width = zero(v);
        else if (is(name, "mso-hide"))
            s->mso = begins(v, "all") ? STYLE_HIDES : STYLE_SHOWS;
        else if ((is(name, "margin-left") || is(name, "margin-top")) && far_out(v))
            s->place = STYLE_HIDES;
        break;
    case 'h':
        if (is(name, "height"))
            s->zero_height = zero(v);
        break;
    case 'w':
        if (is(name, "width"))
            s->zero_width = zero(v);
        break;
    case 't':
        if (is(name, "text-indent") && far_out(v))
            s->place = STYLE_HIDES;
        else if (is(name, "top") && far_out(v))
            s->place = STYLE_HIDES;
        else if (is(name, "transform") && begins(v, "scale(0"))
            s->place = v.n > 7 && v.p[7] == '.' ? s->place : STYLE_HIDES;
        break;
    case 'l':
        if (is(name, "left") && far_out(v))
            s->place = STYLE_HIDES;
        break;
    case 'p':
        if (is(name, "position"))
            s->fixed = begins(v, "fixed") || begins(v, "absolute");
        break;
    default: break;
    }
}

void style_read(struct str declarations, struct style *s)
{
    struct str rest = declarations;
    while (rest.n) {
        size_t i = 0;
        int paren = 0;
        while (i < rest.n && (rest.p[i] != ';' || paren > 0)) {
            paren += rest.p[i] == '(' ? 1 : rest.p[i] == ')' && paren > 0 ? -1 : 0;
            i++;
        }
        struct str one = str_upto(rest, i), name, value;
        rest = str_from(rest, i + 1);
        if (!str_cut(one, ':', &name, &value))
            continue;
        name = str_trim(name);
        value = str_trim(value);
        if (name.n && value.n)
            declaration(name, value, s);
    }
}

bool style_hides(const struct style *s)
{
    return s->display == STYLE_HIDES || s->opacity == STYLE_HIDES || s->place == STYLE_HIDES || s->mso == STYLE_HIDES ||
           (s->clipped && (s->zero_height || s->zero_width));
}

uint32_t style_key(char kind, struct str name)
{
    uint32_t h = 2166136261u ^ (unsigned char)kind;
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ (unsigned char)ascii_lower(name.p[i])) * 16777619u;
    return h ? h : 1;
}

static bool name_char(char c) { return chars_alnum(c) || c == '-' || c == '_' || (unsigned char)c >= 0x80; }

/* One selector; false when it is not a simple one. */
static bool selector(struct str sel, struct style_rule *r)
{
    size_t i = 0;
    sel = str_trim(sel);
    if (sel.n == 0 || sel.n > STYLE_SELECTOR_MAX)
        return false;
    while (i < sel.n && name_char(sel.p[i]))
        i++;
    struct str tag = str_upto(sel, i);
    r->also = 0;
    if (i == sel.n) {
        r->key = style_key(0, tag);
        return true;
    }
    char kind = sel.p[i];
    struct str name = str_from(sel, i + 1);
    if ((kind != '.' && kind != '#') || name.n == 0)
        return false;
    for (size_t k = 0; k < name.n; k++)
        if (!name_char(name.p[k]))
            return false;
    r->key = style_key(kind, name);
    r->also = tag.n ? style_key(0, tag) : 0;
    return true;
}

static bool matters(const struct style *s)
{
    return s->color != STYLE_UNSET || s->background != STYLE_UNSET || s->font >= 0 || s->font_percent >= 0 ||
           s->display || s->visibility || s->opacity || s->place || s->mso || s->zero_height || s->zero_width ||
           s->clipped || s->rtl || s->override;
}

static void rule(struct arena *a, struct str selectors, struct str body, struct style_sheet *sheet)
{
    struct style_rule r;
    struct str rest = selectors, one;
    style_init(&r.style);
    style_read(body, &r.style);
    if (!matters(&r.style))
        return;
    while (str_token(&rest, ',', &one)) {
        if (!selector(one, &r)) {
            sheet->unread_background = sheet->unread_background || r.style.background != STYLE_UNSET;
            continue;
        }
        if (!sheet->rules)
            sheet->rules = arena_alloc(a, STYLE_RULES_MAX * sizeof *sheet->rules);
        if (sheet->n < STYLE_RULES_MAX) {
            sheet->rules[sheet->n++] = r;
            sheet->filter |= 1ull << (r.key & 63);
        }
        if (rest.n == 0)
            break;
    }
}

static size_t skip_comment(struct str s, size_t i)
{
    ptrdiff_t end = str_find(s, STR("*/"), i + 2);
    return end < 0 ? s.n : (size_t)end + 2;
}

/* End of the block whose "{" is at i. */
static size_t block_end(struct str s, size_t i)
{
    for (int depth = 0; i < s.n; i++) {
        depth += s.p[i] == '{' ? 1 : s.p[i] == '}' ? -1 : 0;
        if (depth == 0)
            return i;
    }
    return s.n;
}

void style_sheet_read(struct arena *a, struct str css, struct style_sheet *sheet)
{
    size_t from = 0;
    for (size_t i = 0; i < css.n;) {
        char c = css.p[i];
        if (c == '/' && i + 1 < css.n && css.p[i + 1] == '*') {
            bool blank = str_trim(str_n(css.p + from, i - from)).n == 0;
            i = skip_comment(css, i);
            from = blank ? i : from;
        } else if (c == ';' || c == '}') {
            from = ++i;
        } else if (c == '{') {
            struct str head = str_trim(str_n(css.p + from, i - from));
            while (str_starts(head, STR("<!--")) || str_starts(head, STR("-->")))
                head = str_trim(str_from(head, head.p[0] == '<' ? 4 : 3));
            size_t end = block_end(css, i);
            struct str body = str_n(css.p + i + 1, end - i > 0 ? end - i - 1 : 0);
            if (head.n && head.p[0] != '@')
                rule(a, head, body, sheet);
            else if (str_istarts(head, STR("@media")) && str_ifind(body, STR("background"), 0) >= 0)
                sheet->unread_background = true;
            from = i = end + 1;
        } else {
            i++;
        }
    }
}

static void merge(struct style *to, const struct style *s)
{
    if (s->color != STYLE_UNSET)
        to->color = s->color;
    if (s->background != STYLE_UNSET)
        to->background = s->background;
    if (s->font >= 0 || s->font_percent >= 0) {
        to->font = s->font;
        to->font_percent = s->font_percent;
    }
    to->display = s->display ? s->display : to->display;
    to->visibility = s->visibility ? s->visibility : to->visibility;
    to->opacity = s->opacity ? s->opacity : to->opacity;
    to->place = s->place ? s->place : to->place;
    to->mso = s->mso ? s->mso : to->mso;
    to->zero_height |= s->zero_height;
    to->zero_width |= s->zero_width;
    to->clipped |= s->clipped;
    to->fixed |= s->fixed;
    to->rtl |= s->rtl;
    to->override |= s->override;
}

static void apply_key(const struct style_sheet *sheet, uint32_t key, uint32_t tag, struct style *s)
{
    if (!(sheet->filter >> (key & 63) & 1))
        return;
    for (size_t i = 0; i < sheet->n; i++)
        if (sheet->rules[i].key == key && (sheet->rules[i].also == 0 || sheet->rules[i].also == tag))
            merge(s, &sheet->rules[i].style);
}

void style_sheet_apply(const struct style_sheet *sheet, struct str tag, struct str classes, struct str id,
                       struct style *s)
{
    if (sheet->n == 0)
        return;
    uint32_t t = style_key(0, tag);
    apply_key(sheet, t, t, s);
    for (size_t i = 0, n = 0; i < classes.n && n < 16; n++) {
        while (i < classes.n && chars_space(classes.p[i]))
            i++;
        size_t from = i;
        while (i < classes.n && !chars_space(classes.p[i]))
            i++;
        if (i > from)
            apply_key(sheet, style_key('.', str_n(classes.p + from, i - from)), t, s);
    }
    if (id.n)
        apply_key(sheet, style_key('#', id), t, s);
}
