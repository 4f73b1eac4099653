/* Asking the index: words of people into a query of FTS5 or of tsquery. Nothing of their text reaches either language but letters and digits. */
#include "core/log.h"
#include "mime/fold.h"
#include "store/search_priv.h"

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

static const struct {
    unsigned column;
    const char *sqlite;
    char weight; /* of tsvector */
} columns[] = {{SEARCH_SUBJECT, "subject", 'A'},
               {SEARCH_FROM, "people", 'B'},
               {SEARCH_TO, "recipients", 'C'},
               {SEARCH_BODY, "body files", 'D'}};

static void put_columns(struct buf *b, enum db_engine engine, unsigned asked)
{
    bool first = true;
    if (engine == DB_SQLITE)
        buf_addc(b, '{');
    for (size_t i = 0; i < N_ELEMENTS(columns); i++) {
        if (!(asked & columns[i].column))
            continue;
        if (engine == DB_SQLITE)
            buf_printf(b, "%s%s", first ? "" : " ", columns[i].sqlite);
        else
            buf_addc(b, columns[i].weight);
        first = false;
    }
    if (engine == DB_SQLITE)
        buf_addz(b, "}:");
}

/* One item; the number of words in it. */
static size_t put_item(struct arena *a, struct buf *b, enum db_engine engine, const struct search_words *w,
                       size_t before)
{
    struct str text = mime_fold(a, w->text), word; /* as the index was: the same words for both engines */
    size_t n = 0;
    bool more = next_word(&text, &word);
    while (more && before + n < SEARCH_WORDS_MAX) {
        struct str next;
        bool again = next_word(&text, &next), last = !again || before + n + 1 == SEARCH_WORDS_MAX;
        bool starts = w->prefix && last, joined = w->phrase && n > 0;
        if (engine == DB_SQLITE && joined) {
            buf_printf(b, " %.*s", STRF(word)); /* inside the quotes of the phrase */
        } else if (engine == DB_SQLITE) {
            buf_addz(b, before + n ? " AND " : "");
            put_columns(b, engine, w->columns);
            buf_printf(b, "\"%.*s", STRF(word));
        } else {
            buf_printf(b, "%s'%.*s':", joined ? " <-> " : before + n ? " & " : "", STRF(word));
            if (starts)
                buf_addc(b, '*');
            put_columns(b, engine, w->columns);
        }
        if (engine == DB_SQLITE && (!w->phrase || last))
            buf_addz(b, starts ? "\"*" : "\"");
        n++;
        word = next;
        more = again;
    }
    return n;
}

static struct str terms_of(struct arena *a, enum db_engine engine, int64_t org, int64_t account,
                           const struct search_words *w, size_t n)
{
    AUTO(buf) struct buf b;
    size_t words = 0;
    buf_init(&b, 16384);
    for (size_t i = 0; i < n; i++) {
        if (str_utf8_valid(w[i].text) != w[i].text.n)
            return STR_NULL;
        size_t had = words;
        words += put_item(a, &b, engine, &w[i], words);
        if (words == had)
            return STR_NULL; /* nothing to look for: nothing is found, rather than everything */
    }
    if (words == 0)
        return STR_NULL;
    if (engine == DB_SQLITE)
        buf_printf(&b, " AND tenant:\"%s\"", search_tenant(a, org, account));
    return b.err ? STR_NULL : arena_str(a, buf_str(&b));
}

const char *search_tenant(struct arena *a, int64_t org, int64_t account)
{
    return arena_printf(a, "o%llda%lld", (long long)org, (long long)account).p;
}

/* One snapshot, which the deadline ends. */
static int find(struct db *db, const struct db_val *args, size_t n_args, int64_t *ids, size_t most, size_t *n)
{
    struct db_cursor c = {0};
    int r = db_begin_read(db);
    if (r)
        return r;
    r = db_query(db, &c, SQL_SEARCH_FIND, args, n_args);
    while (r == 0 && *n < most && (r = db_next(&c)) == 1) {
        ids[(*n)++] = db_col_int(&c, 0);
        r = 0;
    }
    db_end(&c);
    db_rollback(db);
    return r > 0 ? 0 : r;
}

int search_words(struct search *s, struct arena *a, int64_t org, int64_t account, const struct search_words *w,
                 size_t n, size_t max, int64_t **ids, size_t *n_ids)
{
    size_t most = max && max < SEARCH_RESULTS_MAX ? max : SEARCH_RESULTS_MAX;
    struct str terms = n > SEARCH_WORDS_MAX ? STR_NULL : terms_of(a, s->cell->store->conf.engine, org, account, w, n);
    *n_ids = 0;
    *ids = NULL;
    if (!terms.n)
        return 0;
    *ids = arena_array(a, int64_t, most);
    pthread_mutex_lock(&s->lock);
    int r = s->db ? 0 : search_db_open(s, s->write, NULL);
    if (r == 0) {
        db_read_deadline(s->db, s->limit_ms);
        r = find(s->db, DB_ARGS(db_int(org), db_int(account), db_text(terms), db_int((int64_t)most)), *ids, most,
                 n_ids);
    }
    if (r < 0 && r != ERR_TIMEOUT)
        db_close(&s->db);
    pthread_mutex_unlock(&s->lock);
    if (r == ERR_TIMEOUT)
        log_warn("search.slow", L_I("cell", cell_id(s->cell)), L_I("org", org), L_I("account", account),
                 L_I("ms", s->limit_ms));
    return r;
}

int search_query(struct search *s, struct arena *a, int64_t org, int64_t account, struct str text, size_t max,
                 int64_t **ids, size_t *n)
{
    struct search_words w = {.text = text, .columns = SEARCH_ALL, .prefix = true};
    return search_words(s, a, org, account, &w, 1, max, ids, n);
}
