#include "store/rescan.h"
#include "store/file_copy.h"
#include "store/mail_priv.h"

#include <stdio.h>

#define PLACE_MAX 200u

static void place_read(struct cell *c, struct rescan *r);
static int look(struct txn *t, void *arg);

/* "version org message done_ms". What cannot be read is the beginning: looking twice harms nothing. */
static void place_read(struct cell *c, struct rescan *r)
{
    AUTO(buf) struct buf b;
    char path[PATH_BYTES];
    struct str rest, word;
    int64_t v[4] = {0};
    buf_init(&b, PLACE_MAX);
    if (path_join(path, c->dir, RESCAN_FILE, NULL) != 0 || file_get(path, PLACE_MAX, &b, NULL) != 0)
        return;
    rest = str_trim(buf_str(&b));
    for (size_t i = 0; i < N_ELEMENTS(v); i++)
        if (!str_token(&rest, ' ', &word) || !str_i64(word, &v[i]) || v[i] < 0)
            return;
    if (v[0] == r->version) { /* else what an older release did counts for nothing */
        r->org = v[1];
        r->message = v[2];
        r->done_ms = v[3];
    }
}

int rescan_keep(struct cell *c, const struct rescan *r)
{
    char path[PATH_BYTES], text[PLACE_MAX];
    int n = snprintf(text, sizeof text, "%u %lld %lld %lld\n", r->version, (long long)r->org, (long long)r->message,
                     (long long)r->done_ms);
    int rc = path_join(path, c->dir, RESCAN_FILE, NULL);
    return rc ? rc : file_put(path, str_n(text, (size_t)n), NULL);
}

static int look(struct txn *t, void *arg)
{
    struct rescan *r = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int64_t rows = 0;
    int rc = db_query(t->db, &c, SQL_FACTS_VERSIONS, DB_ARGS(db_int(r->org), db_int(r->message), db_int(RESCAN_ROWS)));
    while (rc == 0 && r->n < RESCAN_BATCH && (rc = db_next(&c)) == 1) {
        rows++;
        r->org = db_col_int(&c, 0);
        r->message = db_col_int(&c, 1);
        if (db_col_int(&c, 2) < r->version)
            r->list[r->n++] = (struct unread){r->org, db_col_int(&c, 3), r->message};
        rc = 0;
    }
    if (rc == 0 && r->n < RESCAN_BATCH && rows < RESCAN_ROWS) {
        r->org = r->message = 0;
        r->done_ms = t->now_ms;
    }
    return rc < 0 ? rc : 0;
}

int rescan_next(struct cell *c, uint32_t version, struct rescan *r)
{
    *r = (struct rescan){.version = version};
    place_read(c, r);
    int64_t now = env_wall_ms(c->store->env), done = r->done_ms;
    if (r->message == 0 && done > 0 && now >= done && now - done < RESCAN_EVERY_MS)
        return 0;
    int rc = cell_read_wait(c, look, r);
    return rc ? rc : 1;
}

int mail_rescanned(struct txn *t, const struct unread *u, const struct mail_draft *d)
{
    struct mail_draft packed = *d;
    int64_t have = 0, seq;
    int r =
        db_get_int(t->db, SQL_FACTS_VERSION, DB_ARGS(db_int(u->org), db_int(u->account), db_int(u->message)), &have);
    if (r <= 0)
        return r < 0 ? r : MAIL_NO_MESSAGE;
    if (have >= d->insight_version)
        return 0;
    if (have > 0)
        return mail_set_insight(t, u->org, u->account, u->message, d->insight_version, d->insight);
    if ((!packed.insight_packed.p && (r = mail_draft_prepare(t->arena, &packed)) != 0) ||
        (r = txn_seq(t, u->org, &seq)) != 0)
        return r;
    r = db_run(t->db, SQL_UNREAD_FACTS,
               DB_ARGS(db_int(u->org), db_int(u->message), db_blob(d->structure), db_int(d->insight_version),
                       db_blob(packed.insight_packed)),
               NULL);
    if (r == 0)
        r = db_run(t->db, SQL_MESSAGE_SHOWN,
                   DB_ARGS(db_int(u->org), db_int(u->account), db_int(u->message),
                           db_text(txn_text(t->arena, d->preview, MAIL_PREVIEW_MAX)), db_int(d->has_attachment),
                           db_int(seq)),
                   NULL);
    txn_changed(t, u->org, u->account, CHANGED_EMAIL, seq);
    return no_constraint(r);
}
