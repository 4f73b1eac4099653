#include "guard/name.h"

/* Base letters of U+00C0..U+017F; '.' has none. */
static const char latin_1[] = "aaaaaaaceeeeiiiidnooooo.ouuuuypsaaaaaaaceeeeiiiidnooooo.ouuuuypy"
                              "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
                              "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzf";
/* U+01A0..U+024F */
static const char latin_b[] = "oo.............uu..............."
                              ".............aaiioouuuuuuuuuu.aaaa....ggkkoooo..j...gg..nnaa...."
                              "aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............................";
/* U+1E00..U+1EFF */
static const char latin_more[] = "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
                                 "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
                                 "wwwwwwwwwwxxxxyyzzzzzzhtwy......aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
                                 "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";
/* Letters of other scripts, lower case, in the order of their code points. */
static const struct pass {
    uint16_t cp;
    char as;
} passes[] = {
    {0x0251, 'a'}, {0x0261, 'g'}, {0x0269, 'i'}, {0x026a, 'i'}, {0x0274, 'n'}, {0x028b, 'v'}, {0x028f, 'y'},
    {0x0299, 'b'}, {0x029c, 'h'}, {0x029f, 'l'}, {0x03ac, 'a'}, {0x03ad, 'e'}, {0x03af, 'i'}, {0x03b1, 'a'},
    {0x03b3, 'y'}, {0x03b5, 'e'}, {0x03b7, 'n'}, {0x03b9, 'i'}, {0x03ba, 'k'}, {0x03bd, 'v'}, {0x03bf, 'o'},
    {0x03c1, 'p'}, {0x03c3, 'o'}, {0x03c4, 't'}, {0x03c5, 'u'}, {0x03c7, 'x'}, {0x03c9, 'w'}, {0x03cc, 'o'},
    {0x03cd, 'u'}, {0x03f2, 'c'}, {0x03f3, 'j'}, {0x0430, 'a'}, {0x0432, 'b'}, {0x0433, 'r'}, {0x0435, 'e'},
    {0x043a, 'k'}, {0x043c, 'm'}, {0x043d, 'h'}, {0x043e, 'o'}, {0x043f, 'n'}, {0x0440, 'p'}, {0x0441, 'c'},
    {0x0442, 't'}, {0x0443, 'y'}, {0x0445, 'x'}, {0x044c, 'b'}, {0x0450, 'e'}, {0x0451, 'e'}, {0x0455, 's'},
    {0x0456, 'i'}, {0x0457, 'i'}, {0x0458, 'j'}, {0x0461, 'w'}, {0x0475, 'v'}, {0x04af, 'y'}, {0x04bb, 'h'},
    {0x04cf, 'l'}, {0x04d1, 'a'}, {0x04d3, 'a'}, {0x04e7, 'o'}, {0x0501, 'd'}, {0x051b, 'q'}, {0x051d, 'w'},
    {0x0561, 'w'}, {0x0566, 'q'}, {0x0570, 'h'}, {0x0575, 'j'}, {0x0578, 'n'}, {0x057c, 'n'}, {0x057d, 'u'},
    {0x0581, 'g'}, {0x0582, 'i'}, {0x0584, 'f'}, {0x0585, 'o'}, {0x05e1, 'o'}, {0x0665, 'o'}, {0x1d04, 'c'},
    {0x1d0f, 'o'}, {0x1d1c, 'u'}, {0x1d20, 'v'}, {0x1d21, 'w'}, {0x1d22, 'z'}, {0x2170, 'i'}, {0x217c, 'l'},
    {0x217d, 'c'}, {0x217e, 'd'}, {0x217f, 'm'},
};

static uint32_t lower(uint32_t cp)
{
    if (cp >= 'A' && cp <= 'Z')
        return cp + 32;
    if ((cp >= 0x391 && cp <= 0x3a9) || (cp >= 0x410 && cp <= 0x42f))
        return cp + 32;
    if (cp >= 0x400 && cp <= 0x40f)
        return cp + 80;
    return cp;
}

static char foreign(uint32_t cp)
{
    size_t lo = 0, hi = N_ELEMENTS(passes);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (passes[mid].cp == cp)
            return passes[mid].as;
        if (passes[mid].cp < cp)
            lo = mid + 1;
        else
            hi = mid;
    }
    return 0;
}

static char accented(uint32_t cp)
{
    char c = '.';
    if (cp >= 0xc0 && cp <= 0x17f)
        c = latin_1[cp - 0xc0];
    else if (cp >= 0x1a0 && cp <= 0x24f)
        c = latin_b[cp - 0x1a0];
    else if (cp >= 0x1e00 && cp <= 0x1eff)
        c = latin_more[cp - 0x1e00];
    return c == '.' ? 0 : c;
}

static unsigned script_of(uint32_t cp)
{
    if (cp < 0x80)
        return SCRIPT_ASCII;
    if (accented(cp))
        return SCRIPT_ACCENT;
    return foreign(lower(cp)) || (cp >= 0xff00 && cp <= 0xff5e) ? SCRIPT_FOREIGN : SCRIPT_OTHER;
}

uint32_t guard_fold_letter(uint32_t cp)
{
    if (cp < 0x80)
        return lower(cp);
    if (cp >= 0xff01 && cp <= 0xff5e) /* full width */
        return lower(cp - 0xfee0);
    char c = accented(cp);
    if (!c)
        c = foreign(lower(cp));
    return c ? (uint32_t)c : lower(cp);
}

uint32_t guard_utf8_next(struct str s, size_t *at)
{
    const unsigned char *p = (const unsigned char *)s.p + *at;
    size_t left = s.n - *at, n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
    if (n == 0 || n > left || p[0] > 0xf4) {
        ++*at;
        return 0xfffd;
    }
    uint32_t cp = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            ++*at;
            return 0xfffd;
        }
        cp = cp << 6 | (p[i] & 0x3f);
    }
    *at += n;
    return cp;
}

static size_t utf8_put(char *out, uint32_t cp)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (cp >> 18 & 7));
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

/* ---- RFC 3492 ---- */

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / 700 : delta / 2;
    delta += delta / points;
    for (; delta > 455; k += 36)
        delta /= 35;
    return k + 36 * delta / (delta + 38);
}

static int digit_of(char c)
{
    return c >= 'a' && c <= 'z' ? c - 'a' : c >= 'A' && c <= 'Z' ? c - 'A' : ascii_is_digit(c) ? c - '0' + 26 : -1;
}

size_t guard_punycode(struct str s, uint32_t *out, size_t max)
{
    ptrdiff_t dash = str_rchr(s, '-');
    size_t n = 0, at = dash > 0 ? (size_t)dash + 1 : 0;
    for (; dash > 0 && n < (size_t)dash; n++) {
        if (n == max || (unsigned char)s.p[n] >= 0x80)
            return 0;
        out[n] = (uint32_t)lower((unsigned char)s.p[n]);
    }
    uint32_t cp = 128, i = 0, bias = 72;
    while (at < s.n) {
        uint32_t before = i, w = 1;
        for (uint32_t k = 36;; k += 36) {
            int d = at < s.n ? digit_of(s.p[at++]) : -1;
            if (d < 0 || (uint32_t)d > (UINT32_MAX - i) / w)
                return 0;
            i += (uint32_t)d * w;
            uint32_t t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
            if ((uint32_t)d < t)
                break;
            if (w > UINT32_MAX / (36 - t))
                return 0;
            w *= 36 - t;
        }
        if (n == max)
            return 0;
        uint32_t points = (uint32_t)n + 1;
        bias = adapt(i - before, points, before == 0);
        if (i / points > 0x10ffff - cp)
            return 0;
        cp += i / points;
        i %= points;
        memmove(out + i + 1, out + i, (n - i) * sizeof *out);
        out[i++] = cp;
        n++;
    }
    return n;
}

/* ---- labels ---- */

static size_t label_points(struct str label, uint32_t *cp)
{
    size_t n = 0;
    if (str_istarts(label, STR("xn--")) && (n = guard_punycode(str_from(label, 4), cp, GUARD_LABEL_MAX)) > 0)
        return n;
    for (size_t at = 0; at < label.n && n < GUARD_LABEL_MAX;)
        cp[n++] = guard_utf8_next(label, &at);
    return n;
}

void guard_label_read(struct str label, struct guard_label *o)
{
    uint32_t cp[GUARD_LABEL_MAX];
    size_t n = label_points(str_upto(label, GUARD_LABEL_MAX), cp);
    o->n_shown = o->n_plain = o->n_skeleton = 0;
    o->script = 0;
    for (size_t i = 0; i < n; i++) {
        o->n_shown += utf8_put(o->shown + o->n_shown, cp[i]);
        o->script |= script_of(cp[i]);
        uint32_t c = guard_fold_letter(cp[i]);
        if (c == '-')
            continue;
        c = c == '0' ? 'o' : c == '1' || c == 'i' ? 'l' : c;
        o->n_plain += utf8_put(o->plain + o->n_plain, c);
        const char *pair = c == 'm' ? "rn" : c == 'w' ? "vv" : c == 'd' ? "cl" : NULL;
        if (pair) {
            memcpy(o->skeleton + o->n_skeleton, pair, 2);
            o->n_skeleton += 2;
        } else {
            o->n_skeleton += utf8_put(o->skeleton + o->n_skeleton, c);
        }
    }
    o->shown[o->n_shown] = o->plain[o->n_plain] = o->skeleton[o->n_skeleton] = '\0';
}

/* ---- names and text ---- */

/* Words that stand in many names and mean nobody: titles, offices, legal forms, "via" of services. In byte order. */
static const char *const empty_words[] = {
    "ad",
    "ag",
    "amministratore",
    "amministratrice",
    "arch",
    "avv",
    "bv",
    "ceo",
    "cfo",
    "chairman",
    "chief",
    "cio",
    "co",
    "coo",
    "corp",
    "cto",
    "delegata",
    "delegato",
    "dipl",
    "directeur",
    "director",
    "directora",
    "directrice",
    "direktor",
    "direktorin",
    "direttore",
    "direttrice",
    "doc",
    "dott",
    "dottoressa",
    "dottssa",
    "dr",
    "e",
    "executive",
    "fa",
    "founder",
    "frau",
    "geom",
    "gerente",
    "geschaftsfuhrer",
    "geschaftsfuhrerin",
    "gmbh",
    "herr",
    "inc",
    "ing",
    "inhaber",
    "kg",
    "llc",
    "lp",
    "ltd",
    "mag",
    "managing",
    "mr",
    "mrs",
    "ms",
    "nv",
    "officer",
    "ohg",
    "owner",
    "oy",
    "pdg",
    "plc",
    "president",
    "presidente",
    "prof",
    "rag",
    "sa",
    "sagl",
    "sas",
    "sig",
    "sigra",
    "sl",
    "snc",
    "spa",
    "sr",
    "sra",
    "srl",
    "srls",
    "titolare",
    "ug",
    "via",
    "vorstand",
};

static bool empty_word(struct str w)
{
    if (w.n < 2)
        return true;
    for (size_t i = 0; i < N_ELEMENTS(empty_words); i++)
        if (w.p[0] == empty_words[i][0] && str_eq(w, str_c(empty_words[i])))
            return true;
    return false;
}

/* Letters and digits folded, everything else one space; dots and apostrophes vanish, so that S.r.l. is one word. */
static struct str fold_words(struct arena *a, struct str s, bool join_dots)
{
    char *out = arena_alloc(a, s.n * 4 + 1);
    size_t n = 0;
    bool gap = false;
    for (size_t at = 0; at < s.n;) {
        uint32_t c = guard_fold_letter(guard_utf8_next(s, &at));
        bool word = c >= 0x80 ? c != 0xa0 && !(c >= 0x2000 && c <= 0x206f) && c != 0xfffd
                              : ascii_is_alpha((char)c) || ascii_is_digit((char)c);
        if (!word) {
            gap = gap || !(join_dots && (c == '.' || c == '\'' || c == 0x2019));
            continue;
        }
        if (gap && n > 0)
            out[n++] = ' ';
        gap = false;
        n += utf8_put(out + n, c);
    }
    return str_n(out, n);
}

/* "MarcoRossi" and "marco.rossi77" as a person reads them: a space before a capital behind a small letter; without any space
 * dots and digits part words too. */
static struct str spread(struct arena *a, struct str name)
{
    char *p = arena_alloc(a, name.n * 2 + 1);
    bool glued = str_chr(name, ' ', 0) < 0;
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i], before = i > 0 ? name.p[i - 1] : ' ';
        if (c >= 'A' && c <= 'Z' && before >= 'a' && before <= 'z')
            p[n++] = ' ';
        p[n++] = glued && (c == '.' || ascii_is_digit(c)) ? ' ' : c;
    }
    return str_n(p, n);
}

struct str guard_name_key(struct arena *a, struct str name)
{
    struct str rest = fold_words(a, spread(a, str_utf8_cut(name, 200)), true), word, words[GUARD_NAME_WORDS];
    size_t n = 0, letters = 0;
    while (rest.n > 0 && n < GUARD_NAME_WORDS) {
        str_token(&rest, ' ', &word);
        if (empty_word(word))
            continue;
        size_t at = n++;
        for (; at > 0 && str_cmp(words[at - 1], word) > 0; at--)
            words[at] = words[at - 1];
        words[at] = word;
        letters += word.n;
    }
    if (n < 2 || letters < 6)
        return STR("");
    char *out = arena_alloc(a, letters + n);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            out[len++] = ' ';
        memcpy(out + len, words[i].p, words[i].n);
        len += words[i].n;
    }
    return str_n(out, len);
}

static void add_key(struct arena *a, struct str part, struct str *out, size_t *n)
{
    struct str key = guard_name_key(a, part);
    bool seen = key.n == 0 || *n == GUARD_NAME_PARTS;
    for (size_t i = 0; i < *n && !seen; i++)
        seen = str_eq(out[i], key);
    if (!seen)
        out[(*n)++] = key;
}

/* Where one name ends and the next begins: the width of the mark, 0 for none. */
static size_t name_break(struct str s, size_t i)
{
    static const struct str marks[] = {STR(" - "),   STR(" \xe2\x80\x93 "),
                                       STR(" | "),   STR(" via "),
                                       STR(" c/o "), STR(" / "),
                                       STR("("),     STR(")"),
                                       STR("["),     STR("]"),
                                       STR("|"),     STR(" @ "),
                                       STR(" di "),  STR(" from "),
                                       STR(" von "), STR(", ")};
    for (size_t k = 0; k < N_ELEMENTS(marks); k++)
        if (str_istarts(str_from(s, i), marks[k]))
            return marks[k].n;
    return 0;
}

size_t guard_name_keys(struct arena *a, struct str name, struct str out[GUARD_NAME_PARTS])
{
    size_t n = 0, from = 0;
    name = str_utf8_cut(name, 200);
    add_key(a, name, out, &n);
    for (size_t i = 0; i < name.n; i++) {
        size_t width = name_break(name, i);
        if (width == 0)
            continue;
        add_key(a, str_upto(str_from(name, from), i - from), out, &n);
        from = i + width;
        i = from - 1;
    }
    if (from > 0)
        add_key(a, str_from(name, from), out, &n);
    return n;
}

struct str guard_text_fold(struct arena *a, struct str text, size_t max)
{
    return fold_words(a, str_utf8_cut(text, max), false);
}

bool guard_text_has(struct str folded, struct str phrase)
{
    for (ptrdiff_t at = str_find(folded, phrase, 0); at >= 0; at = str_find(folded, phrase, (size_t)at + 1)) {
        size_t end = (size_t)at + phrase.n;
        if ((at == 0 || folded.p[at - 1] == ' ') && (end == folded.n || folded.p[end] == ' '))
            return true;
    }
    return false;
}
