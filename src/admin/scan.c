/* sigillo scan: what the guard would have said. Messages are read by the same sealed workers as in the server, judged
 * against the past given with --history alone; nothing is stored, nothing leaves this machine. */
#include "admin/scan.h"
#include "admin/scan_mail.h"
#include "admin/scan_past.h"
#include "admin/scan_pool.h"
#include "admin/scan_report.h"

#include <stdlib.h>
#include <unistd.h>

#define SCAN_AHEAD \
    64               /* messages read before the first of them is judged: the order of the answers is the order asked */
#define SCAN_ERROR 2 /* exit status of a usage or read error */

struct slot {
    char *bytes; /* NULL: free */
    struct buf insight;
    const char *failed;
    int64_t ns;
    bool done;
};
struct scan {
    struct admin_ctx *c;
    struct admin_scan_pool *pool;
    struct admin_scan_past past;
    struct admin_scan_report report;
    struct slot slots[SCAN_AHEAD];
    bool progress;
    int64_t started_ms, drawn_ms;
};

static int scan(struct admin_ctx *c, int argc, char **argv);

const struct admin_verb admin_scan_verbs[] = {
    {"scan",
     "[--json] [--lang it|en] [--own-domain D]... [--own-iban I]... [--staff \"Name <addr>\"]... [--history "
     "FILE|DIR|MBOX]... [--test-auth] FILE|DIR|MBOX...",
     "Judges mail as the server would, without a server: point it at an old mailbox and see what slipped through.",
     scan, ADMIN_NO_STATE},
    {NULL, NULL, NULL, NULL, ADMIN_NO_STATE},
};

static void draw(struct scan *s, size_t at, size_t all, const char *what)
{
    int64_t now = env_mono_ms(s->c->env);
    if (!s->progress || now - s->started_ms < 1000 || (now - s->drawn_ms < 100 && at < all))
        return;
    s->drawn_ms = now;
    int width = (int)(at * 30 / (all ? all : 1));
    fprintf(stderr, "\r%s [%.*s%*s] %zu/%zu", what, width, "##############################", 30 - width, "", at, all);
    if (at == all)
        fputs("\r\033[K", stderr);
}

typedef int each_fn(struct scan *s, const struct admin_scan_mail *mail, const struct slot *slot);

static int fill(struct scan *s, const struct admin_scan_mails *mails, size_t first, size_t *sent, struct err *e)
{
    while (*sent < mails->n && *sent - first < SCAN_AHEAD && admin_scan_pool_free(s->pool)) {
        struct slot *slot = &s->slots[*sent % SCAN_AHEAD];
        int r = admin_scan_read(&mails->v[*sent], &slot->bytes, e);
        if (r != 0)
            return r;
        slot->done = false;
        buf_clear(&slot->insight);
        r = admin_scan_pool_send(s->pool, *sent, str_n(slot->bytes, mails->v[*sent].size));
        if (r != 0)
            return err_set(e, r, "The reader of messages ended: %s.", err_name(r));
        ++*sent;
    }
    return 0;
}

/* Calls each() for every message in order, with what its worker found. */
static int run(struct scan *s, const struct admin_scan_mails *mails, const char *what, each_fn *each, struct err *e)
{
    size_t sent = 0;
    int r = 0;
    for (size_t first = 0; first < mails->n && r == 0; first++) {
        struct slot *slot = &s->slots[first % SCAN_AHEAD];
        r = fill(s, mails, first, &sent, e);
        while (r == 0 && !slot->done) {
            uint64_t job;
            const char *failed;
            int64_t ns;
            AUTO(buf) struct buf insight;
            buf_init(&insight, FACTS_ENCODED_MAX);
            r = admin_scan_pool_wait(s->pool, &job, &insight, &failed, &ns);
            if (r != 0)
                return err_set(e, r, "The reader of messages ended: %s.", err_name(r));
            struct slot *got = &s->slots[job % SCAN_AHEAD];
            buf_adds(&got->insight, buf_str(&insight));
            got->failed = failed;
            got->ns = ns;
            got->done = true;
            r = fill(s, mails, first, &sent, e);
        }
        if (r == 0)
            r = each(s, &mails->v[first], slot);
        free(slot->bytes);
        slot->bytes = NULL;
        draw(s, first + 1, mails->n, what);
    }
    return r;
}

static int learn(struct scan *s, const struct admin_scan_mail *mail, const struct slot *slot)
{
    return admin_scan_past_add(&s->past, str_n(slot->bytes, mail->size), buf_str(&slot->insight), slot->failed);
}

static int judge(struct scan *s, const struct admin_scan_mail *mail, const struct slot *slot)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct admin_scan_row row = {.file = mail->name};
    int64_t t0 = env_mono_ns(s->c->env);
    row.verdict = admin_scan_past_judge(&s->past, str_n(slot->bytes, mail->size), buf_str(&slot->insight), slot->failed,
                                        &a, &row.from, &row.subject);
    row.ns = slot->ns + env_mono_ns(s->c->env) - t0;
    admin_scan_report_row(&s->report, &row);
    return 0;
}

/* Options that may stand several times. */
static int options(struct scan *s, int *argc, char **argv, struct admin_scan_mails *history, struct err *e)
{
    const char *v;
    int r = admin_scan_own_options(&s->past, argc, argv, e);
    while (r == 0 && admin_option(argc, argv, "--history", &v))
        r = admin_scan_find(history, v, e);
    return r;
}

static int both_runs(struct scan *s, struct admin_scan_mails *history, const struct admin_scan_mails *mails,
                     struct err *e)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int r = admin_scan_pool_open(&s->pool, s->c->env, cores > 0 ? (unsigned)cores : 1, e);
    if (r == 0)
        r = admin_scan_past_order(history, e);
    if (r == 0)
        r = run(s, history, "history", learn, e);
    if (r == 0)
        r = run(s, mails, "scan", judge, e);
    for (size_t i = 0; i < SCAN_AHEAD; i++) {
        free(s->slots[i].bytes);
        s->slots[i].bytes = NULL;
    }
    admin_scan_pool_close(&s->pool);
    return r;
}

static int scan_mails(struct scan *s, int argc, char **argv)
{
    struct admin_scan_mails history = {0}, mails = {0};
    struct err e = {0};
    int r = admin_scan_past_open(&s->past, &e);
    if (r == 0)
        r = options(s, &argc, argv, &history, &e);
    int usage = r == 0 ? admin_words(s->c, argc, argv, 1, argc > 1 ? argc : 1) : 0;
    for (int i = 0; r == 0 && usage == 0 && i < argc; i++)
        r = admin_scan_find(&mails, argv[i], &e);
    if (r == 0 && usage == 0)
        r = both_runs(s, &history, &mails, &e);
    if (r == 0 && usage == 0)
        admin_scan_report_end(&s->report);
    if (r != 0)
        admin_fail(s->c, &e);
    admin_scan_mails_free(&history);
    admin_scan_mails_free(&mails);
    admin_scan_past_close(&s->past);
    return r != 0 || usage != 0 ? SCAN_ERROR : 0;
}

static int scan(struct admin_ctx *c, int argc, char **argv)
{
    const char *lang = NULL, *env = getenv("LANG");
    struct scan *s = calloc(1, sizeof *s);
    if (!s)
        return 1;
    s->c = c;
    s->started_ms = env_mono_ms(c->env);
    s->progress = isatty(STDERR_FILENO);
    s->report = (struct admin_scan_report){.out = c->out, .json = admin_flag(&argc, argv, "--json")};
    s->report.colour = !s->report.json && isatty(fileno(c->out)) && !getenv("NO_COLOR");
    if (!admin_option(&argc, argv, "--lang", &lang))
        lang = env ? env : "en";
    s->report.lang = str_starts(str_c(lang), STR("it")) ? 0 : 1;
    for (size_t i = 0; i < SCAN_AHEAD; i++)
        buf_init(&s->slots[i].insight, FACTS_ENCODED_MAX);
    int status = scan_mails(s, argc, argv);
    for (size_t i = 0; i < SCAN_AHEAD; i++)
        buf_free(&s->slots[i].insight);
    free(s);
    return status;
}
