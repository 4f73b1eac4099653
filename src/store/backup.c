#include "store/backup_priv.h"
#include "store/pack_groups.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONF_COPY "sigillo.conf-"

struct backup {
    struct store *store; /* bare */
    const char *to;
    struct arena arena;
    struct manifest old, now;
    struct backup_result *result;
    int64_t at_ms;
};

static int take_lease(const struct store_conf *conf, int *fd, struct err *e);
static int check_target(struct backup *b, struct err *e);
static int database_name(struct backup *b, struct cell *c, struct str *name, struct err *e);
static int database_copy(struct backup *b, struct cell *c, struct err *e);
static int packs_copy(struct backup *b, struct cell *c, struct err *e);
static int pack_copy(struct backup *b, struct cell *c, int64_t id, struct err *e);
static int cell_copy(struct backup *b, int64_t id, bool packs, struct err *e);
static int config_copy(struct backup *b, struct err *e);
static void remove_old(const struct backup *b);

int backup_list(const char *dir, struct arena *a, struct manifest *m, struct err *e)
{
    AUTO(buf) struct buf text;
    char path[PATH_BYTES];
    int rc = path_join(path, dir, MANIFEST_NAME, e);

    buf_init(&text, MANIFEST_MAX + 1);
    if (rc == 0)
        rc = file_get(path, MANIFEST_MAX, &text, e);
    if (rc == ERR_NOENT)
        return err_set(e, rc, "%s holds no backup (no file \"" MANIFEST_NAME "\").", dir);
    if (rc != 0)
        return rc;
    rc = manifest_parse(arena_str(a, buf_str(&text)), a, m);
    if (rc == ERR_VERSION)
        return err_set(
            e, rc, "The backup in %s was made by a newer release. Restore it with that release; nothing was touched.",
            dir);
    return rc ? err_set(e, rc,
                        "The list %s is damaged, so nothing in this backup can be relied on. Nothing was touched: use "
                        "another backup.",
                        path)
              : 0;
}

static int take_lease(const struct store_conf *conf, int *out, struct err *e)
{
    char path[PATH_BYTES];
    AUTO(fd) int fd = -1;
    int rc = path_join(path, conf->state, BACKUP_LEASE, e);

    if (rc != 0)
        return rc;
    if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
        return err_set(e, err_from_errno(errno), "Cannot make the lease %s: %m.", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(e, ERR_BUSY, "Another backup of %s is running. Nothing was changed: wait for it to end.",
                       conf->state);
    *out = STEAL_FD(fd);
    return 0;
}

/* An empty folder, or an earlier backup of the same engine. */
static int check_target(struct backup *b, struct err *e)
{
    int rc = dir_make(b->to, e), entries = 0;
    DIR *d;

    if (rc != 0)
        return rc;
    rc = backup_list(b->to, &b->arena, &b->old, e);
    if (rc == 0)
        return b->old.engine == b->store->conf.engine
                   ? 0
                   : err_set(e, ERR_INVALID,
                             "%s holds a backup of another database engine. Name another folder; it was not touched.",
                             b->to);
    if (rc != ERR_NOENT)
        return rc;
    if (!(d = opendir(b->to)))
        return err_set(e, err_from_errno(errno), "Cannot read %s: %m.", b->to);
    for (struct dirent *it; (it = readdir(d));)
        entries += strcmp(it->d_name, ".") != 0 && strcmp(it->d_name, "..") != 0 && strcmp(it->d_name, "cells") != 0 &&
                   strcmp(it->d_name, "directory") != 0 && strncmp(it->d_name, CONF_COPY, strlen(CONF_COPY)) != 0;
    (void)closedir(d);
    return entries ? err_set(e, ERR_INVALID,
                             "%s holds other files and no backup. Name an empty folder; it was not touched.", b->to)
                   : 0;
}

/* The name tells the cell's identity and epoch: packs that grew in another life of the cell must not be joined to
 * these. */
static int database_name(struct backup *b, struct cell *c, struct str *name, struct err *e)
{
    struct str dir = c->directory ? STR("directory") : arena_printf(&b->arena, "cells/%lld", (long long)c->id);
    struct str life = arena_printf(&b->arena, "%.*s/%016llx-%lld-", STRF(dir),
                                   (unsigned long long)pack_cell_fold(&c->uuid), (long long)c->epoch);

    for (size_t i = 0; i < b->old.n; i++)
        if (b->old.entries[i].kind == MANIFEST_DB && b->old.entries[i].cell == c->id &&
            !str_starts(b->old.entries[i].path, life))
            return err_set(e, ERR_INVALID,
                           "%s holds a backup of this state from before it was restored or salvaged, or of another "
                           "state. It was not touched: name a new folder.",
                           b->to);
    *name = arena_printf(&b->arena, "%.*s%lld.%s", STRF(life), (long long)b->at_ms,
                         b->store->conf.engine == DB_POSTGRESQL ? "dump" : "db");
    return 0;
}

/* Each run writes a database under a new name: the earlier list stays true until the new one is there. */
static int database_copy(struct backup *b, struct cell *c, struct err *e)
{
    struct manifest_entry entry = {.kind = MANIFEST_DB, .cell = c->id};
    char dir[PATH_BYTES], path[PATH_BYTES];
    AUTO(db) struct db *db = NULL;
    struct stat st;
    int rc = cell_db_open(c, &db, false, e);

    if (rc == 0)
        rc = database_name(b, c, &entry.path, e);
    if (rc == 0)
        rc = path_join(path, b->to, arena_z(&b->arena, entry.path), e);
    if (rc != 0)
        return rc;
    memcpy(dir, path, sizeof dir);
    *strrchr(dir, '/') = 0;
    rc = dir_make(dir, e);
    if (rc == 0)
        rc = b->store->conf.engine == DB_POSTGRESQL ? pg_schema_dump(b->store->conf.url, c->schema, path, e)
                                                    : db_snapshot(db, path, e);
    if (rc == 0 && stat(path, &st) != 0)
        rc = err_set(e, ERR_IO, "Cannot read %s: %m.", path);
    if (rc == 0)
        rc = file_hash(path, 0, st.st_size, entry.sha256, e);
    if (rc == 0)
        rc = dir_sync(dir, e);
    if (rc != 0)
        return rc;
    entry.to = st.st_size;
    manifest_add(&b->now, &b->arena, &entry);
    b->result->bytes_copied += entry.to;
    b->result->bytes_total += entry.to;
    return 0;
}

static int pack_copy(struct backup *b, struct cell *c, int64_t id, struct err *e)
{
    struct manifest_entry entry = {.kind = MANIFEST_PART, .cell = c->id};
    char src[PATH_BYTES], dst[PATH_BYTES];
    struct stat st;
    int rc;

    entry.path = arena_printf(&b->arena, "cells/%lld/packs/%016llx.pack", (long long)c->id, (unsigned long long)id);
    rc = path_join(dst, b->to, arena_z(&b->arena, entry.path), e);
    if (rc == 0 &&
        snprintf(src, sizeof src, "%s/packs/%016llx.pack", c->dir, (unsigned long long)id) >= (int)sizeof src)
        rc = err_set(e, ERR_LIMIT, "The path %s is too long.", c->dir);
    entry.from = manifest_end(&b->old, entry.path);
    if (rc == 0)
        rc = file_copy(src, dst, entry.from, -1, &entry.to, entry.sha256, e);
    if (rc == 0 && (stat(src, &st) != 0 || st.st_size < entry.from))
        rc = err_set(e, ERR_CORRUPT,
                     "%s is shorter than its copy in the backup. Run `sigillo verify`; the backup was not changed.",
                     src);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < b->old.n; i++)
        if (str_eq(b->old.entries[i].path, entry.path))
            manifest_add(&b->now, &b->arena, &b->old.entries[i]);
    b->result->packs++;
    b->result->bytes_copied += entry.to - entry.from;
    b->result->bytes_total += entry.to;
    if (entry.to > entry.from)
        manifest_add(&b->now, &b->arena, &entry);
    return 0;
}

/* After the snapshot: the packs hold at least all that its rows name. */
static int packs_copy(struct backup *b, struct cell *c, struct err *e)
{
    AUTO(heap) int64_t *ids = NULL;
    char dir[PATH_BYTES], sub[64], to[PATH_BYTES];
    size_t n = 0;
    int rc = path_join(dir, c->dir, "packs", e);

    (void)snprintf(sub, sizeof sub, "cells/%lld/packs", (long long)c->id);
    if (rc == 0)
        rc = path_join(to, b->to, sub, e);
    if (rc == 0)
        rc = dir_make(to, e);
    if (rc == 0 && (rc = pack_list(dir, &ids, &n)) != 0)
        rc = err_set(e, rc, "The packs in %s cannot be listed.", dir);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = pack_copy(b, c, ids[i], e);
    return rc ? rc : dir_sync(to, e);
}

static int cell_copy(struct backup *b, int64_t id, bool packs, struct err *e)
{
    struct cell *c = NULL;
    int rc = cell_create_struct(b->store, id, &c, e);

    if (rc == 0)
        rc = packs ? packs_copy(b, c, e) : database_copy(b, c, e);
    cell_free(c);
    return rc;
}

static int config_copy(struct backup *b, struct err *e)
{
    struct manifest_entry entry = {.kind = MANIFEST_CONF,
                                   .path = arena_printf(&b->arena, CONF_COPY "%lld", (long long)b->at_ms)};
    char src[PATH_BYTES], dst[PATH_BYTES];
    int rc = path_join(src, b->store->conf.state, "sigillo.conf", e);

    if (rc == 0)
        rc = path_join(dst, b->to, arena_z(&b->arena, entry.path), e);
    if (rc != 0 || access(src, F_OK) != 0)
        return rc;
    rc = file_copy(src, dst, 0, -1, &entry.to, entry.sha256, e);
    if (rc == 0)
        manifest_add(&b->now, &b->arena, &entry);
    return rc;
}

/* Databases and settings of the earlier list: nothing names them any more. */
static void remove_old(const struct backup *b)
{
    char path[PATH_BYTES];

    for (size_t i = 0; i < b->old.n; i++)
        if (b->old.entries[i].kind != MANIFEST_PART &&
            snprintf(path, sizeof path, "%s/%.*s", b->to, STRF(b->old.entries[i].path)) < (int)sizeof path)
            (void)unlink(path);
}

static int list_write(struct backup *b, struct err *e)
{
    AUTO(buf) struct buf text;
    char path[PATH_BYTES];
    int rc = path_join(path, b->to, MANIFEST_NAME, e);

    buf_init(&text, MANIFEST_MAX);
    manifest_write(&b->now, &text);
    if (rc == 0 && text.err)
        rc = err_set(e, ERR_LIMIT, "This backup has more parts than its list can hold (%u bytes). Begin a new folder.",
                     MANIFEST_MAX);
    return rc ? rc : file_put(path, buf_str(&text), e);
}

int store_backup(const struct store_conf *conf, const struct env *env, const char *to, struct backup_result *r,
                 struct err *e)
{
    struct store s = {.conf = *conf, .env = env};
    struct backup b = {.store = &s, .to = to, .result = r, .at_ms = env_wall_ms(env)};
    AUTO(heap) int64_t *ids = NULL;
    AUTO(fd) int lease = -1;
    size_t n = 0;
    int rc;

    *r = (struct backup_result){.at_ms = b.at_ms};
    s.conf.readonly = true;
    arena_init(&b.arena, ARENA_NO_LIMIT);
    rc = take_lease(conf, &lease, e);
    if (rc == 0)
        rc = check_target(&b, e);
    if (b.at_ms <= b.old.at_ms)
        b.at_ms = b.old.at_ms + 1; /* the clock went back: file names must still differ */
    b.now = (struct manifest){.at_ms = b.at_ms, .engine = conf->engine};
    if (rc == 0)
        rc = state_cells(conf, &ids, &n, e);
    if (rc == 0)
        rc = config_copy(&b, e);
    /* The directory first: an account made meanwhile is then in its cell alone, and `user add` once more mends that. */
    if (rc == 0)
        rc = cell_copy(&b, STORE_DIRECTORY_CELL, false, e);
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = cell_copy(&b, ids[i], false, e);
        if (rc == 0)
            rc = cell_copy(&b, ids[i], true, e);
        r->cells++;
    }
    if (rc == 0)
        rc = dir_sync(to, e);
    if (rc == 0)
        rc = list_write(&b, e);
    if (rc == 0)
        remove_old(&b);
    arena_free(&b.arena);
    return rc;
}
