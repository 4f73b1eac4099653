/* JMAP over a mailbox of many: Email/query of 50 rows and Email/get of them in one request, as the panel's list asks. One thread, no HTTP: the time of the API.
 *   jmap_bench [--engine sqlite|postgresql] [--count 1000000] [--rounds 2000]
 * Prints one line a query: percentiles, and what the process holds in memory at its end. */
#include "core/hash.h"
#include "facts/facts.h"
#include "jmap/jmap.h"
#include "store/read_list.h"
#include "store/store_fixture.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define MAILS_A_JOB 12 /* rows of a job stay under CELL_FN_ROWS_MAX */

static struct fixture F;
static size_t count = 1000000, rounds = 2000;
static bool cold; /* every request as the first one after a start */
static char account[ID_TEXT_MAX + 1], inbox_id[ID_TEXT_MAX + 1];

struct fill {
    struct blob_draft blob;
    struct str structure, insight;
    size_t from, n;
};

static int64_t received(size_t i) { return 1600000000000 + (int64_t)i * 60000; }

static int fill_fn(struct txn *t, void *arg)
{
    struct fill *f = arg;
    int64_t message, thread, inbox, uid, me = F.user[0].account;
    int r = mail_role_mailbox(t, F.org, me, ROLE_INBOX, &inbox);
    for (size_t k = 0; k < f->n && r == 0; k++) {
        size_t i = f->from + k;
        struct str id = arena_printf(t->arena, "%zu@bench.example", i);
        struct str before =
            arena_printf(t->arena, "%zu@bench.example", i - 1); /* every fourth answers the one before */
        struct mail_draft d = {.blob = &f->blob,
                               .structure = f->structure,
                               .insight = f->insight,
                               .insight_version = FACTS_INSIGHT_VERSION,
                               .message_id = id,
                               .references = &before,
                               .n_references = i % 4 == 3,
                               .subject = STR("Conferma d'ordine e fattura proforma"),
                               .subject_base = STR("Conferma d'ordine e fattura proforma"),
                               .from = {STR("Anna Rossi"), STR("anna@rossimarmi.example")},
                               .received_ms = received(i),
                               .preview = STR("Buongiorno, in allegato la conferma d'ordine con i tempi di consegna."),
                               .findings = STR("")};
        r = mail_add(t, F.org, me, &d, &message, &thread);
        if (r == 0)
            r = mail_place(t, F.org, me, inbox, message, &f->blob, d.received_ms,
                           i % 50    ? FLAG_SEEN
                           : i % 500 ? 0
                                     : FLAG_FLAGGED,
                           &uid);
    }
    return r;
}

static void fill(void)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct str raw =
        STR("From: Anna Rossi <anna@rossimarmi.example>\r\nTo: u0@azienda.example\r\nSubject: x\r\n\r\nciao\r\n");
    struct facts_part part = {.type = STR("text"),
                              .subtype = STR("plain"),
                              .header_len = raw.n - 6,
                              .body_off = raw.n - 6,
                              .body_len = 6,
                              .lines = 1,
                              .size = 6};
    struct buf s, in;
    struct fill f = {.n = 0};
    struct blob_draft *drafts[1] = {&f.blob};
    int code;
    buf_init(&s, FACTS_ENCODED_MAX);
    buf_init(&in, FACTS_ENCODED_MAX);
    facts_structure_put(&s, &(struct facts_structure){&part, 1});
    facts_insight_put(&in, &(struct facts_insight){.text = STR("ciao\n"), .preview = STR("ciao")});
    f.structure = buf_str(&s);
    f.insight = buf_str(&in);
    if (blob_prepare(&a, F.org, raw, &f.blob) != 0)
        abort();
    for (f.from = 0; f.from < count; f.from += f.n) {
        f.n = count - f.from < MAILS_A_JOB ? count - f.from : MAILS_A_JOB;
        if (cell_write_wait(F.cell, fill_fn, &f, drafts, 1, &code) != CELL_DURABLE) {
            fprintf(stderr, "jmap_bench: cannot fill: %d\n", code);
            exit(1);
        }
        if (f.from / 100000 != (f.from + f.n) / 100000)
            fprintf(stderr, "jmap_bench: %zu\n", f.from + f.n);
    }
    buf_free(&s);
    buf_free(&in);
}

/* One request; its time on the thread's own processor clock and on the wall, in microseconds. */
static void ask(const char *query, double *cpu, double *wall, size_t *bytes)
{
    struct timespec c0, c1, w0, w1;
    AUTO(buf) struct buf body, out;
    struct jmap_person p = {.cell = F.cell_id,
                            .org = F.org,
                            .account = F.user[0].account,
                            .address = STR("u0@azienda.example"),
                            .name = STR("U"),
                            .may_write = true};
    buf_init(&body, 1u << 20);
    buf_init(&out, JMAP_ANSWER_MAX);
    buf_printf(&body,
               "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\",\"urn:sigillo:guard\"],"
               "\"methodCalls\":[[\"Email/query\",{\"accountId\":\"%s\",%s,\"limit\":50},\"0\"],"
               "[\"Email/get\",{\"accountId\":\"%s\",\"#ids\":{\"resultOf\":\"0\",\"name\":\"Email/query\",\"path\":\"/"
               "ids\"},\"properties\":[\"id\",\"threadId\",\"mailboxIds\",\"keywords\","
               "\"from\",\"subject\",\"receivedAt\",\"preview\",\"hasAttachment\",\"size\",\"guardVerdict\"]},\"1\"]]}",
               account, query, account);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &c0);
    clock_gettime(CLOCK_MONOTONIC, &w0);
    struct jmap_run *r = jmap_run_new(NULL, &p, buf_str(&body), &out);
    int err = jmap_run_wait(F.cell, r);
    clock_gettime(CLOCK_MONOTONIC, &w1);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &c1);
    if (err != 0 || jmap_run_status(r) != 200 || str_find(buf_str(&out), STR("\"error\""), 0) >= 0) {
        fprintf(stderr, "jmap_bench: %d %.*s\n", err, STRF(str_upto(buf_str(&out), 500)));
        exit(1);
    }
    jmap_run_free(&r);
    *bytes = out.n;
    *cpu = (double)(c1.tv_sec - c0.tv_sec) * 1e6 + (double)(c1.tv_nsec - c0.tv_nsec) / 1e3;
    *wall = (double)(w1.tv_sec - w0.tv_sec) * 1e6 + (double)(w1.tv_nsec - w0.tv_nsec) / 1e3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* format with the mailbox's id for its @. */
static void put_query(char *out, size_t size, const char *format)
{
    const char *at = strchr(format, '@');
    if (at)
        snprintf(out, size, "%.*s%s%s", (int)(at - format), format, inbox_id, at + 1);
    else
        snprintf(out, size, "%s", format);
}

static void measure(const char *name, const char *format, const char *positions, size_t n)
{
    double *cpu = calloc(n, sizeof *cpu), *wall = calloc(n, sizeof *wall);
    size_t bytes = 0;
    uint64_t x = 88172645463325252ULL;
    for (size_t i = 0; i < n; i++) {
        char query[1024];
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        if (positions)
            snprintf(query, sizeof query,
                     "\"filter\":{\"inMailbox\":\"%s\"},\"sort\":[{\"property\":\"receivedAt\",\"isAscending\":false}],"
                     "%s\"position\":%zu",
                     inbox_id, positions, (size_t)(x % (count * 3 / 4)));
        else
            put_query(query, sizeof query, format);
        if (cold)
            list_marks_forget();
        ask(query, &cpu[i], &wall[i], &bytes);
    }
    qsort(cpu, n, sizeof *cpu, by_value);
    qsort(wall, n, sizeof *wall, by_value);
    printf("%-34s cpu p50 %7.2f ms  p99 %7.2f ms   wall p50 %7.2f ms  p99 %7.2f ms  %zu bytes\n", name,
           cpu[n / 2] / 1e3, cpu[n * 99 / 100] / 1e3, wall[n / 2] / 1e3, wall[n * 99 / 100] / 1e3, bytes);
    fflush(stdout);
    free(cpu);
    free(wall);
}

static int find_inbox(struct txn *t, void *arg)
{
    return mail_role_mailbox(t, F.org, F.user[0].account, ROLE_INBOX, arg);
}

int main(int argc, char **argv)
{
    enum db_engine engine = DB_SQLITE;
    int64_t inbox;
    struct rusage u;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--engine") == 0)
            engine = strcmp(argv[i + 1], "postgresql") == 0 ? DB_POSTGRESQL : DB_SQLITE;
        else if (strcmp(argv[i], "--count") == 0)
            count = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--rounds") == 0)
            rounds = strtoul(argv[i + 1], NULL, 10);
    }
    fixture_open(&F, engine);
    id_text(F.user[0].account, account);
    fill();
    if (cell_read_wait(F.cell, find_inbox, &inbox) != 0)
        abort();
    id_text(inbox, inbox_id);
#define BOX "\"filter\":{\"inMailbox\":\"@\"},\"sort\":[{\"property\":\"receivedAt\",\"isAscending\":false}]"
    measure("first page", BOX, NULL, rounds);
    measure("first page, conversations, total", BOX ",\"collapseThreads\":true,\"calculateTotal\":true", NULL, rounds);
    measure("page at any position", NULL, "", rounds / 4);
    measure("conversations at any position", NULL, "\"collapseThreads\":true,\"calculateTotal\":true,", rounds / 4);
    cold = true;
    measure("any position, cold", NULL, "", rounds / 40 + 1);
    measure("conversations, cold", NULL, "\"collapseThreads\":true,\"calculateTotal\":true,", rounds / 40 + 1);
    cold = false;
    measure("unread, total", "\"filter\":{\"inMailbox\":\"@\",\"notKeyword\":\"$seen\"},\"calculateTotal\":true", NULL,
            rounds / 4);
    measure("flagged", "\"filter\":{\"inMailbox\":\"@\",\"hasKeyword\":\"$flagged\"}", NULL, rounds / 4);
    measure("a month",
            "\"filter\":{\"inMailbox\":\"@\",\"after\":\"2021-01-01T00:00:00Z\",\"before\":\"2021-02-01T00:00:00Z\"}",
            NULL, rounds / 4);
    measure("whole account", "\"sort\":[{\"property\":\"receivedAt\",\"isAscending\":false}]", NULL, rounds / 4);
    getrusage(RUSAGE_SELF, &u);
    printf("memory at most %ld MB, %zu messages\n", u.ru_maxrss / 1024, count);
    fixture_close(&F);
    return 0;
}
