/* Delivery/query, Delivery/get: the log of what came to the firm and what was refused, for its administrators. No subject, no text: who, when, to whom, and
 * what became of it. */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/types.h"
#include "store/refused.h"
#include "store/trace.h"

#define DELIVERY_MAX 200u   /* rows of one answer */
#define DELIVERY_LOOK 5000u /* rows looked through behind a text or a position */
#define DELIVERY_PAGE 200

enum outcome { BOTH, ACCEPTED, REFUSED };
struct row {
    struct str id, client, helo, reverse_path, recipients, reply, verdict;
    int64_t at_ms, size;
    bool refused, replied;
};
struct ask {
    struct str text;
    int64_t after, before;
    enum outcome outcome;
    int64_t position, limit;
};

static const char *verdict_name(int64_t v)
{
    static const char *const names[] = {[VERDICT_ACCEPT] = "accept",
                                        [VERDICT_CAUTION] = "caution",
                                        [VERDICT_JUNK] = "junk",
                                        [VERDICT_HOLD] = "hold",
                                        [VERDICT_REJECT] = "reject"};
    return v >= 0 && (size_t)v < N_ELEMENTS(names) ? names[v] : "";
}

static bool holds(const struct row *r, struct str text)
{
    const struct str all[] = {r->id, r->client, r->helo, r->reverse_path, r->recipients, r->reply};
    for (size_t i = 0; i < N_ELEMENTS(all); i++)
        if (str_ifind(all[i], text, 0) >= 0)
            return true;
    return text.n == 0;
}

/* One source of rows, youngest first, a page at a time. */
struct source {
    struct row *v;
    size_t n, at;
    int64_t before_ms;
    struct str before_id;
    bool end;
};

static int page_accepted(struct jmap_call *c, struct source *s)
{
    AUTO(db_cursor) struct db_cursor cur = {0};
    int r =
        db_query(c->t->db, &cur, SQL_ACCEPTED_LIST,
                 DB_ARGS(db_int(c->person->org), db_int(s->before_ms), db_text(s->before_id), db_int(DELIVERY_PAGE)));
    while (r == 0 && s->n < DELIVERY_PAGE && (r = db_next(&cur)) == 1) {
        struct arena *a = c->arena;
        s->v[s->n++] = (struct row){.id = arena_str(a, db_col_str(&cur, 0)),
                                    .client = arena_str(a, db_col_str(&cur, 1)),
                                    .helo = arena_str(a, db_col_str(&cur, 2)),
                                    .reverse_path = arena_str(a, db_col_str(&cur, 3)),
                                    .recipients = arena_str(a, db_col_str(&cur, 4)),
                                    .size = db_col_int(&cur, 5),
                                    .at_ms = db_col_int(&cur, 6),
                                    .verdict = str_c(verdict_name(db_col_int(&cur, 7))),
                                    .replied = db_col_int(&cur, 8) != 0,
                                    .reply = STR("")};
        r = 0;
    }
    return r > 0 ? ERR_INVALID : r;
}

static int page_refused(struct jmap_call *c, struct source *s, struct str text)
{
    struct refused *list;
    size_t n;
    int r = refused_list(c->t, c->arena, c->person->org, s->before_ms, s->before_id, DELIVERY_PAGE, text, &list, &n);
    for (size_t i = 0; i < n && r == 0; i++)
        s->v[s->n++] = (struct row){
            .id = list[i].id,
            .client = list[i].client,
            .helo = list[i].helo,
            .reverse_path = list[i].reverse_path,
            .recipients = list[i].recipient,
            .size = list[i].bytes,
            .at_ms = list[i].at_ms,
            .verdict = STR(""),
            .reply = arena_printf(c->arena, "%d %.*s %.*s", list[i].code, STRF(list[i].enhanced), STRF(list[i].reply)),
            .refused = true};
    return r;
}

/* The youngest row that was not taken; NULL at the end. */
static int peek(struct jmap_call *c, struct source *s, bool refused, struct str text, const struct row **out)
{
    *out = NULL;
    if (s->at == s->n && !s->end) {
        s->v = arena_array(c->arena, struct row, DELIVERY_PAGE);
        s->n = s->at = 0;
        int r = refused ? page_refused(c, s, text) : page_accepted(c, s);
        if (r)
            return r;
        s->end = s->n < DELIVERY_PAGE;
        if (s->n) {
            s->before_ms = s->v[s->n - 1].at_ms;
            s->before_id = s->v[s->n - 1].id;
        }
    }
    if (s->at < s->n)
        *out = &s->v[s->at];
    return 0;
}

static void put_recipients(struct json_w *w, struct str list)
{
    struct str one;
    json_arr(w);
    while (list.n && str_token(&list, ',', &one))
        if (one.n)
            json_str(w, one);
    json_arr_end(w);
}

static void put_row(struct json_w *w, const struct row *r)
{
    json_obj(w);
    json_kstr(w, "id", r->id);
    json_keyz(w, "at");
    json_time(w, r->at_ms);
    json_kstr(w, "client", r->client);
    json_kstr(w, "helo", r->helo);
    json_kstr(w, "reversePath", r->reverse_path);
    json_keyz(w, "recipients");
    put_recipients(w, r->recipients);
    json_kint(w, "size", r->size);
    json_kstr(w, "outcome", r->refused ? STR("refused") : STR("accepted"));
    json_kstr(w, "verdict", r->verdict);
    json_kstr(w, "reply", r->refused ? r->reply : r->replied ? STR("250") : STR(""));
    json_obj_end(w);
}

static int list_rows(struct jmap_call *c, const struct ask *q)
{
    struct source accepted = {.before_ms = q->before, .before_id = STR(""), .end = q->outcome == REFUSED},
                  refused = {.before_ms = q->before, .before_id = STR(""), .end = q->outcome == ACCEPTED};
    int64_t skipped = 0, put = 0;
    for (size_t looked = 0; looked < DELIVERY_LOOK && put < q->limit; looked++) {
        const struct row *a, *b;
        int r = peek(c, &accepted, false, q->text, &a);
        if (r == 0)
            r = peek(c, &refused, true, q->text, &b);
        if (r)
            return r;
        bool take_b = b && (!a || b->at_ms > a->at_ms);
        const struct row *row = take_b ? b : a;
        if (!row || row->at_ms < q->after)
            break;
        (take_b ? &refused : &accepted)->at++;
        if (!holds(row, q->text) || skipped++ < q->position)
            continue;
        put_row(c->w, row);
        put++;
    }
    return 0;
}

static int read_filter(struct jmap_call *c, struct ask *q)
{
    const char *key;
    json_t *v, *filter = json_object_get(c->args, "filter");
    if (!filter || json_is_null(filter))
        return 0;
    if (!json_is_object(filter))
        return jmap_invalid(c, "a filter is an object");
    json_object_foreach(filter, key, v)
    {
        struct str text = jmap_json_str(v);
        if (strcmp(key, "text") == 0 && json_is_string(v) && text.n <= 200)
            q->text = text;
        else if (strcmp(key, "after") == 0 && jmap_utc(text, &q->after))
            continue;
        else if (strcmp(key, "before") == 0 && jmap_utc(text, &q->before))
            continue;
        else if (strcmp(key, "outcome") == 0 && (str_eq(text, STR("accepted")) || str_eq(text, STR("refused"))))
            q->outcome = str_eq(text, STR("accepted")) ? ACCEPTED : REFUSED;
        else
            return jmap_invalid(c, "filter has text, after, before and outcome (accepted or refused)");
    }
    return 0;
}

int jmap_delivery_query(struct jmap_call *c)
{
    static const char *const args[] = {"filter", "limit", "position", NULL};
    struct ask q = {.text = STR(""), .before = INT64_MAX};
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = jmap_arg_int(c, "limit", 50, 1, DELIVERY_MAX, &q.limit);
    if (!err)
        err = jmap_arg_int(c, "position", 0, 0, DELIVERY_LOOK, &q.position);
    if (!err)
        err = read_filter(c, &q);
    if (err)
        return err;
    json_obj(c->w);
    jmap_put_account(c);
    json_kint(c->w, "position", q.position);
    json_keyz(c->w, "list");
    json_arr(c->w);
    err = list_rows(c, &q);
    json_arr_end(c->w);
    json_obj_end(c->w);
    return err;
}

/* ---- get: the trace ---- */

static void put_message(struct jmap_call *c, const struct trace_message *m)
{
    json_obj(c->w);
    json_kstr(c->w, "verdict", str_c(verdict_name(m->email.verdict)));
    json_kbool(c->w, "held", m->email.held);
    json_keyz(c->w, "mailboxes");
    json_arr(c->w);
    for (size_t i = 0; i < m->n_places; i++)
        if (!m->places[i].stub)
            json_str(c->w, m->places[i].mailbox);
    json_arr_end(c->w);
    json_obj_end(c->w);
}

static void put_trace(struct jmap_call *c, struct str id, const struct trace *t)
{
    const struct mail_accepted *m = &t->accepted.row;
    struct row row = {.id = id,
                      .client = m->client,
                      .helo = m->helo,
                      .reverse_path = m->reverse_path,
                      .recipients = m->recipients,
                      .at_ms = m->at_ms,
                      .size = m->size,
                      .verdict = str_c(verdict_name(m->verdict)),
                      .replied = t->accepted.replied};
    json_obj(c->w);
    json_kstr(c->w, "id", id);
    json_keyz(c->w, "transaction");
    put_row(c->w, &row);
    json_keyz(c->w, "recipients");
    json_arr(c->w);
    for (size_t i = 0; i < t->n_recipients; i++) {
        const struct trace_recipient *r = &t->recipients[i];
        json_obj(c->w);
        json_kstr(c->w, "address", r->address);
        json_kbool(c->w, "known", r->known);
        json_kbool(c->w, "removed", r->known && r->n_messages == 0);
        json_keyz(c->w, "messages");
        json_arr(c->w);
        for (size_t k = 0; k < r->n_messages; k++)
            put_message(c, &r->messages[k]);
        json_arr_end(c->w);
        json_obj_end(c->w);
    }
    json_arr_end(c->w);
    json_obj_end(c->w);
}

/* 1 put, 0 not of this firm, < 0. */
static int put_one(struct jmap_call *c, struct str id)
{
    struct trace t;
    struct refused f;
    int64_t down;
    struct read_accepted mine;
    /* First whether it is the firm's at all: the search over all cells is for those alone. */
    int r = read_accepted(c->t, c->arena, c->person->org, id, &mine);
    if (r == 1) {
        r = store_trace(c->t->store, c->arena, id, &t, &down);
        if (r == 1 && t.org == c->person->org)
            put_trace(c, id, &t);
        return r < 0 ? r : r == 1 && t.org == c->person->org;
    }
    if (r == 0)
        r = refused_get(c->t, c->arena, c->person->org, id, &f);
    if (r != 1)
        return r;
    struct row row = {.id = f.id,
                      .client = f.client,
                      .helo = f.helo,
                      .reverse_path = f.reverse_path,
                      .recipients = f.recipient,
                      .at_ms = f.at_ms,
                      .size = f.bytes,
                      .verdict = STR(""),
                      .reply = arena_printf(c->arena, "%d %.*s %.*s", f.code, STRF(f.enhanced), STRF(f.reply)),
                      .refused = true};
    json_obj(c->w);
    json_kstr(c->w, "id", id);
    json_keyz(c->w, "transaction");
    put_row(c->w, &row);
    json_keyz(c->w, "recipients");
    json_arr(c->w);
    json_arr_end(c->w);
    json_obj_end(c->w);
    return 1;
}

int jmap_delivery_get(struct jmap_call *c)
{
    static const char *const args[] = {"ids", NULL};
    const json_t *ids = json_object_get(c->args, "ids");
    size_t n = json_array_size(ids), n_gone = 0;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err && !json_is_array(ids))
        err = jmap_invalid(c, "ids is a list");
    if (!err && n > DELIVERY_MAX)
        err = JMAP_REQUEST_TOO_LARGE;
    for (size_t i = 0; i < n && !err; i++)
        if (!json_is_string(json_array_get(ids, i)))
            err = jmap_invalid(c, "an id is not a string");
    if (err)
        return err;
    struct str *gone = arena_array(c->arena, struct str, n + 1);
    json_obj(c->w);
    jmap_put_account(c);
    json_keyz(c->w, "list");
    json_arr(c->w);
    for (size_t i = 0; i < n; i++) {
        struct str id = jmap_json_str(json_array_get(ids, i));
        err = id.n && id.n <= REFUSED_ID_MAX ? put_one(c, id) : 0;
        if (err < 0)
            return err;
        if (err == 0)
            gone[n_gone++] = id;
    }
    json_arr_end(c->w);
    json_keyz(c->w, "notFound");
    json_arr(c->w);
    for (size_t i = 0; i < n_gone; i++)
        json_str(c->w, gone[i]);
    json_arr_end(c->w);
    json_obj_end(c->w);
    return 0;
}
