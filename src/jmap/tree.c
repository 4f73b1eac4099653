#include "jmap/tree.h"
#include "mime/header.h"
#include "mime/param.h"
#include "jmap/part.h"

#define BOUNDARY_MAX 256u

struct tree {
    struct arena *arena;
    struct mime_charsets *cs;
    struct str raw;
    struct facts_part *parts;
    size_t n;
};

static void visit(struct tree *t, uint64_t from, uint64_t to, uint32_t parent, unsigned depth, const char *fallback);

static struct str field(struct tree *t, struct str entity, const char *name)
{
    struct mime_header h;
    struct mime_field f;
    mime_header_init(&h, entity);
    return mime_header_find(&h, str_c(name), &f) ? mime_unfold(t->arena, f.value) : STR("");
}

static struct str lower(struct arena *a, struct str s)
{
    struct str own = arena_str(a, str_upto(str_trim(s), FACTS_STRING_MAX));
    for (size_t i = 0; i < own.n; i++)
        ((char *)(uintptr_t)own.p)[i] = ascii_lower(own.p[i]);
    return own;
}

static uint64_t count_lines(struct str s)
{
    uint64_t n = 0;
    for (const char *p = s.p, *end = s.p + s.n; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
        n++;
    return n + (s.n > 0 && s.p[s.n - 1] != '\n');
}

/* Content-* of an entity; the boundary of a multipart. */
static struct str describe(struct tree *t, struct str entity, const char *fallback, struct facts_part *p)
{
    struct mime_params *type = arena_new(t->arena, struct mime_params), *disp = arena_new(t->arena, struct mime_params);
    struct str ct = field(t, entity, "Content-Type"), cd = field(t, entity, "Content-Disposition");
    struct mime_type mt;
    mime_params_parse(t->arena, t->cs, ct.n ? ct : str_c(fallback), type);
    mime_params_parse(t->arena, t->cs, cd, disp);
    mime_type_of(type, &mt);
    p->type = mt.type;
    p->subtype = mt.subtype;
    p->charset = lower(t->arena, mime_param_get(type, STR("charset")));
    p->disposition = lower(t->arena, disp->value);
    struct str name = mime_filename(cd.n ? disp : NULL, type);
    p->name = name.p ? name : STR("");
    p->encoding = lower(t->arena, field(t, entity, "Content-Transfer-Encoding"));
    struct str cid = str_trim(field(t, entity, "Content-ID"));
    if (cid.n > 2 && cid.p[0] == '<' && cid.p[cid.n - 1] == '>')
        cid = str_n(cid.p + 1, cid.n - 2);
    p->content_id = mime_charset_guess(t->arena, str_upto(cid, FACTS_STRING_MAX), NULL);
    return mime_param_get(type, STR("boundary"));
}

/* Next delimiter line of the boundary at or after `at`, before `to`: where the line begins, where the next one does, and whether it closes. */
static bool delimiter(const struct tree *t, struct str boundary, uint64_t at, uint64_t to, uint64_t *line,
                      uint64_t *next, bool *last)
{
    while (at < to) {
        const char *p = t->raw.p + at, *nl = memchr(p, '\n', to - at);
        uint64_t end = nl ? (uint64_t)(nl - t->raw.p) + 1 : to;
        struct str l = str_n(p, end - at);
        if (l.n >= boundary.n + 2 && p[0] == '-' && p[1] == '-' && memcmp(p + 2, boundary.p, boundary.n) == 0) {
            struct str rest = str_from(l, boundary.n + 2);
            *last = str_starts(rest, STR("--"));
            if (*last || str_trim(rest).n == 0) {
                *line = at;
                *next = end;
                return true;
            }
        }
        at = end;
    }
    return false;
}

/* The line end before a delimiter belongs to it (RFC 2046 5.1.1). */
static uint64_t before(const struct tree *t, uint64_t from, uint64_t line)
{
    if (line > from && t->raw.p[line - 1] == '\n')
        line--;
    if (line > from && t->raw.p[line - 1] == '\r')
        line--;
    return line;
}

static void multipart(struct tree *t, uint32_t self, struct str boundary, uint64_t to)
{
    struct facts_part p = t->parts[self];
    const char *fallback = str_eq(p.subtype, STR("digest")) ? "message/rfc822" : "text/plain";
    uint64_t line, next;
    bool last;
    if (!delimiter(t, boundary, p.body_off, to, &line, &next, &last))
        return;
    while (!last) {
        uint64_t from = next;
        bool more = delimiter(t, boundary, from, to, &line, &next, &last);
        visit(t, from, more ? before(t, from, line) : to, self, p.depth + 1u, fallback);
        if (!more)
            return;
    }
}

static void visit(struct tree *t, uint64_t from, uint64_t to, uint32_t parent, unsigned depth, const char *fallback)
{
    if (t->n == FACTS_PARTS_MAX || depth > FACTS_DEPTH_MAX)
        return;
    uint32_t self = (uint32_t)t->n++;
    struct facts_part *p = &t->parts[self];
    struct str entity = str_n(t->raw.p + from, to - from), body;
    struct mime_header h;
    mime_header_init(&h, entity);
    *p = (struct facts_part){.parent = parent,
                             .depth = (uint16_t)depth,
                             .header_off = from,
                             .header_len = h.body,
                             .body_off = from + h.body,
                             .body_len = to - from - h.body};
    struct str boundary = describe(t, str_upto(entity, h.body), fallback, p);
    p->lines = count_lines(str_n(t->raw.p + p->body_off, p->body_len));
    p->size = p->body_len;
    if (part_is(p, "multipart", NULL) && boundary.n && boundary.n <= BOUNDARY_MAX) {
        multipart(t, self, boundary, to);
    } else if (part_is(p, "message", "rfc822") && !str_eq(p->encoding, STR("base64"))) {
        visit(t, p->body_off, to, self, depth + 1, "text/plain");
    } else {
        struct arena_mark mark = arena_mark(t->arena);
        if (part_bytes(t->arena, t->raw, p, &body) == 0)
            p->size = body.n;
        arena_reset(t->arena, mark);
    }
}

void tree_read(struct arena *a, struct mime_charsets *cs, struct str raw, struct facts_structure *out)
{
    struct tree t = {.arena = a, .cs = cs, .raw = raw, .parts = arena_array(a, struct facts_part, FACTS_PARTS_MAX)};
    visit(&t, 0, raw.n, 0, 0, "text/plain");
    *out = (struct facts_structure){t.parts, t.n};
}
