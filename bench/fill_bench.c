/* Makes a state large: firms with people, and messages in the first firm's mailboxes. The state exists (sigillo init) and no server runs on it.
 * fill_bench --state DIR [--firms 10000] [--boxes 10] [--messages N] [--size 20480] [--known N [--of ADDRESS]]
 * Firms are f<i>.example, people p<k>@f<i>.example. Bodies do not compress: --messages times --size is what the packs grow by.
 * --known: so many addresses, each of a firm of its own, that the guard knows as correspondents of the firm of --of (p0@f0.example). */
#include "guard/guard.h"
#include "store/account.h"
#include "store/known.h"
#include "store/mail.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 32
#define NOISE (8u << 20)
#define BOXES_MAX 1000u
#define HEAD_MAX 512

struct options {
    const char *state, *of;
    size_t firms, boxes, messages, size, known;
};
struct job {
    struct arena arena;
    struct blob_draft blob;
    struct blob_draft *drafts[1];
    struct mail_draft d;
    int64_t account, message, thread, uid;
};

static struct options O = {.of = "p0@f0.example", .size = 20480};
static struct store *store;
static struct cell *cell;
static int64_t org, *accounts;
static size_t n_accounts;
static atomic_size_t next;
static atomic_int coming;
static char *noise;

static void fail(const char *what, const struct err *e)
{
    fprintf(stderr, "fill_bench: %s: %s\n", what, e ? e->text : "");
    exit(1);
}

static bool more_coming(void *ctx) { return (void)ctx, atomic_load(&coming) > 0; }

static void make_firm(size_t i, struct arena *a, struct new_user *u)
{
    struct err e = {0};
    int64_t number, at;
    struct new_firm f = {arena_printf(a, "Firma %zu", i), arena_printf(a, "f%zu.example", i)};
    for (size_t k = 0; k < O.boxes; k++)
        u[k] = (struct new_user){arena_printf(a, "p%zu@f%zu.example", k, i), STR("Persona"), STR("$argon2id$none")};
    if (firm_create(store, &f, &number, &at, &e) != 0 || users_create(store, number, u, O.boxes, &e) != 0)
        fail("firm", &e);
}

static void *firms_main(void *arg)
{
    struct new_user *u = calloc(BOXES_MAX, sizeof *u);
    (void)arg;
    for (size_t i; (i = atomic_fetch_add(&next, 1)) < O.firms;) {
        struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        make_firm(i, &a, u);
        arena_free(&a);
    }
    free(u);
    return NULL;
}

static int deliver(struct txn *t, void *arg)
{
    struct job *j = arg;
    int64_t inbox;
    int r = mail_role_mailbox(t, org, j->account, ROLE_INBOX, &inbox);
    if (r == 0)
        r = mail_add(t, org, j->account, &j->d, &j->message, &j->thread);
    return r ? r : mail_place(t, org, j->account, inbox, j->message, j->d.blob, j->d.received_ms, 0, &j->uid);
}

static void prepare(struct job *j, size_t n)
{
    struct arena *a = &j->arena;
    char *body = arena_alloc(a, O.size);
    memcpy(body, noise + n * 7919 % (NOISE - O.size), O.size);
    int head = snprintf(
        body, HEAD_MAX,
        "From: c@cliente.example\r\nSubject: Ordine %zu\r\nMessage-ID: <fill.%zu@cliente.example>\r\n\r\n", n, n);
    body[head] = 'x';
    if (blob_prepare(a, org, str_n(body, O.size), &j->blob) != 0)
        fail("blob_prepare", NULL);
    j->drafts[0] = &j->blob;
    j->account = accounts[n % n_accounts];
    j->d = (struct mail_draft){.blob = &j->blob,
                               .structure = str_n(body, 100),
                               .insight = str_n(body, 100),
                               .insight_version = 1,
                               .message_id = arena_printf(a, "fill.%zu@cliente.example", n),
                               .subject = arena_printf(a, "Ordine %zu", n),
                               .subject_base = arena_printf(a, "Ordine %zu", n),
                               .from = {STR("Cliente"), STR("c@cliente.example")},
                               .received_ms = env_wall_ms(env_system()),
                               .verdict = VERDICT_ACCEPT,
                               .accepted_id = arena_printf(a, "fill%zu", n)};
}

static void *messages_main(void *arg)
{
    (void)arg;
    for (size_t n; (n = atomic_fetch_add(&next, 1)) < O.messages;) {
        struct job j = {0};
        int code;
        arena_init(&j.arena, ARENA_NO_LIMIT);
        atomic_fetch_add(&coming, 1);
        prepare(&j, n);
        atomic_fetch_sub(&coming, 1);
        if (cell_write_wait(cell, deliver, &j, j.drafts, 1, &code) != CELL_DURABLE)
            fail("message", NULL);
        arena_free(&j.arena);
    }
    return NULL;
}

#define KNOWN_JOB 40u
#define KNOWN_SINCE_MS (200LL * 24 * 3600 * 1000) /* they have written for as long */

static int learn_one(struct txn *t, size_t i)
{
    const struct guard_history none = {0};
    const struct guard_verdict accepted = {.action = GUARD_ACCEPT};
    struct guard_lessons *l = arena_new(t->arena, struct guard_lessons);
    struct guard_input in = {.from_name = arena_printf(t->arena, "Persona Numero%zu", i),
                             .from_addr =
                                 arena_printf(t->arena, "persona%zu@ditta%zux%zu.example", i, i * 7919 % 999983, i),
                             .from_domain = arena_printf(t->arena, "ditta%zux%zu.example", i * 7919 % 999983, i),
                             .message_id = arena_printf(t->arena, "%zu@fill.example", i),
                             .now_ms = t->now_ms};
    guard_lessons(&in, &none, &accepted, t->arena, l);
    int r = 0;
    for (size_t k = 0; k < l->n && r == 0; k++)
        r = known_add(t, org, &(struct known_key){(int)l->v[k].kind, l->v[k].key}, l->v[k].value,
                      t->now_ms - KNOWN_SINCE_MS, 4, 1);
    return r;
}

static int learn(struct txn *t, void *arg)
{
    size_t from = *(size_t *)arg;
    int r = 0;
    for (size_t i = from; i < from + KNOWN_JOB && i < O.known && r == 0; i++)
        r = learn_one(t, i);
    return r;
}

static void *known_main(void *arg)
{
    (void)arg;
    for (size_t n; (n = atomic_fetch_add(&next, KNOWN_JOB)) < O.known;) {
        int code;
        if (cell_write_wait(cell, learn, &n, NULL, 0, &code) != CELL_DURABLE)
            fail("known", NULL);
    }
    return NULL;
}

static void run(void *(*body)(void *))
{
    pthread_t t[THREADS];
    atomic_store(&next, 0);
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&t[i], NULL, body, NULL) != 0)
            fail("pthread_create", NULL);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
}

static void find_firm(const char *address)
{
    struct err e = {0};
    struct place_of at;
    if (directory_find(store, str_c(address), &at) != 0)
        fail("no such person; make firms first", NULL);
    org = at.org;
    if (store_cell(store, at.cell, &cell, &e) != 0)
        fail("cell", &e);
}

static void find_accounts(void)
{
    struct err e = {0};
    struct place_of at;
    accounts = calloc(O.boxes, sizeof *accounts);
    for (size_t k = 0; k < O.boxes; k++) {
        char address[64];
        int n = snprintf(address, sizeof address, "p%zu@f0.example", k);
        if (directory_find(store, str_n(address, (size_t)n), &at) != 0)
            fail("no such person; make firms first", NULL);
        accounts[n_accounts++] = at.account;
    }
    org = at.org;
    if (store_cell(store, at.cell, &cell, &e) != 0)
        fail("cell", &e);
    noise = malloc(NOISE);
    env_random(env_system(), noise, NOISE);
}

int main(int argc, char **argv)
{
    const struct {
        const char *name;
        size_t *out;
    } numbers[] = {{"--firms", &O.firms},
                   {"--boxes", &O.boxes},
                   {"--messages", &O.messages},
                   {"--size", &O.size},
                   {"--known", &O.known}};
    struct err e = {0};
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--state") == 0)
            O.state = argv[i + 1];
        if (strcmp(argv[i], "--of") == 0)
            O.of = argv[i + 1];
        for (size_t k = 0; k < N_ELEMENTS(numbers); k++)
            if (strcmp(argv[i], numbers[k].name) == 0)
                *numbers[k].out = strtoul(argv[i + 1], NULL, 10);
    }
    if (!O.state || !O.boxes || O.boxes > BOXES_MAX || O.size < HEAD_MAX || O.size > NOISE / 2) {
        fprintf(stderr, "fill_bench: --state and --boxes (1 to %u) are needed\n", BOXES_MAX);
        return 2;
    }
    struct store_conf conf = {.state = O.state, .engine = DB_SQLITE, .group_ms = 10, .more_coming = more_coming};
    if (store_open(&store, &conf, env_system(), &e) != 0)
        fail("open", &e);
    run(firms_main);
    if (O.messages) {
        find_accounts();
        run(messages_main);
    }
    if (O.known) {
        find_firm(O.of);
        run(known_main);
    }
    store_close(&store);
    free(accounts);
    free(noise);
    return 0;
}
