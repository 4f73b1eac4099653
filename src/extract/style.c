#include "extract/style.h"
#include "extract/chars.h"

#define STYLE_OFF_PAGE (-500) /* px; a text further out than this is never scrolled to */
#define STYLE_FAR_RIGHT 5000  /* px; nor further than this the other way */
#define STYLE_PLAIN_MAX 4096u /* of declarations with comments or escapes in them */

void style_init(struct style *s)
{
    *s = (struct style){.color = STYLE_UNSET, .background = STYLE_UNSET, .font = -1, .font_percent = -1};
}

static bool is(struct str v, const char *z) { return str_ieq(v, str_c(z)); }
static bool begins(struct str v, const char *z) { return str_istarts(v, str_c(z)); }
static bool has(struct str v, const char *z) { return str_ifind(v, str_c(z), 0) >= 0; }

/* ---- lengths ---- */

static bool zero(struct str v)
{
    int32_t t;
    struct str rest;
    return style_tenths(v, &t, &rest) && t >= 0 && t <= 10 && !begins(rest, "em");
}

/* Out of the page to the left or the top. */
static bool far_out(struct str v)
{
    int32_t t;
    struct str rest;
    return style_tenths(v, &t, &rest) && (begins(rest, "em") ? t <= STYLE_OFF_PAGE : t <= STYLE_OFF_PAGE * 10);
}

static bool far_off(struct str v)
{
    int32_t t;
    struct str rest;
    return far_out(v) || (style_tenths(v, &t, &rest) && !begins(rest, "%") && t >= STYLE_FAR_RIGHT * 10);
}

static void font_size(struct str v, struct style *s)
{
    /* px of one unit, times ten; of a screen that is 1000 wide and high where that counts */
    static const struct {
        const char *unit;
        int32_t tenths;
    } units[] = {{"pt", 13}, {"pc", 160}, {"in", 960}, {"cm", 378}, {"mm", 38}, {"q", 9}, {"v", 100}};
    int32_t t;
    struct str unit;
    if (!style_tenths(v, &t, &unit)) {
        if (is(v, "inherit"))
            return;
        s->font = 130;
        s->font_percent = -1;
        return;
    }
    s->font_percent = -1;
    s->font = t;
    if (begins(unit, "%") || begins(unit, "em") || begins(unit, "rem") || begins(unit, "ex") || begins(unit, "ch")) {
        s->font = -1;
        s->font_percent = unit.p[0] == '%' ? t / 10 : begins(unit, "ex") || begins(unit, "ch") ? t * 5 : t * 10;
        return;
    }
    for (size_t i = 0; i < N_ELEMENTS(units); i++)
        if (begins(unit, units[i].unit))
            s->font = (int32_t)((int64_t)t * units[i].tenths / 10);
}

/* font: [style weight] size[/height] family. A number without a unit that is not nothing is a weight. */
static void font(struct str v, struct style *s)
{
    struct str word;
    while (v.n && str_token(&v, ' ', &word)) {
        int32_t t;
        struct str unit;
        if (!style_tenths(word, &t, &unit) || (t != 0 && (unit.n == 0 || unit.p[0] == '/')))
            continue;
        ptrdiff_t slash = str_chr(word, '/', 0);
        font_size(slash < 0 ? word : str_upto(word, (size_t)slash), s);
        return;
    }
}

/* ---- colours ---- */

/* Words of a background that are no colour. */
static bool not_a_color(struct str w)
{
    static const char *const words[] = {"none",      "inherit",    "initial",     "unset",       "scroll",   "fixed",
                                        "local",     "center",     "left",        "right",       "top",      "bottom",
                                        "auto",      "cover",      "contain",     "repeat",      "repeat-x", "repeat-y",
                                        "no-repeat", "border-box", "padding-box", "content-box", "/"};
    for (size_t i = 0; i < N_ELEMENTS(words); i++)
        if (is(w, words[i]))
            return true;
    return ascii_is_digit(w.p[0]) || w.p[0] == '-' || w.p[0] == '.';
}

static void background(struct str v, struct style *s)
{
    uint32_t found = STYLE_UNSET;
    if (has(v, "url(") || has(v, "gradient")) {
        s->background = STYLE_UNKNOWN;
        return;
    }
    while (v.n) {
        size_t n = 0;
        for (int paren = 0; n < v.n && (v.p[n] != ' ' || paren > 0); n++)
            paren += v.p[n] == '(' ? 1 : v.p[n] == ')' && paren > 0 ? -1 : 0;
        struct str word = str_upto(v, n);
        v = str_from(v, n < v.n ? n + 1 : n);
        if (word.n && !not_a_color(word))
            found = style_color(word);
    }
    /* What is transparent shows what is below it. */
    if (found != STYLE_UNSET && found != STYLE_CLEAR)
        s->background = found;
}

/* ---- declarations ---- */

static void transform(struct str v, struct style *s)
{
    struct str rest = v;
    ptrdiff_t open = str_chr(v, '(', 0);
    int32_t t;
    if (open < 0)
        return;
    rest = str_trim(str_from(v, (size_t)open + 1));
    if (begins(v, "scale") && style_tenths(rest, &t, &rest))
        s->place = t == 0 ? STYLE_HIDES : s->place;
    else if (begins(v, "translate") && far_off(rest))
        s->place = STYLE_HIDES;
}

static void opacity(struct str v, struct style *s)
{
    int32_t t;
    struct str rest;
    if (style_tenths(v, &t, &rest))
        s->opacity = (begins(rest, "%") ? t / 100 : t) == 0 ? STYLE_HIDES : STYLE_SHOWS;
}

static void clip_path(struct str v, struct style *s)
{
    ptrdiff_t open = str_chr(v, '(', 0);
    struct str rest = open < 0 ? STR("") : str_trim(str_from(v, (size_t)open + 1));
    int32_t t;
    if (!style_tenths(rest, &t, &rest))
        return;
    if ((begins(v, "inset") && begins(rest, "%") && t >= 500) || (begins(v, "circle") && t == 0))
        s->place = STYLE_HIDES;
}

/* What is said by names that begin with a letter from a to f. */
static void declaration_to_f(struct str name, struct str v, struct style *s)
{
    switch (ascii_lower(name.p[0])) {
    case 'b':
        if (is(name, "background") || is(name, "background-color"))
            background(v, s);
        else if (is(name, "background-image") && !begins(v, "none"))
            s->background = STYLE_UNKNOWN;
        break;
    case 'c':
        if (is(name, "color"))
            s->color = begins(v, "inherit") ? STYLE_UNSET : style_color(v);
        else if (is(name, "clip") && begins(v, "rect(") && !has(v, "auto"))
            s->place = STYLE_HIDES;
        else if (is(name, "clip-path"))
            clip_path(v, s);
        else if (is(name, "content-visibility") && begins(v, "hidden"))
            s->place = STYLE_HIDES;
        break;
    case 'd':
        if (is(name, "display"))
            s->display = begins(v, "none") ? STYLE_HIDES : STYLE_SHOWS;
        else if (is(name, "direction"))
            s->rtl = begins(v, "rtl");
        break;
    case 'f':
        if (is(name, "font-size"))
            font_size(v, s);
        else if (is(name, "font"))
            font(v, s);
        else if (is(name, "filter") && begins(v, "opacity("))
            opacity(str_from(v, 8), s);
        break;
    default: break;
    }
}

static void declaration_from_g(struct str name, struct str v, struct style *s)
{
    switch (ascii_lower(name.p[0])) {
    case 'h':
        if (is(name, "height"))
            s->zero_height = zero(v);
        break;
    case 'm':
        if (is(name, "max-height"))
            s->zero_height = zero(v);
        else if (is(name, "max-width"))
            s->zero_width = zero(v);
        else if (is(name, "mso-hide"))
            s->mso = begins(v, "all") ? STYLE_HIDES : STYLE_SHOWS;
        else if ((is(name, "margin-left") && far_off(v)) || (is(name, "margin-top") && far_out(v)))
            s->place = STYLE_HIDES;
        break;
    case 'o':
        if (is(name, "opacity"))
            opacity(v, s);
        else if (is(name, "overflow") || is(name, "overflow-x") || is(name, "overflow-y"))
            s->clipped = begins(v, "hidden") || begins(v, "clip");
        break;
    case 'p':
        if (is(name, "position"))
            s->fixed = begins(v, "fixed") || begins(v, "absolute");
        break;
    case 't':
        if ((is(name, "text-indent") && far_off(v)) || (is(name, "top") && far_out(v)))
            s->place = STYLE_HIDES;
        else if (is(name, "transform"))
            transform(v, s);
        else if (is(name, "text-fill-color"))
            s->color = style_color(v);
        else if (is(name, "text-shadow"))
            s->shadow = !begins(v, "none");
        break;
    case 'l':
    case 'r':
        if ((is(name, "left") && far_off(v)) || (is(name, "right") && far_out(v)))
            s->place = STYLE_HIDES;
        break;
    case 'u':
        if (is(name, "unicode-bidi"))
            s->override = has(v, "override");
        break;
    case 'v':
        if (is(name, "visibility"))
            s->visibility = begins(v, "hidden") || begins(v, "collapse") ? STYLE_HIDES : STYLE_SHOWS;
        break;
    case 'w':
        if (is(name, "width"))
            s->zero_width = zero(v);
        break;
    default: break;
    }
}

static void declaration(struct str name, struct str v, struct style *s)
{
    static const char *const makers[] = {"-webkit-", "-moz-", "-ms-"};
    for (size_t i = 0; name.p[0] == '-' && i < N_ELEMENTS(makers); i++)
        if (begins(name, makers[i]) && name.n > strlen(makers[i]))
            name = str_from(name, strlen(makers[i]));
    if (ascii_lower(name.p[0]) <= 'f')
        declaration_to_f(name, v, s);
    else
        declaration_from_g(name, v, s);
}

/* "none !important": cut off; true when it was there. */
static bool cut_important(struct str *v)
{
    ptrdiff_t mark = v->n > 10 ? str_rchr(*v, '!') : -1;
    if (mark < 0 || !is(str_trim(str_from(*v, (size_t)mark + 1)), "important"))
        return false;
    *v = str_trim(str_upto(*v, (size_t)mark));
    return true;
}

static void read_plain(struct str rest, struct style *s, struct style *important)
{
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
        bool strong = cut_important(&value);
        if (name.n && value.n)
            declaration(name, value, strong && important ? important : s);
    }
}

/* A backslash and up to six hex digits, or any character (CSS Syntax 3, 4.3.7); what is not ASCII is "?". */
static size_t escape(struct str s, size_t i, char *out)
{
    uint32_t c = 0;
    size_t k = i + 1;
    for (; k < s.n && k < i + 7 && chars_hex(s.p[k]) >= 0; k++)
        c = c << 4 | (uint32_t)chars_hex(s.p[k]);
    if (k == i + 1) {
        *out = k < s.n ? s.p[k] : '?';
        return k + 1;
    }
    *out = c > 0x20 && c < 0x7F ? (char)c : '?';
    return k + (k < s.n && (s.p[k] == ' ' || s.p[k] == '\n' || s.p[k] == '\t'));
}

bool style_is_odd(struct str s) { return s.n && (memchr(s.p, '\\', s.n) || memchr(s.p, '*', s.n)); }

struct str style_plain(struct str s, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        if (s.p[i] == '/' && i + 1 < s.n && s.p[i + 1] == '*') {
            ptrdiff_t end = str_find(s, STR("*/"), i + 2);
            i = end < 0 ? s.n : (size_t)end + 2;
        } else if (s.p[i] == '\\') {
            i = escape(s, i, &out[n++]);
        } else {
            out[n++] = s.p[i++];
        }
    }
    return str_n(out, n);
}

static void read_odd(struct str declarations, struct style *s, struct style *important)
{
    char room[STYLE_PLAIN_MAX];
    read_plain(style_plain(str_upto(declarations, sizeof room), room), s, important);
}

void style_read(struct str declarations, struct style *s, struct style *important)
{
    if (style_is_odd(declarations))
        read_odd(declarations, s, important);
    else
        read_plain(declarations, s, important);
}

void style_merge(struct style *to, const struct style *s)
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
    to->shadow |= s->shadow;
    to->rtl |= s->rtl;
    to->override |= s->override;
}

bool style_hides(const struct style *s)
{
    return s->display == STYLE_HIDES || s->opacity == STYLE_HIDES || s->place == STYLE_HIDES || s->mso == STYLE_HIDES ||
           (s->clipped && (s->zero_height || s->zero_width));
}
