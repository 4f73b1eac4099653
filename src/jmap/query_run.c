/* Finding the rows of an Email/query: what the index found when there are words in it, else a walk of the mailbox or the account in order of time, a page at
 * a time, no longer than the answer needs. Any other order is sorted here, within QUERY_SORT_MAX rows. */
#include "core/err.h"
#include "core/map.h"
#include "jmap/query.h"

#include <stdlib.h>

struct entry { /* of a sort */
    int64_t id, thread, received_ms;
    int64_t number[QUERY_SORTS_MAX];
    struct str text[QUERY_SORTS_MAX];
};
struct run {
    struct query *q;
    struct txn *t;
    struct arena *arena;
    int64_t org, account;
    struct filter *words; /* conjunct that names the rows */
    int64_t mailbox, after_ms, before_ms;
    bool flagged, unread; /* a conjunct says so */
    bool plain;           /* nothing but mailbox and times */
    bool bare;            /* nothing but mailbox, times and unread */
    size_t rows;
    int64_t began_ms;
    struct imap threads; /* seen, when collapsing */
    /* in order */
    int64_t *ids;
    size_t n, cap;
    int64_t seen;      /* that fitted so far */
    int64_t anchor_at; /* -1: not seen */
    int64_t most;      /* so many fit at all; -1: not known */
    bool keep_all, filled, done;
    struct entry *entry;
    size_t n_entry, cap_entry;
};

static int too_much(struct run *r)
{
    r->q->x.c->why = "Too many messages would have to be looked through. Narrow it down by mailbox, date or words.";
    return JMAP_UNSUPPORTED_FILTER;
}

/* ---- what the filter says at its top ---- */

static void look_at(struct run *r, struct filter *f)
{
    if (!f)
        return;
    switch (f->kind) {
    case FILTER_AND:
        for (size_t i = 0; i < f->n_sub; i++)
            look_at(r, f->sub[i]);
        return;
    case FILTER_IN:
        if (!r->mailbox)
            r->mailbox = f->number;
        else if (r->mailbox != f->number)
            r->bare = r->plain = false;
        return;
    case FILTER_AFTER:
        if (f->number > r->after_ms)
            r->after_ms = f->number;
        return;
    case FILTER_BEFORE:
        if (f->number < r->before_ms)
            r->before_ms = f->number;
        return;
    case FILTER_WORDS:
        if (f->found && (!r->words || f->n_ids < r->words->n_ids))
            r->words = f;
        break;
    case FILTER_KEYWORD:
        if (f->yes && f->flag == FLAG_FLAGGED)
            r->flagged = true;
        if (!f->yes && f->flag == FLAG_SEEN) {
            r->unread = true;
            r->plain = false;
            return;
        }
        break;
    default: break;
    }
    r->bare = r->plain = false;
}

/* ---- rows that fit ---- */

static void push(struct run *r, int64_t id)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 256;
        int64_t *more = arena_array(r->arena, int64_t, cap);
        if (r->n)
            memcpy(more, r->ids, r->n * sizeof *more);
        r->ids = more;
        r->cap = cap;
    }
    r->ids[r->n++] = id;
}

/* One more in the answer's order. */
static void fits(struct run *r, int64_t id, int64_t thread)
{
    struct query *q = r->q;
    if (q->collapse && imap_put(&r->threads, (uint64_t)thread, r))
        return;
    if (id == q->anchor)
        r->anchor_at = r->seen;
    if (r->keep_all || (r->seen >= q->position && r->seen - q->position < (int64_t)q->limit))
        push(r, id);
    r->seen++;
    if (q->anchor)
        r->filled = r->anchor_at >= 0 && r->seen - r->anchor_at >= q->anchor_offset + (int64_t)q->limit;
    else if (q->position >= 0)
        r->filled = r->seen - q->position >= (int64_t)q->limit;
    r->done = r->seen == r->most || (r->filled && !q->want_total);
}

static bool by_time(const struct query *q) { return q->sort[0].by == SORT_RECEIVED; }

static int sort_key(struct run *r, struct filter_row *row, const struct query_sort *s, int64_t *number,
                    struct str *text)
{
    struct filter_ctx *x = &r->q->x;
    struct filter f = {.flag = s->flag, .yes = true};
    int err;
    *number = 0;
    *text = STR("");
    switch (s->by) {
    case SORT_RECEIVED:
    case SORT_SIZE:
    case SORT_SENT:
        if ((err = filter_row_light(x, row)) != 1)
            return err;
        *number = s->by == SORT_RECEIVED ? row->light.received_ms
                  : s->by == SORT_SIZE   ? row->light.size
                                         : row->light.sent_ms;
        return 1;
    case SORT_FROM:
    case SORT_SUBJECT:
        if ((err = filter_row_email(x, row)) != 1)
            return err;
        *text = s->by == SORT_SUBJECT     ? row->email->subject
                : row->email->from.name.n ? row->email->from.name
                                          : row->email->from.addr;
        return 1;
    case SORT_KEYWORD:
        if (!row->has_flags && (err = filter_row_email(x, row)) != 1)
            return err;
        *number = (row->flags & s->flag) != 0;
        return 1;
    case SORT_ALL:
    case SORT_SOME:
        f.kind = s->by == SORT_ALL ? FILTER_THREAD_ALL : FILTER_THREAD_SOME;
        err = filter_fits(x, &f, row);
        *number = err == 1;
        return err < 0 ? err : 1;
    }
    return ERR_INVALID;
}

static int add_entry(struct run *r, struct filter_row *row)
{
    struct query *q = r->q;
    struct entry e = {.id = row->id};
    if (r->n_entry == QUERY_SORT_MAX) {
        q->x.c->why = "Too many messages to sort in this order. Narrow it down, or sort by receivedAt.";
        return JMAP_UNSUPPORTED_SORT;
    }
    for (size_t i = 0; i < q->n_sort; i++) {
        int err = sort_key(r, row, &q->sort[i], &e.number[i], &e.text[i]);
        if (err != 1)
            return err;
    }
    int err = filter_row_light(&q->x, row);
    if (err != 1)
        return err;
    e.received_ms = row->light.received_ms;
    e.thread = row->light.thread;
    if (r->n_entry == r->cap_entry) {
        size_t cap = r->cap_entry ? 2 * r->cap_entry : 256;
        struct entry *more = realloc(r->entry, cap * sizeof *more);
        if (!more)
            return ERR_NOMEM;
        r->entry = more;
        r->cap_entry = cap;
    }
    r->entry[r->n_entry++] = e;
    return 0;
}

/* Judges one row. What it read is given back, unless a sort keeps its texts. */
static int judge(struct run *r, struct filter_row *row)
{
    struct query *q = r->q;
    struct arena_mark mark = arena_mark(r->arena);
    size_t n = r->n;
    bool long_now = ++r->rows % 1024 == 0 && env_mono_ms(r->t->env) - r->began_ms > QUERY_TIME_MS;
    if (long_now || (r->rows > QUERY_ROWS_MAX && !r->plain)) {
        if (!r->filled)
            return too_much(r);
        r->done = true; /* the answer is there; only its total stays unknown */
        q->want_total = false;
        return 0;
    }
    int err = r->plain ? 1 : filter_fits(&q->x, q->filter, row);
    if (err < 0)
        return err;
    if (err == 1 && !by_time(q)) {
        size_t had = r->n_entry;
        err = add_entry(r, row);
        if (err || r->n_entry != had)
            return err;
    } else if (err == 1) {
        if (q->collapse && !row->thread && (err = filter_row_light(&q->x, row)) != 1)
            return err < 0 ? err : 0;
        fits(r, row->id, row->thread);
    }
    if (r->n == n) /* push may have taken from the arena */
        arena_reset(r->arena, mark);
    return 0;
}

/* ---- where rows come from ---- */

static int walk(struct run *r)
{
    struct query *q = r->q;
    struct list_walk w = {.mailbox = r->mailbox,
                          .ascending = by_time(q) && q->sort[0].ascending,
                          .after_ms = r->after_ms,
                          .before_ms = r->before_ms};
    struct list_item *item = arena_array(r->arena, struct list_item, LIST_PAGE);
    w.flagged = r->flagged && r->mailbox && !w.ascending;
    int err = 0;
    list_begin(&w);
    while (!w.end && !r->done && err == 0) {
        size_t n;
        err = list_next(r->t, r->org, r->account, &w, item, &n);
        for (size_t i = 0; i < n && err == 0 && !r->done; i++) {
            /* In a mailbox keywords are those of the copy that stands there. */
            struct filter_row row = {.id = item[i].message,
                                     .thread = item[i].thread,
                                     .mailbox = r->mailbox,
                                     .flags = item[i].flags,
                                     .has_flags = r->mailbox != 0};
            err = judge(r, &row);
        }
    }
    return err;
}

static int newest_first(const void *a, const void *b)
{
    const struct list_light *x = a, *y = b;
    if (x->received_ms != y->received_ms)
        return x->received_ms > y->received_ms ? -1 : 1;
    return x->id > y->id ? -1 : x->id < y->id;
}

/* The rows that the index found, in order of time. */
static int from_words(struct run *r)
{
    struct query *q = r->q;
    size_t n = 0, most = r->words->n_ids;
    struct list_light *list = arena_array(r->arena, struct list_light, most + 1);
    int err = 0;
    for (size_t i = 0; i < most && err >= 0; i++) {
        err = list_light(r->t, r->org, r->account, r->words->ids[i], &list[n]);
        if (err == 1 && list[n].received_ms >= r->after_ms && list[n].received_ms < r->before_ms)
            n++;
    }
    if (err < 0)
        return err;
    if (n)
        qsort(list, n, sizeof *list, newest_first);
    err = 0;
    bool up = by_time(q) && q->sort[0].ascending;
    for (size_t i = 0; i < n && err == 0 && !r->done; i++) {
        const struct list_light *l = &list[up ? n - 1 - i : i];
        struct filter_row row = {.id = l->id, .thread = l->thread, .light = *l, .has_light = true};
        err = judge(r, &row);
    }
    if (r->words->capped)
        q->want_total = false; /* there are more than were counted */
    return err;
}

/* ---- order and window ---- */

static _Thread_local const struct query *sorting_now; /* qsort has no argument */

static int by_keys(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const struct query *q = sorting_now;
    for (size_t i = 0; i < q->n_sort; i++) {
        int d = x->number[i] < y->number[i] ? -1 : x->number[i] > y->number[i];
        for (size_t k = 0; d == 0 && k < x->text[i].n && k < y->text[i].n; k++)
            d = (unsigned char)ascii_lower(x->text[i].p[k]) - (unsigned char)ascii_lower(y->text[i].p[k]);
        if (d == 0 && x->text[i].n != y->text[i].n)
            d = x->text[i].n < y->text[i].n ? -1 : 1;
        if (d)
            return q->sort[i].ascending ? d : -d;
    }
    if (x->received_ms != y->received_ms)
        return x->received_ms > y->received_ms ? -1 : 1;
    return x->id > y->id ? -1 : x->id < y->id;
}

static void order(struct run *r)
{
    sorting_now = r->q;
    if (r->n_entry)
        qsort(r->entry, r->n_entry, sizeof *r->entry, by_keys);
    for (size_t i = 0; i < r->n_entry && !r->done; i++)
        fits(r, r->entry[i].id, r->entry[i].thread);
    free(r->entry);
    r->entry = NULL;
}

static int window(struct run *r)
{
    struct query *q = r->q;
    int64_t from = q->position, n = (int64_t)r->n;
    if (!r->keep_all) {
        q->from = q->position;
        q->ids = r->ids;
        q->n = r->n;
        return 0;
    }
    if (q->anchor) {
        if (r->anchor_at < 0)
            return JMAP_ANCHOR_NOT_FOUND;
        from = r->anchor_at + q->anchor_offset;
    } else if (from < 0) {
        from += n;
    }
    if (from < 0)
        from = 0;
    q->from = from;
    if (from > n)
        from = n;
    q->ids = r->ids + from;
    q->n = (size_t)(n - from) < q->limit ? (size_t)(n - from) : q->limit;
    return 0;
}

/* Totals that counters tell: then the walk may stop as soon as the answer is there. */
static int known_total(struct run *r, struct list_counts *n)
{
    struct query *q = r->q;
    int64_t all;
    int err;
    *n = (struct list_counts){0};
    if (!r->bare || r->after_ms || r->before_ms != INT64_MAX)
        return 0;
    if (!r->mailbox) {
        if (r->unread || q->collapse || (!q->want_total && q->position >= 0))
            return 0;
        if ((err = list_count_account(r->t, r->org, r->account, &all)) == 0)
            q->total = all;
        return err;
    }
    if ((err = list_counts(r->t, r->org, r->account, r->mailbox, n)) < 0)
        return err;
    q->total = r->unread ? (q->collapse ? n->unread_threads : n->unread) : q->collapse ? n->threads : n->total;
    return 0;
}

/* A whole mailbox or account by time: a far page is reached over the index alone. */
static int far_page(struct run *r, const struct list_counts *counts)
{
    struct query *q = r->q;
    struct list_walk w = {.mailbox = r->mailbox, .ascending = q->sort[0].ascending};
    struct list_item *item = arena_array(r->arena, struct list_item, LIST_PAGE);
    list_begin(&w);
    if (q->collapse) {
        q->from = q->position;
        q->ids = arena_array(r->arena, int64_t, q->limit + 1);
        return list_threads(r->t, r->org, r->account, &w, q->position, q->limit, counts, item, q->ids, &q->n);
    }
    int err = list_skip(r->t, r->org, r->account, &w, q->position, r->mailbox ? counts : NULL);
    while (err == 0 && !w.end && r->n < q->limit) {
        size_t n;
        err = list_next(r->t, r->org, r->account, &w, item, &n);
        for (size_t i = 0; i < n && r->n < q->limit && err == 0; i++)
            push(r, item[i].message);
    }
    q->from = q->position;
    q->ids = r->ids;
    q->n = r->n;
    return err;
}

static int run(struct run *r)
{
    struct query *q = r->q;
    struct list_counts counts;
    int err = known_total(r, &counts);
    if (err)
        return err;
    if (q->total >= 0) {
        q->want_total = false;
        r->most = q->total;
        if (q->position < 0 && !q->anchor) {
            q->position = q->total + q->position > 0 ? q->total + q->position : 0;
            r->keep_all = false;
        }
    }
    bool whole = r->plain && !r->after_ms && r->before_ms == INT64_MAX;
    bool straight = q->collapse ? r->mailbox != 0 : counts.stubs == 0;
    if (whole && by_time(q) && straight && !q->anchor && q->position >= 0 && (q->total >= 0 || !q->want_total))
        return far_page(r, &counts);
    r->done = r->most == 0;
    err = r->words ? from_words(r) : walk(r);
    if (err)
        return err;
    order(r);
    if (q->want_total)
        q->total = r->seen;
    return window(r);
}

int query_run(struct query *q)
{
    struct jmap_call *c = q->x.c;
    bool asked = q->want_total;
    struct run r = {.q = q,
                    .t = c->t,
                    .arena = c->arena,
                    .org = c->person->org,
                    .account = c->person->account,
                    .before_ms = INT64_MAX,
                    .plain = true,
                    .bare = true,
                    .most = -1,
                    .anchor_at = -1,
                    .began_ms = env_mono_ms(c->t->env)};
    imap_init(&r.threads);
    look_at(&r, q->filter);
    r.keep_all = q->anchor != 0 || q->position < 0;
    int err = run(&r);
    free(r.entry);
    imap_free(&r.threads);
    q->want_total = asked;
    return err;
}
