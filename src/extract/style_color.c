/* Colours of CSS (CSS Color 4) and of the old attributes. */
#include "extract/chars.h"
#include "extract/style.h"

#define COLOR_CLOSE 10 /* of 255, in each of red, green and blue */

bool style_tenths(struct str v, int32_t *out, struct str *rest)
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

/* Alpha in tenths: below one nothing is seen; below ten what shines through is not known. */
static uint32_t with_alpha(uint32_t c, int32_t alpha)
{
    return alpha < 1 ? STYLE_CLEAR : alpha < 10 ? STYLE_UNKNOWN : c;
}

/* #rgb, #rgba, #rrggbb, #rrggbbaa; n hex digits are there. */
static uint32_t hex_color(const char *p, size_t n)
{
    uint32_t c = 0;
    size_t each = n >= 6 ? 2 : 1, alpha_at = each * 3;
    for (size_t i = 0; i < alpha_at; i++)
        c = each == 2 ? c << 4 | (uint32_t)chars_hex(p[i]) : c << 8 | (uint32_t)chars_hex(p[i]) * 17u;
    if (n != 4 && n != 8)
        return c;
    int a = each == 2 ? chars_hex(p[alpha_at]) * 16 + chars_hex(p[alpha_at + 1]) : chars_hex(p[alpha_at]) * 17;
    return with_alpha(c, a * 10 / 255);
}

static int32_t bounded(int32_t x, int32_t most) { return x < 0 ? 0 : x > most ? most : x; }

/* One of the numbers between brackets: times ten, per cent of `whole` when it says so. */
static bool argument(struct str *rest, int32_t whole, int32_t *out)
{
    while (rest->n && (rest->p[0] == ' ' || rest->p[0] == ',' || rest->p[0] == '/'))
        *rest = str_from(*rest, 1);
    if (!style_tenths(*rest, out, rest))
        return false;
    if (rest->n && rest->p[0] == '%') {
        *out = bounded(*out, 1000) * whole / 100;
        *rest = str_from(*rest, 1);
    }
    return true;
}

/* Hue in degrees, the others per cent (CSS Color 4, 7.1). */
static uint32_t from_hsl(int32_t h, int32_t s, int32_t l)
{
    static const int32_t shift[3] = {0, 8, 4};
    uint32_t c = 0;
    h = (h % 360 + 360) % 360;
    int32_t a = s * (l < 50 ? l : 100 - l); /* of 10,000 */
    for (int i = 0; i < 3; i++) {
        int32_t k = (shift[i] * 30 + h) % 360; /* thirtieths of a twelfth */
        int32_t low = k - 90 < 270 - k ? k - 90 : 270 - k, m = low < -30 ? -30 : low < 30 ? low : 30;
        c = c << 8 | (uint32_t)bounded((l * 100 - a * m / 30) * 255 / 10000, 255);
    }
    return c;
}

static uint32_t function(struct str v, bool hsl)
{
    struct str rest = str_from(v, (size_t)str_chr(v, '(', 0) + 1);
    int32_t x[3], alpha;
    for (int k = 0; k < 3; k++) {
        if (!argument(&rest, hsl ? 100 : 255, &x[k]))
            return STYLE_UNKNOWN;
        if (hsl && k == 0 && str_istarts(rest, STR("deg")))
            rest = str_from(rest, 3);
    }
    uint32_t c = hsl ? from_hsl(x[0] / 10, bounded(x[1] / 10, 100), bounded(x[2] / 10, 100))
                     : (uint32_t)bounded(x[0] / 10, 255) << 16 | (uint32_t)bounded(x[1] / 10, 255) << 8 |
                           (uint32_t)bounded(x[2] / 10, 255);
    return argument(&rest, 1, &alpha) ? with_alpha(c, alpha) : c;
}

uint32_t style_color(struct str v)
{
    static const struct {
        const char *name;
        uint32_t c;
    } names[] = {{"white", 0xFFFFFF},         {"black", 0},
                 {"red", 0xFF0000},           {"gray", 0x808080},
                 {"grey", 0x808080},          {"silver", 0xC0C0C0},
                 {"blue", 0x0000FF},          {"green", 0x008000},
                 {"yellow", 0xFFFF00},        {"navy", 0x000080},
                 {"snow", 0xFFFAFA},          {"ivory", 0xFFFFF0},
                 {"azure", 0xF0FFFF},         {"ghostwhite", 0xF8F8FF},
                 {"whitesmoke", 0xF5F5F5},    {"windowtext", 0},
                 {"window", 0xFFFFFF},        {"orange", 0xFFA500},
                 {"mintcream", 0xF5FFFA},     {"floralwhite", 0xFFFAF0},
                 {"transparent", STYLE_CLEAR}};
    size_t digits = 0;
    v = str_trim(v);
    if (v.n >= 4 && v.p[0] == '#') {
        while (digits < 8 && 1 + digits < v.n && chars_hex(v.p[1 + digits]) >= 0)
            digits++;
        /* Another length is no colour; where it was meant as one, mail programs take what is there. */
        return digits < 3 ? STYLE_UNKNOWN : hex_color(v.p + 1, digits == 5 ? 3 : digits == 7 ? 6 : digits);
    }
    bool hsl = str_istarts(v, STR("hsl"));
    if ((hsl || str_istarts(v, STR("rgb"))) && str_chr(v, '(', 0) > 0)
        return function(v, hsl);
    for (size_t i = 0; i < N_ELEMENTS(names); i++)
        if (str_ieq(v, str_c(names[i].name)))
            return names[i].c;
    while (digits < v.n && chars_hex(v.p[digits]) >= 0)
        digits++;
    /* bgcolor="ffffff" without the sign is read so by every mail program */
    return v.n == 6 && digits == 6 ? hex_color(v.p, 6) : STYLE_UNKNOWN;
}

bool style_same_color(uint32_t a, uint32_t b)
{
    if (a == STYLE_CLEAR)
        return true;
    if (a > 0xFFFFFF || b > 0xFFFFFF)
        return false;
    for (int k = 0; k < 24; k += 8) {
        int d = (int)(a >> k & 255) - (int)(b >> k & 255);
        if (d > COLOR_CLOSE || d < -COLOR_CLOSE)
            return false;
    }
    return true;
}
