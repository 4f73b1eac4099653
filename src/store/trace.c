#include "store/trace.h"
#include "mime/header.h"
#include "store/account.h"
#include "store/spool_name.h"
#include "store/store_priv.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#define ORGS_PAGE 500
#define RECIPIENTS_MAX 10000u

struct org_page {
    int64_t after, org[ORGS_PAGE], cell[ORGS_PAGE];
    size_t n;
};
struct ask {
    struct arena *a;
    struct str id;
    int64_t org;
    struct trace *out;
    bool found;
};

static int list_orgs(struct txn *t, void *arg);
static int find_accepted(struct txn *t, void *arg);
static int read_recipient(struct txn *t, struct ask *q, struct trace_recipient *r);
static int read_places(struct txn *t, struct ask *q, struct trace_recipient *r, struct trace_message *m);
static int read_authentication(struct txn *t, struct ask *q, const struct trace_recipient *r);

static int list_orgs(struct txn *t, void *arg)
{
    struct org_page *p = arg;
    AUTO(db_cursor) struct db_cursor c = {0};
    int rc = db_query(t->db, &c, SQL_DIR_ORG_LIST, DB_ARGS(db_int(p->after), db_int(ORGS_PAGE)));

    p->n = 0;
    while (rc == 0 && (rc = db_next(&c)) == 1) {
        p->org[p->n] = db_col_int(&c, 0);
        p->cell[p->n++] = db_col_int(&c, 1);
        rc = 0;
    }
    return rc;
}

static int read_places(struct txn *t, struct ask *q, struct trace_recipient *r, struct trace_message *m)
{
    struct read_mailbox *boxes;
    size_t n_boxes = 0, cap = 8;
    AUTO(db_cursor) struct db_cursor c = {0};
    int rc = read_mailboxes(t, q->a, q->org, r->account, &boxes, &n_boxes);

    if (rc == 0)
        rc = db_query(t->db, &c, SQL_PLACEMENT_OF_MESSAGE,
                      DB_ARGS(db_int(q->org), db_int(r->account), db_int(m->email.thread), db_int(m->message)));
    m->places = arena_array(q->a, struct trace_place, cap);
    while (rc == 0 && (rc = db_next(&c)) == 1) {
        struct trace_place p = {.mailbox = STR("?"),
                                .uid = db_col_int(&c, 1),
                                .flags = (uint32_t)db_col_int(&c, 2),
                                .stub = db_col_int(&c, 3) != 0};

        rc = 0;
        for (size_t i = 0; i < n_boxes; i++)
            if (boxes[i].id == db_col_int(&c, 0))
                p.mailbox = boxes[i].name;
        if (m->n_places == cap) {
            struct trace_place *more = arena_array(q->a, struct trace_place, cap * 2);

            memcpy(more, m->places, cap * sizeof *more);
            m->places = more;
            cap *= 2;
        }
        m->places[m->n_places++] = p;
    }
    return rc;
}

static int read_recipient(struct txn *t, struct ask *q, struct trace_recipient *r)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    struct read_email *emails;
    int64_t *ids;
    size_t n = 0, n_emails = 0;
    int rc = db_query(t->db, &c, SQL_ACCOUNT_BY_ADDRESS, DB_ARGS(db_int(q->org), db_text(r->address)));

    if (rc != 0 || (rc = db_next(&c)) < 0)
        return rc;
    if (rc == 1)
        r->account = db_col_int(&c, 0);
    db_end(&c);
    /* A role address that nobody has was read by an administrator (RFC 5321 4.5.1). */
    if (rc == 0 && (str_starts(r->address, STR("postmaster")) || str_starts(r->address, STR("abuse@"))))
        rc = db_get_int(t->db, SQL_ACCOUNT_ADMIN, DB_ARGS(db_int(q->org)), &r->account);
    if (rc != 1)
        return rc; /* 0: no such account any more */
    r->known = true;
    rc = read_accepted_messages(t, q->a, q->org, r->account, &q->out->accepted, &ids, &n);
    if (rc == 0)
        rc = read_emails(t, q->a, q->org, r->account, ids, n, &emails, &n_emails);
    r->messages = arena_array(q->a, struct trace_message, n_emails + 1);
    for (size_t i = 0; i < n_emails && rc == 0; i++) {
        struct trace_message *m = &r->messages[r->n_messages++];

        m->message = emails[i].id;
        m->email = emails[i];
        rc = read_places(t, q, r, m);
    }
    return rc;
}

/* Ours stands between our Return-Path and Received: no stranger's field can be there. */
static int read_authentication(struct txn *t, struct ask *q, const struct trace_recipient *r)
{
    struct mail_loc at;
    struct str bytes;
    struct mime_header h;
    struct mime_field f;

    if (r->n_messages == 0 || q->out->authentication.n)
        return 0;
    int rc = mail_blob_any(t, q->org, r->account, r->messages[0].message, &at, NULL);
    if (rc <= 0)
        return rc;
    if (pack_read_blob(cell_packs(t->cell), at.loc, at.sha256, q->a, &bytes) != 0)
        return 0; /* where the mail is can be said without its bytes */
    mime_header_init(&h, bytes);
    if (mime_header_next(&h, &f) && str_ieq(f.name, STR("Return-Path")) && mime_header_next(&h, &f) &&
        str_ieq(f.name, STR("Authentication-Results"))) {
        struct str line = mime_unfold(q->a, f.value);
        char *p = arena_alloc(q->a, line.n + 1);

        for (size_t i = 0; i < line.n; i++)
            p[i] = line.p[i] == '\t' ? ' ' : line.p[i];
        q->out->authentication = str_n(p, line.n);
    }
    return 0;
}

static int find_accepted(struct txn *t, void *arg)
{
    struct ask *q = arg;
    struct str rest, one;
    int rc = read_accepted(t, q->a, q->org, q->id, &q->out->accepted);

    if (rc != 1)
        return rc;
    q->found = true;
    q->out->org = q->org;
    q->out->cell = t->cell->id;
    rest = q->out->accepted.row.recipients;
    q->out->recipients = arena_array(q->a, struct trace_recipient, RECIPIENTS_MAX);
    rc = 0;
    while (rc == 0 && q->out->n_recipients < RECIPIENTS_MAX && str_token(&rest, ',', &one)) {
        struct trace_recipient *r = &q->out->recipients[q->out->n_recipients++];

        r->address = str_trim(one);
        rc = read_recipient(t, q, r);
        if (rc == 0)
            rc = read_authentication(t, q, r);
    }
    return rc;
}

int store_trace(struct store *s, struct arena *a, struct str id, struct trace *out, int64_t *down)
{
    struct org_page *page = arena_new(a, struct org_page);
    int rc = 0;

    *out = (struct trace){0};
    *down = 0;
    page->after = INT64_MIN;
    do {
        rc = cell_read_wait(s->dir, list_orgs, page);
        for (size_t i = 0; i < page->n && rc == 0; i++) {
            struct ask q = {.a = a, .id = id, .org = page->org[i], .out = out};
            struct cell *c;

            page->after = page->org[i];
            if (store_cell(s, page->cell[i], &c, NULL) != 0 || cell_read_wait(c, find_accepted, &q) < 0)
                *down = page->cell[i]; /* one broken cell does not hide what the others know */
            if (q.found)
                return 1;
        }
    } while (rc == 0 && page->n == ORGS_PAGE);
    return rc < 0 ? rc : 0;
}

static int find_in(const char *dir, struct str id, int64_t *at_ms)
{
    DIR *d = opendir(dir);
    uint64_t order;
    bool found = false;

    if (!d)
        return errno == ENOENT ? 0 : err_from_errno(errno);
    for (struct dirent *it; !found && (it = readdir(d));)
        if (spool_name_get(it->d_name, &order)) {
            struct str name = str_from(str_c(it->d_name), 17);

            found = str_eq(str_upto(name, name.n - strlen(SPOOL_SUFFIX)), id);
            *at_ms = (int64_t)(order >> SPOOL_ORDER_SHIFT);
        }
    (void)closedir(d);
    return found;
}

int spool_find(const char *dir, struct str id, int64_t *at_ms)
{
    char aside[4200];
    int rc = find_in(dir, id, at_ms);

    if (rc != 0)
        return rc;
    (void)snprintf(aside, sizeof aside, "%s/damaged", dir);
    rc = find_in(aside, id, at_ms);
    return rc == 1 ? 2 : rc;
}
