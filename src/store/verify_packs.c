/* Every byte of every pack, and the contents the rows name against the records that are really there. */
#include "store/pack_format.h"
#include "store/verify_priv.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define USERS_SHOWN 3

struct region {
    int64_t from, to;
};
struct file { /* one pack under walk */
    struct verify *v;
    char path[4200];
    int64_t id, size;
    struct blob_key row; /* next content row, in order of place */
    bool *have_row;
    struct region last_damage; /* closed when it is known which rows lie in it */
    bool damage_open;
    size_t lost_in_damage;
};

static int next_row(struct verify *v, struct blob_key *row, bool *have);
static void blob_lost(struct verify *v, const struct blob_key *row, const char *path, const char *why);
static int rows_before(struct file *f, int64_t offset, bool in_damage);
static int damage_close(struct file *f);
static int on_record(void *arg, const struct pack_seen *seen);
static int walk_one(struct verify *v, int64_t id, struct blob_key *row, bool *have_row);

static int next_row(struct verify *v, struct blob_key *row, bool *have)
{
    const void *p;
    int rc = sorter_next(v->blobs, &p);

    *have = rc == 1;
    if (rc == 1)
        memcpy(row, p, sizeof *row);
    return rc < 0 ? rc : 0;
}

/* Says whose message it is: the firm's other mail is sound, and this sentence is what its owner will be told. */
static void blob_lost(struct verify *v, const struct blob_key *row, const char *path, const char *why)
{
    AUTO(buf) struct buf who;
    AUTO(arena) struct arena a;
    struct verify_at at = {path, key_get(row->offset), key_get(row->length), false, STR_NULL};
    struct db_cursor c;
    int n = 0;

    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&who, 4096);
    if (v->rows_known && db_begin_read(v->db) == 0 &&
        db_query(v->db, &c, SQL_VERIFY_BLOB_USERS,
                 DB_ARGS(db_int(key_get(row->org)), db_int(key_get(row->blob)), db_int(USERS_SHOWN))) == 0) {
        for (; db_next(&c) == 1; n++)
            buf_printf(&who, "%s%.*s, message %lld, \"%.*s\"", n ? "; " : "", STRF(db_col_str(&c, 0)),
                       (long long)db_col_int(&c, 1), STRF(str_utf8_cut(db_col_str(&c, 2), 80)));
        db_end(&c);
    }
    if (v->rows_known)
        db_rollback(v->db);
    verify_report(v, VERIFY_BLOB_LOST, at, "%s: %s.",
                  n ? arena_z(&a, buf_str(&who)) : "A stand-in or a removed message", why);
}

/* Rows that name a place before offset, where no good record began. */
static int rows_before(struct file *f, int64_t offset, bool in_damage)
{
    int rc = 0;

    while (rc == 0 && *f->have_row && key_get(f->row.pack) == f->id && key_get(f->row.offset) < offset) {
        f->lost_in_damage += in_damage;
        blob_lost(f->v, &f->row, f->path,
                  in_damage ? "its bytes stand in the damaged part of the pack"
                            : "no record begins where its row says");
        rc = next_row(f->v, &f->row, f->have_row);
    }
    return rc;
}

/* Damage that took no row's bytes: whether a crash left it is known only when all groups are (verify_places). A power
 * cut tears holes too: of what was not synced any sector may be there, so good records may follow. */
static int damage_close(struct file *f)
{
    struct verify *v = f->v;
    struct verify_at at = {f->path, f->last_damage.from, f->last_damage.to - f->last_damage.from, false, STR_NULL};
    struct tail *p;

    if (!f->damage_open)
        return 0;
    f->damage_open = false;
    if (f->lost_in_damage) {
        verify_report(v, VERIFY_PACK_DAMAGED, at, "Bytes %lld to %lld of the pack do not check.",
                      (long long)f->last_damage.from, (long long)f->last_damage.to - 1);
        return 0;
    }
    if (!(p = realloc(v->tails, (v->n_tails + 1) * sizeof *p)))
        return ERR_NOMEM;
    v->tails = p;
    v->tails[v->n_tails++] = (struct tail){f->id, f->last_damage.from, f->last_damage.to};
    return 0;
}

static int on_place(struct file *f, const struct pack_seen *s)
{
    struct place_key k = {.source = s->kind == PACK_PLACE ? FROM_PLACE : FROM_GONE};
    bool place = s->kind == PACK_PLACE;

    if (!place && s->gone.uid == 0)
        return 0; /* the whole message: its placements each have their own record */
    key_put(k.org, place ? s->place.org : s->gone.org);
    key_put(k.account, place ? s->place.account : s->gone.account);
    key_put(k.mailbox, place ? s->place.mailbox : s->gone.mailbox);
    key_put(k.uid, place ? s->place.uid : s->gone.uid);
    key_put(k.message, place ? s->place.message : s->gone.message);
    if (place)
        memcpy(k.sha256, s->place.blob_sha256, sizeof k.sha256);
    key_put(k.pack, s->loc.pack);
    key_put(k.offset, s->loc.offset);
    return sorter_add(f->v->places, &k);
}

static int on_blob(struct file *f, const struct pack_seen *s)
{
    struct arena_mark mark = arena_mark(&f->v->arena);
    struct str plain;
    bool ours = *f->have_row && key_get(f->row.pack) == f->id && key_get(f->row.offset) == s->loc.offset;
    int rc = pack_seen_plain(s, &f->v->arena, &plain);

    arena_reset(&f->v->arena, mark);
    if (rc == ERR_CORRUPT)
        verify_report(
            f->v, VERIFY_PACK_DAMAGED, (struct verify_at){f->path, s->loc.offset, s->loc.length, false, STR_NULL},
            "The record at %lld is whole, but its content does not have the hash it names.", (long long)s->loc.offset);
    if (rc != 0 && rc != ERR_CORRUPT)
        return rc;
    if (!ours)
        return 0;
    if (rc == ERR_CORRUPT || key_get(f->row.length) != s->loc.length ||
        memcmp(f->row.sha256, s->blob.sha256, SHA256_LEN) != 0 || (uint64_t)key_get(f->row.size) != s->blob.size)
        blob_lost(f->v, &f->row, f->path, "the record there holds other bytes than its row says");
    return next_row(f->v, &f->row, f->have_row);
}

static int on_record(void *arg, const struct pack_seen *s)
{
    struct file *f = arg;
    int rc;

    if ((rc = pack_groups_seen(&f->v->groups, s)) != 0)
        return rc;
    f->v->result->records += !s->damaged;
    if ((rc = damage_close(f)) != 0)
        return rc;
    if (s->damaged) {
        rc = rows_before(f, s->loc.offset, false);
        f->last_damage = (struct region){s->loc.offset, s->loc.offset + s->loc.length};
        f->damage_open = true;
        f->lost_in_damage = 0;
        return rc ? rc : rows_before(f, f->last_damage.to, true);
    }
    if ((rc = rows_before(f, s->loc.offset, false)) != 0)
        return rc;
    switch (s->kind) {
    case PACK_BLOB: return on_blob(f, s);
    case PACK_PLACE:
    case PACK_GONE: return on_place(f, s);
    case PACK_GROUP_END: break;
    }
    return 0;
}

static int walk_one(struct verify *v, int64_t id, struct blob_key *row, bool *have_row)
{
    struct file *f = calloc(1, sizeof *f);
    struct err e = {0};
    struct stat st;
    int rc;

    if (!f)
        return ERR_NOMEM;
    f->v = v;
    f->id = id;
    f->have_row = have_row;
    f->row = *row;
    (void)snprintf(f->path, sizeof f->path, "%s/packs/%016llx.pack", v->cell->dir, (unsigned long long)id);
    if (stat(f->path, &st) == 0)
        v->result->pack_bytes += st.st_size;
    v->result->packs++;
    pack_groups_file(&v->groups, id);
    rc = pack_walk(f->path, v->rows_known ? &v->meta.uuid : NULL, on_record, f, &e);
    if (rc == ERR_CORRUPT || rc == ERR_VERSION || rc == ERR_IO) {
        verify_report(v, VERIFY_PACK_REFUSED, (struct verify_at){f->path, -1, -1, false, STR_NULL}, "%s", e.text);
        v->unbacked_packs++;
        rc = rows_before(f, INT64_MAX, true);
    }
    if (rc == 0) {
        rc = rows_before(f, INT64_MAX, false); /* rows behind the end: the file was cut short */
        rc = rc ? rc : damage_close(f);
    }
    *row = f->row;
    free(f);
    return rc;
}

/* Whether anything was ever in it is known only when all groups are (verify_places). */
static int missing_add(struct verify *v, int64_t pack)
{
    struct missing *p = realloc(v->missing, (v->n_missing + 1) * sizeof *p);

    if (!p)
        return ERR_NOMEM;
    v->missing = p;
    v->missing[v->n_missing++] = (struct missing){pack, false};
    return 0;
}

static void row_without_pack(struct verify *v, const struct blob_key *row)
{
    for (size_t i = 0; i < v->n_missing; i++)
        if (v->missing[i].pack == key_get(row->pack))
            v->missing[i].used = true;
    blob_lost(v, row, NULL, "its pack is not there");
}

/* Files that rows of table pack name but that are not there, and the other way round. */
static int compare_list(struct verify *v, const int64_t *ids, size_t n)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    AUTO(heap) bool *listed = calloc(n + 1, sizeof *listed);
    size_t i = 0;
    int rc = listed ? db_query(v->db, &c, SQL_PACK_LIST, NULL, 0) : ERR_NOMEM;

    while (rc == 0 && (rc = db_next(&c)) == 1) {
        int64_t id = db_col_int(&c, 0);

        while (i < n && ids[i] < id)
            i++;
        rc = 0;
        if (i < n && ids[i] == id)
            listed[i] = true;
        else if (db_col_int(&c, 3) == 0)
            rc = missing_add(v, id);
    }
    if (rc < 0 && rc != ERR_NOMEM) {
        verify_report(v, VERIFY_DATABASE_DAMAGED, (struct verify_at){v->cell->path, -1, -1, false, STR_NULL},
                      "The list of packs cannot be read: %s", db_error(v->db));
        return 0;
    }
    for (i = 0; i < n && rc == 0; i++)
        if (!listed[i]) {
            char path[4200];

            (void)snprintf(path, sizeof path, "%s/packs/%016llx.pack", v->cell->dir, (unsigned long long)ids[i]);
            verify_report(v, VERIFY_PACK_UNLISTED, (struct verify_at){path, -1, -1, false, STR_NULL},
                          "The pack %016llx is in no row.", (unsigned long long)ids[i]);
        }
    return rc;
}

int verify_packs(struct verify *v)
{
    AUTO(heap) int64_t *ids = NULL;
    char dir[4200];
    struct blob_key row;
    bool have = false;
    size_t n = 0;
    int rc;

    (void)snprintf(dir, sizeof dir, "%s/packs", v->cell->dir);
    rc = pack_list(dir, &ids, &n);
    if (rc == ERR_NOENT) {
        verify_report(v, VERIFY_PACK_MISSING, (struct verify_at){dir, -1, -1, false, STR_NULL},
                      "The folder of the packs is not there.");
        rc = 0;
    }
    if (rc == 0 && v->rows_known)
        rc = compare_list(v, ids, n);
    if (rc == 0)
        rc = sorter_sort(v->blobs);
    if (rc == 0)
        rc = next_row(v, &row, &have);
    for (size_t i = 0; i < n && rc == 0; i++) {
        while (rc == 0 && have && key_get(row.pack) < ids[i]) { /* of a file that is not there */
            row_without_pack(v, &row);
            rc = next_row(v, &row, &have);
        }
        if (rc == 0)
            rc = walk_one(v, ids[i], &row, &have);
    }
    while (rc == 0 && have) {
        row_without_pack(v, &row);
        rc = next_row(v, &row, &have);
    }
    return rc;
}
