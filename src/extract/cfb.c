#include "extract/cfb.h"
#include <stdlib.h>

#define CFB_END 0xFFFFFFFEu
#define CFB_FREE 0xFFFFFFFFu
#define CFB_FAT_SECTORS_MAX 65536u
#define CFB_HEADER 512u

static uint32_t le32(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}
static uint16_t le16(const char *p) { return (uint16_t)((unsigned char)p[0] | (unsigned char)p[1] << 8); }

/* Sector n follows the header; the last one may be cut short. */
static struct str sector_at(const struct cfb *c, uint32_t n)
{
    uint64_t at = ((uint64_t)n + 1) * c->sector;
    return at >= c->bytes.n ? STR("") : str_upto(str_from(c->bytes, (size_t)at), c->sector);
}

static bool fat_sector(struct cfb *c, uint32_t n, size_t *at, size_t total)
{
    struct str s = sector_at(c, n);
    if (s.n < c->sector)
        return false;
    for (size_t i = 0; i + 4 <= s.n && *at < total; i += 4)
        c->fat[(*at)++] = le32(s.p + i);
    return true;
}

static bool load_fat(struct cfb *c)
{
    uint32_t sectors = le32(c->bytes.p + 44), difat = le32(c->bytes.p + 68), per = c->sector / 4;
    size_t in_file = c->bytes.n / c->sector + 1;
    if (sectors == 0 || sectors > CFB_FAT_SECTORS_MAX || sectors > in_file)
        return false;
    c->n_fat = (size_t)sectors * per;
    c->fat = malloc(c->n_fat * sizeof *c->fat);
    if (!c->fat)
        return false;
    size_t at = 0;
    uint32_t done = 0;
    for (unsigned i = 0; i < 109 && done < sectors; i++, done++)
        if (!fat_sector(c, le32(c->bytes.p + 76 + i * 4), &at, c->n_fat))
            break;
    for (size_t hops = 0; done < sectors && difat < CFB_END && hops < in_file; hops++) {
        struct str s = sector_at(c, difat);
        if (s.n < c->sector)
            break;
        for (unsigned i = 0; i < per - 1 && done < sectors; i++, done++)
            if (!fat_sector(c, le32(s.p + i * 4), &at, c->n_fat))
                break;
        difat = le32(s.p + (per - 1) * 4);
    }
    c->n_fat = at;
    return at > 0;
}

static uint32_t follow(const struct cfb *c, uint32_t n) { return n < c->n_fat ? c->fat[n] : CFB_END; }

static bool chain(const struct cfb *c, uint32_t start, uint64_t size, size_t max, struct buf *out)
{
    uint64_t left = size < max ? size : max;
    for (size_t hops = 0; left > 0; hops++) {
        struct str s = hops <= c->n_fat && start < CFB_END ? sector_at(c, start) : STR("");
        if (s.n == 0)
            return false;
        s = str_upto(s, left);
        buf_adds(out, s);
        left -= s.n;
        start = follow(c, start);
    }
    return !out->err;
}

static void load_mini(struct cfb *c)
{
    uint32_t start = le32(c->bytes.p + 60), sectors = le32(c->bytes.p + 64);
    AUTO(buf) struct buf b;
    buf_init(&b, CFB_STREAM_MAX);
    if (start >= CFB_END || sectors == 0 || sectors > c->n_fat)
        return;
    (void)chain(c, start, (uint64_t)sectors * c->sector, CFB_STREAM_MAX, &b);
    c->mini_fat = malloc(b.n + 4);
    for (size_t i = 0; c->mini_fat && i + 4 <= b.n; i += 4)
        c->mini_fat[c->n_mini_fat++] = le32(b.p + i);
}

/* Sectors of a chain in order, at most max. */
static uint32_t *sectors_of(const struct cfb *c, uint32_t start, size_t max, size_t *n)
{
    size_t room = max < c->n_fat ? max : c->n_fat;
    uint32_t *list = malloc((room + 1) * sizeof *list);
    *n = 0;
    for (; list && *n < room && start < CFB_END && sector_at(c, start).n > 0; start = follow(c, start))
        list[(*n)++] = start;
    return list;
}

bool cfb_open(struct cfb *c, struct str bytes)
{
    *c = (struct cfb){.bytes = bytes};
    if (bytes.n < CFB_HEADER * 2 || memcmp(bytes.p, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8) != 0)
        return false;
    unsigned shift = le16(bytes.p + 30), mini = le16(bytes.p + 32);
    if ((shift != 9 && shift != 12) || mini != 6)
        return false;
    c->sector = 1u << shift;
    c->mini = 1u << mini;
    c->mini_cutoff = le32(bytes.p + 56);
    if (!load_fat(c))
        return false;
    load_mini(c);
    c->directory = sectors_of(c, le32(bytes.p + 48), CFB_ENTRIES_MAX / (c->sector / 128) + 1, &c->n_directory);
    struct cfb_entry root;
    if (!cfb_entry(c, 0, &root) || root.type != 5)
        return false;
    c->root = sectors_of(c, root.start, c->n_fat, &c->n_root);
    c->root_size = root.size;
    return c->root != NULL;
}

void cfb_close(struct cfb *c)
{
    free(c->fat);
    free(c->mini_fat);
    free(c->directory);
    free(c->root);
    *c = (struct cfb){0};
}

bool cfb_entry(const struct cfb *c, size_t i, struct cfb_entry *e)
{
    size_t per = c->sector / 128;
    if (i >= CFB_ENTRIES_MAX || i / per >= c->n_directory)
        return false;
    struct str s = sector_at(c, c->directory[i / per]);
    size_t at = i % per * 128;
    if (s.n < at + 128)
        return false;
    const char *p = s.p + at;
    unsigned len = le16(p + 64);
    len = len > 64 ? 32 : len / 2;
    memset(e, 0, sizeof *e);
    for (unsigned k = 0; k < len && k < 32; k++) {
        uint16_t u = le16(p + k * 2);
        e->name[k] = u == 0 ? '\0' : u < 127 ? (char)u : '?';
    }
    e->type = (uint8_t)p[66];
    e->left = le32(p + 68);
    e->right = le32(p + 72);
    e->child = le32(p + 76);
    memcpy(e->clsid, p + 80, 16);
    e->start = le32(p + 116);
    e->size = le32(p + 120) | (c->sector > 512 ? (uint64_t)le32(p + 124) << 32 : 0);
    return true;
}

bool cfb_cut(const struct cfb *c) { return c->n_directory * (c->sector / 128) > CFB_ENTRIES_MAX; }

bool cfb_children(const struct cfb *c, uint32_t storage, uint32_t *out, size_t max, size_t *n)
{
    struct cfb_entry e;
    size_t entries = c->n_directory * (c->sector / 128), waiting = 0;
    *n = 0;
    if (!cfb_entry(c, storage, &e))
        return false;
    uint8_t *seen = calloc(entries + 1, 1);
    uint32_t *next = malloc((2 * entries + 1) * sizeof *next); /* each is seen once and brings two at most */
    bool whole = seen && next;
    if (whole && e.child != CFB_NONE)
        next[waiting++] = e.child;
    while (whole && waiting > 0) {
        uint32_t i = next[--waiting];
        whole = i < entries && !seen[i] && cfb_entry(c, i, &e) && *n < max;
        if (!whole)
            break;
        seen[i] = 1;
        out[(*n)++] = i;
        if (e.left != CFB_NONE)
            next[waiting++] = e.left;
        if (e.right != CFB_NONE)
            next[waiting++] = e.right;
    }
    free(seen);
    free(next);
    return whole;
}

/* A small sector lies in the root's stream; sizes divide each other, so it never lies in two sectors. */
static struct str mini_at(const struct cfb *c, uint32_t n)
{
    uint64_t at = (uint64_t)n * c->mini, sector = at / c->sector;
    if (sector >= c->n_root || at >= c->root_size)
        return STR("");
    struct str s = str_from(sector_at(c, c->root[sector]), at % c->sector);
    uint64_t left = c->root_size - at;
    return str_upto(s, left < c->mini ? (size_t)left : c->mini);
}

bool cfb_stream(const struct cfb *c, const struct cfb_entry *e, size_t max, struct buf *out)
{
    if (e->size >= c->mini_cutoff)
        return chain(c, e->start, e->size, max, out);
    uint64_t left = e->size < max ? e->size : max;
    uint32_t n = e->start;
    for (size_t hops = 0; left > 0; hops++) {
        struct str s = hops <= c->n_mini_fat ? str_upto(mini_at(c, n), left) : STR("");
        if (s.n == 0)
            return false;
        buf_adds(out, s);
        left -= s.n;
        n = n < c->n_mini_fat ? c->mini_fat[n] : CFB_END;
    }
    return !out->err;
}
