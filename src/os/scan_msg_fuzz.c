#include "os/scan_msg.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void inside(struct str part, struct str whole)
{
    if (part.n && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
        abort();
}

/* First byte: which message, and whether a descriptor comes along. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const enum channel_type types[] = {MSG_SCAN_WORKER, MSG_SCAN_KILL, MSG_SCAN_JOB, MSG_SCAN_FACTS};
    if (n == 0)
        return 0;
    struct channel_msg m = {.type = types[data[0] & 3], .body = str_n(data + 1, n - 1), .fds = {-1, -1, -1, -1}};
    struct scan_job job;
    struct scan_facts f;
    uint64_t org;
    uint32_t number;
    int fd = -1;
    AUTO(buf) struct buf hold = {0};
    if (data[0] & 4) {
        m.fds[m.n_fds++] = memfd_create("fuzz", MFD_CLOEXEC);
        if (write(m.fds[0], data, n) < 0)
            abort();
    }
    buf_init(&hold, SCAN_FACTS_MAX);
    (void)!scan_worker_ask_read(&m, &org);
    (void)!scan_kill_read(&m, &number);
    if (scan_job_read(&m, &job) == 0) {
        if (!job.mapped)
            inside(job.bytes, m.body);
        scan_job_release(&job);
    }
    if (scan_facts_read(&m, &f, &hold) == 0) {
        inside(f.structure, hold.n ? buf_str(&hold) : m.body);
        inside(f.insight, hold.n ? buf_str(&hold) : m.body);
        if (f.status != SCAN_DONE && f.structure.n + f.insight.n)
            abort();
    }
    if (scan_worker_answer_read(&m, &number, &fd) == 0 && fd >= 0)
        close(fd);
    channel_msg_close(&m);
    return 0;
}
