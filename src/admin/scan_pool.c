#include "admin/scan_pool.h"
#include "os/scan_msg.h"
#include "os/spawn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    int fd; /* -1: no worker */
    uint32_t number;
    unsigned jobs, tries;
    bool busy;
    uint64_t job;
    struct str bytes;
    int64_t sent_ns;
};
struct admin_scan_pool {
    const struct env *env;
    int zygote;
    pid_t pid;
    unsigned n;
    struct place places[ADMIN_SCAN_WORKERS_MAX];
    char *msg;
    struct buf hold;
};

int admin_scan_pool_open(struct admin_scan_pool **out, const struct env *env, unsigned workers, struct err *e)
{
    struct admin_scan_pool *p = calloc(1, sizeof *p);
    int pair[2] = {-1, -1}, r = p && (p->msg = malloc(CHANNEL_MSG_MAX)) ? channel_pair(pair) : ERR_NOMEM;
    AUTO(fd) int exe = -1;
    char *argv[] = {(char[]){"sigillo-scan"}, (char[]){"--serve"}, NULL};
    if (r == 0)
        r = spawn_open("sigillo-scan", &exe, e);
    else
        err_set(e, r, "The reader of messages could not be started: %s.", err_name(r));
    if (r == 0)
        r = spawn_role(exe, argv, pair[1], NULL, &p->pid, e);
    if (pair[1] >= 0)
        close(pair[1]);
    if (r != 0) {
        if (pair[0] >= 0)
            close(pair[0]);
        if (p)
            free(p->msg);
        free(p);
        return r;
    }
    buf_init(&p->hold, SCAN_FACTS_MAX);
    p->env = env;
    p->zygote = pair[0];
    p->n = workers < 1 ? 1 : workers > ADMIN_SCAN_WORKERS_MAX ? ADMIN_SCAN_WORKERS_MAX : workers;
    for (unsigned i = 0; i < ADMIN_SCAN_WORKERS_MAX; i++)
        p->places[i].fd = -1;
    *out = p;
    return 0;
}

void admin_scan_pool_close(struct admin_scan_pool **pp)
{
    struct admin_scan_pool *p = *pp;
    if (!p)
        return;
    for (unsigned i = 0; i < p->n; i++)
        if (p->places[i].fd >= 0)
            close(p->places[i].fd);
    close(p->zygote);
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    buf_free(&p->hold);
    free(p->msg);
    free(p);
    *pp = NULL;
}

bool admin_scan_pool_free(const struct admin_scan_pool *p)
{
    for (unsigned i = 0; i < p->n; i++)
        if (!p->places[i].busy)
            return true;
    return false;
}

static void drop(struct admin_scan_pool *p, struct place *w)
{
    if (w->fd < 0)
        return;
    close(w->fd);
    w->fd = -1;
    /* The zygote may be gone itself: then there is nothing left to end. */
    if (scan_kill(p->zygote, w->number) != 0)
        w->number = 0;
}

static int worker(struct admin_scan_pool *p, struct place *w)
{
    struct channel_msg m;
    if (w->fd >= 0 && w->jobs < SCAN_WORKER_JOBS)
        return 0;
    if (w->fd >= 0)
        close(w->fd); /* it has ended by itself after its last job */
    w->fd = -1;
    w->jobs = 0;
    int r = scan_worker_ask(p->zygote, 1, 1);
    if (r == 0)
        r = channel_recv(p->zygote, p->msg, CHANNEL_MSG_MAX, &m);
    if (r == 0)
        r = scan_worker_answer_read(&m, &w->number, &w->fd);
    if (r == 0 && w->number == 0)
        r = ERR_LIMIT;
    return r;
}

static int hand_over(struct admin_scan_pool *p, struct place *w)
{
    int r = ERR_GONE;
    for (int i = 0; i < ADMIN_SCAN_TRIES && r == ERR_GONE; i++) {
        if ((r = worker(p, w)) != 0)
            return r;
        r = scan_job_send(w->fd, w->job, 0, w->bytes, -1, w->bytes.n);
        if (r == ERR_GONE)
            drop(p, w);
    }
    w->jobs++;
    w->tries++;
    w->busy = r == 0;
    w->sent_ns = env_mono_ns(p->env);
    return r;
}

int admin_scan_pool_send(struct admin_scan_pool *p, uint64_t job, struct str bytes)
{
    for (unsigned i = 0; i < p->n; i++) {
        struct place *w = &p->places[i];
        if (w->busy)
            continue;
        w->job = job;
        w->bytes = bytes;
        w->tries = 0;
        return hand_over(p, w);
    }
    return ERR_LIMIT;
}

/* 0 and *failed set when it will not be tried again; ERR_BUSY: it is under way again. */
static int again(struct admin_scan_pool *p, struct place *w, const char *why, const char **failed)
{
    drop(p, w);
    if (w->tries < ADMIN_SCAN_TRIES) {
        int r = hand_over(p, w);
        return r == 0 ? ERR_BUSY : r;
    }
    *failed = why;
    return 0;
}

static int answer(struct admin_scan_pool *p, struct place *w, struct buf *insight, const char **failed)
{
    struct channel_msg m;
    struct scan_facts f;
    int r = channel_recv(w->fd, p->msg, CHANNEL_MSG_MAX, &m);
    if (r == 0) {
        r = scan_facts_read(&m, &f, &p->hold);
        channel_msg_close(&m);
    }
    if (r != 0 || f.status == SCAN_FAILED)
        return again(p, w, "its reader ended before it was done", failed);
    if (f.status == SCAN_TOO_LARGE)
        *failed = "it is larger or deeper than what can be read";
    else
        buf_adds(insight, f.insight);
    return 0;
}

int admin_scan_pool_wait(struct admin_scan_pool *p, uint64_t *job, struct buf *insight, const char **failed,
                         int64_t *ns)
{
    *failed = NULL;
    for (;;) {
        struct pollfd fds[ADMIN_SCAN_WORKERS_MAX];
        int64_t now = env_mono_ns(p->env), left = ADMIN_SCAN_LIMIT_MS;
        for (unsigned i = 0; i < p->n; i++) {
            const struct place *w = &p->places[i];
            int64_t rest = ADMIN_SCAN_LIMIT_MS - (now - w->sent_ns) / 1000000;
            fds[i] = (struct pollfd){w->busy ? w->fd : -1, POLLIN, 0};
            if (w->busy && rest < left)
                left = rest;
        }
        if (poll(fds, p->n, left < 0 ? 0 : (int)left) < 0 && errno != EINTR)
            return ERR_SYS;
        now = env_mono_ns(p->env);
        for (unsigned i = 0; i < p->n; i++) {
            struct place *w = &p->places[i];
            bool late = w->busy && now - w->sent_ns > ADMIN_SCAN_LIMIT_MS * 1000000LL;
            if (!w->busy || (!fds[i].revents && !late))
                continue;
            int r = fds[i].revents ? answer(p, w, insight, failed) : again(p, w, "reading it took too long", failed);
            if (r == ERR_BUSY)
                continue;
            *job = w->job;
            *ns = now - w->sent_ns;
            w->busy = false;
            return r;
        }
    }
}
