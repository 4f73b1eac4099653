/* The store alone: W writers, each hands in its next message when its last one is durable, as sessions of the server do: two threads prepare for
 * all of them. Prints messages/s, CPU a
 * message, groups, percentiles. store_bench [--engine sqlite|postgresql] [--writers 32] [--size 20480] [--count 100000]
 * [--accounts 100] store_bench --start FIRMS MAILBOXES   makes that many firms and people, then times a start
 * PostgreSQL: the server of SIGILLO_PG_URL, else one of its own. The figures of a run are on stderr as one line of key=value. */
#include "store/store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* What the facts of real mail of 15 to 25 KB take (medians over phishing, spam and ham). */
#define STRUCTURE 64
#define INSIGHT 1400
#define PREPARERS 2

struct job {
    struct arena arena;
    struct arena_mark mark;
    struct blob_draft blob;
    struct blob_draft *drafts[1];
    struct mail_draft d;
    int64_t account, message, thread, uid;
    struct job *next; /* in the queue */
    size_t n;         /* its message */
    int64_t from;     /* ns */
};
struct options {
    size_t writers, size, count, accounts;
};

static struct fixture F;
static struct options O = {.writers = 32, .size = 20480, .count = 50000, .accounts = 100};
static int64_t *accounts;
static atomic_size_t next_job;
static atomic_int coming;
static atomic_ullong prepare_ns; /* CPU of hashing and compressing, part of cpu_us */
static uint32_t *latency_us;
static char *corpus;
#define CORPUS (4u << 20)

/* True while a writer prepares its next message or is about to: what DATA and scan are to the server. */
static bool more_coming(void *ctx) { return (void)ctx, atomic_load(&coming) > 0; }

static int deliver(struct txn *t, void *arg)
{
    struct job *j = arg;
    int64_t inbox;
    int r = mail_role_mailbox(t, F.org, j->account, ROLE_INBOX, &inbox);
    if (r == 0)
        r = mail_add(t, F.org, j->account, &j->d, &j->message, &j->thread);
    return r ? r : mail_place(t, F.org, j->account, inbox, j->message, j->d.blob, j->d.received_ms, 0, &j->uid);
}

/* Bodies are cut from real mail when SIGILLO_DATA names a folder with ham/, else from words and numbers. */
static size_t fill_from(const char *data)
{
    char cmd[512];
    snprintf(cmd, sizeof cmd, "find '%s/ham' -type f -print0 | sort -z | xargs -0 cat", data);
    FILE *f = popen(cmd, "r");
    size_t n = f ? fread(corpus, 1, CORPUS, f) : 0;
    if (f)
        pclose(f);
    return n;
}

static void fill_corpus(void)
{
    static const char *const words[] = {"fattura", "pagamento", "ordine", "cordiali", "saluti",   "allegato",
                                        "il",      "la",        "di",     "conto",    "bonifico", "scadenza"};
    corpus = malloc(CORPUS + 64);
    uint32_t x = 12345;
    for (size_t at = getenv("SIGILLO_DATA") ? fill_from(getenv("SIGILLO_DATA")) : 0; at < CORPUS;) {
        x = x * 1664525u + 1013904223u;
        const char *w = words[(x >> 20) % N_ELEMENTS(words)];
        at += (size_t)(x >> 30 ? snprintf(corpus + at, 32, "%s ", w) : snprintf(corpus + at, 32, "%08x ", x));
    }
}

static void prepare(struct job *j, size_t n)
{
    arena_reset(&j->arena, j->mark);
    struct arena *a = &j->arena;
    char *body = arena_alloc(a, O.size);
    memcpy(body, corpus + n * 7919 % (CORPUS - O.size - 64), O.size);
    int head = snprintf(body, 64, "Message-ID: <%zu@bench.example>\r\n", n);
    body[head] = 'x';
    if (blob_prepare(a, F.org, str_n(body, O.size), &j->blob) != 0)
        abort();
    j->drafts[0] = &j->blob;
    j->account = accounts[n % O.accounts];
    j->d = (struct mail_draft){.blob = &j->blob,
                               .structure = str_n(corpus, STRUCTURE),
                               .insight = str_n(body + 64, INSIGHT),
                               .insight_version = 1,
                               .message_id = arena_printf(a, "%zu@bench.example", n),
                               .subject = arena_printf(a, "Fattura numero %zu", n),
                               .subject_base = arena_printf(a, "Fattura numero %zu", n),
                               .from = {STR("Mario Rossi"), STR("mario@fornitore.example")},
                               .received_ms = env_wall_ms(env_system()),
                               .preview = str_n(body + 64, 200),
                               .verdict = VERDICT_ACCEPT,
                               .accepted_id = arena_printf(a, "t%zu", n)};
    if (mail_draft_prepare(a, &j->d) != 0)
        abort();
}

static int64_t thread_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* ---- writers: those that have their answer wait in a queue for one of the two threads ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct job *first, **last;
    size_t idle, ended;
} Q = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, &Q.first, 0, 0};

static void writer_ready(struct job *j)
{
    pthread_mutex_lock(&Q.lock);
    j->next = NULL;
    *Q.last = j;
    Q.last = &j->next;
    if (Q.idle)
        pthread_cond_signal(&Q.more);
    pthread_mutex_unlock(&Q.lock);
}

/* NULL: every writer has ended. */
static struct job *writer_next(void)
{
    pthread_mutex_lock(&Q.lock);
    Q.idle++;
    while (!Q.first && Q.ended < O.writers)
        pthread_cond_wait(&Q.more, &Q.lock);
    Q.idle--;
    struct job *j = Q.first;
    if (j && !(Q.first = j->next))
        Q.last = &Q.first;
    pthread_mutex_unlock(&Q.lock);
    return j;
}

static void writer_end(struct job *j)
{
    arena_free(&j->arena);
    pthread_mutex_lock(&Q.lock);
    Q.ended++;
    pthread_cond_broadcast(&Q.more);
    pthread_mutex_unlock(&Q.lock);
    atomic_fetch_sub(&coming, 1);
}

static void on_durable(void *arg, enum cell_outcome outcome, int code)
{
    struct job *j = arg;
    if (outcome != CELL_DURABLE) {
        fprintf(stderr, "message %zu: code %d\n", j->n, code);
        abort();
    }
    latency_us[j->n] = (uint32_t)((env_mono_ns(env_system()) - j->from) / 1000);
    atomic_fetch_add(&coming, 1);
    writer_ready(j);
}

static void *preparer(void *arg)
{
    (void)arg;
    for (struct job *j; (j = writer_next());) {
        j->n = atomic_fetch_add(&next_job, 1);
        if (j->n >= O.count) {
            writer_end(j);
            continue;
        }
        j->from = env_mono_ns(env_system());
        int64_t cpu = thread_ns();
        prepare(j, j->n);
        atomic_fetch_add(&prepare_ns, (unsigned long long)(thread_ns() - cpu));
        if (cell_write(F.cell, deliver, j, j->drafts, 1, on_durable) != 0)
            abort();
        atomic_fetch_sub(&coming, 1);
    }
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void make_people(size_t n)
{
    struct err e = {0};
    struct new_user *u = calloc(n, sizeof *u);
    accounts = calloc(n, sizeof *accounts);
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    for (size_t i = 0; i < n; i++)
        u[i] = (struct new_user){arena_printf(&a, "p%zu@azienda.example", i), STR("Persona"), STR("$argon2id$none")};
    if (users_create(F.store, F.org, u, n, &e) != 0)
        fixture_fail("people", &e);
    for (size_t i = 0; i < n; i++) {
        struct place_of at;
        if (directory_find(F.store, u[i].address, &at) != 0)
            abort();
        accounts[i] = at.account;
    }
    free(u);
}

static void run_writers(void)
{
    struct cell_stats before, after;
    pthread_t t[PREPARERS];
    struct job *jobs = calloc(O.writers, sizeof *jobs);
    make_people(O.accounts);
    fill_corpus();
    latency_us = calloc(O.count, sizeof *latency_us);
    F.conf.more_coming = more_coming;
    fixture_reopen(&F);
    cell_stats(F.cell, &before);
    double cpu = cpu_s();
    int64_t from = env_mono_ns(env_system());
    for (size_t i = 0; i < O.writers; i++) {
        arena_init(&jobs[i].arena, ARENA_NO_LIMIT);
        (void)arena_alloc(&jobs[i].arena, 1);
        jobs[i].mark = arena_mark(&jobs[i].arena);
        atomic_fetch_add(&coming, 1);
        writer_ready(&jobs[i]);
    }
    for (size_t i = 0; i < PREPARERS; i++)
        pthread_create(&t[i], NULL, preparer, NULL);
    for (size_t i = 0; i < PREPARERS; i++)
        pthread_join(t[i], NULL);
    free(jobs);
    double took = (double)(env_mono_ns(env_system()) - from) / 1e9;
    cpu = cpu_s() - cpu;
    cell_stats(F.cell, &after);
    qsort(latency_us, O.count, sizeof *latency_us, by_value);
    fprintf(stderr,
            "messages=%zu bytes=%zu writers=%zu per_second=%.0f cpu_us=%.1f prepare_us=%.1f groups=%llu per_group=%.1f "
            "p50_ms=%.2f "
            "p99_ms=%.2f max_ms=%.2f\n",
            O.count, O.size, O.writers, (double)O.count / took, cpu * 1e6 / (double)O.count,
            (double)atomic_load(&prepare_ns) / 1e3 / (double)O.count,
            (unsigned long long)(after.groups - before.groups),
            (double)O.count / (double)(after.groups - before.groups), latency_us[O.count / 2] / 1e3,
            latency_us[O.count * 99 / 100] / 1e3, latency_us[O.count - 1] / 1e3);
}

static long rss_kb(void)
{
    long pages = 0, size;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%ld %ld", &size, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void run_start(size_t firms, size_t boxes)
{
    struct err e = {0};
    struct new_user *u = calloc(boxes, sizeof *u);
    AUTO(arena) struct arena a;
    for (size_t i = 0; i < firms; i++) {
        int64_t org, cell;
        arena_init(&a, ARENA_NO_LIMIT);
        struct new_firm f = {arena_printf(&a, "Firma %zu", i), arena_printf(&a, "f%zu.example", i)};
        for (size_t k = 0; k < boxes; k++)
            u[k] =
                (struct new_user){arena_printf(&a, "p%zu@f%zu.example", k, i), STR("Persona"), STR("$argon2id$none")};
        if (firm_create(F.store, &f, &org, &cell, &e) != 0 || users_create(F.store, org, u, boxes, &e) != 0)
            fixture_fail("firm", &e);
        arena_free(&a);
    }
    free(u);
    store_close(&F.store);
    int64_t from = env_mono_ns(env_system());
    if (store_open(&F.store, &F.conf, &F.env, &e) != 0 || store_cell(F.store, F.cell_id, &F.cell, &e) != 0)
        fixture_fail("open", &e);
    for (size_t i = 0; i < 1000; i++) {
        struct place_of at;
        arena_init(&a, ARENA_NO_LIMIT);
        if (directory_find(F.store, arena_printf(&a, "p0@f%zu.example", i * 7919 % firms), &at) != 0)
            abort();
        arena_free(&a);
    }
    double took = (double)(env_mono_ns(env_system()) - from) / 1e6;
    fprintf(stderr, "firms=%zu mailboxes=%zu start_and_1000_lookups_ms=%.1f rss_mb=%.1f\n", firms, firms * boxes, took,
            (double)rss_kb() / 1024);
}

int main(int argc, char **argv)
{
    enum db_engine engine = DB_SQLITE;
    size_t firms = 0, boxes = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *k = argv[i], *v = argv[i + 1];
        if (strcmp(k, "--engine") == 0)
            engine = strcmp(v, "postgresql") == 0 ? DB_POSTGRESQL : DB_SQLITE;
        else if (strcmp(k, "--writers") == 0)
            O.writers = strtoul(v, NULL, 10);
        else if (strcmp(k, "--size") == 0)
            O.size = strtoul(v, NULL, 10);
        else if (strcmp(k, "--count") == 0)
            O.count = strtoul(v, NULL, 10);
        else if (strcmp(k, "--accounts") == 0)
            O.accounts = strtoul(v, NULL, 10);
        else if (strcmp(k, "--start") == 0 && i + 2 < argc) {
            firms = strtoul(v, NULL, 10);
            boxes = strtoul(argv[++i + 1], NULL, 10);
        } else {
            fprintf(stderr, "store_bench: unknown option %s\n", k);
            return 2;
        }
    }
    if (O.writers > 1024 || O.size < 256)
        return 2;
    fixture_open(&F, engine);
    if (firms)
        run_start(firms, boxes);
    else
        run_writers();
    fixture_close(&F);
    return 0;
}
