#include "os/dns_msg.h"

static bool name_text(struct rd *r, struct buf *out);

int dns_query_send(int fd, uint64_t id, unsigned type, struct str name)
{
    AUTO(buf) struct buf b = {0};
    if (name.n > DNS_NAME_MAX + 1)
        return ERR_LIMIT;
    buf_init(&b, DNS_NAME_MAX + 64);
    buf_u16(&b, (uint16_t)type);
    buf_vstr(&b, name);
    return channel_send(fd, MSG_DNS_QUERY, id, buf_str(&b), NULL, 0);
}

int dns_query_read(const struct channel_msg *m, unsigned *type, struct str *name)
{
    struct rd r = rd_of(m->body);
    *type = rd_u16(&r);
    *name = rd_vstr(&r);
    if (m->type != MSG_DNS_QUERY || !rd_done(&r) || m->n_fds || name->n == 0 || name->n > DNS_NAME_MAX + 1)
        return ERR_CORRUPT;
    return str_chr(*name, '\0', 0) < 0 ? 0 : ERR_CORRUPT;
}

int dns_answer_send(int fd, uint64_t id, const struct dns_answer *a)
{
    AUTO(buf) struct buf b = {0};
    buf_init(&b, DNS_ANSWER_MAX);
    buf_u8(&b, (uint8_t)a->status);
    buf_u8(&b, a->secure);
    buf_u32(&b, a->ttl);
    buf_u16(&b, (uint16_t)a->n);
    for (size_t i = 0; i < a->n; i++)
        buf_vstr(&b, a->rdata[i]);
    return b.err ? ERR_LIMIT : channel_send(fd, MSG_DNS_ANSWER, id, buf_str(&b), NULL, 0);
}

int dns_answer_read(const struct channel_msg *m, struct dns_answer *a)
{
    struct rd r = rd_of(m->body);
    uint8_t status = rd_u8(&r), secure = rd_u8(&r);
    *a = (struct dns_answer){.secure = secure == 1, .ttl = rd_u32(&r)};
    uint16_t n = rd_u16(&r);
    if (m->type != MSG_DNS_ANSWER || m->n_fds || r.err || status > DNS_TIMEOUT || secure > 1 || n > DNS_RECORDS_MAX)
        return ERR_CORRUPT;
    a->status = (enum dns_status)status;
    for (a->n = 0; a->n < n && !r.err; a->n++)
        a->rdata[a->n] = rd_vstr(&r);
    return rd_done(&r) && (n == 0 || status == DNS_OK) ? 0 : ERR_CORRUPT;
}

bool dns_rdata_txt(struct str rdata, struct buf *out)
{
    struct rd r = rd_of(rdata);
    if (rdata.n == 0)
        return false;
    while (!r.err && r.p < r.end)
        buf_adds(out, rd_bytes(&r, rd_u8(&r)));
    return !r.err && !out->err;
}

/* Labels up to the root; no compression pointers (RFC 1035 4.1.4), the role has undone them. */
static bool name_text(struct rd *r, struct buf *out)
{
    size_t total = 0;
    for (;;) {
        uint8_t n = rd_u8(r);
        if (r->err || n > 63 || (total += n + 1u) > 255)
            return false;
        if (n == 0)
            return !out->err;
        struct str label = rd_bytes(r, n);
        if (r->err)
            return false;
        if (total > n + 1u)
            buf_addc(out, '.');
        for (size_t i = 0; i < label.n; i++) {
            unsigned char c = (unsigned char)label.p[i];
            if (c <= ' ' || c >= 0x7f || c == '.' || c == '\\')
                buf_printf(out, "\\%03u", c);
            else
                buf_addc(out, (char)c);
        }
    }
}

bool dns_rdata_name(struct str rdata, struct buf *out)
{
    struct rd r = rd_of(rdata);
    return name_text(&r, out) && rd_done(&r);
}

bool dns_rdata_mx(struct str rdata, uint16_t *preference, struct buf *name)
{
    struct rd r = rd_of(rdata);
    *preference = rd_u16(&r);
    return !r.err && name_text(&r, name) && rd_done(&r);
}
