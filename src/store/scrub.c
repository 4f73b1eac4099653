#include "store/scrub.h"
#include "core/log.h"
#include "store/file_copy.h"
#include "store/pack_groups.h"
#include "store/store_priv.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct place { /* of the pass: text "started_ms pack offset\n" */
    int64_t started_ms, pack, offset;
};
struct look {
    struct cell *cell;
    const char *path;
    int64_t size;
    bool tail; /* the end of the file does not check */
    struct scrub_result *r;
};

static void place_read(struct cell *c, struct place *p);
static int place_write(struct cell *c, const struct place *p);
static int look(void *arg, const struct pack_seen *seen);
static int next_pack(struct cell *c, struct place *p);

/* A place that cannot be read is the beginning: reading twice harms nothing. */
static void place_read(struct cell *c, struct place *p)
{
    AUTO(buf) struct buf b;
    char path[PATH_BYTES];
    struct str a, rest, pack, offset;

    buf_init(&b, 256);
    *p = (struct place){0};
    if (path_join(path, c->dir, SCRUB_FILE, NULL) != 0 || file_get(path, 200, &b, NULL) != 0)
        return;
    if (!str_cut(str_trim(buf_str(&b)), ' ', &a, &rest) || !str_cut(rest, ' ', &pack, &offset) ||
        !str_i64(a, &p->started_ms) || !str_i64(pack, &p->pack) || !str_i64(offset, &p->offset) || p->offset < 0)
        *p = (struct place){0};
}

static int place_write(struct cell *c, const struct place *p)
{
    char path[PATH_BYTES], text[100];
    int n = snprintf(text, sizeof text, "%lld %lld %lld\n", (long long)p->started_ms, (long long)p->pack,
                     (long long)p->offset);
    int rc = path_join(path, c->dir, SCRUB_FILE, NULL);

    return rc ? rc : file_put(path, str_n(text, (size_t)n), NULL);
}

/* Damage up to the end of a file is what a crash leaves, or a write that is going on: verify can tell, this cannot. */
static int look(void *arg, const struct pack_seen *seen)
{
    struct look *l = arg;
    AUTO(arena) struct arena a;
    struct str plain;
    bool bad = seen->damaged && seen->loc.offset + seen->loc.length < l->size;

    arena_init(&a, ARENA_NO_LIMIT);
    l->r->bytes += seen->loc.length;
    l->tail |= seen->damaged && !bad;
    if (!seen->damaged && seen->kind == PACK_BLOB)
        bad = pack_seen_plain(seen, &a, &plain) == ERR_CORRUPT;
    if (bad) {
        l->r->damaged++;
        log_error("scrub.damaged", L_I("cell", l->cell->id), L_Z("file", l->path), L_I("offset", seen->loc.offset),
                  L_I("bytes", seen->loc.length),
                  L_Z("cure", "run `sigillo verify`: it says whose mail that is and what to do"));
    }
    return 0;
}

/* The pack at the place or, when that is read to its end, the next; 0 none. */
static int next_pack(struct cell *c, struct place *p)
{
    AUTO(heap) int64_t *ids = NULL;
    char dir[PATH_BYTES], path[PATH_BYTES];
    struct stat st;
    size_t n = 0;
    int rc = path_join(dir, c->dir, "packs", NULL);

    if (rc == 0)
        rc = pack_list(dir, &ids, &n);
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (ids[i] < p->pack ||
            snprintf(path, sizeof path, "%s/%016llx.pack", dir, (unsigned long long)ids[i]) >= (int)sizeof path)
            continue;
        if (ids[i] > p->pack)
            *p = (struct place){p->started_ms, ids[i], 0};
        if (stat(path, &st) == 0 && p->offset < st.st_size)
            return 1;
    }
    return rc;
}

int cell_scrub(struct cell *c, int64_t bytes, struct scrub_result *r)
{
    int64_t now = env_wall_ms(c->store->env), before;
    char path[PATH_BYTES];
    struct place p;
    struct cell_info info;
    struct stat st;
    struct look l = {.cell = c, .path = path, .r = r};
    int rc;

    *r = (struct scrub_result){0};
    place_read(c, &p);
    if (p.started_ms == 0 || now - p.started_ms >= SCRUB_EVERY_MS || now < p.started_ms)
        p = (struct place){.started_ms = now};
    if ((rc = next_pack(c, &p)) <= 0)
        return rc ? rc : place_write(c, &p);
    if ((rc = cell_info(c, &info)) != 0)
        return rc;
    if (snprintf(path, sizeof path, "%s/packs/%016llx.pack", c->dir, (unsigned long long)p.pack) >= (int)sizeof path ||
        stat(path, &st) != 0)
        return ERR_IO;
    l.size = st.st_size;
    before = p.offset;
    r->pack = p.pack;
    rc = pack_walk_part(path, &info.uuid, &p.offset, bytes, look, &l, NULL);
    if (rc == ERR_CORRUPT || rc == ERR_VERSION) {
        r->damaged++;
        log_error("scrub.refused", L_I("cell", c->id), L_Z("file", path), L_Z("cure", "run `sigillo verify`"));
        rc = 0;
    }
    if (rc != 0)
        return rc;
    if (l.tail || p.offset == before) /* records that come later need not begin here: on to the next file */
        p = (struct place){p.started_ms, p.pack + 1, 0};
    rc = place_write(c, &p);
    return rc ? rc : 1;
}
