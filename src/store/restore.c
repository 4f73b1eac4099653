#include "store/backup_priv.h"
#include "store/pack_groups.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUILDING ".restoring" /* suffix of the state while it is made */

struct restore {
    const char *from;
    char building[PATH_BYTES];
    struct store store; /* bare, over the state in the making */
    struct arena arena;
    struct manifest list;
    struct backup_result *result;
};

static int check_bytes(const char *dir, const struct manifest *m, struct arena *a, struct backup_result *r,
                       struct err *e);
static int check_target(const struct restore *x, const char *state, struct err *e);
static int place(struct restore *x, const struct manifest_entry *entry, struct err *e);
static int cell_finish(struct restore *x, int64_t id, struct err *e);
static int cut_packs(struct restore *x, struct cell *c, const struct cell_meta *m, struct err *e);

static int check_bytes(const char *dir, const struct manifest *m, struct arena *a, struct backup_result *r,
                       struct err *e)
{
    int64_t databases = 0;

    *r = (struct backup_result){.at_ms = m->at_ms};
    for (size_t i = 0; i < m->n; i++) {
        const struct manifest_entry *it = &m->entries[i];
        uint8_t have[SHA256_LEN];
        char path[PATH_BYTES];
        int rc = path_join(path, dir, arena_z(a, it->path), e);

        if (rc == 0)
            rc = file_hash(path, it->from, it->to, have, e);
        if (rc == 0 && memcmp(have, it->sha256, SHA256_LEN) != 0)
            rc = err_set(e, ERR_CORRUPT, "Bytes %lld to %lld of %s are not those that were backed up.",
                         (long long)it->from, (long long)it->to - 1, path);
        if (rc != 0)
            return err_set(
                e, rc, "%s Nothing was made or changed: use another backup, or mend this file from another copy of it.",
                e ? e->text : "");
        r->bytes_total += it->to - it->from;
        r->packs += it->kind == MANIFEST_PART && it->from == 0;
        r->cells += it->kind == MANIFEST_DB && it->cell != STORE_DIRECTORY_CELL;
        databases += it->kind == MANIFEST_DB && it->cell == STORE_DIRECTORY_CELL;
    }
    return databases == 1 ? 0
                          : err_set(e, ERR_CORRUPT,
                                    "The backup in %s has no directory: it was not made by `sigillo backup`.", dir);
}

int store_backup_check(const char *dir, struct backup_result *r, struct err *e)
{
    AUTO(arena) struct arena a;
    struct manifest m;
    int rc;

    arena_init(&a, ARENA_NO_LIMIT);
    rc = backup_list(dir, &a, &m, e);
    return rc ? rc : check_bytes(dir, &m, &a, r, e);
}

/* The state must not be there yet; what an interrupted restore left is removed. */
static int check_target(const struct restore *x, const char *state, struct err *e)
{
    DIR *d = opendir(state);
    int entries = 0;

    if (!d && errno != ENOENT)
        return err_set(e, err_from_errno(errno), "Cannot read %s: %m.", state);
    for (struct dirent *it; d && (it = readdir(d));)
        entries += strcmp(it->d_name, ".") != 0 && strcmp(it->d_name, "..") != 0;
    if (d)
        (void)closedir(d);
    if (entries)
        return err_set(e, ERR_EXIST,
                       "%s is not empty. Nothing was touched: name a folder that does not exist, check it, then move "
                       "it to its place.",
                       state);
    if (access(x->building, F_OK) == 0)
        return err_set(e, ERR_EXIST,
                       "%s is there: a restore was interrupted, or one is running. When none is, remove that folder "
                       "and run this again.",
                       x->building);
    return 0;
}

static int place(struct restore *x, const struct manifest_entry *it, struct err *e)
{
    char src[PATH_BYTES], dst[PATH_BYTES], dir[PATH_BYTES];
    uint8_t have[SHA256_LEN];
    struct str name = it->path;
    int64_t end;
    int rc = path_join(src, x->from, arena_z(&x->arena, it->path), e);

    if (it->kind == MANIFEST_CONF)
        name = STR("sigillo.conf");
    else if (it->kind == MANIFEST_DB)
        name = it->cell ? arena_printf(&x->arena, "cells/%lld/cell.db", (long long)it->cell) : STR("directory/cell.db");
    if (rc == 0)
        rc = path_join(dst, x->building, arena_z(&x->arena, name), e);
    if (rc != 0)
        return rc;
    memcpy(dir, dst, sizeof dir);
    *strrchr(dir, '/') = 0;
    rc = dir_make(dir, e);
    if (rc == 0 && it->kind == MANIFEST_DB && x->list.engine == DB_POSTGRESQL)
        rc = pg_schema_restore(x->store.conf.url, src, e);
    else if (rc == 0)
        rc = file_copy(src, dst, it->from, it->to, &end, have, e);
    if (rc == 0 && (it->kind != MANIFEST_DB || x->list.engine == DB_SQLITE)) {
        x->result->bytes_copied += it->to - it->from;
        rc = memcmp(have, it->sha256, SHA256_LEN) == 0 ? 0 : err_set(e, ERR_IO, "%s changed while it was copied.", src);
    }
    return rc ? rc : dir_sync(dir, e);
}

struct walking {
    struct pack_groups *groups;
};

static int note(void *arg, const struct pack_seen *seen)
{
    return pack_groups_seen(((struct walking *)arg)->groups, seen);
}

/* Groups that were committed after the snapshot are in the copy too, but no row knows them: a new line of groups begins
 * where the snapshot ended, and the old one must not stand beside it. */
static int cut_packs(struct restore *x, struct cell *c, const struct cell_meta *m, struct err *e)
{
    struct pack_groups groups = {0};
    struct walking w = {&groups};
    AUTO(heap) int64_t *ids = NULL;
    char dir[PATH_BYTES];
    size_t n = 0;
    int rc = path_join(dir, c->dir, "packs", e);

    if (rc == 0)
        rc = dir_make(dir, e);
    if (rc == 0 && (rc = pack_list(dir, &ids, &n)) != 0)
        rc = err_set(e, rc, "The packs in %s cannot be listed.", dir);
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct str path = arena_printf(&x->arena, "%s/%016llx.pack", dir, (unsigned long long)ids[i]);

        pack_groups_file(&groups, ids[i]);
        rc = pack_walk(arena_z(&x->arena, path), &m->uuid, note, &w, e);
    }
    if (rc == 0 && (rc = pack_groups_finish(&groups, &m->last_group)) != 0)
        rc = err_set(e, rc, "No memory to order the packs.");
    for (size_t i = 0; i < n && rc == 0 && groups.missing == 0; i++) {
        const char *path =
            arena_z(&x->arena, arena_printf(&x->arena, "%s/%016llx.pack", dir, (unsigned long long)ids[i]));
        struct stat st;
        int64_t cut = pack_groups_cut(&groups, ids[i]);

        if (stat(path, &st) == 0 && st.st_size > cut && truncate(path, cut) != 0)
            rc = err_set(e, err_from_errno(errno), "%s could not be cut: %m.", path);
        if (rc == 0 && ids[i] >= m->next_pack && unlink(path) != 0) /* begun after the snapshot */
            rc = err_set(e, err_from_errno(errno), "%s could not be removed: %m.", path);
    }
    pack_groups_free(&groups);
    return rc ? rc : dir_sync(dir, e);
}

static int cell_finish(struct restore *x, int64_t id, struct err *e)
{
    struct cell *c = NULL;
    struct cell_meta m;
    int rc = cell_create_struct(&x->store, id, &c, e);

    if (rc == 0) {
        AUTO(db) struct db *db = NULL;

        rc = dir_make(c->dir, e);
        rc = rc ? rc : cell_db_open(c, &db, false, e);
        if (rc == 0 && (rc = db_begin_read(db)) == 0 && (rc = cell_meta_load(db, c->sql->meta_read, &m)) != 0)
            rc = err_set(e, rc, "%s: its own row cannot be read.", c->path);
        if (db)
            db_rollback(db);
    }
    if (rc == 0 && !c->directory)
        rc = cut_packs(x, c, &m, e);
    if (rc == 0)
        rc = cell_new_epoch(c, e);
    cell_free(c);
    return rc;
}

static int build(struct restore *x, struct err *e)
{
    int rc = dir_make(x->building, e);

    for (size_t i = 0; i < x->list.n && rc == 0; i++)
        rc = place(x, &x->list.entries[i], e);
    for (size_t i = 0; i < x->list.n && rc == 0; i++)
        if (x->list.entries[i].kind == MANIFEST_DB)
            rc = cell_finish(x, x->list.entries[i].cell, e);
    return rc ? rc : dir_sync(x->building, e);
}

int store_restore(const char *from, const struct store_conf *conf, const struct env *env, struct backup_result *r,
                  struct err *e)
{
    struct restore x = {.from = from, .store = {.conf = *conf, .env = env}, .result = r};
    struct err own = {0};
    char up[PATH_BYTES], *slash;
    int rc;

    e = e ? e : &own;
    *r = (struct backup_result){0};
    arena_init(&x.arena, ARENA_NO_LIMIT);
    rc = (size_t)snprintf(x.building, sizeof x.building, "%s" BUILDING, conf->state) < sizeof x.building
             ? 0
             : err_set(e, ERR_LIMIT, "The path is too long.");
    if (rc == 0)
        rc = backup_list(from, &x.arena, &x.list, e);
    if (rc == 0 && x.list.engine != conf->engine)
        rc = err_set(e, ERR_INVALID,
                     "This backup is of a state on %s. Set db.engine (and db.url) so and run this again.",
                     x.list.engine == DB_POSTGRESQL ? "PostgreSQL" : "SQLite");
    if (rc == 0)
        rc = check_target(&x, conf->state, e);
    if (rc == 0)
        rc = check_bytes(from, &x.list, &x.arena, r, e);
    x.store.conf.state = x.building;
    x.store.conf.readonly = false;
    fence_setup();
    if (rc == 0)
        rc = build(&x, e);
    if (rc == 0 && rename(x.building, conf->state) != 0)
        rc = err_set(e, err_from_errno(errno), "%s is ready but could not be renamed to %s: %m.", x.building,
                     conf->state);
    memcpy(up, conf->state, strlen(conf->state) + 1);
    if ((slash = strrchr(up, '/')))
        *slash = 0;
    if (rc == 0)
        rc = dir_sync(slash == up ? "/" : slash ? up : ".", e);
    arena_free(&x.arena);
    return rc;
}
