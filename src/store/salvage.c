#include "store/salvage_priv.h"
#include "store/file_copy.h"
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int open_old(struct salvage *s, const struct store_conf *conf, const struct env *env, int64_t cell,
                    struct err *e);
static int open_new(struct salvage *s, const struct store_conf *to, const struct env *env, struct err *e);
static int check_target(const char *state, struct err *e);
static int new_epoch(struct salvage *s, const struct store_conf *to, struct err *e);
static void close_all(struct salvage *s);

void salvage_say(struct salvage *s, const char *fmt, ...)
{
    char text[900];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (s->say)
        s->say(s->say_arg, text);
}

static int check_target(const char *state, struct err *e)
{
    DIR *d = opendir(state);
    int entries = 0;

    for (struct dirent *it; d && (it = readdir(d));)
        entries += strcmp(it->d_name, ".") != 0 && strcmp(it->d_name, "..") != 0;
    if (d)
        (void)closedir(d);
    return entries ? err_set(e, ERR_EXIST, "%s is not empty. Nothing was touched: name a new folder.", state)
                   : dir_make(state, e);
}

/* Databases that do not open are the reason for being here: each is used as far as it answers. */
static int open_old(struct salvage *s, const struct store_conf *conf, const struct env *env, int64_t cell,
                    struct err *e)
{
    struct cell *dir = NULL;
    struct cell_meta m;
    int rc;

    s->old_store = (struct store){.conf = *conf, .env = env};
    s->old_store.conf.readonly = true;
    if ((rc = cell_create_struct(&s->old_store, cell, &s->old, e)) != 0)
        return rc;
    if (access(s->old->dir, F_OK) != 0)
        return err_set(e, ERR_NOENT, "There is no cell %lld in %s.", (long long)cell, conf->state);
    if (cell_create_struct(&s->old_store, STORE_DIRECTORY_CELL, &dir, e) == 0 &&
        cell_db_open(dir, &s->dir, false, NULL) != 0)
        s->dir = NULL;
    cell_free(dir);
    if (cell_db_open(s->old, &s->db, false, NULL) != 0)
        s->db = NULL;
    if (s->db) {
        bool known = db_begin_read(s->db) == 0 && cell_meta_load(s->db, SQL_CELL_META_READ, &m) == 0;

        db_rollback(s->db);
        if (known)
            s->fold = pack_cell_fold(&m.uuid);
        else
            db_close(&s->db);
    }
    s->r->database = s->db != NULL;
    s->r->directory = s->dir != NULL;
    rc = sorter_open(&s->uids, sizeof(struct by_uid), SALVAGE_SORT_BYTES, s->old_store.conf.state, e);
    if (rc == 0)
        rc = sorter_open(&s->contents, sizeof(struct by_content), SALVAGE_SORT_BYTES, s->old_store.conf.state, e);
    return rc ? rc
              : sorter_open(&s->messages, sizeof(struct by_message), SALVAGE_SORT_BYTES, s->old_store.conf.state, e);
}

struct listing {
    int64_t cell;
};

static int list_cell(struct txn *t, void *arg)
{
    return db_run(t->db, SQL_DIR_CELL_INSERT, DB_ARGS(db_int(((struct listing *)arg)->cell), db_int(t->now_ms)), NULL);
}

/* The new cell has the old one's number, so that its folder can take the old one's place. */
static int open_new(struct salvage *s, const struct store_conf *to, const struct env *env, struct err *e)
{
    struct listing l = {s->old->id};
    int rc = store_create(to, env, e);

    if (rc == 0 && s->old->id != 1)
        rc = cell_make(to, env, s->old->id, true, e);
    if (rc == 0)
        rc = store_open(&s->store, to, env, e);
    if (rc == 0 && s->old->id != 1)
        rc = store_must(s->store->dir, list_cell, &l, "The cell could not be listed", e);
    return rc ? rc : store_cell(s->store, s->old->id, &s->cell, e);
}

static int new_epoch(struct salvage *s, const struct store_conf *to, struct err *e)
{
    const int64_t cells[] = {STORE_DIRECTORY_CELL, s->old->id};
    struct store bare = {.conf = *to, .env = s->old_store.env};
    int rc = 0;

    store_close(&s->store);
    for (size_t i = 0; i < N_ELEMENTS(cells) && rc == 0; i++) {
        struct cell *c = NULL;

        rc = cell_create_struct(&bare, cells[i], &c, e);
        if (rc == 0)
            rc = cell_new_epoch(c, e);
        cell_free(c);
    }
    return rc;
}

static void close_all(struct salvage *s)
{
    if (s->store)
        store_close(&s->store);
    db_close(&s->db);
    db_close(&s->dir);
    cell_free(s->old);
    pack_set_close(&s->packs);
    pack_groups_free(&s->groups);
    sorter_close(&s->uids);
    sorter_close(&s->contents);
    sorter_close(&s->messages);
    map_free(&s->people);
    imap_free(&s->firms);
    arena_free(&s->arena);
}

static int finish_groups(struct salvage *s, struct err *e)
{
    const struct pack_group *first;
    struct cell_meta m;
    bool known = s->db && db_begin_read(s->db) == 0 && cell_meta_load(s->db, SQL_CELL_META_READ, &m) == 0;
    int rc;

    if (s->db)
        db_rollback(s->db);
    rc = pack_groups_finish(&s->groups, known ? &m.last_group : NULL);
    if (rc == 0 && known && pack_groups_lost(&s->groups, &m.last_group, &first) > 0) {
        salvage_say(s, "The old database has gone back behind what was committed: the packs alone decide what was.");
        s->rows_whole = false;
        pack_groups_again(&s->groups);
        rc = pack_groups_finish(&s->groups, NULL);
    }
    if (rc == 0 && s->groups.missing)
        salvage_say(s, "The end of a committed group is damaged: messages of it are filed as uncertain where the packs "
                       "alone cannot tell.");
    return rc ? err_set(e, rc, "No memory to order the groups.") : 0;
}

/* A reader over the old packs by the fold alone: the uuid itself is not in them. */
static int open_packs(struct salvage *s, struct err *e)
{
    struct pack_uuid cell = {{0}};
    char dir[4200];

    for (int i = 0; i < 8; i++)
        cell.b[i] = (uint8_t)(s->fold >> (56 - 8 * i));
    (void)snprintf(dir, sizeof dir, "%s/packs", s->old->dir);
    return pack_set_open(&s->packs, dir, &cell, e);
}

int store_salvage(const struct store_conf *conf, const struct env *env, int64_t cell, const struct store_conf *to,
                  salvage_fn *say, void *arg, struct salvage_result *r, struct err *e)
{
    struct salvage *s = calloc(1, sizeof *s);
    int rc;

    *r = (struct salvage_result){0};
    if (!s)
        return err_set(e, ERR_NOMEM, "No memory.");
    s->r = r;
    s->say = say;
    s->say_arg = arg;
    s->last_person = &s->first_person;
    s->last_firm = &s->first_firm;
    arena_init(&s->arena, ARENA_NO_LIMIT);
    {
        uint64_t seed[2];

        env_random(env, seed, sizeof seed);
        map_init(&s->people, seed[0], seed[1]);
        imap_init(&s->firms);
    }
    fence_setup();
    rc = open_old(s, conf, env, cell, e);
    if (rc == 0)
        rc = salvage_scan(s, e);
    if (rc == 0)
        rc = finish_groups(s, e);
    if (rc == 0)
        rc = salvage_sift(s, e);
    if (rc == 0)
        rc = salvage_ask(s, e);
    if (rc == 0)
        rc = open_packs(s, e);
    if (rc == 0)
        rc = check_target(to->state, e);
    if (rc == 0)
        rc = open_new(s, to, env, e);
    if (rc == 0)
        rc = salvage_people(s, e);
    if (rc == 0)
        rc = salvage_mail(s, e);
    if (rc == 0)
        rc = salvage_rest(s, e);
    if (rc == 0)
        rc = salvage_uids(s, e);
    if (rc == 0)
        rc = new_epoch(s, to, e);
    close_all(s);
    free(s);
    return rc;
}
