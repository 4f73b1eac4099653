#include "store/spool_format.h"
#include "core/hash.h"

static const char head_magic[8] = {'S', 'I', 'G', 'S', 'P', 'O', 'O', 'L'};
static const char end_mark[8] = {'S', 'P', 'O', 'O', 'L', 'E', 'N', 'D'};

static bool envelope_get(struct str bytes, struct arena *a, struct spool_entry *s);

int spool_head_put(const struct spool_entry *s, struct buf *envelope, uint8_t head[SPOOL_HEAD_LEN],
                   uint8_t tail[SPOOL_TAIL_LEN])
{
    AUTO(buf) struct buf b = {0};
    uint32_t crc;

    if (s->data.n > SPOOL_DATA_MAX || s->n_recipients > SPOOL_RECIPIENTS_MAX)
        return ERR_LIMIT;
    buf_vstr(envelope, s->id);
    buf_u64(envelope, (uint64_t)s->org);
    buf_u64(envelope, (uint64_t)s->at_ms);
    buf_vstr(envelope, s->client);
    buf_vstr(envelope, s->helo);
    buf_vstr(envelope, s->reverse_path);
    buf_u32(envelope, (uint32_t)s->n_recipients);
    for (size_t i = 0; i < s->n_recipients; i++)
        buf_vstr(envelope, s->recipients[i]);
    buf_vstr(envelope, s->auth);
    if (envelope->err)
        return ERR_LIMIT;
    buf_init(&b, SPOOL_HEAD_LEN + SPOOL_TAIL_LEN);
    buf_add(&b, head_magic, sizeof head_magic);
    buf_u32(&b, SPOOL_FORMAT);
    buf_u32(&b, (uint32_t)envelope->n);
    buf_u64(&b, s->data.n);
    crc = crc32c(0, b.p, b.n);
    buf_u32(&b, crc);
    crc = crc32c(crc, envelope->p, envelope->n);
    buf_u32(&b, s->data.n ? crc32c(crc, s->data.p, s->data.n) : crc);
    buf_add(&b, end_mark, sizeof end_mark);
    if (b.err)
        return ERR_NOMEM;
    memcpy(head, b.p, SPOOL_HEAD_LEN);
    memcpy(tail, b.p + SPOOL_HEAD_LEN, SPOOL_TAIL_LEN);
    return 0;
}

static bool envelope_get(struct str bytes, struct arena *a, struct spool_entry *s)
{
    struct rd r = rd_of(bytes);
    struct str *to;

    s->id = rd_vstr(&r);
    s->org = (int64_t)rd_u64(&r);
    s->at_ms = (int64_t)rd_u64(&r);
    s->client = rd_vstr(&r);
    s->helo = rd_vstr(&r);
    s->reverse_path = rd_vstr(&r);
    s->n_recipients = rd_u32(&r);
    if (r.err || s->n_recipients > SPOOL_RECIPIENTS_MAX)
        return false;
    to = arena_array(a, struct str, s->n_recipients + 1);
    for (size_t i = 0; i < s->n_recipients && !r.err; i++)
        to[i] = rd_vstr(&r);
    s->recipients = to;
    s->auth = rd_vstr(&r);
    return rd_done(&r);
}

int spool_parse(struct str file, struct arena *a, struct spool_entry *s)
{
    struct rd r = rd_of(file);
    struct str magic = rd_bytes(&r, sizeof head_magic), envelope, data;
    uint32_t format = rd_u32(&r), n_envelope = rd_u32(&r);
    uint64_t n_data = rd_u64(&r);
    uint32_t crc = rd_u32(&r), sum;

    if (r.err || memcmp(magic.p, head_magic, sizeof head_magic) != 0 || crc != crc32c(0, file.p, SPOOL_HEAD_LEN - 4))
        return ERR_CORRUPT;
    if (format != SPOOL_FORMAT)
        return ERR_VERSION;
    if (n_envelope > SPOOL_ENVELOPE_MAX || n_data > SPOOL_DATA_MAX)
        return ERR_CORRUPT;
    envelope = rd_bytes(&r, n_envelope);
    data = rd_bytes(&r, (size_t)n_data);
    sum = rd_u32(&r);
    magic = rd_bytes(&r, sizeof end_mark);
    if (!rd_done(&r) || memcmp(magic.p, end_mark, sizeof end_mark) != 0)
        return ERR_CORRUPT;
    crc = n_envelope ? crc32c(crc, envelope.p, envelope.n) : crc;
    crc = n_data ? crc32c(crc, data.p, data.n) : crc;
    *s = (struct spool_entry){.data = data};
    return crc == sum && envelope_get(envelope, a, s) ? 0 : ERR_CORRUPT;
}
