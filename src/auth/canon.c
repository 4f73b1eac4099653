#include "auth/canon.h"

#include <stdlib.h>

#define STAGE_BYTES 16384u

/* Canonical bytes on their way to the hashes: gathered, because a hash call for each word would cost more than the hash. */
struct stage {
    struct auth_body_hash *v;
    size_t n_v;
    bool relaxed;
    uint64_t total; /* flushed so far */
    size_t n;
    char bytes[STAGE_BYTES];
};

static void stage_flush(struct stage *s)
{
    for (size_t i = 0; i < s->n_v; i++) {
        struct auth_body_hash *h = &s->v[i];
        if (h->relaxed != s->relaxed || h->limit <= s->total)
            continue;
        uint64_t room = h->limit - s->total;
        auth_hash_add(&h->hash, str_n(s->bytes, room < s->n ? (size_t)room : s->n));
    }
    s->total += s->n;
    s->n = 0;
}

static void stage_add(struct stage *s, const char *p, size_t n)
{
    while (n > 0) {
        size_t part = STAGE_BYTES - s->n < n ? STAGE_BYTES - s->n : n;
        memcpy(s->bytes + s->n, p, part);
        s->n += part;
        p += part;
        n -= part;
        if (s->n == STAGE_BYTES)
            stage_flush(s);
    }
}

static bool is_wsp(char c) { return c == ' ' || c == '\t'; }

#define BYTES(c) (0x0101010101010101u * (uint64_t)(unsigned char)(c))

/* Bytes that are zero, marked by their high bits; a byte above a zero one may be marked too. */
static uint64_t zeros(uint64_t x) { return (x - BYTES(1)) & ~x & BYTES(0x80); }

/* No tab and no two spaces in a row, as in nearly every line: eight bytes at a time, each step one byte over the last.
 * May say false when it is true. */
static bool nothing_to_reduce(struct str line)
{
    size_t i = 0;
    for (; i + 8 <= line.n; i += 7) {
        uint64_t word;
        memcpy(&word, line.p + i, 8);
        uint64_t spaces = zeros(word ^ BYTES(' '));
        if ((spaces & (spaces >> 8)) | zeros(word ^ BYTES('\t')))
            return false;
    }
    for (; i < line.n; i++)
        if (line.p[i] == '\t' || (line.p[i] == ' ' && i + 1 < line.n && is_wsp(line.p[i + 1])))
            return false;
    return true;
}

/* A run of white space becomes one space; the end has none already. */
static void stage_add_relaxed(struct stage *s, struct str line)
{
    if (nothing_to_reduce(line)) {
        stage_add(s, line.p, line.n);
        return;
    }
    size_t from = 0;
    for (size_t i = 0; i < line.n; i++) {
        if (!is_wsp(line.p[i]) || (line.p[i] == ' ' && !is_wsp(line.p[i + 1])))
            continue;
        stage_add(s, line.p + from, i - from);
        stage_add(s, " ", 1);
        while (is_wsp(line.p[i + 1]))
            i++;
        from = i + 1;
    }
    stage_add(s, line.p + from, line.n - from);
}

void auth_canon_body(const struct auth_kit *kit, struct str body, bool relaxed, struct auth_body_hash *v, size_t n,
                     uint64_t *total)
{
    struct stage *s = malloc(sizeof *s);
    uint64_t empty = 0; /* lines that are written only when another follows (3.4.3, 3.4.4 a) */
    if (!s)
        abort();
    *s = (struct stage){.v = v, .n_v = n, .relaxed = relaxed};
    for (size_t i = 0; i < n; i++)
        if (v[i].relaxed == relaxed)
            auth_hash_begin(&v[i].hash, kit);
    for (size_t at = 0; at < body.n;) {
        const char *lf = memchr(body.p + at, '\n', body.n - at);
        size_t end = lf ? (size_t)(lf - body.p) : body.n, next = lf ? end + 1 : end;
        if (lf && end > at && body.p[end - 1] == '\r')
            end--;
        while (relaxed && end > at && is_wsp(body.p[end - 1]))
            end--;
        if (end == at) {
            empty++;
        } else {
            for (; empty; empty--)
                stage_add(s, "\r\n", 2);
            if (relaxed)
                stage_add_relaxed(s, str_n(body.p + at, end - at));
            else
                stage_add(s, body.p + at, end - at);
            stage_add(s, "\r\n", 2);
        }
        at = next;
    }
    /* 3.4.3: an empty body is CRLF; 3.4.4: it is nothing. */
    if (!relaxed && s->total == 0 && s->n == 0)
        stage_add(s, "\r\n", 2);
    stage_flush(s);
    *total = s->total;
    for (size_t i = 0; i < n; i++)
        if (v[i].relaxed == relaxed)
            auth_hash_end(&v[i].hash, v[i].digest);
    free(s);
}

/* ---- header ---- */

struct line_out {
    struct auth_hash *h;
    size_t n;
    char bytes[1024];
};

static void out_c(struct line_out *o, char c)
{
    if (o->n == sizeof o->bytes) {
        auth_hash_add(o->h, str_n(o->bytes, o->n));
        o->n = 0;
    }
    o->bytes[o->n++] = c;
}

/* 3.4.2: name in lower case, unfolded, white space reduced, none around the colon or at the end. */
static void field_relaxed(struct line_out *o, struct str field, struct str without)
{
    size_t colon = 0, skip_from = without.p ? (size_t)(without.p - field.p) : SIZE_MAX;
    while (colon < field.n && field.p[colon] != ':')
        colon++;
    size_t name = colon;
    while (name > 0 && is_wsp(field.p[name - 1]))
        name--;
    for (size_t i = 0; i < name; i++)
        out_c(o, ascii_lower(field.p[i]));
    out_c(o, ':');
    bool space = false, any = false;
    for (size_t i = colon + 1; i < field.n; i++) {
        if (i == skip_from) {
            i += without.n;
            if (i >= field.n)
                break;
        }
        char c = field.p[i];
        bool line_end = c == '\n' || (c == '\r' && (i + 1 == field.n || field.p[i + 1] == '\n'));
        if (line_end)
            continue; /* unfolding: the white space after it stays and is reduced */
        if (is_wsp(c)) {
            space = true;
            continue;
        }
        if (space && any)
            out_c(o, ' ');
        space = false;
        any = true;
        out_c(o, c);
    }
}

static void field_simple(struct line_out *o, struct str field, struct str without)
{
    size_t skip_from = without.p ? (size_t)(without.p - field.p) : SIZE_MAX;
    for (size_t i = 0; i < field.n; i++) {
        if (i == skip_from) {
            i += without.n;
            if (i >= field.n)
                break;
        }
        if (field.p[i] == '\n' && (i == 0 || field.p[i - 1] != '\r'))
            out_c(o, '\r');
        out_c(o, field.p[i]);
    }
}

void auth_canon_field(struct auth_hash *h, struct str field, bool relaxed, struct str without, bool end)
{
    struct line_out o;
    o.h = h;
    o.n = 0;
    if (field.n && field.p[field.n - 1] == '\n')
        field.n--;
    if (field.n && field.p[field.n - 1] == '\r')
        field.n--;
    if (without.n == 0)
        without = STR_NULL;
    if (relaxed)
        field_relaxed(&o, field, without);
    else
        field_simple(&o, field, without);
    if (end) {
        out_c(&o, '\r');
        out_c(&o, '\n');
    }
    auth_hash_add(h, str_n(o.bytes, o.n));
}
