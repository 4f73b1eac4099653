/* Marks: a row per account holds the seq up to which it was read; the row with account 0 the seq up to which the whole firm was. */
#include "store/search.h"
#include "core/log.h"
#include "facts/facts.h"
#include "store/search_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_db(struct search *s, bool write, struct err *e);
static void remove_files(const char *path);
static struct str terms_of(struct arena *a, enum db_engine engine, int64_t org, int64_t account, struct str text);

/* ---- open ---- */

static void remove_files(const char *path)
{
    static const char *const tails[] = {"", "-wal", "-shm"};
    char file[4300];
    for (size_t i = 0; i < N_ELEMENTS(tails); i++)
        if ((size_t)snprintf(file, sizeof file, "%s%s", path, tails[i]) < sizeof file)
            (void)unlink(file);
}

static int open_db(struct search *s, bool write, struct err *e)
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
    int r = open_db(s, s->write, &own);
    if ((r == ERR_CORRUPT || r == ERR_VERSION || r == ERR_INVALID) && s->write &&
        s->cell->store->conf.engine == DB_SQLITE) {
        log_warn("search.rebuild", L_I("cell", cell_id(s->cell)), L_Z("why", own.text));
        remove_files(s->path);
        r = open_db(s, s->write, &own);
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

/* ---- query ---- */

static bool word_byte(char c) { return (unsigned char)c >= 0x80 || ascii_is_alpha(c) || ascii_is_digit(c); }

/* Next run of letters and digits; what is left out are the operators and quotes of both query languages. */
static bool next_word(struct str *text, struct str *word)
{
    size_t from = 0, to;
    while (from < text->n && !word_byte(text->p[from]))
        from++;
    for (to = from; to < text->n && word_byte(text->p[to]);)
        to++;
    *word = str_utf8_cut(str_n(text->p + from, to - from), SEARCH_WORD_BYTES);
    *text = str_from(*text, to);
    return to > from;
}

static struct str terms_of(struct arena *a, enum db_engine engine, int64_t org, int64_t account, struct str text)
{
    AUTO(buf) struct buf b;
    buf_init(&b, 8192);
    struct str word;
    size_t n = 0;
    if (str_utf8_valid(text) != text.n)
        return STR_NULL;
    while (n < SEARCH_WORDS_MAX && next_word(&text, &word)) {
        if (engine == DB_SQLITE)
            buf_printf(&b, "%s{subject people body}:\"%.*s\"", n ? " AND " : "", STRF(word));
        else
            buf_printf(&b, "%s'%.*s'", n ? " & " : "", STRF(word));
        n++;
    }
    if (n == 0)
        return STR_NULL;
    buf_addz(&b, engine == DB_SQLITE ? "*" : ":*");
    if (engine == DB_SQLITE)
        buf_printf(&b, " AND tenant:\"%s\"", search_tenant(a, org, account));
    return b.err ? STR_NULL : arena_str(a, buf_str(&b));
}

const char *search_tenant(struct arena *a, int64_t org, int64_t account)
{
    return arena_printf(a, "o%llda%lld", (long long)org, (long long)account).p;
}

int search_query(struct search *s, struct arena *a, int64_t org, int64_t account, struct str text, size_t max,
                 int64_t **ids, size_t *n)
{
    struct str terms = terms_of(a, s->cell->store->conf.engine, org, account, text);
    size_t most = max && max < SEARCH_RESULTS_MAX ? max : SEARCH_RESULTS_MAX;
    *n = 0;
    *ids = NULL;
    if (!terms.n)
        return 0;
    *ids = arena_array(a, int64_t, most);
    struct db_cursor c = {0};
    pthread_mutex_lock(&s->lock);
    int r = s->db ? 0 : open_db(s, s->write, NULL);
    if (r == 0)
        r = db_query(s->db, &c, SQL_SEARCH_FIND,
                     DB_ARGS(db_int(org), db_int(account), db_text(terms), db_int((int64_t)most)));
    while (r == 0 && *n < most && (r = db_next(&c)) == 1) {
        (*ids)[(*n)++] = db_col_int(&c, 0);
        r = 0;
    }
    db_end(&c);
    if (r < 0)
        db_close(&s->db);
    pthread_mutex_unlock(&s->lock);
    return r > 0 ? 0 : r;
}
