/* The spool of last resort: what was promised is read back whole and in order; what is not whole is set aside, never
 * lost, never believed. */
#include "store/spool.h"
#include "core/hash.h"
#include "store/pack_test_help.h"
#include "store/spool_format.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct seen {
    size_t n;
    char ids[16][16];
    size_t data_n;
    const char *stay; /* this id stays */
    int answer;
};

static int look(void *arg, const struct spool_entry *s)
{
    struct seen *seen = arg;

    assert_true(seen->n < N_ELEMENTS(seen->ids));
    (void)snprintf(seen->ids[seen->n++], sizeof seen->ids[0], "%.*s", STRF(s->id));
    seen->data_n = s->data.n;
    return seen->stay && str_eq(s->id, str_c(seen->stay)) ? 1 : seen->answer;
}

static struct spool_entry entry(const char *id, int64_t at_ms, const struct str *to, size_t n)
{
    return (struct spool_entry){.id = str_c(id),
                                .org = 7,
                                .at_ms = at_ms,
                                .client = STR("192.0.2.1"),
                                .helo = STR("mx.example"),
                                .reverse_path = STR("a@b.example"),
                                .recipients = to,
                                .n_recipients = n,
                                .auth = STR("spf=pass"),
                                .data = STR("Subject: x\r\n\r\ny\r\n")};
}

static const struct str anna = {"anna@azienda.example", 20}, bruno = {"bruno@azienda.example", 21};

static int whole(void *arg, const struct spool_entry *s)
{
    const struct spool_entry *want = arg;

    assert_true(str_eq(s->id, want->id) && str_eq(s->client, want->client) && str_eq(s->helo, want->helo));
    assert_true(str_eq(s->reverse_path, want->reverse_path) && str_eq(s->auth, want->auth) &&
                str_eq(s->data, want->data));
    assert_true(s->org == want->org && s->at_ms == want->at_ms && s->n_recipients == want->n_recipients);
    for (size_t i = 0; i < s->n_recipients; i++)
        assert_true(str_eq(s->recipients[i], want->recipients[i]));
    return 0;
}

static void test_round_trip(void **state)
{
    char *dir = scratch_make();
    struct str to[2] = {anna, bruno};
    struct spool_entry s = entry("abc1", 1700000000000, to, 2);
    int64_t n, oldest;
    struct err e;

    (void)state;
    assert_int_equal(spool_put(dir, &s), 0);
    assert_int_equal(spool_count(dir, &n, &oldest), 0);
    assert_int_equal(n, 1);
    assert_int_equal(oldest, 1700000000000);
    assert_int_equal(spool_drain(dir, whole, &s, &e), 0);
    assert_int_equal(spool_count(dir, &n, &oldest), 0);
    assert_int_equal(n, 0);
    s.n_recipients = 0;
    s.data = STR("");
    s.at_ms = -5;
    assert_int_equal(spool_put(dir, &s), 0);
    assert_int_equal(spool_drain(dir, whole, &s, &e), 0);
    s.id = STR("../evil");
    assert_int_equal(spool_put(dir, &s), ERR_INVALID);
    s.id = STR("");
    assert_int_equal(spool_put(dir, &s), ERR_INVALID);
    scratch_remove(dir);
}

static int replied_of(void *arg, const struct spool_entry *s)
{
    *(int *)arg = s->replied ? 1 : 0;
    return 0;
}

static void test_replied(void **state)
{
    char *dir = scratch_make(), mark[300];
    struct spool_entry a = entry("first", 1700000000000, &anna, 1), b = entry("second", 1700000000001, &anna, 1);
    int replied = -1;
    struct err e;

    (void)state;
    assert_int_equal(spool_replied(dir, STR("../x")), ERR_INVALID);
    assert_int_equal(spool_put(dir, &a), 0);
    assert_int_equal(spool_drain(dir, replied_of, &replied, &e), 0);
    assert_int_equal(replied, 0);
    assert_int_equal(spool_put(dir, &b), 0);
    assert_int_equal(spool_replied(dir, STR("second")), 0);
    assert_int_equal(spool_replied(dir, STR("second")), 0);
    assert_int_equal(spool_drain(dir, replied_of, &replied, &e), 0);
    assert_int_equal(replied, 1);
    (void)snprintf(mark, sizeof mark, "%s/second.replied", dir);
    assert_int_not_equal(access(mark, F_OK), 0);
    assert_int_equal(spool_replied(dir, STR("second")), 0); /* its entry is gone */
    assert_int_equal(spool_drain(dir, replied_of, &replied, &e), 0);
    assert_int_not_equal(access(mark, F_OK), 0);
    scratch_remove(dir);
}

static void test_order(void **state)
{
    static const int64_t at[] = {2000000000000, 1900000000000 /* the clock jumps back */, 2000000000000, 2000000000001};
    char *dir = scratch_make();
    struct seen seen = {0};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(at); i++) {
        char id[2] = {(char)('d' - i), 0}; /* names sort against arrival */
        struct spool_entry s = entry(id, at[i], &anna, 1);

        assert_int_equal(spool_put(dir, &s), 0);
    }
    assert_int_equal(spool_drain(dir, look, &seen, NULL), 0);
    assert_int_equal(seen.n, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(seen.ids[i][0], 'd' - (int)i);
    scratch_remove(dir);
}

static void test_stays(void **state)
{
    char *dir = scratch_make();
    struct str both[2] = {anna, bruno};
    struct spool_entry s[] = {entry("s1", 1, &anna, 1), entry("s2", 2, &bruno, 1), entry("s3", 3, both, 2),
                              entry("s4", 4, &bruno, 1)};
    struct seen seen = {.stay = "s1"};
    int64_t n, oldest;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(s); i++)
        assert_int_equal(spool_put(dir, &s[i]), 0);
    assert_int_equal(spool_drain(dir, look, &seen, NULL), 0);
    assert_int_equal(seen.n, 2); /* s3 may not overtake s1 at Anna's, nor s4 s3 at Bruno's */
    assert_int_equal(spool_count(dir, &n, &oldest), 0);
    assert_int_equal(n, 3);
    seen = (struct seen){.answer = ERR_BUSY};
    assert_int_equal(spool_drain(dir, look, &seen, NULL), ERR_BUSY);
    assert_int_equal(seen.n, 1);
    seen = (struct seen){0};
    assert_int_equal(spool_drain(dir, look, &seen, NULL), 0);
    assert_int_equal(seen.n, 3);
    assert_string_equal(seen.ids[2], "s4");
    scratch_remove(dir);
}

static void one_name(const char *dir, char *out, size_t max)
{
    DIR *d = opendir(dir);

    for (struct dirent *it; (it = readdir(d));)
        if (strstr(it->d_name, ".spool"))
            (void)snprintf(out, max, "%s/%s", dir, it->d_name);
    (void)closedir(d);
}

static void test_damage(void **state)
{
    char *dir = scratch_make(), path[400], aside[400];
    struct spool_entry s = entry("abc1", 5, &anna, 1);
    uint8_t bytes[1024], copy[1024];
    size_t n, i;

    (void)state;
    assert_int_equal(spool_put(dir, &s), 0);
    one_name(dir, path, sizeof path);
    n = file_load(path, bytes, sizeof bytes);
    assert_true(n > 100 && n < sizeof bytes);
    (void)snprintf(aside, sizeof aside, "%s/damaged%s", dir, strrchr(path, '/'));
    for (i = 0; i < n + 8 * n + 1; i++) { /* every truncation, every bit, one byte more */
        struct seen seen = {0};
        size_t len = i < n ? i : n;
        int64_t left, oldest;

        memcpy(copy, bytes, n);
        copy[n] = 0;
        if (i >= n && i < 9 * n)
            copy[(i - n) / 8] ^= (uint8_t)(1u << (i - n) % 8);
        assert_true(file_save(path, copy, i == 9 * n ? n + 1 : len));
        assert_int_equal(spool_drain(dir, look, &seen, NULL), 0);
        assert_int_equal(seen.n, 0);
        assert_int_equal(access(aside, F_OK), 0); /* kept */
        assert_int_equal(unlink(aside), 0);
        assert_int_equal(spool_count(dir, &left, &oldest), 0);
        assert_int_equal(left, 0);
    }
    scratch_remove(dir);
}

static void test_newer(void **state)
{
    AUTO(arena) struct arena a;
    struct spool_entry s = entry("abc1", 5, &anna, 1), got;
    AUTO(buf) struct buf envelope, file;
    uint8_t head[SPOOL_HEAD_LEN], tail[SPOOL_TAIL_LEN];
    uint32_t crc;

    (void)state;
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&envelope, 4096);
    buf_init(&file, 4096);
    assert_int_equal(spool_head_put(&s, &envelope, head, tail), 0);
    head[11] = SPOOL_FORMAT + 1;
    crc = crc32c(0, head, SPOOL_HEAD_LEN - 4);
    buf_add(&file, head, SPOOL_HEAD_LEN - 4);
    buf_u32(&file, crc);
    assert_int_equal(spool_parse(buf_str(&file), &a, &got), ERR_VERSION);
}

static void test_leftovers(void **state)
{
    char *dir = scratch_make(), path[400];
    struct seen seen = {0};

    (void)state;
    (void)snprintf(path, sizeof path, "%s/.tmp-abc", dir);
    assert_true(file_save(path, (const uint8_t *)"half", 4));
    assert_int_equal(spool_drain(dir, look, &seen, NULL), 0);
    assert_int_equal(seen.n, 0);
    assert_int_not_equal(access(path, F_OK), 0);
    scratch_remove(dir);
}

/* Whatever step fails, the sender hears so, and no file is left that would be delivered. */
static void test_failing_disk(void **state)
{
    char *dir = scratch_make();
    struct spool_entry s = entry("abc1", 5, &anna, 1);

    (void)state;
    for (int step = 0; step < 6; step++)
        for (int full = 0; full < 2; full++) {
            int64_t n, oldest;

            io_reset();
            pack_io_use(&io_failing);
            io_test.er = full ? ENOSPC : EIO;
            io_test.fail_open = step == 0 ? 1 : step == 5 ? 2 : 0;
            io_test.fail_write = step == 1;
            io_test.fail_file_sync = step == 2 ? 1 : step == 4 ? 2 : 0;
            io_test.fail_rename = step == 3;
            assert_int_equal(spool_put(dir, &s), full ? ERR_FULL : ERR_IO);
            io_reset();
            assert_int_equal(spool_count(dir, &n, &oldest), 0);
            assert_int_equal(n, 0);
        }
    assert_int_equal(spool_put(dir, &s), 0);
    pack_io_use(&io_failing);
    io_test.er = EIO;
    io_test.fail_read = 1;
    assert_int_equal(spool_drain(dir, look, &(struct seen){0}, NULL),
                     ERR_IO); /* a read error is no damage: the file stays */
    io_reset();
    scratch_remove(dir);
}

static void test_check(void **state)
{
    char *dir = scratch_make(), missing[100];
    struct err e;

    (void)state;
    (void)snprintf(missing, sizeof missing, "%s/none", dir);
    assert_int_equal(spool_check(missing, dir, &e), ERR_INVALID);
    assert_int_equal(spool_check(dir, dir, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "same disk"));
    if (access("/tmp", W_OK) == 0) {
        struct stat a, b;

        assert_int_equal(stat("/tmp", &a), 0);
        assert_int_equal(stat(dir, &b), 0);
        if (a.st_dev != b.st_dev) {
            assert_int_equal(spool_check(dir, "/tmp", &e), 0);
            pack_io_use(&io_failing);
            io_test.er = EROFS;
            io_test.fail_open = 1;
            assert_int_equal(spool_check(dir, "/tmp", &e), ERR_INVALID);
            io_reset();
        }
    }
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_replied),      cmocka_unit_test(test_order),
        cmocka_unit_test(test_stays),      cmocka_unit_test(test_damage),       cmocka_unit_test(test_newer),
        cmocka_unit_test(test_leftovers),  cmocka_unit_test(test_failing_disk), cmocka_unit_test(test_check),
    };

    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
