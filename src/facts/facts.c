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

static void put_str(struct buf *b, struct str s, size_t max)
{
    struct str v = str_utf8_cut(s, max);
    buf_varint(b, v.n);
    buf_adds(b, v);
}

void facts_insight_put(struct buf *b, const struct facts_insight *in)
{
    buf_u16(b, FACTS_INSIGHT_VERSION);
    buf_u32(b, in->flags);
    buf_u8(b, in->has_attachment);
    put_str(b, in->text, FACTS_TEXT_MAX);
    put_str(b, in->preview, FACTS_PREVIEW_MAX);
    buf_varint(b, in->n_links);
    for (size_t i = 0; i < in->n_links; i++) {
        put_str(b, in->links[i].url, FACTS_STRING_MAX);
        put_str(b, in->links[i].text, FACTS_STRING_MAX);
        buf_varint(b, in->links[i].part);
    }
    buf_varint(b, in->n_payments);
    for (size_t i = 0; i < in->n_payments; i++) {
        const struct facts_payment *p = &in->payments[i];
        buf_u8(b, (uint8_t)p->kind);
        buf_u8(b, (uint8_t)p->where);
        buf_u8(b, p->quoted);
        put_str(b, p->value, FACTS_STRING_MAX);
        buf_varint(b, p->part);
    }
}

static uint32_t get_count(struct rd *r, uint32_t max)
{
    uint64_t n = rd_varint(r);
    if (n > max)
        r->err = true;
    return r->err ? 0 : (uint32_t)n;
}

/* A coordinate that the worker claims is checked again here: what the guard compares is always well formed. */
static bool payment_ok(const struct facts_payment *p)
{
    if (p->kind == COORD_IBAN) {
        enum iban_check c = iban_check(p->value);
        return c == IBAN_OK || c == IBAN_BAD_NATIONAL;
    }
    return p->value.n == 8 || p->value.n == 11;
}

static void get_payment(struct arena *a, struct rd *r, struct facts_payment *p)
{
    uint8_t kind = rd_u8(r), where = rd_u8(r), quoted = rd_u8(r);
    if (kind == 0 || kind > COORD_LAST || where == 0 || where > WHERE_LAST || quoted > 1)
        r->err = true;
    p->kind = (enum facts_coordinate)kind;
    p->where = (enum facts_where)where;
    p->quoted = quoted == 1;
    p->value = get_str(a, r, FACTS_STRING_MAX);
    p->part = get_count(r, FACTS_PARTS_MAX);
    if (!r->err && !payment_ok(p))
        r->err = true;
}

int facts_insight_get(struct arena *a, struct str bytes, struct facts_insight *out)
{
    struct rd r = rd_of(bytes);
    struct facts_insight in = {0};
    uint16_t version = rd_u16(&r);
    if (!r.err && version > FACTS_INSIGHT_VERSION)
        return ERR_VERSION;
    in.flags = rd_u32(&r);
    uint8_t attachment = rd_u8(&r);
    if (r.err || version != FACTS_INSIGHT_VERSION || (in.flags & ~(uint32_t)FACTS_FLAGS_ALL) || attachment > 1)
        return ERR_CORRUPT;
    in.has_attachment = attachment == 1;
    in.text = get_str(a, &r, FACTS_TEXT_MAX);
    in.preview = get_str(a, &r, FACTS_PREVIEW_MAX);
    in.n_links = get_count(&r, FACTS_LINKS_MAX);
    in.links = arena_array(a, struct facts_link, in.n_links + 1);
    for (size_t i = 0; i < in.n_links && !r.err; i++) {
        in.links[i].url = get_str(a, &r, FACTS_STRING_MAX);
        in.links[i].text = get_str(a, &r, FACTS_STRING_MAX);
        in.links[i].part = get_count(&r, FACTS_PARTS_MAX);
    }
    in.n_payments = get_count(&r, FACTS_COORDINATES_MAX);
    in.payments = arena_array(a, struct facts_payment, in.n_payments + 1);
    for (size_t i = 0; i < in.n_payments && !r.err; i++)
        get_payment(a, &r, &in.payments[i]);
    if (!rd_done(&r))
        return ERR_CORRUPT;
    *out = in;
    return 0;
}
