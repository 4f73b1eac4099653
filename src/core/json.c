#include "core/json.h"
#include "core/date.h"

#include <stdio.h>

void json_init(struct json_w *w, struct buf *b) { *w = (struct json_w){.b = b}; }

static uint64_t level_bit(const struct json_w *w) { return 1ull << (w->depth & 63); }

static void before_value(struct json_w *w)
{
    if (w->comma & level_bit(w))
        buf_addc(w->b, ',');
    w->comma |= level_bit(w);
}

static void open_level(struct json_w *w, char c)
{
    before_value(w);
    buf_addc(w->b, c);
    if (w->depth + 1 >= JSON_DEPTH_MAX) {
        w->b->err = BUF_FULL; /* would reuse a level's bit; what is this deep could not be read back either */
        return;
    }
    w->depth++;
    w->comma &= ~level_bit(w);
}

static void close_level(struct json_w *w, char c)
{
    if (w->depth > 0)
        w->depth--;
    buf_addc(w->b, c);
}

void json_obj(struct json_w *w) { open_level(w, '{'); }
void json_obj_end(struct json_w *w) { close_level(w, '}'); }
void json_arr(struct json_w *w) { open_level(w, '['); }
void json_arr_end(struct json_w *w) { close_level(w, ']'); }

static void put_special(struct buf *b, unsigned char c)
{
    switch (c) {
    case '"': buf_add(b, "\\\"", 2); return;
    case '\\': buf_add(b, "\\\\", 2); return;
    case '\n': buf_add(b, "\\n", 2); return;
    case '\r': buf_add(b, "\\r", 2); return;
    case '\t': buf_add(b, "\\t", 2); return;
    default: break;
    }
    buf_printf(b, "\\u%04x", c);
}

static bool is_special(char c) { return (unsigned char)c < 0x20 || c == '"' || c == '\\' || c == 0x7F; }

/* Valid UTF-8 in, with runs copied whole. */
static void put_text(struct buf *b, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_special(s.p[i]))
            continue;
        buf_add(b, s.p + from, i - from);
        put_special(b, (unsigned char)s.p[i]);
        from = i + 1;
    }
    buf_add(b, s.p + from, s.n - from);
}

static void put_string(struct buf *b, struct str s)
{
    buf_addc(b, '"');
    while (s.n) {
        size_t good = str_utf8_valid(s);
        if (good)
            put_text(b, str_upto(s, good));
        if (good == s.n)
            break;
        buf_add(b, "\xEF\xBF\xBD", 3);
        s = str_from(s, good + 1);
    }
    buf_addc(b, '"');
}

void json_key(struct json_w *w, struct str key)
{
    before_value(w);
    put_string(w->b, key);
    buf_addc(w->b, ':');
    w->comma &= ~level_bit(w); /* the value that follows needs no comma */
}

void json_keyz(struct json_w *w, const char *key) { json_key(w, str_c(key)); }

void json_str(struct json_w *w, struct str s)
{
    before_value(w);
    put_string(w->b, s);
}

void json_strz(struct json_w *w, const char *s)
{
    if (s)
        json_str(w, str_c(s));
    else
        json_none(w);
}

void json_raw(struct json_w *w, struct str json)
{
    before_value(w);
    buf_adds(w->b, json);
}

void json_int(struct json_w *w, int64_t v)
{
    char t[24];
    int n = snprintf(t, sizeof t, "%lld", (long long)v);
    json_raw(w, str_n(t, (size_t)n));
}

void json_bool(struct json_w *w, bool v) { json_raw(w, v ? STR("true") : STR("false")); }
void json_none(struct json_w *w) { json_raw(w, STR("null")); }

void json_kstr(struct json_w *w, const char *key, struct str v)
{
    json_keyz(w, key);
    json_str(w, v);
}

void json_kint(struct json_w *w, const char *key, int64_t v)
{
    json_keyz(w, key);
    json_int(w, v);
}

void json_kbool(struct json_w *w, const char *key, bool v)
{
    json_keyz(w, key);
    json_bool(w, v);
}

void json_time(struct json_w *w, int64_t wall_ms)
{
    char t[DATE_TEXT_MAX];
    json_str(w, date_text(wall_ms, false, t));
}
