#include "admin/guard_explain.h"
#include "admin/init.h"
#include "admin/scan_mail.h"
#include "admin/scan_past.h"
#include "admin/scan_pool.h"
#include "core/date.h"
#include "guard/lists.h"
#include "guard/record.h"
#include "store/account.h"
#include "store/judged.h"
#include "store/trace.h"

#include <stdlib.h>
#include <unistd.h>

static int explain(struct admin_ctx *c, int argc, char **argv);
static int replay(struct admin_ctx *c, int argc, char **argv);

const struct admin_verb admin_explain_verbs[] = {
    {"guard explain",
     "ID|FILE [--lang it|en] [--own-domain D]... [--own-iban I]... [--staff \"Name <addr>\"]... [--history "
     "FILE|DIR|MBOX]... [--test-auth]",
     "Prints why a message was judged as it was: facts, keys, history, findings, weights, verdict. ID stands in the "
     "250 "
     "reply (with --state), FILE is judged now.",
     explain, ADMIN_MAY_STATE},
    {"guard replay", "[--all]",
     "Judges again what was kept, with this release and these lists, and prints what changed (--all: every one).",
     replay, ADMIN_STATE},
    {NULL, NULL, NULL, NULL, ADMIN_NO_STATE},
};

/* What one reading of a file found; the pool of one worker dies with it. */
static int facts_of_mail(struct admin_ctx *c, struct str raw, struct buf *insight, const char **failed, struct err *e)
{
    struct admin_scan_pool *pool;
    uint64_t job;
    int64_t ns;
    int r = admin_scan_pool_open(&pool, c->env, 1, e);
    if (r != 0)
        return r;
    r = admin_scan_pool_send(pool, 1, raw);
    if (r == 0)
        r = admin_scan_pool_wait(pool, &job, insight, failed, &ns);
    admin_scan_pool_close(&pool);
    return r == 0 ? 0 : err_set(e, r, "The reader of messages ended: %s.", err_name(r));
}

typedef int mail_fn(struct admin_scan_past *p, struct str raw, struct str insight, const char *failed, void *arg);

static int each_mail(struct admin_ctx *c, struct admin_scan_past *past, const struct admin_scan_mails *mails,
                     mail_fn *fn, void *arg, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < mails->n && r == 0; i++) {
        AUTO(buf) struct buf insight;
        const char *failed = NULL;
        char *bytes;
        buf_init(&insight, FACTS_ENCODED_MAX);
        if ((r = admin_scan_read(&mails->v[i], &bytes, e)) != 0)
            return r;
        struct str raw = str_n(bytes, mails->v[i].size);
        r = facts_of_mail(c, raw, &insight, &failed, e);
        if (r == 0)
            r = fn(past, raw, buf_str(&insight), failed, arg);
        free(bytes);
    }
    return r;
}

static int learn(struct admin_scan_past *p, struct str raw, struct str insight, const char *failed, void *arg)
{
    (void)arg;
    return admin_scan_past_add(p, raw, insight, failed);
}

struct show {
    FILE *out;
    int lang;
};

static int show(struct admin_scan_past *p, struct str raw, struct str insight, const char *failed, void *arg)
{
    const struct show *s = arg;
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct admin_scan_judged *j = arena_new(&a, struct admin_scan_judged);
    admin_scan_past_look(p, raw, insight, failed, &a, j);
    admin_explain_print(s->out, j->input, &j->history, &j->verdict, s->lang);
    return 0;
}

static int explain_file(struct admin_ctx *c, int argc, char **argv, int lang)
{
    struct admin_scan_past *past = calloc(1, sizeof *past);
    struct admin_scan_mails history = {0}, mails = {0};
    struct show s = {c->out, lang};
    struct err e = {0};
    const char *v;
    if (!past)
        return 1;
    int r = admin_scan_past_open(past, &e), usage = 0;
    if (r == 0)
        r = admin_scan_own_options(past, &argc, argv, &e);
    while (r == 0 && admin_option(&argc, argv, "--history", &v))
        r = admin_scan_find(&history, v, &e);
    if (r == 0)
        usage = admin_words(c, argc, argv, 1, 1);
    if (r == 0 && usage == 0)
        r = admin_scan_find(&mails, argv[0], &e);
    if (r == 0 && usage == 0)
        r = each_mail(c, past, &history, learn, NULL, &e);
    if (r == 0 && usage == 0)
        r = each_mail(c, past, &mails, show, &s, &e);
    if (r != 0)
        admin_fail(c, &e);
    admin_scan_mails_free(&history);
    admin_scan_mails_free(&mails);
    admin_scan_past_close(past);
    free(past);
    return usage ? usage : r != 0;
}

struct fetch {
    struct arena *a;
    struct str id;
    int64_t org;
    struct judged judged;
    int found;
};

static int fetch(struct txn *t, void *arg)
{
    struct fetch *f = arg;
    f->found = judged_get(t, f->a, f->org, f->id, &f->judged);
    return f->found < 0 ? f->found : 0;
}

/* A kept judgement with the lists of this machine; its own words, not today's. */
static int print_kept(struct admin_ctx *c, struct arena *a, const struct judged *j, int lang, struct err *e)
{
    struct guard_record *r = arena_new(a, struct guard_record);
    struct guard_lists *lists = NULL;
    struct date d;
    int rc = guard_record_get(a, j->record, r);
    if (rc == 0)
        rc = guard_lists_open(&lists, e);
    if (rc != 0)
        return err_set(e, rc, "What was kept of %.*s cannot be read (%s). The message itself is not touched.",
                       STRF(j->id), err_name(rc));
    struct guard_verdict *now = arena_new(a, struct guard_verdict);
    r->input->lists = lists;
    guard_judge(r->input, r->history, a, now);
    date_from_ms(j->at_ms, &d);
    fprintf(c->out, "Judged %04d-%02d-%02d by guard %lld: %s, score %lld.\n", d.year, d.month, d.day,
            (long long)j->guard_version, guard_action_name(r->action), (long long)j->score);
    for (uint32_t i = 0; i < r->n_codes; i++)
        fprintf(c->out, "  then: %s\n", guard_table[r->codes[i]].code);
    fprintf(c->out, "With guard %u of this release (long text is kept in part only):\n\n", GUARD_VERSION);
    admin_explain_print(c->out, r->input, r->history, now, lang);
    guard_lists_close(&lists);
    return 0;
}

static int explain_id(struct admin_ctx *c, const char *id, int lang)
{
    AUTO(arena) struct arena a;
    struct store_conf conf;
    struct store *s = NULL;
    struct trace t;
    struct err e = {0};
    int64_t down = 0;
    arena_init(&a, ARENA_NO_LIMIT);
    admin_store_conf(c, &conf);
    conf.readonly = true;
    if (store_open(&s, &conf, c->env, &e) != 0)
        return admin_fail(c, &e);
    struct fetch f = {.a = &a, .id = str_c(id)};
    struct cell *cell;
    int rc = store_trace(s, &a, f.id, &t, &down);
    if (rc == 1) {
        f.org = t.org;
        rc = store_cell(s, t.cell, &cell, &e);
        rc = rc == 0 ? cell_read_wait(cell, fetch, &f) : rc;
        rc = rc == 0 && f.found == 1 ? print_kept(c, &a, &f.judged, lang, &e) : rc;
    } else if (rc == 0) {
        err_set(&e, ERR_NOENT, "No mail was accepted under the id %.80s.", id);
    }
    store_close(&s);
    if (rc == 0 && e.code == 0 && f.found != 1)
        err_set(&e, ERR_NOENT,
                "%.80s was accepted without a finding that warns, and of those only one in a hundred is kept. Save the "
                "message "
                "as a file and explain that.",
                id);
    if (rc < 0 && e.code == 0)
        err_set(&e, rc, "The cell cannot be read (%s). Run `sigillo verify`.", err_name(rc));
    return e.code ? admin_fail(c, &e) : 0;
}

static int explain(struct admin_ctx *c, int argc, char **argv)
{
    const char *lang = "en";
    bool given = admin_option(&argc, argv, "--lang", &lang);
    int l = given && str_starts(str_c(lang), STR("it")) ? 0 : 1;
    if (argc >= 1 && c->state && access(argv[0], R_OK) != 0) {
        int bad = admin_words(c, argc, argv, 1, 1);
        return bad ? bad : explain_id(c, argv[0], l);
    }
    return explain_file(c, argc, argv, l);
}

/* ---- replay ---- */

struct replayed {
    struct admin_ctx *c;
    struct guard_lists *lists;
    bool all;
    int64_t org;
    struct str after;
    struct arena *a;
    struct judged page[JUDGED_PAGE];
    size_t n, seen, changed, unreadable;
};

static int read_page(struct txn *t, void *arg)
{
    struct replayed *r = arg;
    return judged_list(t, r->a, r->org, r->after, r->page, &r->n);
}

static void codes(FILE *out, const char *label, const enum guard_code *codes_of, size_t n)
{
    fprintf(out, "  %s:", label);
    for (size_t i = 0; i < n; i++)
        fprintf(out, " %s", guard_table[codes_of[i]].code);
    fputs(n ? "\n" : " nothing\n", out);
}

static void again(struct replayed *r, const struct judged *j)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct guard_record *rec = arena_new(&a, struct guard_record);
    r->seen++;
    if (guard_record_get(&a, j->record, rec) != 0) {
        r->unreadable++;
        return;
    }
    struct guard_verdict *v = arena_new(&a, struct guard_verdict);
    enum guard_code now[GUARD_FINDINGS_MAX];
    rec->input->lists = r->lists;
    guard_judge(rec->input, rec->history, &a, v);
    for (size_t i = 0; i < v->n_findings; i++)
        now[i] = v->findings[i].code;
    bool same = v->action == rec->action;
    r->changed += !same;
    if (same && !r->all)
        return;
    fprintf(r->c->out, "%.*s: %s %d -> %s %d\n", STRF(j->id), guard_action_name(rec->action), rec->score,
            guard_action_name(v->action), v->score);
    codes(r->c->out, "then", rec->codes, rec->n_codes);
    codes(r->c->out, "now ", now, v->n_findings);
}

static int replay_firm(struct replayed *r, struct cell *cell)
{
    AUTO(arena) struct arena a;
    int rc = 0;
    arena_init(&a, ARENA_NO_LIMIT);
    r->a = &a;
    r->after = STR("");
    do {
        rc = cell_read_wait(cell, read_page, r);
        for (size_t i = 0; rc == 0 && i < r->n; i++)
            again(r, &r->page[i]);
        if (r->n)
            r->after = r->page[r->n - 1].id;
    } while (rc == 0 && r->n == JUDGED_PAGE);
    return rc;
}

static int replay(struct admin_ctx *c, int argc, char **argv)
{
    AUTO(arena) struct arena a;
    struct store_conf conf;
    struct store *s = NULL;
    struct err e = {0};
    struct firm_row *firms = NULL;
    size_t n = 0;
    arena_init(&a, ARENA_NO_LIMIT);
    struct replayed *r = arena_new(&a, struct replayed);
    r->c = c;
    r->all = admin_flag(&argc, argv, "--all");
    int bad = admin_words(c, argc, argv, 0, 0);
    if (bad)
        return bad;
    admin_store_conf(c, &conf);
    conf.readonly = true;
    int rc = guard_lists_open(&r->lists, &e);
    if (rc == 0)
        rc = store_open(&s, &conf, c->env, &e);
    if (rc == 0 && (rc = firm_list(s, &a, &firms, &n)) < 0)
        err_set(&e, rc, "The directory cannot be read (%s). Run `sigillo verify`.", err_name(rc));
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct cell *cell;
        r->org = firms[i].org;
        rc = store_cell(s, firms[i].cell, &cell, &e);
        if (rc == 0 && (rc = replay_firm(r, cell)) < 0)
            err_set(&e, rc, "Cell %lld cannot be read (%s). Run `sigillo verify`.", (long long)firms[i].cell,
                    err_name(rc));
    }
    if (s)
        store_close(&s);
    guard_lists_close(&r->lists);
    if (rc != 0)
        return admin_fail(c, &e);
    fprintf(c->out, "%zu judgements, %zu changed, %zu of a form that this release cannot read.\n", r->seen, r->changed,
            r->unreadable);
    return 0;
}
