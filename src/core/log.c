#include "core/log.h"
#include "core/date.h"
#include "core/env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROLE_MAX 24u
#define TAIL_ROOM 24u /* kept free for the closing quote, the mark of a cut line and the newline */

static const char *const level_names[] = {"debug", "info", "warn", "error", "bug"};
static struct {
    char role[ROLE_MAX];
    int fd;
    enum log_format format;
    enum log_level least;
} setup = {"sigillo", 2, LOG_TEXT, LOG_INFO};

struct line {
    char b[LOG_LINE_MAX];
    size_t n;
    bool cut;
};

void log_setup(const char *role, int fd, enum log_format format, enum log_level least)
{
    snprintf(setup.role, sizeof setup.role, "%s", role);
    setup.fd = fd;
    setup.format = format;
    setup.least = least;
}

/* All of it or nothing: an escape is never cut in two. */
static void put(struct line *l, const char *p, size_t n)
{
    if (l->cut || l->n + n > sizeof l->b - TAIL_ROOM) {
        l->cut = true;
        return;
    }
    memcpy(l->b + l->n, p, n);
    l->n += n;
}

static void putz(struct line *l, const char *z) { put(l, z, strlen(z)); }

static void put_quote(struct line *l) { l->b[l->n++] = '"'; }

/* Code points that change how a terminal shows the rest of the line: C1 controls and the bidirectional marks. */
static bool is_unseemly(const unsigned char *p, size_t n)
{
    if (n == 2)
        return p[0] == 0xC2 && p[1] < 0xA0;
    if (n == 3 && p[0] == 0xE2 && p[1] == 0x80)
        return p[2] == 0x8E || p[2] == 0x8F || (p[2] >= 0xA8 && p[2] <= 0xAE);
    return n == 3 && p[0] == 0xE2 && p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9;
}

static void put_code(struct line *l, const unsigned char *p, size_t n)
{
    unsigned cp = n == 2 ? (unsigned)((p[0] & 0x1F) << 6 | (p[1] & 0x3F))
                         : (unsigned)((p[0] & 0x0F) << 12 | (p[1] & 0x3F) << 6 | (p[2] & 0x3F));
    char t[8];
    put(l, t, (size_t)snprintf(t, sizeof t, "\\u%04x", cp & 0xFFFF));
}

static void put_byte(struct line *l, unsigned char c)
{
    char t[8];
    switch (c) {
    case '"':
    case '\\': t[0] = '\\', t[1] = (char)c, put(l, t, 2); return;
    case '\n': put(l, "\\n", 2); return;
    case '\r': put(l, "\\r", 2); return;
    case '\t': put(l, "\\t", 2); return;
    default: break;
    }
    if (c < 0x20 || c >= 0x7F) /* a byte that is not UTF-8 shows as the Latin-1 code point of its value */
        put(l, t, (size_t)snprintf(t, sizeof t, "\\u%04x", c));
    else
        put(l, (const char *)&c, 1);
}

static void put_escaped(struct line *l, struct str s)
{
    while (s.n && !l->cut) {
        const unsigned char *p = (const unsigned char *)s.p;
        size_t k = 1;
        if (p[0] < 0x80)
            put_byte(l, p[0]);
        else {
            size_t len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
            if (s.n < len || str_utf8_valid(str_upto(s, len)) != len)
                put_byte(l, p[0]);
            else {
                k = len;
                if (is_unseemly(p, len))
                    put_code(l, p, len);
                else
                    put(l, s.p, len);
            }
        }
        s = str_from(s, k);
    }
}

static bool is_bare(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7F || s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '=')
            return false;
    return s.n > 0;
}

static void put_value(struct line *l, const struct log_field *f, bool json)
{
    char t[24];
    switch (f->kind) {
    case LOG_F_INT: put(l, t, (size_t)snprintf(t, sizeof t, "%lld", (long long)f->i)); return;
    case LOG_F_ID:
        put(l, t, (size_t)snprintf(t, sizeof t, json ? "\"%llx\"" : "%llx", (unsigned long long)f->i));
        return;
    case LOG_F_STR:
    case LOG_F_END: break;
    }
    if (!json && is_bare(f->s)) {
        put(l, f->s.p, f->s.n);
        if (!l->cut)
            return;
        l->cut = false; /* too long to stand whole: quoted and cut below */
    }
    if (l->n + 2 > sizeof l->b - TAIL_ROOM)
        l->cut = true;
    if (l->cut)
        return;
    put_quote(l);
    put_escaped(l, f->s);
    put_quote(l); /* TAIL_ROOM has its place also after a cut */
}

static void put_fields(struct line *l, const struct log_field *fields, size_t n, bool json)
{
    for (size_t i = 0; i < n && !l->cut && fields[i].kind != LOG_F_END; i++) {
        size_t start = l->n;
        putz(l, json ? ",\"" : " ");
        putz(l, fields[i].key);
        putz(l, json ? "\":" : "=");
        size_t value = l->n;
        if (!l->cut)
            put_value(l, &fields[i], json);
        if (l->cut && l->n == value)
            l->n = start; /* no key without its value */
    }
}

static void put_head(struct line *l, enum log_level level, const char *event, bool json)
{
    char t[DATE_TEXT_MAX];
    struct str time = date_text(env_wall_ms(env_system()), true, t);
    putz(l, json ? "{\"time\":\"" : "");
    put(l, time.p, time.n);
    putz(l, json ? "\",\"level\":\"" : " ");
    putz(l, level_names[level]);
    putz(l, json ? "\",\"role\":\"" : " ");
    putz(l, setup.role);
    putz(l, json ? "\",\"event\":\"" : " ");
    putz(l, event);
    putz(l, json ? "\"" : "");
}

void log_event(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
    if (level < setup.least)
        return;
    bool json = setup.format == LOG_JSON;
    struct line l = {.n = 0};
    int kept = errno;
    put_head(&l, level, event, json);
    put_fields(&l, fields, n, json);
    const char *tail = json ? (l.cut ? ",\"cut\":true}\n" : "}\n") : (l.cut ? " cut=true\n" : "\n");
    size_t tail_n = strlen(tail);
    memcpy(l.b + l.n, tail, tail_n);
    l.n += tail_n;
    ssize_t done;
    do
        done = write(setup.fd, l.b, l.n);
    while (done < 0 && errno == EINTR);
    errno = kept;
#ifdef SIGILLO_DEBUG
    if (level == LOG_BUG)
        abort();
#endif
}
