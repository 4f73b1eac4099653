#include "mime/date.h"
#include "core/date.h"

#include <stdio.h>

#define TOKENS_MAX 24

static const char months[12][4] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/* RFC 5322 4.3 obs-zone and the names seen in real mail; single letters are all -0000 there. */
static const struct {
    char name[5];
    int16_t minutes;
} zones[] = {
    {"ut", 0},     {"utc", 0},    {"gmt", 0},    {"z", 0},      {"est", -300}, {"edt", -240},
    {"cst", -360}, {"cdt", -300}, {"mst", -420}, {"mdt", -360}, {"pst", -480}, {"pdt", -420},
    {"wet", 0},    {"west", 60},  {"bst", 60},   {"cet", 60},   {"cest", 120}, {"met", 60},
    {"mest", 120}, {"eet", 120},  {"eest", 180}, {"msk", 180},  {"jst", 540},  {"hst", -600},
};

struct when {
    int day, month, year, hour, minute, second, zone;
    bool has_time, has_zone, pm, am;
};

struct tok {
    struct str s;
    char before; /* byte that stood in front: ' ' '-' '+' ':' '.' '/' */
};

static bool number(struct str s, int *out)
{
    uint64_t v;
    if (s.n > 8 || !str_u64(s, &v))
        return false;
    *out = (int)v;
    return true;
}

/* Runs of digits and runs of letters; comments and everything else separate. */
static size_t tokens(struct str s, struct tok *v)
{
    size_t n = 0, depth = 0;
    char before = ' ';
    for (size_t i = 0; i < s.n && n < TOKENS_MAX;) {
        char c = s.p[i];
        bool digit = ascii_is_digit(c), alpha = ascii_is_alpha(c);
        if (c == '(' || (c == ')' && depth)) {
            depth = c == '(' ? depth + 1 : depth - 1;
        } else if (!depth && (digit || alpha)) {
            size_t from = i;
            while (i < s.n && (digit ? ascii_is_digit(s.p[i]) : ascii_is_alpha(s.p[i])))
                i++;
            v[n++] = (struct tok){str_n(s.p + from, i - from), before};
            before = ' ';
            continue;
        } else if (!depth && (before == ' ' || c != ' ')) {
            before = c;
        }
        i++;
    }
    return n;
}

static int month_of(struct str s)
{
    for (int i = 0; i < 12 && s.n >= 3; i++)
        if (str_ieq(str_upto(s, 3), str_n(months[i], 3)))
            return i + 1;
    return 0;
}

static void word(struct when *w, struct str s)
{
    if (w->has_time && str_ieq(s, STR("pm"))) {
        w->pm = true;
    } else if (w->has_time && str_ieq(s, STR("am"))) {
        w->am = true;
    } else if (w->has_time && !w->has_zone) {
        for (size_t i = 0; i < N_ELEMENTS(zones); i++)
            if (str_ieq(s, str_c(zones[i].name))) {
                w->zone = zones[i].minutes;
                w->has_zone = true;
                return;
            }
    }
    if (!w->month)
        w->month = month_of(s);
}

static void zone_number(struct when *w, const struct tok *t, const struct tok *next)
{
    int v = 0, m = 0;
    if (!number(t->s, &v))
        return;
    if (t->s.n <= 2) { /* +1, +01:00 */
        if (next && next->before == ':')
            (void)number(next->s, &m);
        v = v * 100 + m;
    }
    if (v % 100 < 60 && v <= 1500) {
        w->zone = (v / 100 * 60 + v % 100) * (t->before == '-' ? -1 : 1);
        w->has_zone = true;
    }
}

/* RFC 5322 4.3: 00-49 is 20xx, 50-99 and three digits count from 1900. */
static int year_of(struct str s, int v)
{
    if (s.n <= 2)
        return v < 50 ? v + 2000 : v + 1900;
    return s.n == 3 ? v + 1900 : v;
}

static void read_tokens(struct when *w, const struct tok *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct tok *t = &v[i], *next = i + 1 < n ? t + 1 : NULL;
        int x;
        if (!number(t->s, &x)) {
            if (ascii_is_alpha(t->s.p[0]))
                word(w, t->s);
        } else if (!w->has_time && next && (next->before == ':' || (w->year && next->before == '.')) &&
                   number(next->s, &w->minute)) {
            w->hour = x;
            w->has_time = true;
            i++;
            if (i + 1 < n && v[i + 1].before == next->before && number(v[i + 1].s, &w->second)) {
                i++;
                if (i + 1 < n && v[i + 1].before == '.')
                    i++; /* fraction */
            }
        } else if (w->has_time && (t->before == '+' || t->before == '-') && w->zone == 0) {
            zone_number(w, t, next);
            i += next && next->before == ':';
        } else if (t->s.n == 4 && !w->year && !w->day && !w->month && next &&
                   (next->before == '-' || next->before == '/')) {
            w->year = x; /* 2026-11-21 */
            if (!number(next->s, &w->month))
                continue;
            i++;
            if (i + 1 < n && number(v[i + 1].s, &w->day))
                i++;
        } else if (!w->day && t->s.n <= 2) {
            w->day = x;
        } else if (!w->year) {
            w->year = year_of(t->s, x);
        }
    }
}

bool mime_date_parse(struct str value, int64_t *wall_ms, int *zone_minutes)
{
    struct tok v[TOKENS_MAX];
    struct when w = {0};
    read_tokens(&w, v, tokens(str_upto(value, 1024), v));
    if (w.pm && w.hour < 12)
        w.hour += 12;
    else if (w.am && w.hour == 12)
        w.hour = 0;
    if (w.day < 1 || w.day > 31 || w.month < 1 || w.month > 12 || w.year < 1900 || w.year > 9999 || w.hour > 24 ||
        w.minute > 59 || w.second > 60)
        return false;
    struct date d = {
        .year = w.year, .month = w.month, .day = w.day, .hour = w.hour, .minute = w.minute, .second = w.second};
    *wall_ms = date_to_ms(&d) - (int64_t)w.zone * 60000;
    if (zone_minutes)
        *zone_minutes = w.zone;
    return true;
}

struct str mime_date_text(int64_t wall_ms, int zone_minutes, char out[MIME_DATE_TEXT_MAX])
{
    struct date d;
    int zone = zone_minutes < 0 ? -zone_minutes : zone_minutes;
    date_from_ms(wall_ms + (int64_t)zone_minutes * 60000, &d);
    char m[4] = {(char)(months[d.month - 1][0] - 32), months[d.month - 1][1], months[d.month - 1][2], 0};
    int n = snprintf(out, MIME_DATE_TEXT_MAX, "%s, %d %s %04d %02d:%02d:%02d %c%02d%02d", days[d.weekday], d.day, m,
                     d.year, d.hour, d.minute, d.second, zone_minutes < 0 ? '-' : '+', zone / 60 % 100, zone % 60);
    return str_n(out, (size_t)n < MIME_DATE_TEXT_MAX ? (size_t)n : MIME_DATE_TEXT_MAX - 1);
}
