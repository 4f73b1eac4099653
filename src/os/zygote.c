#include "os/zygote.h"
#include "core/fault.h"
#include "core/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKER_FD 3
#define WORKER_HALF_MAX (SCAN_FACTS_MAX / 2)

static void worker(struct zygote *z, int fd, pid_t parent) NORETURN;
static bool worker_job(struct zygote *z, const struct channel_msg *m);
static bool worker_answer(uint64_t id, int result, const struct buf *structure, const struct buf *insight);
static unsigned alive(const struct zygote *z, int peer);

int zygote_init(struct zygote *z, const struct sandbox_spec *seal, zygote_work_fn *work, void *ctx, unsigned per_peer)
{
    *z = (struct zygote){.seal = seal, .work = work, .ctx = ctx, .per_peer = per_peer, .msg = malloc(CHANNEL_MSG_MAX)};
    return z->msg ? 0 : ERR_NOMEM;
}

static bool worker_answer(uint64_t id, int result, const struct buf *structure, const struct buf *insight)
{
    int sent = result == 0 ? scan_facts_send(WORKER_FD, id, SCAN_DONE, buf_str(structure), buf_str(insight))
                           : scan_facts_send(WORKER_FD, id, SCAN_TOO_LARGE, STR_NULL, STR_NULL);
    return sent == 0 && result == 0;
}

/* True when the worker may take another message. */
static bool worker_job(struct zygote *z, const struct channel_msg *m)
{
    struct scan_job job;
    struct buf structure, insight;
    if (scan_job_read(m, &job) != 0 || fault_point("scan.job"))
        return false;
    buf_init(&structure, WORKER_HALF_MAX);
    buf_init(&insight, WORKER_HALF_MAX);
    int r = z->work(z->ctx, job.bytes, &structure, &insight);
    if (structure.err || insight.err)
        r = ERR_LIMIT;
    bool more = worker_answer(m->id, r, &structure, &insight);
    buf_free(&structure);
    buf_free(&insight);
    scan_job_release(&job);
    return more;
}

static void worker(struct zygote *z, int fd, pid_t parent)
{
    struct sandbox_report report;
    struct err e = {0};
    struct channel_msg m;

    /* Nothing of the zygote may stay reachable: not its channels, not the supervisor's. */
    if (dup2(fd, WORKER_FD) != WORKER_FD || syscall(SYS_close_range, WORKER_FD + 1, ~0U, 0) != 0)
        _exit(1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    if (z->seal && sandbox_seal(z->seal, NULL, &report, &e) != 0) {
        log_error("scan.seal.failed", L_Z("why", e.text));
        _exit(1);
    }
    for (unsigned jobs = 0; jobs < SCAN_WORKER_JOBS; jobs++) {
        if (channel_recv(WORKER_FD, z->msg, CHANNEL_MSG_MAX, &m) != 0)
            _exit(0);
        bool more = worker_job(z, &m);
        channel_msg_close(&m);
        if (!more)
            break;
    }
    _exit(0); /* not exit(): handlers of libraries have nothing to do here, and some would open files */
}

int zygote_try_seal(struct zygote *z, struct sandbox_report *report)
{
    struct sandbox_report one = {.text = ""};
    struct err e = {0};
    int p[2], status = 0;
    if (pipe2(p, O_CLOEXEC) != 0)
        return ERR_SYS;
    pid_t pid = fork();
    if (pid == 0) {
        if (sandbox_seal(z->seal, NULL, &one, &e) != 0)
            log_error("scan.seal.failed", L_Z("why", e.text));
        size_t n = strlen(one.text);
        _exit(e.code == 0 && write(p[1], one.text, n) == (ssize_t)n ? 0 : 1);
    }
    close(p[1]);
    ssize_t got = pid < 0 ? -1 : read(p[0], one.text, sizeof(one.text) - 1);
    close(p[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0 || got <= 0)
        return ERR_SYS;
    struct str rest = str_n(one.text, (size_t)got), line;
    while (rest.n && str_token(&rest, '\n', &line)) {
        size_t n = strlen(report->text);
        if (line.n)
            snprintf(report->text + n, sizeof(report->text) - n, "worker.%.*s\n", STRF(line));
    }
    return 0;
}

static unsigned alive(const struct zygote *z, int peer)
{
    unsigned n = 0;
    for (size_t i = 0; i < ZYGOTE_WORKERS_MAX; i++)
        n += z->workers[i].pid && z->workers[i].peer == peer;
    return n;
}

int zygote_fork(struct zygote *z, int peer, uint32_t *number, int *out)
{
    size_t place = 0;
    int pair[2];
    while (place < ZYGOTE_WORKERS_MAX && z->workers[place].pid)
        place++;
    if (place == ZYGOTE_WORKERS_MAX || alive(z, peer) >= z->per_peer)
        return ERR_LIMIT;
    int r = channel_pair(pair);
    if (r != 0)
        return r;
    pid_t self = getpid(), pid = fork();
    if (pid == 0)
        worker(z, pair[1], self);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return ERR_SYS;
    }
    if (++z->last_number == 0)
        z->last_number = 1;
    z->workers[place] = (struct zygote_worker){pid, z->last_number, peer};
    *number = z->last_number;
    *out = pair[0];
    return 0;
}

int zygote_serve(struct zygote *z, int peer, int channel)
{
    struct channel_msg m;
    uint32_t number = 0;
    uint64_t org;
    AUTO(fd) int fd = -1;
    int r = channel_recv(channel, z->msg, CHANNEL_MSG_MAX, &m);
    if (r == ERR_BUSY)
        return r;
    if (r == 0 && m.type == MSG_SCAN_WORKER) {
        r = scan_worker_ask_read(&m, &org);
        zygote_reap(z); /* so that a worker that has just ended does not count */
        int forked = r == 0 ? zygote_fork(z, peer, &number, &fd) : r;
        if (forked != 0 && forked != ERR_LIMIT)
            log_error("scan.fork.failed", L_Z("code", err_name(forked)));
        if (r == 0)
            r = scan_worker_answer(channel, m.id, number, fd);
    } else if (r == 0 && m.type == MSG_SCAN_KILL) {
        r = scan_kill_read(&m, &number);
        if (r == 0 && number)
            zygote_kill(z, peer, number);
    } else if (r == 0) {
        r = ERR_CORRUPT;
    }
    channel_msg_close(&m);
    if (r != 0)
        zygote_kill(z, peer, 0);
    return r;
}

void zygote_kill(struct zygote *z, int peer, uint32_t number)
{
    for (size_t i = 0; i < ZYGOTE_WORKERS_MAX; i++) {
        const struct zygote_worker *w = &z->workers[i];
        if (w->pid && w->peer == peer && (number == 0 || w->number == number))
            kill(w->pid, SIGKILL);
    }
}

void zygote_reap(struct zygote *z)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        uint32_t number = 0;
        for (size_t i = 0; i < ZYGOTE_WORKERS_MAX; i++)
            if (z->workers[i].pid == pid) {
                number = z->workers[i].number;
                z->workers[i].pid = 0;
            }
        int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        if (sig == SIGSYS) /* either an attack, or a library that wants what the list does not give */
            log_error("scan.worker.forbidden_call", L_I("worker", number), L_I("pid", pid));
        else if (sig || WEXITSTATUS(status))
            log_warn("scan.worker.died", L_I("worker", number), L_I("signal", sig),
                     L_I("status", sig ? -1 : WEXITSTATUS(status)));
    }
}
