#include "store/pack_format.h"
#include "core/hash.h"
#include <endian.h>
#include <stdio.h>

static const char file_magic[8] = {'S', 'I', 'G', 'P', 'A', 'C', 'K', '1'};

static void put32(uint8_t *p, uint32_t v);
static void put64(uint8_t *p, uint64_t v);
static uint32_t get32(const uint8_t *p);
static uint64_t get64(const uint8_t *p);
static uint32_t record_seed(uint32_t seed, int64_t offset);
static uint16_t head_check(const uint8_t *in, uint32_t seed);
static void add_name(struct buf *b, struct str s);
static bool blob_get(struct rd *r, uint8_t flags, struct blob_draft *d);
static void place_get(struct rd *r, struct pack_place *p);
static void gone_get(struct rd *r, struct pack_gone *g);

static void put32(uint8_t *p, uint32_t v)
{
    v = htobe32(v);
    memcpy(p, &v, sizeof v);
}

static void put64(uint8_t *p, uint64_t v)
{
    v = htobe64(v);
    memcpy(p, &v, sizeof v);
}

static uint32_t get32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return be32toh(v);
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return be64toh(v);
}

uint64_t pack_cell_fold(const struct pack_uuid *cell) { return get64(cell->b) ^ get64(cell->b + 8); }

void pack_path(struct buf *out, const char *dir, int64_t id)
{
    buf_printf(out, "%s/%016llx.pack", dir, (unsigned long long)id);
    buf_addc(out, '\0');
}

int64_t pack_name_id(const char *path)
{
    const char *name = strrchr(path, '/');
    uint64_t id = 0;

    name = name ? name + 1 : path;
    if (strlen(name) != PACK_NAME_LEN || strcmp(name + 16, ".pack") != 0)
        return -1;
    for (int i = 0; i < 16; i++) {
        int c = name[i];

        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            return -1;
        id = id << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return id > INT64_MAX ? -1 : (int64_t)id;
}

void pack_head_put(uint8_t out[PACK_HEAD_LEN], uint64_t cell_fold, int64_t id)
{
    memcpy(out, file_magic, sizeof file_magic);
    put32(out + 8, PACK_FORMAT);
    put64(out + 12, cell_fold);
    put64(out + 20, (uint64_t)id);
    put32(out + 28, crc32c(0, out, 28));
}

int pack_head_get(const uint8_t in[PACK_HEAD_LEN], struct pack_head *h)
{
    uint64_t id = get64(in + 20);

    if (memcmp(in, file_magic, sizeof file_magic) != 0 || get32(in + 28) != crc32c(0, in, 28) || id > INT64_MAX)
        return ERR_CORRUPT;
    *h = (struct pack_head){.version = get32(in + 8), .cell_fold = get64(in + 12), .id = (int64_t)id};
    return h->version == PACK_FORMAT ? 0 : ERR_VERSION;
}

uint32_t pack_seed(uint64_t cell_fold, int64_t id)
{
    uint8_t head[PACK_HEAD_LEN];

    pack_head_put(head, cell_fold, id);
    return get32(head + 28);
}

static uint32_t record_seed(uint32_t seed, int64_t offset)
{
    uint8_t at[8];

    put64(at, (uint64_t)offset);
    return crc32c(seed, at, sizeof at);
}

static uint16_t head_check(const uint8_t *in, uint32_t seed)
{
    uint32_t c = crc32c(crc32c(seed, in, 6), in + 8, 4);

    return (uint16_t)(c ^ c >> 16);
}

void pack_rec_put(uint8_t out[PACK_REC_LEN], uint32_t seed, int64_t offset, enum pack_kind kind, uint8_t flags,
                  struct str a, struct str b)
{
    uint32_t at = record_seed(seed, offset), crc;
    uint16_t check;

    put32(out, PACK_REC_MAGIC);
    out[4] = (uint8_t)kind;
    out[5] = flags;
    put32(out + 8, (uint32_t)(a.n + b.n));
    check = head_check(out, at);
    out[6] = (uint8_t)(check >> 8);
    out[7] = (uint8_t)check;
    crc = crc32c(at, out, 12);
    crc = a.n ? crc32c(crc, a.p, a.n) : crc;
    crc = b.n ? crc32c(crc, b.p, b.n) : crc;
    put32(out + 12, crc);
}

bool pack_rec_get(const uint8_t in[PACK_REC_LEN], uint32_t seed, int64_t offset, struct pack_rec *r)
{
    *r = (struct pack_rec){.kind = in[4], .flags = in[5], .len = get32(in + 8), .crc = get32(in + 12)};
    if (get32(in) != PACK_REC_MAGIC || head_check(in, record_seed(seed, offset)) != (uint16_t)(in[6] << 8 | in[7]))
        return false;
    return r->len <= (r->kind == PACK_BLOB ? PACK_BODY_MAX : PACK_SMALL_MAX);
}

bool pack_rec_check(const uint8_t in[PACK_REC_LEN], uint32_t seed, int64_t offset, struct str body)
{
    uint32_t crc = crc32c(record_seed(seed, offset), in, 12);

    return (body.n ? crc32c(crc, body.p, body.n) : crc) == get32(in + 12);
}

void pack_blob_head_put(uint8_t out[PACK_BLOB_HEAD], const struct blob_draft *d)
{
    memcpy(out, d->sha256, SHA256_LEN);
    put64(out + SHA256_LEN, (uint64_t)d->org);
    put64(out + SHA256_LEN + 8, (uint64_t)d->id);
    put64(out + SHA256_LEN + 16, d->size);
}

static void add_name(struct buf *b, struct str s) { buf_vstr(b, str_utf8_cut(s, PACK_NAME_TEXT_MAX)); }

void pack_place_put(struct buf *b, const struct pack_place *p)
{
    const int64_t v[] = {p->org, p->account, p->mailbox, p->uid, p->seq, p->message, p->thread, p->date_ms};

    for (size_t i = 0; i < N_ELEMENTS(v); i++)
        buf_u64(b, (uint64_t)v[i]);
    buf_add(b, p->blob_sha256, SHA256_LEN);
    buf_u32(b, p->flags);
    add_name(b, p->mailbox_name);
    add_name(b, p->address);
    add_name(b, p->verdict);
}

void pack_gone_put(struct buf *b, const struct pack_gone *g)
{
    const int64_t v[] = {g->org, g->account, g->mailbox, g->uid, g->message};

    for (size_t i = 0; i < N_ELEMENTS(v); i++)
        buf_u64(b, (uint64_t)v[i]);
}

void pack_end_put(struct buf *b, const struct pack_uuid *group, const struct pack_uuid *last, uint32_t records)
{
    buf_add(b, group->b, sizeof group->b);
    buf_add(b, last->b, sizeof last->b);
    buf_u32(b, records);
}

static bool blob_get(struct rd *r, uint8_t flags, struct blob_draft *d)
{
    struct str sha = rd_bytes(r, SHA256_LEN);

    if (r->err || (flags & ~PACK_FLAG_ZSTD))
        return false;
    memcpy(d->sha256, sha.p, SHA256_LEN);
    d->org = (int64_t)rd_u64(r);
    d->id = (int64_t)rd_u64(r);
    d->size = rd_u64(r);
    d->zstd = flags & PACK_FLAG_ZSTD;
    d->bytes = rd_bytes(r, (size_t)(r->end - r->p));
    return !r->err && d->size <= PACK_BLOB_MAX && (d->zstd || d->size == d->bytes.n);
}

static void place_get(struct rd *r, struct pack_place *p)
{
    int64_t *const v[] = {&p->org, &p->account, &p->mailbox, &p->uid, &p->seq, &p->message, &p->thread, &p->date_ms};
    struct str sha;

    for (size_t i = 0; i < N_ELEMENTS(v); i++)
        *v[i] = (int64_t)rd_u64(r);
    sha = rd_bytes(r, SHA256_LEN);
    if (sha.n == SHA256_LEN)
        memcpy(p->blob_sha256, sha.p, SHA256_LEN);
    p->flags = rd_u32(r);
    p->mailbox_name = rd_vstr(r);
    p->address = rd_vstr(r);
    p->verdict = rd_vstr(r);
}

static void gone_get(struct rd *r, struct pack_gone *g)
{
    int64_t *const v[] = {&g->org, &g->account, &g->mailbox, &g->uid, &g->message};

    for (size_t i = 0; i < N_ELEMENTS(v); i++)
        *v[i] = (int64_t)rd_u64(r);
}

bool pack_body_get(struct str body, uint8_t flags, struct pack_seen *seen)
{
    struct rd r = rd_of(body);
    struct str s;

    switch (seen->kind) {
    case PACK_BLOB: return blob_get(&r, flags, &seen->blob);
    case PACK_PLACE: place_get(&r, &seen->place); break;
    case PACK_GONE: gone_get(&r, &seen->gone); break;
    case PACK_GROUP_END:
        if ((s = rd_bytes(&r, 16)).n == 16)
            memcpy(seen->group.b, s.p, 16);
        if ((s = rd_bytes(&r, 16)).n == 16)
            memcpy(seen->last_committed.b, s.p, 16);
        seen->records = rd_u32(&r);
        break;
    default: return false;
    }
    return flags == 0 && rd_done(&r);
}
