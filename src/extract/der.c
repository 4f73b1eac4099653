#include "extract/der.h"

#define DER_OCTETS 0x04u
#define DER_OID 0x06u
#define DER_SEQUENCE 0x30u
#define DER_CONTEXT_0 0xA0u
#define DER_CONSTRUCTED 0x20u

struct tlv {
    unsigned tag;
    struct str value;
    bool open; /* indefinite length: value runs to the end of what encloses it */
};

/* The element at the front of *rest, which moves behind it unless it is open. */
static bool next(struct str *rest, struct tlv *t)
{
    const unsigned char *p = (const unsigned char *)rest->p;
    size_t n = rest->n, at = 2, len;
    if (n < 2 || (p[0] & 0x1F) == 0x1F)
        return false;
    t->tag = p[0];
    t->open = p[1] == 0x80;
    len = p[1];
    if (len > 0x80) {
        unsigned bytes = p[1] & 0x7F;
        if (bytes > 4 || n < 2u + bytes)
            return false;
        for (len = 0; bytes > 0; bytes--)
            len = len << 8 | p[at++];
    }
    if (t->open) {
        t->value = str_from(*rest, 2);
        return (t->tag & DER_CONSTRUCTED) != 0;
    }
    if (len > n - at)
        return false;
    t->value = str_n(rest->p + at, len);
    *rest = str_from(*rest, at + len);
    return true;
}

/* First child of an element with that tag; false when another stands there. */
static bool enter(struct str in, unsigned tag, struct str *out)
{
    struct tlv t;
    if (!next(&in, &t) || t.tag != tag)
        return false;
    *out = t.value;
    return true;
}

/* An OCTET STRING: primitive, or made of pieces (each with a length, or open again). */
static bool octets(struct str *in, struct buf *out, unsigned depth)
{
    struct tlv t;
    if (depth > DER_DEPTH_MAX || !next(in, &t))
        return false;
    if (t.tag == DER_OCTETS) {
        buf_adds(out, t.value);
        return true;
    }
    if (t.tag != (DER_OCTETS | DER_CONSTRUCTED))
        return false;
    struct str rest = t.value;
    while (rest.n >= 2 && !(rest.p[0] == 0 && rest.p[1] == 0))
        if (!octets(&rest, out, depth + 1)) {
            *in = STR(""); /* what came before is worth having, but nothing after it can be trusted to be in place */
            return out->n > 0;
        }
    if (t.open)
        *in = str_from(rest, 2);
    return true;
}

bool der_signed_content(struct str der, struct buf *out)
{
    static const struct str signed_data = {"\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02", 9};
    struct str info, data, content;
    struct tlv t;
    if (!enter(der, DER_SEQUENCE, &info) || !next(&info, &t) || t.tag != DER_OID || !str_eq(t.value, signed_data))
        return false;
    if (!enter(info, DER_CONTEXT_0, &data) || !enter(data, DER_SEQUENCE, &data))
        return false;
    /* version, digestAlgorithms, then encapContentInfo */
    for (unsigned i = 0; i < 3; i++) {
        if (!next(&data, &t))
            return false;
        if (t.open && i < 2) { /* an open set: its end mark is looked for */
            ptrdiff_t end = str_find(t.value, str_n("\0\0", 2), 0);
            if (end < 0)
                return false;
            data = str_from(t.value, (size_t)end + 2);
        }
    }
    if (t.tag != DER_SEQUENCE)
        return false;
    content = t.value;
    if (!next(&content, &t) || t.tag != DER_OID || !enter(content, DER_CONTEXT_0, &content))
        return false;
    return octets(&content, out, 0) && !out->err && out->n > 0;
}
