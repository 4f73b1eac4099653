/* Packs: round trips, groups, readers, and what a full or failing disk does to the writer. Damage is in
 * pack_damage_test.c. */
#include "store/pack.h"
#include "core/hash.h"
#include "store/pack_test_help.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct pack_uuid cell = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static const struct pack_uuid other_cell = {{9}};
static const struct pack_uuid group_a = {{0xa}}, group_b = {{0xb}};

struct counted {
    size_t blobs, places, gones, ends, damaged, closed;
    struct pack_place place;
    char name[64], address[64], verdict[16];
    struct pack_gone gone;
    struct pack_uuid last;
    uint32_t records;
    int stop_at;
};

static int count(void *arg, const struct pack_seen *s)
{
    struct counted *c = arg;

    c->closed += s->in_closed_group;
    if (s->damaged) {
        c->damaged++;
        return 0;
    }
    switch (s->kind) {
    case PACK_BLOB: c->blobs++; break;
    case PACK_PLACE:
        c->places++;
        c->place = s->place;
        (void)snprintf(c->name, sizeof c->name, "%.*s", STRF(s->place.mailbox_name));
        (void)snprintf(c->address, sizeof c->address, "%.*s", STRF(s->place.address));
        (void)snprintf(c->verdict, sizeof c->verdict, "%.*s", STRF(s->place.verdict));
        break;
    case PACK_GONE:
        c->gones++;
        c->gone = s->gone;
        break;
    case PACK_GROUP_END:
        c->ends++;
        c->last = s->last_committed;
        c->records = s->records;
        break;
    }
    return c->stop_at && c->blobs == (size_t)c->stop_at ? 77 : 0;
}

static struct str text_of(char *buf, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1103515245u + 12345u;
        buf[i] = (char)('a' + (seed >> 16) % 26);
    }
    return str_n(buf, n);
}

static struct str noise_of(char *buf, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1103515245u + 12345u;
        buf[i] = (char)(seed >> 16);
    }
    return str_n(buf, n);
}

static struct pack_writer *open_writer(const char *dir, int64_t id)
{
    struct pack_writer *w = NULL;
    struct err e;

    assert_int_equal(pack_writer_open(&w, dir, &cell, id, &e), 0);
    return w;
}

static const char *path_of(const char *dir, int64_t id)
{
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/%016llx.pack", dir, (unsigned long long)id);
    return path;
}

static void test_round_trip(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 100, 20000, 300000, 3000000};
    AUTO(arena) struct arena a;
    char *dir = scratch_make(), *bytes = malloc(3000000);
    struct pack_writer *w = open_writer(dir, 5);
    struct pack_set *set;
    struct blob_draft d[2 * N_ELEMENTS(sizes)], *all[2 * N_ELEMENTS(sizes)];
    struct str plain[2 * N_ELEMENTS(sizes)], got;

    (void)state;
    arena_init(&a, ARENA_NO_LIMIT);
    for (size_t i = 0; i < N_ELEMENTS(d); i++) {
        struct str t = i % 2 ? noise_of(bytes, sizes[i / 2], (unsigned)i) : text_of(bytes, sizes[i / 2], (unsigned)i);

        plain[i] = arena_str(&a, t);
        assert_int_equal(blob_prepare(&a, 7, plain[i], &d[i]), 0);
        assert_int_equal(d[i].zstd, sizes[i / 2] >= 20000 && i % 2 == 0);
        all[i] = &d[i];
    }
    assert_int_equal(pack_put_blobs(w, all, N_ELEMENTS(d)), 0);
    assert_int_equal(pack_end_group(w, &group_a, &group_b, NULL, 0, NULL, 0), 0);
    assert_int_equal(pack_set_open(&set, dir, &cell, NULL), 0);
    for (size_t i = 0; i < N_ELEMENTS(d); i++) {
        assert_int_equal(d[i].loc.pack, 5);
        assert_int_equal(pack_read_blob(set, d[i].loc, d[i].sha256, &a, &got), 0);
        assert_true(str_eq(got, plain[i]));
    }
    assert_int_equal(pack_read_blob(set, d[1].loc, d[2].sha256, &a, &got), ERR_CORRUPT);
    d[1].loc.pack = 6;
    assert_int_equal(pack_read_blob(set, d[1].loc, NULL, &a, &got), ERR_NOENT);
    d[0].loc.offset++;
    assert_int_equal(pack_read_blob(set, d[0].loc, NULL, &a, &got), ERR_CORRUPT);
    d[2].loc.length = INT64_MAX;
    assert_int_equal(pack_read_blob(set, d[2].loc, NULL, &a, &got), ERR_CORRUPT);
    pack_set_close(&set);
    pack_writer_close(&w);
    free(bytes);
    scratch_remove(dir);
}

static void test_groups(void **state)
{
    AUTO(arena) struct arena a;
    char *dir = scratch_make();
    struct pack_writer *w = open_writer(dir, 1);
    struct blob_draft d, *one = &d;
    struct counted c = {0};
    struct pack_place p = {
        .org = 1, .account = 2, .mailbox = 3, .uid = 4, .seq = 5, .message = 6, .thread = 7, .date_ms = -8, .flags = 9};
    struct pack_gone g = {1, 2, 3, 4, 5};
    struct err e;

    (void)state;
    arena_init(&a, ARENA_NO_LIMIT);
    p.mailbox_name = STR("Posta in arrivo");
    p.address = STR("info@azienda.example");
    p.verdict = STR("hold");
    memset(p.blob_sha256, 0x5a, sizeof p.blob_sha256);
    assert_int_equal(blob_prepare(&a, 1, STR("Buongiorno"), &d), 0);
    assert_int_equal(pack_put_blobs(w, &one, 1), 0);
    assert_int_equal(pack_end_group(w, &group_a, &group_b, &p, 1, &g, 1), 0);
    assert_int_equal(pack_put_blobs(w, &one, 1), 0); /* a group that is never closed */
    assert_int_equal(pack_walk_groups(path_of(dir, 1), &cell, count, &c, &e), 0);
    assert_int_equal(c.blobs, 2);
    assert_int_equal(c.closed, 4);
    assert_int_equal(c.places, 1);
    assert_int_equal(c.gones, 1);
    assert_int_equal(c.damaged, 0);
    assert_int_equal(c.records, 3);
    assert_memory_equal(&c.last, &group_b, sizeof group_b);
    assert_int_equal(c.place.date_ms, -8);
    assert_int_equal(c.place.thread, 7);
    assert_memory_equal(c.place.blob_sha256, p.blob_sha256, sizeof p.blob_sha256);
    assert_string_equal(c.name, "Posta in arrivo");
    assert_string_equal(c.address, "info@azienda.example");
    assert_string_equal(c.verdict, "hold");
    assert_memory_equal(&c.gone, &g, sizeof g);
    c = (struct counted){.stop_at = 1};
    assert_int_equal(pack_walk(path_of(dir, 1), NULL, count, &c, &e), 77);
    pack_writer_close(&w);
    scratch_remove(dir);
}

static void test_wrong_file(void **state)
{
    char *dir = scratch_make(), other[128];
    struct pack_writer *w = open_writer(dir, 1), *again = NULL;
    struct counted c = {0};
    struct pack_set *set;
    struct pack_head h;
    struct str got;
    struct arena a;
    uint8_t head[PACK_HEAD_LEN];
    struct err e;

    (void)state;
    arena_init(&a, ARENA_NO_LIMIT);
    assert_int_equal(pack_writer_open(&again, dir, &cell, 1, &e), ERR_EXIST);
    assert_int_equal(pack_writer_open(&again, dir, &cell, 0, &e), ERR_INVALID);
    assert_null(again);
    assert_int_equal(pack_end_group(w, &group_a, &group_b, NULL, 0, NULL, 0), 0);
    pack_writer_close(&w);
    assert_int_equal(pack_walk(path_of(dir, 1), &other_cell, count, &c, &e), ERR_CORRUPT);
    assert_non_null(strstr(e.text, "another cell"));
    assert_int_equal(pack_set_open(&set, dir, &other_cell, NULL), 0);
    assert_int_equal(pack_read_blob(set, (struct pack_loc){1, 32, 100}, NULL, &a, &got), ERR_CORRUPT);
    pack_set_close(&set);

    (void)snprintf(other, sizeof other, "%s", path_of(dir, 2));
    assert_int_equal(rename(path_of(dir, 1), other), 0);
    assert_int_equal(pack_walk(other, &cell, count, &c, &e), ERR_CORRUPT);
    assert_non_null(strstr(e.text, "renamed"));
    assert_int_equal(pack_head_read(other, &h, &e), 0);
    assert_int_equal(h.id, 1);

    pack_head_put(head, pack_cell_fold(&cell), 3);
    head[11] = PACK_FORMAT + 1; /* a newer release; its crc made true below by asking for it */
    {
        uint32_t crc = crc32c(0, head, 28);

        for (int i = 0; i < 4; i++)
            head[28 + i] = (uint8_t)(crc >> (24 - 8 * i));
    }
    assert_true(file_save(path_of(dir, 3), head, sizeof head));
    assert_int_equal(pack_walk(path_of(dir, 3), &cell, count, &c, &e), ERR_VERSION);
    assert_int_equal(pack_set_open(&set, dir, &cell, NULL), 0);
    assert_int_equal(pack_read_blob(set, (struct pack_loc){3, 32, 100}, NULL, &a, &got), ERR_VERSION);
    pack_set_close(&set);
    assert_int_equal(c.damaged + c.blobs + c.ends, 0);
    arena_free(&a);
    scratch_remove(dir);
}

/* One group of two blobs with the nth call failing; returns the result and tells whether the writer survived. */
static int put_group(struct pack_writer *w, const char *text)
{
    AUTO(arena) struct arena a;
    struct blob_draft d[2], *all[2] = {&d[0], &d[1]};
    int rc;

    arena_init(&a, ARENA_NO_LIMIT);
    assert_int_equal(blob_prepare(&a, 1, str_c(text), &d[0]), 0);
    assert_int_equal(blob_prepare(&a, 1, STR("second"), &d[1]), 0);
    rc = pack_put_blobs(w, all, 2);
    return rc ? rc : pack_end_group(w, &group_a, &group_b, NULL, 0, NULL, 0);
}

static void test_full_disk(void **state)
{
    for (int nth = 1; nth <= 2; nth++)
        for (int truncate_fails = 0; truncate_fails < 2; truncate_fails++) {
            char *dir = scratch_make();
            struct pack_writer *w = open_writer(dir, 1);
            struct counted c = {0};

            (void)state;
            assert_int_equal(put_group(w, "before"), 0);
            pack_io_use(&io_failing);
            io_test.short_writes = true;
            io_test.er = ENOSPC;
            io_test.fail_write = nth == 1 ? 2 : 5; /* in the middle of blobs, in the middle of the group end */
            io_test.fail_truncate = truncate_fails;
            assert_int_equal(put_group(w, "while the disk is full"), ERR_FULL);
            assert_int_equal(pack_writer_failed(w), truncate_fails);
            io_reset();
            assert_int_equal(put_group(w, "after"), truncate_fails ? ERR_IO : 0);
            pack_writer_close(&w);
            assert_int_equal(pack_walk_groups(path_of(dir, 1), &cell, count, &c, NULL), 0);
            assert_int_equal(c.ends, truncate_fails ? 1 : 2);
            assert_int_equal(c.closed, truncate_fails ? 3 : 6);
            assert_true(truncate_fails || c.damaged == 0);
            scratch_remove(dir);
        }
}

static void test_failing_disk(void **state)
{
    char *dir = scratch_make();
    struct pack_writer *w = open_writer(dir, 1);
    struct err e;

    (void)state;
    io_test.er = EIO;
    io_test.fail_write = 1;
    pack_io_use(&io_failing);
    assert_int_equal(put_group(w, "x"), ERR_IO);
    assert_true(pack_writer_failed(w));
    assert_int_equal(put_group(w, "x"), ERR_IO);
    assert_int_equal(io_test.writes, 1); /* never tried again */
    pack_writer_close(&w);
    for (int er = 0; er < 2; er++) { /* the errno of a failed fdatasync makes no difference */
        io_reset();
        w = open_writer(dir, 2 + er);
        pack_io_use(&io_failing);
        io_test.er = er ? ENOSPC : EIO;
        io_test.fail_sync = 1;
        assert_int_equal(put_group(w, "x"), ERR_IO);
        assert_true(pack_writer_failed(w));
        assert_int_equal(put_group(w, "x"), ERR_IO);
        assert_int_equal(io_test.syncs, 1);
        pack_writer_close(&w);
    }
    for (int step = 0; step < 4; step++) {
        io_reset();
        pack_io_use(&io_failing);
        io_test.er = step % 2 ? ENOSPC : EIO;
        io_test.fail_open = step == 0;
        io_test.fail_write = step == 1;
        io_test.fail_file_sync = step >= 2 ? step - 1 : 0; /* of the file, of the folder */
        assert_int_equal(pack_writer_open(&w, dir, &cell, 9, &e), step % 2 ? ERR_FULL : ERR_IO);
        assert_null(w);
    }
    io_reset();
    w = open_writer(dir, 9); /* the failed ones left nothing behind */
    pack_writer_close(&w);
    scratch_remove(dir);
}

static void test_reader_errors(void **state)
{
    AUTO(arena) struct arena a;
    char *dir = scratch_make();
    struct pack_writer *w = open_writer(dir, 1);
    struct pack_set *set;
    struct blob_draft d, *one = &d;
    struct arena tight;
    struct str got;

    (void)state;
    arena_init(&a, ARENA_NO_LIMIT);
    assert_int_equal(blob_prepare(&a, 1, STR("some bytes, some bytes, some bytes, some bytes, some bytes"), &d), 0);
    assert_int_equal(pack_put_blobs(w, &one, 1), 0);
    assert_int_equal(pack_end_group(w, &group_a, &group_b, NULL, 0, NULL, 0), 0);
    for (int64_t id = 2; id < 80; id++) { /* more files than the set keeps open */
        struct pack_writer *v = open_writer(dir, id);

        pack_writer_close(&v);
    }
    assert_int_equal(pack_set_open(&set, dir, &cell, NULL), 0);
    for (int64_t id = 1; id < 80; id++) {
        struct pack_loc loc = d.loc;

        loc.pack = id;
        assert_int_equal(pack_read_blob(set, loc, d.sha256, &a, &got), id == 1 ? 0 : ERR_CORRUPT);
    }
    assert_int_equal(pack_read_blob(set, d.loc, d.sha256, &a, &got), 0);
    pack_io_use(&io_failing);
    io_test.er = EIO;
    io_test.fail_read = 1;
    assert_int_equal(pack_read_blob(set, d.loc, d.sha256, &a, &got), ERR_IO);
    assert_int_equal(pack_read_blob(set, d.loc, d.sha256, &a, &got), 0);
    io_reset();
    arena_init(&tight, 16);
    assert_int_equal(pack_read_blob(set, d.loc, d.sha256, &tight, &got), ERR_NOMEM);
    arena_free(&tight);
    pack_set_close(&set);
    pack_writer_close(&w);
    scratch_remove(dir);
}

static void test_limits(void **state)
{
    AUTO(arena) struct arena a;
    struct blob_draft d;

    (void)state;
    arena_init(&a, ARENA_NO_LIMIT);
    assert_int_equal(blob_prepare(&a, 1, str_n("", (size_t)PACK_BLOB_MAX + 1), &d),
                     ERR_LIMIT); /* refused before a byte is read */
    assert_int_equal(pack_name_id("/x/000000000000001f.pack"), 31);
    assert_int_equal(pack_name_id("000000000000001F.pack"), -1);
    assert_int_equal(pack_name_id("8000000000000000.pack"), -1);
    assert_int_equal(pack_name_id("x.pack"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_groups),       cmocka_unit_test(test_wrong_file),
        cmocka_unit_test(test_full_disk),  cmocka_unit_test(test_failing_disk), cmocka_unit_test(test_reader_errors),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
