#include "facts/facts.h"
#include "core/err.h"
#include "facts/iban.h"

static struct str cut(struct str s) { return str_utf8_cut(s, FACTS_STRING_MAX); }

void facts_structure_put(struct buf *b, const struct facts_structure *s)
{
    buf_u16(b, FACTS_STRUCTURE_VERSION);
    buf_u32(b, (uint32_t)s->n_parts);
    for (size_t i = 0; i < s->n_parts; i++) {
        const struct facts_part *p = &s->parts[i];
        buf_varint(b, p->parent);
        buf_varint(b, p->depth);
        const struct str strings[] = {p->type,        p->subtype,  p->charset,   p->name,
                                      p->disposition, p->encoding, p->content_id};
        for (size_t k = 0; k < N_ELEMENTS(strings); k++) {
            struct str v = cut(strings[k]);
            buf_varint(b, v.n);
            buf_adds(b, v);
        }
        const uint64_t numbers[] = {p->header_off, p->header_len, p->body_off, p->body_len, p->lines, p->size};
        for (size_t k = 0; k < N_ELEMENTS(numbers); k++)
            buf_varint(b, numbers[k]);
    }
}

/* A length-prefixed string of at most max bytes, copied; only valid UTF-8 passes (the writer guarantees it). */
static struct str get_str(struct arena *a, struct rd *r, size_t max)
{
    uint64_t n = rd_varint(r);
    if (r->err || n > max) {
        r->err = true;
        return STR_NULL;
    }
    struct str v = rd_bytes(r, (size_t)n);
    if (r->err || str_utf8_valid(v) != v.n) {
        r->err = true;
        return STR_NULL;
    }
    return arena_str(a, v);
}

static bool part_ok(const struct facts_part *p, size_t i, const struct facts_part *parts, uint64_t raw)
{
    bool tree = i == 0 ? p->parent == 0 && p->depth == 0
                       : p->parent < i && p->depth == parts[p->parent].depth + 1 && p->depth <= FACTS_DEPTH_MAX;
    bool header = p->header_off <= raw && p->header_len <= raw - p->header_off;
    bool body = p->body_off <= raw && p->body_len <= raw - p->body_off;
    return tree && header && body && p->lines <= raw + 1 && p->size <= raw;
}

static void get_part(struct arena *a, struct rd *r, struct facts_part *p)
{
    uint64_t parent = rd_varint(r), depth = rd_varint(r);
    if (parent > FACTS_PARTS_MAX || depth > FACTS_DEPTH_MAX)
        r->err = true;
    p->parent = (uint32_t)parent;
    p->depth = (uint16_t)depth;
    struct str *const strings[] = {&p->type,        &p->subtype,  &p->charset,   &p->name,
                                   &p->disposition, &p->encoding, &p->content_id};
    for (size_t k = 0; k < N_ELEMENTS(strings) && !r->err; k++)
        *strings[k] = get_str(a, r, FACTS_STRING_MAX);
    uint64_t *const numbers[] = {&p->header_off, &p->header_len, &p->body_off, &p->body_len, &p->lines, &p->size};
    for (size_t k = 0; k < N_ELEMENTS(numbers) && !r->err; k++)
        *numbers[k] = rd_varint(r);
}

int facts_structure_get(struct arena *a, struct str bytes, uint64_t raw_size, struct facts_structure *out)
{
    struct rd r = rd_of(bytes);
    uint16_t version = rd_u16(&r);
    uint32_t n = rd_u32(&r);
    if (!r.err && version > FACTS_STRUCTURE_VERSION)
        return ERR_VERSION;
    if (r.err || n == 0 || n > FACTS_PARTS_MAX || version != FACTS_STRUCTURE_VERSION)
        return ERR_CORRUPT;
    struct facts_part *parts = arena_array(a, struct facts_part, n);
    for (uint32_t i = 0; i < n; i++) {
        get_part(a, &r, &parts[i]);
        if (r.err || !part_ok(&parts[i], i, parts, raw_size))
            return ERR_CORRUPT;
    }
    if (!rd_done(&r))
        return ERR_CORRUPT;
    *out = (struct facts_structure){parts, n};
    return 0;
}
