#include "store/verify.h"
#include "store/verify_priv.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void uncache(const char *path);
static void report_line(struct verify *v, enum verify_kind kind, struct str line);
static int open_database(struct verify *v, enum verify_kind kind);
static int read_rows(struct verify *v, struct db *dir);
static void mark_check(struct verify *v);
static int check_cell(struct verify *v, int64_t id, struct db *dir, struct err *e);
static int check_directory(struct verify *v, struct db **dir, struct err *e);

/* After a failed fsync what is checked must be what a restart would read from the disk (see pack_walk.c). Only then: closing a file takes the locks of
 * this process's own connections with it, and a read-only cell has no writer. */
static void uncache(const char *path)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* One line of db_integrity; a page has a place (db/sqlite_checksum.c). */
static void report_line(struct verify *v, enum verify_kind kind, struct str line)
{
    static const struct str words = {"the page at offset ", 19};
    struct verify_at at = {v->cell->path, -1, -1, false, STR_NULL};
    ptrdiff_t place = str_find(line, words, 0);
    struct str offset, rest, length, tail;
    int64_t from, bytes;

    if (place >= 0 && str_cut(str_from(line, (size_t)place + words.n), ' ', &offset, &rest) && str_i64(offset, &from) &&
        str_cut(str_from(rest, 1), ' ', &length, &tail) && str_i64(length, &bytes)) {
        at.offset = from;
        at.length = bytes;
    }
    verify_report(v, kind, at, "%.*s", STRF(line));
}

/* The page that stopped the opening has a place, if the file can be opened at all. */
static void broken_pages(struct verify *v, struct str *report)
{
    AUTO(db) struct db *db = NULL;
    const struct store_conf *conf = &v->store->conf;
    struct db_conf dc = {.engine = conf->engine,
                         .path = v->cell->path,
                         .url = conf->url,
                         .schema = v->cell->schema,
                         .set = v->cell->set,
                         .readonly = true};

    if (db_open(&db, &dc, NULL) != 0 || db_integrity(db, &v->arena, report) != 0)
        *report = STR_NULL;
}

/* Opened, its structure checked, its own row read. v->db stays NULL and the damage is reported when that cannot be. */
static int open_database(struct verify *v, enum verify_kind kind)
{
    struct err e = {0};
    struct str report = STR_NULL, line;
    int rc;

    if (v->store->conf.engine == DB_SQLITE && access(v->cell->readonly_path, F_OK) == 0)
        uncache(v->cell->path);
    rc = cell_db_open(v->cell, &v->db, 0, &e);
    if (rc == ERR_CORRUPT)
        broken_pages(v, &report);
    else if (rc == 0 && (rc = db_integrity(v->db, &v->arena, &report)) != 0)
        (void)err_set(&e, rc, "%s: %s", v->cell->path, db_error(v->db));
    if (rc != 0) {
        report_line(v, kind, str_c(e.text));
        db_close(&v->db);
    }
    while (str_token(&report, '\n', &line))
        if (line.n)
            report_line(v, kind == VERIFY_DIRECTORY_DOWN ? kind : VERIFY_DATABASE_DAMAGED, line);
    return 0;
}

static int read_rows(struct verify *v, struct db *dir)
{
    verify_search_begin(v);
    int rc = db_begin_read(v->db);

    if (rc == 0)
        rc = cell_meta_load(v->db, v->cell->sql->meta_read, &v->meta);
    if (rc == 0)
        rc = verify_rows(v);
    if (rc == 0)
        rc = verify_mailboxes(v);
    if (rc == 0)
        rc = verify_search(v);
    db_close(&v->search);
    if (rc == 0 && dir) {
        rc = db_begin_read(dir);
        if (rc == 0)
            rc = verify_directory(v, dir, true);
        db_rollback(dir);
    }
    db_rollback(v->db);
    if (rc == 0)
        v->rows_known = true;
    else if (rc != ERR_FULL && rc != ERR_NOMEM) {
        verify_report(v, VERIFY_DATABASE_DAMAGED, (struct verify_at){v->cell->path, -1, -1, false, STR_NULL},
                      "The rows could not be read to the end: %s", db_error(v->db));
        rc = 0;
    }
    return rc;
}

/* A sound cell is given back to its people. The mark is kept while anything is damaged: writing on would bury it. */
static void mark_check(struct verify *v)
{
    bool marked = access(v->cell->readonly_path, F_OK) == 0 || (v->rows_known && v->meta.readonly);
    struct verify_at at = {v->cell->readonly_path, -1, -1, false, STR_NULL};
    struct err e = {0};

    if (!marked)
        return;
    if (v->result->damage > v->damage_before || !v->rows_known) {
        verify_report(v, VERIFY_READONLY, at,
                      "The cell is read-only since an error was seen while writing, and stays so: damage was found.");
        return;
    }
    v->store->conf.readonly = false;
    at.fixed = cell_clear_readonly(v->cell, &e) == 0;
    v->store->conf.readonly = true;
    verify_report(v, VERIFY_READONLY, at,
                  at.fixed ? "The cell was read-only and is sound: the mark was removed, it takes mail again."
                           : "The cell is sound, but its read-only mark could not be removed: %s",
                  e.text);
}

static int check_cell(struct verify *v, int64_t id, struct db *dir, struct err *e)
{
    int rc = cell_create_struct(v->store, id, &v->cell, e);

    if (rc != 0)
        return rc;
    v->damage_before = v->result->damage;
    v->rows_known = false;
    v->unbacked_packs = 0;
    v->result->cells++;
    rc = sorter_open(&v->blobs, sizeof(struct blob_key), VERIFY_SORT_BYTES, v->cell->dir, e);
    if (rc == 0)
        rc = sorter_open(&v->places, sizeof(struct place_key), VERIFY_SORT_BYTES, v->cell->dir, e);
    if (rc == 0)
        rc = open_database(v, VERIFY_DATABASE_DOWN);
    if (rc == 0 && v->db)
        rc = read_rows(v, dir);
    if (rc == 0)
        rc = verify_packs(v);
    if (rc == 0)
        rc = verify_places(v);
    if (rc == 0)
        mark_check(v);
    else
        (void)err_set(e, rc,
                      "Verify could not go on in cell %lld (%s). Nothing was changed; see that its disk has room and "
                      "can be read, then run it again.",
                      (long long)id, err_name(rc));
    sorter_close(&v->blobs);
    sorter_close(&v->places);
    pack_groups_free(&v->groups);
    free(v->tails);
    free(v->missing);
    v->tails = NULL;
    v->missing = NULL;
    v->n_tails = v->n_missing = 0;
    db_close(&v->db);
    cell_free(v->cell);
    v->cell = NULL;
    arena_free(&v->arena);
    return rc;
}

/* The directory has no packs: structure, and its own mark. *dir stays NULL when it cannot be opened. */
static int check_directory(struct verify *v, struct db **dir, struct err *e)
{
    int rc = cell_create_struct(v->store, STORE_DIRECTORY_CELL, &v->cell, e);

    if (rc != 0)
        return rc;
    v->damage_before = v->result->damage;
    v->rows_known = false;
    rc = open_database(v, VERIFY_DIRECTORY_DOWN);
    if (rc == 0 && v->db) {
        v->rows_known = db_begin_read(v->db) == 0 && cell_meta_load(v->db, v->cell->sql->meta_read, &v->meta) == 0;
        db_rollback(v->db);
        if (!v->rows_known)
            verify_report(v, VERIFY_DIRECTORY_DOWN, (struct verify_at){v->cell->path, -1, -1, false, STR_NULL}, "%s",
                          db_error(v->db));
    }
    if (rc == 0)
        mark_check(v);
    *dir = v->db;
    v->db = NULL;
    cell_free(v->cell);
    v->cell = NULL;
    return rc;
}

int store_verify(const struct store_conf *conf, const struct env *env, const struct verify_conf *vc,
                 struct verify_result *r, struct err *e)
{
    struct store s = {.conf = *conf, .env = env};
    struct verify v = {.conf = vc, .result = r, .store = &s};
    AUTO(heap) int64_t *ids = NULL;
    AUTO(db) struct db *dir = NULL;
    bool found = false;
    size_t n = 0;
    int rc;

    *r = (struct verify_result){0};
    s.conf.readonly = true;
    fence_setup();
    arena_init(&v.arena, ARENA_NO_LIMIT);
    rc = state_cells(conf, &ids, &n, e);
    if (rc == 0)
        rc = check_directory(&v, &dir, e);
    for (size_t i = 0; i < n && rc == 0; i++)
        if (vc->only_cell < 0 || vc->only_cell == ids[i]) {
            found = true;
            rc = check_cell(&v, ids[i], dir, e);
        }
    if (rc == 0 && vc->only_cell > 0 && !found)
        rc = err_set(e, ERR_NOENT, "There is no cell %lld in %s.", (long long)vc->only_cell, conf->state);
    arena_free(&v.arena);
    return rc;
}
