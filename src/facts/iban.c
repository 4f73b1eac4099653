#include "facts/iban.h"

#define SEPARATORS 3u /* " / " between two groups */

struct iban_country {
    char code[3];
    uint8_t length;
};
/* ISO 13616 registry; sorted by code for the binary search. */
static const struct iban_country countries[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22},
    {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27},
    {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27},
    {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HN", 28}, {"HR", 21}, {"HU", 28},
    {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28},
    {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22},
    {"MK", 19}, {"MN", 20}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23},
    {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24},
    {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28},
    {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30},
};

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_alnum_upper(char c) { return is_upper(c) || ascii_is_digit(c); }

unsigned iban_length(struct str country)
{
    if (country.n < 2)
        return 0;
    size_t lo = 0, hi = N_ELEMENTS(countries);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = memcmp(country.p, countries[mid].code, 2);
        if (c == 0)
            return countries[mid].length;
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return 0;
}

static unsigned value_of(char c) { return ascii_is_digit(c) ? (unsigned)(c - '0') : (unsigned)(c - 'A' + 10); }

/* The digits of s (letters as two digits) continued on rest r, modulo 97. */
static unsigned mod97(unsigned r, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned v = value_of(s.p[i]);
        r = v < 10 ? (r * 10 + v) % 97 : (r * 100 + v) % 97;
    }
    return r;
}

/* ABI's CIN: odd places (from 1) go through this table, even ones count as they are; the sum modulo 26 is the letter.
 */
static bool cin_ok(struct str bban)
{
    static const uint8_t odd[26] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                    20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    unsigned sum = 0;
    if (bban.n != 23)
        return false;
    for (size_t i = 1; i < bban.n; i++) {
        char c = bban.p[i];
        unsigned v = ascii_is_digit(c) ? (unsigned)(c - '0') : (unsigned)(c - 'A');
        sum += i % 2 == 1 ? odd[v] : v;
    }
    return bban.p[0] == (char)('A' + sum % 26);
}

static bool digits_only(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_digit(s.p[i]))
            return false;
    return true;
}

/* Letters of a French account count 1-9, 1-9, 2-9; key = 97 - (89 bank + 15 desk + 3 account) mod 97. */
static bool rib_ok(struct str bban)
{
    unsigned r = 0;
    if (bban.n != 23)
        return false;
    for (size_t i = 0; i < 21; i++) {
        char c = bban.p[i];
        unsigned v = ascii_is_digit(c) ? (unsigned)(c - '0')
                     : c <= 'I'        ? (unsigned)(c - 'A' + 1)
                     : c <= 'R'        ? (unsigned)(c - 'J' + 1)
                                       : (unsigned)(c - 'S' + 2);
        r = (r * 10 + v) % 97;
    }
    struct str key = str_from(bban, 21);
    if (!digits_only(key))
        return false;
    r = (r * 100 + (unsigned)(key.p[0] - '0') * 10 + (unsigned)(key.p[1] - '0')) % 97;
    return r == 0;
}

static unsigned es_digit(struct str digits, const uint8_t *weights)
{
    unsigned sum = 0;
    for (size_t i = 0; i < digits.n; i++)
        sum += (unsigned)(digits.p[i] - '0') * weights[i];
    unsigned d = 11 - sum % 11;
    return d == 11 ? 0 : d == 10 ? 1 : d;
}

static bool es_ok(struct str bban)
{
    static const uint8_t w[10] = {1, 2, 4, 8, 5, 10, 9, 7, 3, 6};
    if (bban.n != 20 || !digits_only(bban))
        return false;
    return es_digit(str_upto(bban, 8), w + 2) == (unsigned)(bban.p[8] - '0') &&
           es_digit(str_from(bban, 10), w) == (unsigned)(bban.p[9] - '0');
}

/* Belgium: the last two digits are the first ten modulo 97, with 97 for 0. */
static bool be_ok(struct str bban)
{
    if (bban.n != 12 || !digits_only(bban))
        return false;
    unsigned r = mod97(0, str_upto(bban, 10)), key = (unsigned)(bban.p[10] - '0') * 10 + (unsigned)(bban.p[11] - '0');
    return key == (r == 0 ? 97 : r);
}

static bool pt_ok(struct str bban) { return bban.n == 21 && digits_only(bban) && mod97(0, bban) == 1; }

static bool national_ok(struct str iban)
{
    static const struct {
        char code[3];
        bool (*ok)(struct str);
    } rules[] = {{"BE", be_ok},  {"ES", es_ok}, {"FR", rib_ok}, {"IT", cin_ok},
                 {"MC", rib_ok}, {"PT", pt_ok}, {"SM", cin_ok}};
    for (size_t i = 0; i < N_ELEMENTS(rules); i++)
        if (memcmp(iban.p, rules[i].code, 2) == 0)
            return rules[i].ok(str_from(iban, 4));
    return true;
}

enum iban_check iban_check(struct str iban)
{
    if (iban.n < 5 || !is_upper(iban.p[0]) || !is_upper(iban.p[1]) || !ascii_is_digit(iban.p[2]) ||
        !ascii_is_digit(iban.p[3]))
        return IBAN_BAD_CHAR;
    unsigned want = iban_length(iban);
    if (want == 0)
        return IBAN_BAD_COUNTRY;
    if (iban.n != want)
        return IBAN_BAD_LENGTH;
    for (size_t i = 4; i < iban.n; i++)
        if (!is_alnum_upper(iban.p[i]))
            return IBAN_BAD_CHAR;
    if (mod97(mod97(0, str_from(iban, 4)), str_upto(iban, 4)) != 1)
        return IBAN_BAD_MOD97;
    return national_ok(iban) ? IBAN_OK : IBAN_BAD_NATIONAL;
}

/* Bytes of a separator between groups at i, 0 when none: what people and programs put there, and what somebody would who wants
 * the eye to read an IBAN and the machine not to. */
static size_t separator(struct str t, size_t i)
{
    unsigned char c = (unsigned char)t.p[i], d = i + 1 < t.n ? (unsigned char)t.p[i + 1] : 0,
                  e = i + 2 < t.n ? (unsigned char)t.p[i + 2] : 0;
    if (c < 0x80)
        return c == ' ' || c == '\t' || c == '.' || c == '-' || c == '/' || c == '_' || c == '|' || c == ',' ||
               c == ':' || c == '*';
    if (c == 0xC2) /* no-break space, middle dot */
        return d == 0xA0 || d == 0xB7 ? 2 : 0;
    if (c == 0xE3) /* ideographic space */
        return d == 0x80 && e == 0x80 ? 3 : 0;
    if (c != 0xE2)
        return 0;
    bool general =
        d == 0x80 && (e <= 0x8A || (e >= 0x90 && e <= 0x95) || e == 0xA2 || e == 0xAF); /* spaces, dashes, bullet */
    return general || (d == 0x81 && e == 0x9F) || (d == 0x88 && e == 0x92) ? 3 : 0;
}

static char upper(char c) { return c >= 'a' && c <= 'z' ? (char)(c - 32) : c; }
static bool is_word(char c) { return ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0xC3; }

/* A line end inside the number: what the wrapping of lines and their quote marks put there; 0 when none. */
static size_t wrapped(struct str t, size_t i)
{
    size_t from = i;
    if (i < t.n && t.p[i] == '\r')
        i++;
    if (i >= t.n || t.p[i] != '\n')
        return 0;
    for (i++; i < t.n && i - from < 8 && (t.p[i] == ' ' || t.p[i] == '>' || t.p[i] == '\t'); i++)
        ;
    return i - from;
}

/* Behind at most SEPARATORS separators at i. */
static size_t skip(struct str t, size_t i)
{
    size_t sep;
    for (unsigned k = 0; k < SEPARATORS && i < t.n && (sep = separator(t, i)) > 0; k++)
        i += sep;
    return i;
}

/* Reads up to `want` IBAN characters from i; at most SEPARATORS separators, or one line end, between two. */
static bool read_at(struct str t, size_t i, unsigned want, char *out, size_t *end)
{
    size_t n = 0;
    while (n < want) {
        if (n > 0)
            i = skip(t, i);
        if (n >= 4)
            i += wrapped(t, i);
        if (i >= t.n || !is_alnum_upper(upper(t.p[i])))
            return false;
        out[n++] = upper(t.p[i++]);
    }
    out[n] = '\0';
    *end = i;
    return i >= t.n || !is_word(t.p[i]) || str_istarts(str_from(t, i), STR("BIC")) ||
           str_istarts(str_from(t, i), STR("SWIFT")); /* columns of a table run together */
}

/* May an IBAN begin at i? Checked before anything costly: two letters, then a digit; head: the letters. */
static bool begins_at(struct str t, size_t i, char head[2])
{
    if (!ascii_is_alpha(t.p[i]))
        return false;
    size_t k = ascii_is_alpha(t.p[i + 1]) ? i + 1 : skip(t, i + 1);
    if (k >= t.n || !ascii_is_alpha(t.p[k]))
        return false;
    head[0] = upper(t.p[i]);
    head[1] = upper(t.p[k]);
    k = skip(t, k + 1);
    if (k >= t.n || !ascii_is_digit(t.p[k]))
        return false;
    return i == 0 || !is_word(t.p[i - 1]) || (i >= 4 && str_ieq(str_n(t.p + i - 4, 4), STR("IBAN")));
}

bool iban_next(struct str text, size_t *at, char out[IBAN_MAX + 1], size_t *start)
{
    for (size_t i = *at; i + 15 <= text.n; i++) {
        char head[2];
        if (!begins_at(text, i, head))
            continue;
        unsigned want = iban_length(str_n(head, 2));
        size_t end;
        if (want == 0 || !read_at(text, i, want, out, &end))
            continue;
        enum iban_check c = iban_check(str_n(out, want));
        if (c != IBAN_OK && c != IBAN_BAD_NATIONAL)
            continue;
        *start = i;
        *at = end;
        return true;
    }
    *at = text.n;
    return false;
}
