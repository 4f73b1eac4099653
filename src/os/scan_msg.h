#pragma once
/* Messages of the scan role, both sides (os/msg.def 20-23). Decoders trust nothing: a worker may have been taken over
 * by what it read, and bytes of strangers reach it. 0 or ERR_CORRUPT (wrong type, shape or size); other errors come
 * from the send. */
#include "os/channel.h"

#define SCAN_INLINE_MAX (96u * 1024) /* message bytes, or facts, in the channel message itself; more go by memfd */
#define SCAN_MESSAGE_MAX (256ull * 1024 * 1024) /* a worker's memory is capped at 512 MB */
#define SCAN_FACTS_MAX (4u * 1024 * 1024)       /* structure + insight, twice FACTS_ENCODED_MAX */
#define SCAN_WORKER_JOBS 64u                    /* then the worker ends and is replaced */

enum scan_status {
    SCAN_DONE = 0,
    SCAN_TOO_LARGE = 1, /* a limit of reading was met; no facts: the message is unreadable, never clean */
    SCAN_FAILED = 2,    /* the worker ends after this answer */
};

/* To the zygote: a worker for one firm. Its answer carries the worker's channel; number 0 and fd -1: refused
 * (scan.workers are alive). */
int scan_worker_ask(int fd, uint64_t id, uint64_t org) MUST_USE;
int scan_worker_ask_read(const struct channel_msg *m, uint64_t *org) MUST_USE;
int scan_worker_answer(int fd, uint64_t id, uint32_t number, int worker_fd) MUST_USE;
int scan_worker_answer_read(struct channel_msg *m, uint32_t *number,
                            int *worker_fd) MUST_USE; /* the caller owns *worker_fd */
int scan_kill(int fd, uint32_t number) MUST_USE;
int scan_kill_read(const struct channel_msg *m, uint32_t *number) MUST_USE;

/* To a worker: one message. bytes when they are in memory (larger ones are copied into a memfd), or file_fd >= 0 with
 * its size. */
int scan_job_send(int fd, uint64_t id, uint32_t flags, struct str bytes, int file_fd, uint64_t size) MUST_USE;
struct scan_job {
    uint32_t flags;
    struct str bytes;   /* view into the message, or of the mapping */
    const char *mapped; /* NULL when inline */
};
int scan_job_read(const struct channel_msg *m, struct scan_job *job) MUST_USE;
void scan_job_release(struct scan_job *job);

/* From a worker: id of the job. Facts are empty unless status is SCAN_DONE. */
int scan_facts_send(int fd, uint64_t id, enum scan_status status, struct str structure, struct str insight) MUST_USE;
struct scan_facts {
    enum scan_status status;
    struct str structure, insight; /* views into the message, or into hold */
};
/* hold: an initialised buf of at least SCAN_FACTS_MAX; it is emptied first. */
int scan_facts_read(const struct channel_msg *m, struct scan_facts *f, struct buf *hold) MUST_USE;
