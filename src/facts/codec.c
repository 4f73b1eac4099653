#include "facts/codec.h"

void codec_fail(struct codec *c)
{
    if (c->in)
        c->in->err = true;
}

void codec_text(struct codec *c, struct str *s, size_t max)
{
    if (c->out) {
        struct str v = str_utf8_cut(*s, max);
        buf_varint(c->out, v.n);
        buf_adds(c->out, v);
        return;
    }
    uint64_t n = rd_varint(c->in);
    struct str v = !c->in->err && n <= max ? rd_bytes(c->in, (size_t)n) : STR_NULL;
    if (c->in->err || n > max || str_utf8_valid(v) != v.n) {
        codec_fail(c);
        *s = STR("");
        return;
    }
    *s = arena_str(c->arena, v);
}

uint64_t codec_number(struct codec *c, uint64_t v, uint64_t max)
{
    if (c->out) {
        buf_varint(c->out, v <= max ? v : max);
        return v;
    }
    uint64_t n = rd_varint(c->in);
    if (n > max)
        codec_fail(c);
    return c->in->err ? 0 : n;
}

void codec_signed(struct codec *c, int64_t *v)
{
    uint64_t z = ((uint64_t)*v << 1) ^ (uint64_t)(*v >> 63);
    z = codec_number(c, z, UINT64_MAX);
    if (c->in)
        *v = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
}

void codec_u32(struct codec *c, uint32_t *v, uint32_t max) { *v = (uint32_t)codec_number(c, *v, max); }

void codec_flag(struct codec *c, bool *v) { *v = codec_number(c, *v, 1) == 1; }
