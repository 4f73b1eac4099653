/* pack_walk over any bytes. First byte even: the rest is the file as it is. Odd: the rest is a list of (kind, flags,
 * length, body) that is given true sums, so that bodies and groups are reached, and its last bytes turn bits over in
 * the result. */
#include "store/pack_test_help.h"
#include "core/buf.h"
#include <sys/mman.h>

#define INPUT_MAX (256u << 10)

static const struct pack_uuid cell = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

struct seen_state {
    struct arena a;
    int64_t next, size;
};

static int look(void *arg, const struct pack_seen *s)
{
    struct seen_state *st = arg;
    struct arena_mark mark = arena_mark(&st->a);
    struct str plain;

    if (s->loc.offset != st->next || s->loc.length <= 0)
        abort(); /* a gap, an overlap or a standstill */
    st->next += s->loc.length;
    if (!s->damaged && s->kind == PACK_BLOB)
        (void)!pack_seen_plain(s, &st->a, &plain);
    arena_reset(&st->a, mark);
    return 0;
}

static void make(struct rd *r, struct buf *file)
{
    uint32_t seed = pack_seed(pack_cell_fold(&cell), 1);
    uint8_t head[PACK_HEAD_LEN], rec[PACK_REC_LEN];

    pack_head_put(head, pack_cell_fold(&cell), 1);
    buf_add(file, head, sizeof head);
    while (!r->err && r->end - r->p > 8) {
        uint8_t kind = rd_u8(r), flags = rd_u8(r);
        size_t want = rd_u16(r), left = (size_t)(r->end - r->p);
        struct str body = rd_bytes(r, want < left ? want : left);

        pack_rec_put(rec, seed, (int64_t)file->n, kind, flags, body, STR_NULL);
        buf_add(file, rec, sizeof rec);
        buf_adds(file, body);
    }
    while (!r->err && r->end - r->p >= 4) {
        uint32_t at = rd_u32(r);

        file->p[(at >> 3) % file->n] ^= (char)(1u << (at & 7));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    struct seen_state st = {.next = PACK_HEAD_LEN};
    AUTO(buf) struct buf file = {0};
    char path[64];

    if (size == 0 || size > INPUT_MAX)
        return 0;
    buf_init(&file, 2 * INPUT_MAX + 64 * INPUT_MAX / 4);
    if (data[0] & 1) {
        struct rd r = rd_of(str_n(data + 1, size - 1));

        make(&r, &file);
    } else {
        buf_add(&file, data + 1, size - 1);
    }
    if (fd < 0)
        fd = memfd_create("pack", MFD_CLOEXEC);
    if (file.err || fd < 0 || ftruncate(fd, (off_t)file.n) != 0 || pwrite(fd, file.p, file.n, 0) != (ssize_t)file.n)
        return 0;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    arena_init(&st.a, 4u << 20);
    if (pack_walk_groups(path, data[0] & 2 ? NULL : &cell, look, &st, NULL) == 0 && st.next != (int64_t)file.n &&
        file.n >= PACK_HEAD_LEN)
        abort(); /* bytes without an account */
    arena_free(&st.a);
    return 0;
}
