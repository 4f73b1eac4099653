#include "extract/chars.h"
#include "extract/style.h"

#define SHEET_SELECTOR_MAX 200u
#define SHEET_MEDIA_DEPTH 4u
#define SHEET_ABOVE_MAX 256u  /* elements around one that are looked at */
#define SHEET_MATCHES_MAX 64u /* rules for one element; of more the weightiest count */
#define SHEET_NARROW 400      /* px: every desktop window is wider */
#define SHEET_WIDE 1500       /* px: and few are wider than this */

static uint32_t key_of(char kind, struct str name)
{
    uint32_t h = 2166136261u ^ (unsigned char)kind;
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ (unsigned char)ascii_lower(name.p[i])) * 16777619u;
    return h ? h : 1;
}

void style_names_of(struct str tag, struct str classes, struct str id, struct style_names *out)
{
    out->n = 1;
    out->key[0] = key_of(0, tag);
    if (id.n)
        out->key[out->n++] = key_of('#', id);
    for (size_t i = 0; i < classes.n && out->n < STYLE_KEYS_MAX;) {
        while (i < classes.n && chars_space(classes.p[i]))
            i++;
        size_t from = i;
        while (i < classes.n && !chars_space(classes.p[i]))
            i++;
        if (i > from)
            out->key[out->n++] = key_of('.', str_n(classes.p + from, i - from));
    }
}

/* ---- reading ---- */

static bool name_char(char c) { return chars_alnum(c) || c == '-' || c == '_' || (unsigned char)c >= 0x80; }

/* "p.a#b" or "*" at *at; false when it is something else. */
static bool part_read(struct str sel, size_t *at, struct style_part *p, uint16_t *weight)
{
    size_t i = *at;
    *p = (struct style_part){.n = 0};
    if (i < sel.n && sel.p[i] == '*') {
        i++;
    } else if (i < sel.n && name_char(sel.p[i])) {
        size_t from = i;
        while (i < sel.n && name_char(sel.p[i]))
            i++;
        p->key[p->n++] = key_of(0, str_n(sel.p + from, i - from));
        *weight = (uint16_t)(*weight + 1);
    }
    while (i < sel.n && (sel.p[i] == '.' || sel.p[i] == '#')) {
        char kind = sel.p[i++];
        size_t from = i;
        while (i < sel.n && name_char(sel.p[i]))
            i++;
        if (i == from || p->n == N_ELEMENTS(p->key))
            return false;
        p->key[p->n++] = key_of(kind, str_n(sel.p + from, i - from));
        *weight = (uint16_t)(*weight + (kind == '#' ? 256 : 16));
    }
    bool read = i > *at;
    *at = i;
    return read;
}

/* One selector; false when it asks for what is not known here (attributes, states, what stands before it). */
static bool selector(struct str sel, struct style_rule *r)
{
    struct style_part all[STYLE_PARTS_MAX];
    size_t i = 0, n = 0;
    bool child = false;
    sel = str_trim(sel);
    r->weight = 0;
    if (sel.n == 0 || sel.n > SHEET_SELECTOR_MAX)
        return false;
    while (i < sel.n) {
        if (n == STYLE_PARTS_MAX || !part_read(sel, &i, &all[n], &r->weight))
            return false;
        all[n++].child = child;
        child = false;
        for (; i < sel.n && (chars_space(sel.p[i]) || sel.p[i] == '>'); i++)
            child = child || sel.p[i] == '>';
        if (i < sel.n && !name_char(sel.p[i]) && sel.p[i] != '.' && sel.p[i] != '#' && sel.p[i] != '*')
            return false;
    }
    for (size_t k = 0; k < n; k++)
        r->part[k] = all[n - 1 - k];
    r->n = (uint8_t)n;
    return !child;
}

static bool matters(const struct style *s)
{
    return s->color != STYLE_UNSET || s->background != STYLE_UNSET || s->font >= 0 || s->font_percent >= 0 ||
           s->display || s->visibility || s->opacity || s->place || s->mso || s->zero_height || s->zero_width ||
           s->clipped || s->shadow || s->rtl || s->override;
}

static void rule(struct arena *a, struct str selectors, struct str body, struct style_sheet *sheet)
{
    struct style_rule r = {.n = 0};
    struct str rest = selectors, one;
    style_init(&r.style);
    style_init(&r.important);
    style_read(body, &r.style, &r.important);
    bool strong = matters(&r.important);
    if (!matters(&r.style) && !strong)
        return;
    while (str_token(&rest, ',', &one)) {
        bool paints = r.style.background != STYLE_UNSET || r.important.background != STYLE_UNSET;
        if (!selector(one, &r)) {
            sheet->unread_background = sheet->unread_background || paints;
        } else if (sheet->n < STYLE_RULES_MAX) {
            if (!sheet->rules)
                sheet->rules = arena_alloc(a, STYLE_RULES_MAX * sizeof *sheet->rules);
            sheet->rules[sheet->n++] = r;
            sheet->deep = sheet->deep || r.n > 1;
            sheet->strong = sheet->strong || strong;
            sheet->filter |= r.part[0].n ? 1ull << (r.part[0].key[0] & 63) : ~0ull;
        } else {
            sheet->unread_background = sheet->unread_background || paints;
        }
        if (rest.n == 0)
            break;
    }
}

/* Does "(max-width: 600px)" and the like hold on any desktop? Only where that is sure. */
static bool feature_holds(struct str f)
{
    struct str name, value, unit;
    int32_t t;
    if (!str_cut(f, ':', &name, &value) || !style_tenths(str_trim(value), &t, &unit))
        return false;
    name = str_trim(name);
    if (str_istarts(unit, STR("em")) || str_istarts(unit, STR("rem")))
        t = t < 1000000 ? t * 16 : t;
    bool least = str_ieq(name, STR("min-width")) || str_ieq(name, STR("min-device-width"));
    bool most = str_ieq(name, STR("max-width")) || str_ieq(name, STR("max-device-width"));
    return (least && t <= SHEET_NARROW * 10) || (most && t >= SHEET_WIDE * 10);
}

/* One of the queries between commas: [only] type {and (feature)}. */
static bool query_holds(struct str q)
{
    q = str_trim(q);
    if (str_istarts(q, STR("only ")))
        q = str_trim(str_from(q, 5));
    while (q.n) {
        size_t n = 0;
        if (q.p[0] == '(') {
            ptrdiff_t end = str_chr(q, ')', 0);
            if (end < 0 || !feature_holds(str_n(q.p + 1, (size_t)end - 1)))
                return false;
            n = (size_t)end + 1;
        } else {
            while (n < q.n && name_char(q.p[n]))
                n++;
            struct str word = str_upto(q, n);
            if (!str_ieq(word, STR("all")) && !str_ieq(word, STR("screen")) && !str_ieq(word, STR("and")))
                return false;
        }
        q = str_trim(str_from(q, n));
    }
    return true;
}

static bool media_holds(struct str head)
{
    struct str rest = str_from(head, 6), one;
    while (str_token(&rest, ',', &one)) {
        if (query_holds(one))
            return true;
        if (rest.n == 0)
            break;
    }
    return false;
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

static void read_plain(struct arena *a, struct str css, struct style_sheet *sheet, unsigned depth)
{
    size_t from = 0;
    for (size_t i = 0; i < css.n;) {
        char c = css.p[i];
        if (c == ';' || c == '}') {
            from = ++i;
        } else if (c == '{') {
            struct str head = str_trim(str_n(css.p + from, i - from));
            while (str_starts(head, STR("<!--")) || str_starts(head, STR("-->")))
                head = str_trim(str_from(head, head.p[0] == '<' ? 4 : 3));
            size_t end = block_end(css, i);
            struct str body = str_n(css.p + i + 1, end - i > 0 ? end - i - 1 : 0);
            bool media = str_istarts(head, STR("@media"));
            if (head.n && head.p[0] != '@')
                rule(a, head, body, sheet);
            else if (media && depth < SHEET_MEDIA_DEPTH && media_holds(head))
                read_plain(a, body, sheet, depth + 1);
            else if (media && str_ifind(body, STR("background"), 0) >= 0)
                sheet->unread_background = true;
            from = i = end + 1;
        } else {
            i++;
        }
    }
}

void style_sheet_read(struct arena *a, struct str css, struct style_sheet *sheet)
{
    if (style_is_odd(css))
        css = style_plain(css, arena_alloc(a, css.n));
    read_plain(a, css, sheet, 0);
}

/* ---- applying ---- */

static bool part_matches(const struct style_part *p, const struct style_names *names)
{
    for (size_t k = 0; k < p->n; k++) {
        size_t i = 0;
        while (i < names->n && names->key[i] != p->key[k])
            i++;
        if (i == names->n)
            return false;
    }
    return true;
}

/* Parts k and following among what stands above path[at]. */
static bool above_matches(struct style_sheet *sheet, const struct style_rule *r, size_t k,
                          const struct style_names *path, size_t at, size_t least)
{
    if (k == r->n)
        return true;
    while (at > least && sheet->work < STYLE_WORK_MAX) {
        sheet->work++;
        if (part_matches(&r->part[k], &path[--at]) && above_matches(sheet, r, k + 1, path, at, least))
            return true;
        if (r->part[k - 1].child)
            return false;
    }
    return false;
}

void style_sheet_apply(struct style_sheet *sheet, const struct style_names *path, size_t depth, struct style *s,
                       struct style *important)
{
    const struct style_rule *hit[SHEET_MATCHES_MAX];
    const struct style_names *names = &path[depth - 1];
    uint64_t bits = 0;
    size_t n = 0, least = depth > SHEET_ABOVE_MAX ? depth - SHEET_ABOVE_MAX : 0;
    for (size_t i = 0; i < names->n; i++)
        bits |= 1ull << (names->key[i] & 63);
    if (!(sheet->filter & bits) || sheet->work >= STYLE_WORK_MAX)
        return;
    sheet->work += (uint32_t)sheet->n;
    for (size_t i = 0; i < sheet->n; i++) {
        const struct style_rule *r = &sheet->rules[i];
        if (r->part[0].n && !(bits >> (r->part[0].key[0] & 63) & 1))
            continue;
        if (!part_matches(&r->part[0], names) || !above_matches(sheet, r, 1, path, depth - 1, least))
            continue;
        /* In order of weight, then of the sheet; a full list lets the lightest go. */
        size_t k = n;
        while (k > 0 && hit[k - 1]->weight > r->weight)
            k--;
        if (n == SHEET_MATCHES_MAX) {
            if (k == 0)
                continue;
            memmove(hit, hit + 1, --k * sizeof *hit);
        } else {
            memmove(hit + k + 1, hit + k, (n++ - k) * sizeof *hit);
        }
        hit[k] = r;
    }
    for (size_t k = 0; k < n; k++) {
        style_merge(s, &hit[k]->style);
        if (important && sheet->strong)
            style_merge(important, &hit[k]->important);
    }
}
