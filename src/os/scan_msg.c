#include "os/scan_msg.h"
#include "os/memfd.h"

#include <sys/mman.h>
#include <unistd.h>

int scan_worker_ask(int fd, uint64_t id, uint64_t org)
{
    AUTO(buf) struct buf b = {0};
    buf_init(&b, 64);
    buf_u64(&b, org);
    return channel_send(fd, MSG_SCAN_WORKER, id, buf_str(&b), NULL, 0);
}

int scan_worker_ask_read(const struct channel_msg *m, uint64_t *org)
{
    struct rd r = rd_of(m->body);
    *org = rd_u64(&r);
    return m->type == MSG_SCAN_WORKER && rd_done(&r) && m->n_fds == 0 ? 0 : ERR_CORRUPT;
}

int scan_worker_answer(int fd, uint64_t id, uint32_t number, int worker_fd)
{
    AUTO(buf) struct buf b = {0};
    buf_init(&b, 64);
    buf_u32(&b, number);
    return channel_send(fd, MSG_SCAN_WORKER, id, buf_str(&b), &worker_fd, worker_fd >= 0 ? 1 : 0);
}

int scan_worker_answer_read(struct channel_msg *m, uint32_t *number, int *worker_fd)
{
    struct rd r = rd_of(m->body);
    *number = rd_u32(&r);
    if (m->type != MSG_SCAN_WORKER || !rd_done(&r) || m->n_fds != (*number ? 1 : 0))
        return ERR_CORRUPT;
    *worker_fd = STEAL_FD(m->fds[0]);
    return 0;
}

int scan_kill(int fd, uint32_t number)
{
    AUTO(buf) struct buf b = {0};
    buf_init(&b, 64);
    buf_u32(&b, number);
    return channel_send(fd, MSG_SCAN_KILL, 0, buf_str(&b), NULL, 0);
}

int scan_kill_read(const struct channel_msg *m, uint32_t *number)
{
    struct rd r = rd_of(m->body);
    *number = rd_u32(&r);
    return m->type == MSG_SCAN_KILL && rd_done(&r) && m->n_fds == 0 ? 0 : ERR_CORRUPT;
}

int scan_job_send(int fd, uint64_t id, uint32_t flags, struct str bytes, int file_fd, uint64_t size)
{
    AUTO(buf) struct buf b = {0};
    AUTO(fd) int own = -1;
    if (file_fd < 0)
        size = bytes.n;
    if (size > SCAN_MESSAGE_MAX)
        return ERR_LIMIT;
    if (file_fd < 0 && size > SCAN_INLINE_MAX) {
        int r = memfd_of("message", &bytes, 1, &own);
        if (r != 0)
            return r;
        file_fd = own;
    }
    buf_init(&b, SCAN_INLINE_MAX + 64);
    buf_u64(&b, size);
    buf_u32(&b, flags);
    buf_vstr(&b, file_fd < 0 ? bytes : STR_NULL);
    return b.err ? ERR_LIMIT : channel_send(fd, MSG_SCAN_JOB, id, buf_str(&b), &file_fd, file_fd >= 0 ? 1 : 0);
}

int scan_job_read(const struct channel_msg *m, struct scan_job *job)
{
    struct rd r = rd_of(m->body);
    *job = (struct scan_job){0};
    uint64_t size = rd_u64(&r);
    job->flags = rd_u32(&r);
    job->bytes = rd_vstr(&r);
    if (m->type != MSG_SCAN_JOB || !rd_done(&r) || m->n_fds > 1 || size > SCAN_MESSAGE_MAX)
        return ERR_CORRUPT;
    if (m->n_fds == 0)
        return job->bytes.n == size ? 0 : ERR_CORRUPT;
    if (job->bytes.n)
        return ERR_CORRUPT;
    if (size == 0)
        return 0;
    int s = memfd_map(m->fds[0], size, &job->mapped);
    if (s == 0)
        job->bytes = str_n(job->mapped, size);
    return s;
}

void scan_job_release(struct scan_job *job)
{
    if (job->mapped)
        munmap((void *)(uintptr_t)job->mapped, job->bytes.n);
    *job = (struct scan_job){0};
}

/* Inline: u32 status, vstr structure, vstr insight. By memfd: u32 status, u32 size of structure, u32 size of insight,
 * and the two one after the other in the descriptor. */
int scan_facts_send(int fd, uint64_t id, enum scan_status status, struct str structure, struct str insight)
{
    AUTO(buf) struct buf b = {0};
    AUTO(fd) int file = -1;
    if (structure.n + insight.n > SCAN_FACTS_MAX)
        return ERR_LIMIT;
    buf_init(&b, SCAN_INLINE_MAX + 64);
    buf_u32(&b, (uint32_t)status);
    if (structure.n + insight.n > SCAN_INLINE_MAX) {
        struct str parts[] = {structure, insight};
        int r = memfd_of("facts", parts, 2, &file);
        if (r != 0)
            return r;
        buf_u32(&b, (uint32_t)structure.n);
        buf_u32(&b, (uint32_t)insight.n);
    } else {
        buf_vstr(&b, structure);
        buf_vstr(&b, insight);
    }
    return channel_send(fd, MSG_SCAN_FACTS, id, buf_str(&b), &file, file >= 0 ? 1 : 0);
}

int scan_facts_read(const struct channel_msg *m, struct scan_facts *f, struct buf *hold)
{
    struct rd r = rd_of(m->body);
    *f = (struct scan_facts){0};
    buf_clear(hold);
    uint32_t status = rd_u32(&r);
    if (m->type != MSG_SCAN_FACTS || status > SCAN_FAILED || m->n_fds > 1)
        return ERR_CORRUPT;
    f->status = (enum scan_status)status;
    if (m->n_fds == 0) {
        f->structure = rd_vstr(&r);
        f->insight = rd_vstr(&r);
    } else {
        uint32_t a = rd_u32(&r), b = rd_u32(&r);
        if (r.err || (uint64_t)a + b > SCAN_FACTS_MAX)
            return ERR_CORRUPT;
        int s = memfd_read(m->fds[0], (size_t)a + b, hold);
        if (s != 0)
            return s;
        f->structure = str_n(hold->p, a);
        f->insight = str_n(hold->p + a, b);
    }
    if (!rd_done(&r))
        return ERR_CORRUPT;
    return status == SCAN_DONE || (f->structure.n == 0 && f->insight.n == 0) ? 0 : ERR_CORRUPT;
}
