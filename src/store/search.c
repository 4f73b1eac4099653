/* Marks: a row per account holds the seq up to which it was read; the row with account 0 the seq up to which the whole firm was. */
#include "store/search.h"
#include "core/log.h"
#include "facts/facts.h"
#include "store/search_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void remove_files(const char *path);

/* ---- open ---- */

static void remove_files(const char *path)
{
    static const char *const tails[] = {"", "-wal", "-shm"};
    char file[4300];
    for (size_t i = 0; i < N_ELEMENTS(tails); i++)
        if ((size_t)snprintf(file, sizeof file, "%s%s", path, tails[i]) < sizeof file)
            (void)unlink(file);
}

int search_db_open(struct search *s, bool write, struct err *e)
{
    const struct store_conf *conf = store_conf(s->cell->store);
    struct db_conf dc = {.engine = conf->engine,
                         .path = s->path,
                         .url = conf->url,
                         .schema = s->schema,
                         .set = "search",
                         .create = write,
                         .relaxed = true,
                         .patience_ms = CELL_WRITE_PATIENCE_MS};
    int r = db_open(&s->db, &dc, e);
    if (r == 0 && write)
        r = db_migrate(s->db, e);
    if (r)
        db_close(&s->db);
    return r;
}

int search_reopen(struct search *s, struct err *e)
{
    struct err own = {0};
    int r = search_db_open(s, s->write, &own);
    if ((r == ERR_CORRUPT || r == ERR_VERSION || r == ERR_INVALID) && s->write &&
        s->cell->store->conf.engine == DB_SQLITE) {
        log_warn("search.rebuild", L_I("cell", cell_id(s->cell)), L_Z("why", own.text));
        remove_files(s->path);
        r = search_db_open(s, s->write, &own);
    }
    return r ? err_set(e, r, "%s", own.text) : 0;
}

static void forget_marks(struct search *s)
{
    size_t it = 0;
    uint64_t org;
    void *v;
    while (imap_next(&s->marks, &it, &org, &v))
        free(v);
    imap_free(&s->marks);
    imap_init(&s->marks);
}

void search_fail(struct search *s, int code)
{
    pthread_mutex_lock(&s->lock);
    db_close(&s->db);
    forget_marks(s);
    if (code == ERR_CORRUPT && s->write && s->cell->store->conf.engine == DB_SQLITE)
        remove_files(s->path);
    pthread_mutex_unlock(&s->lock);
}

int search_open(struct search **out, struct cell *c, bool write, struct err *e)
{
    struct search *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s)
        return err_set(e, ERR_NOMEM, "out of memory");
    s->cell = c;
    s->write = write;
    s->limit_ms = SEARCH_LIMIT_MS;
    const char *prefix = c->store->conf.prefix ? c->store->conf.prefix : "sigillo";
    pthread_mutex_init(&s->lock, NULL);
    imap_init(&s->marks);
    imap_init(&s->noted);
    if (asprintf(&s->path, "%s/search.db", cell_dir(c)) < 0 ||
        asprintf(&s->schema, "%s_search_%lld", prefix, (long long)cell_id(c)) < 0)
        abort();
    int r = search_reopen(s, e);
    if (r)
        search_close(&s);
    *out = s;
    return r;
}

void search_close(struct search **sp)
{
    struct search *s = *sp;
    *sp = NULL;
    if (!s)
        return;
    db_close(&s->db);
    forget_marks(s);
    imap_free(&s->marks);
    imap_free(&s->noted);
    pthread_mutex_destroy(&s->lock);
    free(s->path);
    free(s->schema);
    free(s);
}

void search_note(struct search *s, int64_t org)
{
    pthread_mutex_lock(&s->lock);
    if (org > 0)
        imap_put(&s->noted, (uint64_t)org, s);
    pthread_mutex_unlock(&s->lock);
}
