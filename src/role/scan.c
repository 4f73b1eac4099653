/* The scan role: a zygote that loads libraries and converters once and forks sealed workers, which alone look into
 * messages.
 *
 * sigillo-scan                            a role of the server; started by the supervisor
 * sigillo-scan --serve                    for `sigillo scan`: descriptor 3 asks for workers, as net does
 * sigillo-scan --facts [--unsealed] [--print] FILE...   reads messages as the server would and prints a digest of their
 * facts (tests compare sealed and unsealed; "-": names of files on stdin, one a line); --print: the facts as JSON, one
 * line a file */
#include "core/hash.h"
#include "core/log.h"
#include "extract/extract.h"
#include "facts/print.h"
#include "os/role.h"
#include "os/role_table.h"
#include "os/spawn.h"
#include "os/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCAN_WORKER_MEMORY (512ull * 1024 * 1024)
#define SCAN_WORKER_CPU_S 60 /* in its whole life; the time of one message is net's to watch */
#define SCAN_WORKER_FILES 16

/* The zygote: forks and hands over descriptors; no sockets, no programs, no path. */
static const struct sandbox_spec scan_sandbox = {.calls = SANDBOX_SERVICE, .flags = SANDBOX_NO_SOCKET, .files = 1024};
/* A worker: see sandbox_calls.c. */
static const struct sandbox_spec worker_sandbox = {
    .calls = SANDBOX_SEALED,
    .memory = SCAN_WORKER_MEMORY,
    .cpu_s = SCAN_WORKER_CPU_S,
    .files = SCAN_WORKER_FILES,
    .file_size = SCAN_FACTS_MAX,
};

static struct extract_ctx *extract;
static struct zygote zygote;
static bool print_json; /* --print */

static int work(void *ctx, struct str bytes, struct buf *structure, struct buf *insight);
static int scan_init(struct role_ctx *r);
static int scan_run(struct role_ctx *r);
static int control_event(struct role_ctx *r, int fds[ROLE_PEERS_MAX]);
static int signals_open(void);
static int serve_main(void);
static int facts_main(int argc, char **argv);
static int facts_of(const char *path, int *worker, unsigned *jobs);
static int facts_answer(const char *path, int worker, uint64_t size);
static void facts_json(const char *path, const struct scan_facts *f, uint64_t size);

static int work(void *ctx, struct str bytes, struct buf *structure, struct buf *insight)
{
    return extract_message(ctx, bytes, structure, insight);
}

static int scan_init(struct role_ctx *r)
{
    struct err e = {0};
    if (extract_open(&extract, &e) != 0) {
        log_error("scan.start.failed", L_Z("why", e.text));
        return 1;
    }
    unsigned workers = (unsigned)conf_i(&r->conf, CONF_SCAN_WORKERS);
    return zygote_init(&zygote, &worker_sandbox, work, extract, workers) == 0 ? 0 : 1;
}

static int signals_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* 1: stop. */
static int control_event(struct role_ctx *r, int fds[ROLE_PEERS_MAX])
{
    struct role_event ev;
    while (role_control(r, &ev) == 0) {
        if (ev.kind == ROLE_STOP)
            return 1;
        if (ev.kind != ROLE_PEER)
            continue;
        bool placed = false;
        for (size_t i = 0; i < ROLE_PEERS_MAX; i++)
            if (str_eq(ev.name, str_c(role_peer_name(i)))) {
                if (fds[i] >= 0)
                    close(fds[i]);
                zygote_kill(&zygote, (int)i, 0);
                fds[i] = ev.fd;
                placed = true;
            }
        if (!placed)
            close(ev.fd);
    }
    return 0;
}

static int scan_run(struct role_ctx *r)
{
    if (zygote_try_seal(&zygote, &r->report) != 0)
        return 1;
    int fds[ROLE_PEERS_MAX], sig = signals_open();
    for (size_t i = 0; i < ROLE_PEERS_MAX; i++)
        fds[i] = role_take(r, "channel", role_peer_name(i), 0);
    if (sig < 0 || role_ready(r) != 0)
        return 1;
    for (;;) {
        /* poll skips negative descriptors, so the places need no packing */
        struct pollfd p[2 + ROLE_PEERS_MAX] = {{r->control, POLLIN, 0}, {sig, POLLIN, 0}};
        for (size_t i = 0; i < ROLE_PEERS_MAX; i++)
            p[2 + i] = (struct pollfd){fds[i], POLLIN, 0};
        if (poll(p, N_ELEMENTS(p), -1) < 0 && errno != EINTR)
            return 1;
        struct signalfd_siginfo si;
        while (read(sig, &si, sizeof(si)) > 0)
            zygote_reap(&zygote);
        for (size_t i = 0; i < ROLE_PEERS_MAX; i++) {
            if (!p[2 + i].revents || fds[i] < 0)
                continue;
            int s = zygote_serve(&zygote, (int)i, fds[i]);
            if (s != 0 && s != ERR_BUSY) {
                if (s != ERR_GONE)
                    log_error("scan.peer.bad", L_Z("peer", role_peer_name(i)), L_Z("code", err_name(s)));
                close(fds[i]);
                fds[i] = -1;
            }
        }
        if (p[0].revents && control_event(r, fds))
            return 0;
    }
}

static void facts_json(const char *path, const struct scan_facts *f, uint64_t size)
{
    struct facts_structure s;
    struct facts_insight in;
    struct json_w w;
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf out;
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&out, 64u << 20);
    json_init(&w, &out);
    int r = facts_structure_get(&a, f->structure, size, &s);
    if (r == 0)
        r = facts_insight_get(&a, f->insight, &in);
    if (r == 0)
        facts_print(&w, &s, &in);
    if (r != 0 || out.err)
        fprintf(stderr, "sigillo-scan: %s: %s\n", path, r != 0 ? err_name(r) : "too large to print");
    else
        printf("%.*s\n", (int)out.n, out.p);
}

static int facts_answer(const char *path, int worker, uint64_t size)
{
    static char msg[CHANNEL_MSG_MAX];
    static const uint64_t seed_a[2] = {1, 2}, seed_b[2] = {3, 4};
    struct channel_msg m;
    struct scan_facts f;
    AUTO(buf) struct buf hold = {0};
    buf_init(&hold, SCAN_FACTS_MAX);
    if (channel_recv(worker, msg, sizeof(msg), &m) != 0 || scan_facts_read(&m, &f, &hold) != 0) {
        printf("%s died\n", path);
        return 1;
    }
    channel_msg_close(&m);
    if (print_json && f.status == SCAN_DONE) {
        facts_json(path, &f, size);
        return 0;
    }
    printf("%s %d %zu %zu %016llx%016llx %016llx%016llx\n", path, (int)f.status, f.structure.n, f.insight.n,
           (unsigned long long)siphash13(seed_a, f.structure.p, f.structure.n),
           (unsigned long long)siphash13(seed_b, f.structure.p, f.structure.n),
           (unsigned long long)siphash13(seed_a, f.insight.p, f.insight.n),
           (unsigned long long)siphash13(seed_b, f.insight.p, f.insight.n));
    return f.status == SCAN_DONE ? 0 : 1;
}

static int facts_of(const char *path, int *worker, unsigned *jobs)
{
    struct stat st;
    uint32_t number;
    AUTO(fd) int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &st) != 0) {
        fprintf(stderr, "sigillo-scan: %s: %s\n", path, strerror(errno));
        return 1;
    }
    if (*worker >= 0 && *jobs == SCAN_WORKER_JOBS) {
        close(*worker);
        *worker = -1;
    }
    zygote_reap(&zygote);
    if (*worker < 0) {
        *jobs = 0;
        if (zygote_fork(&zygote, 0, &number, worker) != 0)
            return 1;
    }
    ++*jobs;
    int r = scan_job_send(*worker, 1, 0, STR_NULL, file, (uint64_t)st.st_size) == 0
                ? facts_answer(path, *worker, (uint64_t)st.st_size)
                : 1;
    if (r != 0) {
        close(*worker);
        *worker = -1;
    }
    return r;
}

static int facts_main(int argc, char **argv)
{
    struct err e = {0};
    int worker = -1, bad = 0, i = 2;
    unsigned jobs = 0;
    bool unsealed = false;
    char line[PATH_MAX];

    for (; i < argc && argv[i][0] == '-' && argv[i][1] == '-'; i++) {
        unsealed = unsealed || strcmp(argv[i], "--unsealed") == 0;
        print_json = print_json || strcmp(argv[i], "--print") == 0;
    }
    signal(SIGPIPE, SIG_IGN);
    if (extract_open(&extract, &e) != 0) {
        fprintf(stderr, "sigillo-scan: %s\n", e.text);
        return 1;
    }
    if (zygote_init(&zygote, unsealed ? NULL : &worker_sandbox, work, extract, ZYGOTE_WORKERS_MAX) != 0)
        return 1;
    for (; i < argc; i++) {
        if (strcmp(argv[i], "-") != 0) {
            bad += facts_of(argv[i], &worker, &jobs);
            continue;
        }
        while (fgets(line, sizeof(line), stdin)) {
            line[strcspn(line, "\n")] = '\0';
            bad += facts_of(line, &worker, &jobs);
        }
    }
    extract_close(&extract);
    return bad != 0;
}

/* Ends when the other side of descriptor 3 is closed; the workers die with us. */
static int serve_main(void)
{
    struct err e = {0};
    struct signalfd_siginfo si;
    int sig = signals_open();
    signal(SIGPIPE, SIG_IGN);
    if (sig < 0 || extract_open(&extract, &e) != 0) {
        fprintf(stderr, "sigillo-scan: %s\n", e.text);
        return 1;
    }
    if (zygote_init(&zygote, &worker_sandbox, work, extract, ZYGOTE_WORKERS_MAX) != 0)
        return 1;
    for (;;) {
        struct pollfd p[] = {{SPAWN_CONTROL_FD, POLLIN, 0}, {sig, POLLIN, 0}};
        if (poll(p, N_ELEMENTS(p), -1) < 0 && errno != EINTR)
            return 1;
        while (p[1].revents && read(sig, &si, sizeof(si)) > 0)
            zygote_reap(&zygote);
        int r = p[0].revents ? zygote_serve(&zygote, 0, SPAWN_CONTROL_FD) : 0;
        if (r != 0 && r != ERR_BUSY)
            return r == ERR_GONE ? 0 : 1;
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--serve") == 0)
        return serve_main();
    static const struct role role = {"scan", &scan_sandbox, scan_init, scan_run};
    if (argc > 1 && strcmp(argv[1], "--facts") == 0)
        return facts_main(argc, argv);
    return role_main(&role);
}
