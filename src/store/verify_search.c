/* The index of words against the messages. It stands in no backup and is made anew from the cell, so what is missing is
 * a note; --fix lets the indexer read the account again. */
#include "store/search.h"
#include "store/verify_priv.h"
#include <stdio.h>
#include <stdlib.h>

#define SORT_BYTES (8u << 20)

struct message_key {
    uint8_t org[8], account[8], message[8], seq[8];
};
struct indexed { /* one account at a time */
    struct verify *v;
    struct db *db;
    struct scan docs;
    int doc; /* of scan_next */
    int64_t org, account, upto, missing;
};

static int open_index(struct verify *v, bool write, struct db **db)
{
    const struct store_conf *conf = &v->store->conf;
    AUTO(heap) char *path = NULL, *schema = NULL;
    int64_t have = 0, want = 0;

    if (asprintf(&path, "%s/search.db", v->cell->dir) < 0 ||
        asprintf(&schema, "%s_search_%lld", conf->prefix ? conf->prefix : "sigillo", (long long)v->cell->id) < 0)
        abort();
    int rc = db_open(db,
                     &(struct db_conf){.engine = conf->engine,
                                       .path = path,
                                       .url = conf->url,
                                       .schema = schema,
                                       .set = "search",
                                       .relaxed = true,
                                       .readonly = !write,
                                       .patience_ms = CELL_WRITE_PATIENCE_MS},
                     NULL);
    if (rc == 0)
        rc = db_schema_version(*db, &have, &want);
    if (rc == 0 && have != want)
        rc = ERR_VERSION;
    if (rc)
        db_close(db);
    return rc;
}

void verify_search_begin(struct verify *v)
{
    if (open_index(v, false, &v->search) == 0 && db_begin_read(v->search) != 0)
        db_close(&v->search);
}

static int gather(struct verify *v, struct sorter *sorter)
{
    AUTO(scan) struct scan s = scan_of(v->db, SQL_VERIFY_INDEXED, 2);
    int rc;

    while ((rc = scan_next(&s)) == 1) {
        struct message_key k;

        key_put(k.org, s.key[0]);
        key_put(k.account, db_col_int(&s.c, 2));
        key_put(k.message, s.key[1]);
        key_put(k.seq, db_col_int(&s.c, 3));
        if ((rc = sorter_add(sorter, &k)) != 0)
            return rc;
    }
    return rc;
}

/* The marks go back to the beginning: what is in the index already is passed over. */
static bool read_again(const struct indexed *x)
{
    AUTO(db) struct db *db = NULL;

    return x->v->conf->fix && open_index(x->v, true, &db) == 0 && db_begin_write(db) == 0 &&
           db_run(db, SQL_SEARCH_MARK_BACK, DB_ARGS(db_int(x->org), db_int(x->account)), NULL) == 0 &&
           db_commit(db) == 0;
}

static void account_done(struct indexed *x)
{
    if (x->missing)
        verify_report(x->v, VERIFY_SEARCH, verify_mended(read_again(x)),
                      "%lld messages of account %lld of firm %lld are not in the index of words.",
                      (long long)x->missing, (long long)x->account, (long long)x->org);
    x->missing = 0;
}

static int mark_of(struct indexed *x, int64_t account, int64_t *most)
{
    int64_t seq = 0;
    int rc = db_get_int(x->db, SQL_SEARCH_MARK_GET, DB_ARGS(db_int(x->org), db_int(account)), &seq);

    *most = seq > *most ? seq : *most;
    return rc < 0 ? rc : 0;
}

static int account_begin(struct indexed *x, int64_t org, int64_t account)
{
    account_done(x);
    x->org = org;
    x->account = account;
    x->upto = 0;
    int rc = mark_of(x, account, &x->upto);

    return rc ? rc : mark_of(x, 0, &x->upto);
}

static bool before(const int64_t *doc, const int64_t *want)
{
    for (int i = 0; i < 3; i++)
        if (doc[i] != want[i])
            return doc[i] < want[i];
    return false;
}

static int check_one(struct indexed *x, const struct message_key *k)
{
    const int64_t want[3] = {key_get(k->org), key_get(k->account), key_get(k->message)};
    int rc = want[0] == x->org && want[1] == x->account ? 0 : account_begin(x, want[0], want[1]);

    while (rc == 0 && x->doc == 1 && before(x->docs.key, want))
        if ((x->doc = scan_next(&x->docs)) < 0)
            rc = x->doc;
    if (rc == 0 && key_get(k->seq) <= x->upto)
        x->missing += x->doc != 1 || before(want, x->docs.key);
    return rc;
}

static int compare(struct indexed *x, struct sorter *sorter)
{
    const void *record;
    int rc;

    if ((x->doc = scan_next(&x->docs)) < 0)
        return x->doc;
    while ((rc = sorter_next(sorter, &record)) == 1)
        if ((rc = check_one(x, record)) != 0)
            return rc;
    account_done(x);
    return rc;
}

/* What goes wrong with the index is no reason to stop: it is made anew when it is damaged. */
int verify_search(struct verify *v)
{
    struct sorter *sorter = NULL;
    struct indexed x = {.v = v, .db = v->search};

    if (!v->search)
        return 0;
    int rc = sorter_open(&sorter, sizeof(struct message_key), SORT_BYTES, v->cell->dir, NULL);
    if (rc == 0)
        rc = gather(v, sorter);
    if (rc == 0)
        rc = sorter_sort(sorter);
    if (rc == 0) {
        x.docs = scan_of(v->search, SQL_SEARCH_SCAN, 3);
        (void)compare(&x, sorter);
        scan_end(&x.docs);
    }
    sorter_close(&sorter);
    return rc;
}
