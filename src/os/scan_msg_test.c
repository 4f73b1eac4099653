#include "os/scan_msg.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

static char in[CHANNEL_MSG_MAX];
static int fds[2];

static int set_up(void **state UNUSED) { return channel_pair(fds); }
static int tear_down(void **state UNUSED) { return close(fds[0]) || close(fds[1]); }

static struct channel_msg receive(void)
{
    struct channel_msg m;
    assert_int_equal(channel_recv(fds[1], in, sizeof(in), &m), 0);
    return m;
}

static void worker_messages(void **state UNUSED)
{
    uint64_t org;
    uint32_t number;
    int fd;
    assert_int_equal(scan_worker_ask(fds[0], 7, 42), 0);
    struct channel_msg m = receive();
    assert_int_equal(scan_worker_ask_read(&m, &org), 0);
    assert_true(org == 42 && m.id == 7);
    assert_int_equal(scan_worker_answer(fds[0], 7, 3, 0), 0);
    m = receive();
    assert_int_equal(scan_worker_answer_read(&m, &number, &fd), 0);
    assert_true(number == 3 && fd >= 0 && m.fds[0] == -1);
    close(fd);
    assert_int_equal(scan_worker_answer(fds[0], 7, 0, -1), 0);
    m = receive();
    assert_int_equal(scan_worker_answer_read(&m, &number, &fd), 0);
    assert_true(number == 0 && fd == -1);
    assert_int_equal(scan_worker_answer(fds[0], 7, 5, -1), 0);
    m = receive();
    assert_int_equal(scan_worker_answer_read(&m, &number, &fd), ERR_CORRUPT); /* a number without its channel */
    assert_int_equal(scan_kill(fds[0], 9), 0);
    m = receive();
    assert_int_equal(scan_kill_read(&m, &number), 0);
    assert_int_equal(number, 9);
}

static void job_of(size_t n)
{
    struct scan_job job;
    char *bytes = malloc(n + 1);
    memset(bytes, 'j', n);
    assert_int_equal(scan_job_send(fds[0], 5, 1, str_n(bytes, n), -1, 0), 0);
    struct channel_msg m = receive();
    assert_int_equal(m.n_fds, n > SCAN_INLINE_MAX);
    assert_int_equal(scan_job_read(&m, &job), 0);
    channel_msg_close(&m);
    assert_int_equal(job.flags, 1);
    assert_true(str_eq(job.bytes, str_n(bytes, n)));
    scan_job_release(&job);
    free(bytes);
}

static void jobs_of_all_sizes(void **state UNUSED)
{
    static const size_t sizes[] = {0, 1, SCAN_INLINE_MAX - 1, SCAN_INLINE_MAX, SCAN_INLINE_MAX + 1, 3u << 20};
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++)
        job_of(sizes[i]);
}

static void a_job_from_a_file(void **state UNUSED)
{
    struct scan_job job;
    int file = memfd_create("spool", MFD_CLOEXEC);
    assert_int_equal(write(file, "0123456789", 10), 10);
    assert_int_equal(scan_job_send(fds[0], 5, 0, STR_NULL, file, 10), 0);
    struct channel_msg m = receive();
    assert_int_equal(scan_job_read(&m, &job), 0);
    assert_true(str_eq(job.bytes, STR("0123456789")));
    scan_job_release(&job);
    channel_msg_close(&m);
    assert_int_equal(scan_job_send(fds[0], 5, 0, STR_NULL, file, 11), 0); /* more than there is */
    m = receive();
    assert_int_equal(scan_job_read(&m, &job), ERR_CORRUPT);
    channel_msg_close(&m);
    assert_int_equal(scan_job_send(fds[0], 5, 0, STR_NULL, file, SCAN_MESSAGE_MAX + 1), ERR_LIMIT);
    close(file);
}

static void facts_of(size_t a, size_t b)
{
    AUTO(buf) struct buf hold = {0};
    struct scan_facts f;
    char *bytes = malloc(a + b + 1);
    memset(bytes, 's', a);
    memset(bytes + a, 'i', b);
    assert_int_equal(scan_facts_send(fds[0], 6, SCAN_DONE, str_n(bytes, a), str_n(bytes + a, b)), 0);
    struct channel_msg m = receive();
    buf_init(&hold, SCAN_FACTS_MAX);
    assert_int_equal(scan_facts_read(&m, &f, &hold), 0);
    channel_msg_close(&m);
    assert_true(str_eq(f.structure, str_n(bytes, a)));
    assert_true(str_eq(f.insight, str_n(bytes + a, b)));
    free(bytes);
}

static void facts_of_all_sizes(void **state UNUSED)
{
    facts_of(0, 0);
    facts_of(10, 20);
    facts_of(SCAN_INLINE_MAX, 0);
    facts_of(SCAN_INLINE_MAX, 1);
    facts_of(1u << 20, 1u << 20);
    assert_int_equal(scan_facts_send(fds[0], 6, SCAN_DONE, str_n(in, SCAN_FACTS_MAX + 1), STR_NULL), ERR_LIMIT);
}

/* A worker that was taken over: a status from nowhere, facts with a failure, a descriptor that is no file, sizes that
 * lie. */
static void lying_workers_are_refused(void **state UNUSED)
{
    static const struct {
        struct str body;
        int fd; /* -1 none, 0 a small memfd, 1 a pipe */
    } t[] = {
        {{"\0\0\0\x9\0\0\0\0\0\0\0\0", 12}, -1},
        {{"\0\0\0\1\0\0\0\1x\0\0\0\0", 13}, -1},
        {{"\0\0\0\0\0\0\0\1x\0\0\0\0y", 14}, -1},
        {{"\0\0\0\0\0\0\0\2x", 9}, -1},
        {{"", 0}, -1},
        {{"\0\0\0\0\0\0\0\5\0\0\0\6", 12}, 0},
        {{"\0\0\0\0\0\0\0\1\0\0\0\1", 12}, 1},
        {{"\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 12}, 0},
        {{"\0\0\0\0\0\0\0\1\0\0\0\1z", 13}, 0},
    };
    AUTO(buf) struct buf hold = {0};
    buf_init(&hold, SCAN_FACTS_MAX);
    for (size_t i = 0; i < N_ELEMENTS(t); i++) {
        struct scan_facts f;
        int p[2] = {-1, -1}, file = memfd_create("x", MFD_CLOEXEC);
        assert_int_equal(write(file, "0123456789", 10), 10);
        assert_int_equal(pipe(p), 0);
        int give = t[i].fd == 1 ? p[0] : file;
        assert_int_equal(channel_send(fds[0], MSG_SCAN_FACTS, 1, t[i].body, &give, t[i].fd >= 0), 0);
        struct channel_msg m = receive();
        assert_int_equal(scan_facts_read(&m, &f, &hold), ERR_CORRUPT);
        channel_msg_close(&m);
        close(file);
        close(p[0]);
        close(p[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(worker_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(jobs_of_all_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_job_from_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(facts_of_all_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lying_workers_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
