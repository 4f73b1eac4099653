/* Packs that were cut short, had any one bit turned over, or carry records planted by a sender: every damage is
 * reported, nothing behind it is lost, and nothing that is not ours is ever believed. */
#include "store/pack_test_help.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define FILE_MAX 65536u
static const struct pack_uuid cell = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static const struct pack_uuid groups[3] = {{{0xa}}, {{0xb}}, {{0xc}}};

struct sample {
    char *dir;
    char path[128];
    uint8_t bytes[FILE_MAX];
    size_t n;
    size_t second_group; /* where it begins */
    size_t records;
};
struct tally {
    size_t good, damaged, closed;
    int64_t at, end; /* of the last damage */
    int64_t next;    /* regions must follow each other without a gap */
    bool gap;
    size_t org9;
};

static int tally(void *arg, const struct pack_seen *s)
{
    struct tally *t = arg;

    t->gap |= s->loc.offset != t->next;
    t->next = s->loc.offset + s->loc.length;
    t->closed += s->in_closed_group;
    t->org9 += !s->damaged && s->kind == PACK_PLACE && s->place.org == 9;
    if (s->damaged) {
        t->damaged++;
        t->at = s->loc.offset;
        t->end = t->next;
    } else {
        t->good++;
    }
    return 0;
}

/* Two groups of blob, blob, place; the second of more than one size of blob. */
static void sample_make(struct sample *s)
{
    AUTO(arena) struct arena a;
    struct pack_writer *w = NULL;
    struct pack_place p = {.org = 1, .account = 2, .mailbox = 3, .uid = 4, .seq = 5, .message = 6};
    char noise[300];

    arena_init(&a, ARENA_NO_LIMIT);
    s->dir = scratch_make();
    (void)snprintf(s->path, sizeof s->path, "%s/%016x.pack", s->dir, 1);
    assert_int_equal(pack_writer_open(&w, s->dir, &cell, 1, NULL), 0);
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(i * i * 31 + i);
    p.mailbox_name = STR("INBOX");
    p.address = STR("info@azienda.example");
    for (int g = 0; g < 2; g++) {
        struct blob_draft d[2], *all[2] = {&d[0], &d[1]};

        s->second_group = (size_t)pack_writer_size(w);
        assert_int_equal(blob_prepare(&a, 1, str_n(noise, sizeof noise - (size_t)g), &d[0]), 0);
        assert_int_equal(
            blob_prepare(&a, 1, g ? STR("") : STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), &d[1]),
            0);
        assert_int_equal(pack_put_blobs(w, all, 2), 0);
        assert_int_equal(pack_end_group(w, &groups[g + 1], &groups[g], &p, 1, NULL, 0), 0);
    }
    pack_writer_close(&w);
    s->n = file_load(s->path, s->bytes, sizeof s->bytes);
    s->records = 8;
    assert_true(s->n > 700 && s->n < FILE_MAX);
}

static struct tally walk(const struct sample *s)
{
    struct tally t = {.next = PACK_HEAD_LEN};

    assert_int_equal(pack_walk_groups(s->path, &cell, tally, &t, NULL), 0);
    return t;
}

static void test_torn_tail(void **state)
{
    struct sample *s = calloc(1, sizeof *s);

    (void)state;
    sample_make(s);
    for (size_t n = 0; n <= s->n; n++) {
        struct tally t = {.next = n < PACK_HEAD_LEN ? 0 : PACK_HEAD_LEN};
        bool at_border = n == s->n;

        assert_true(file_save(s->path, s->bytes, n));
        assert_int_equal(pack_walk_groups(s->path, &cell, tally, &t, NULL), 0);
        assert_false(t.gap);
        assert_int_equal(t.next, n); /* every byte is accounted for */
        assert_true(t.damaged <= 1);
        if (n >= s->second_group)
            assert_int_equal(t.closed, at_border ? 8 : 4); /* a cut group is never closed, the one before always is */
        else
            assert_int_equal(t.closed, 0);
    }
    scratch_remove(s->dir);
    free(s);
}

static void test_every_bit(void **state)
{
    struct sample *s = calloc(1, sizeof *s);

    (void)state;
    sample_make(s);
    for (size_t bit = 0; bit < s->n * 8; bit++) {
        struct tally t = {.next = bit < 8 * PACK_HEAD_LEN ? 0 : PACK_HEAD_LEN};

        s->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(file_save(s->path, s->bytes, s->n));
        assert_int_equal(pack_walk_groups(s->path, &cell, tally, &t, NULL), 0);
        assert_int_equal(t.damaged, 1);
        assert_true(t.at <= (int64_t)bit / 8 && (int64_t)bit / 8 < t.end);
        assert_int_equal(t.good, bit < 8 * PACK_HEAD_LEN ? s->records
                                                         : s->records - 1); /* the other records are all still read */
        assert_false(t.gap);
        assert_int_equal(t.next, s->n);
        s->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    scratch_remove(s->dir);
    free(s);
}

/* Zeroed and cut-out regions, as a lost sector or a lost extent leaves them. */
static void test_lost_regions(void **state)
{
    struct sample *s = calloc(1, sizeof *s);
    uint8_t *copy = malloc(FILE_MAX);

    (void)state;
    sample_make(s);
    for (size_t at = PACK_HEAD_LEN; at < s->n; at += 3)
        for (size_t len = 1; at + len <= s->n; len = len * 3 + 1) {
            struct tally t;

            memcpy(copy, s->bytes, s->n);
            memset(copy + at, 0xff, len);
            assert_true(file_save(s->path, copy, s->n));
            t = walk(s);
            assert_true(t.damaged >= 1 && !t.gap);
            memmove(copy + at, s->bytes + at + len,
                    s->n - at - len); /* all behind stands at another offset: must not be believed */
            assert_true(file_save(s->path, copy, s->n - len));
            t = walk(s);
            assert_true(t.damaged >= 1 || at + len == s->n);
            assert_true(t.closed < 8);
        }
    free(copy);
    scratch_remove(s->dir);
    free(s);
}

/* A sender who knows the format puts a whole pack with a record of his own into an attachment that does not compress;
 * then the record that carries it is damaged, so that the search runs through his bytes. */
static void test_planted(void **state)
{
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf evil;
    struct sample *s = calloc(1, sizeof *s);
    struct pack_writer *w = NULL;
    struct pack_uuid foreign = {{0xee}};
    struct pack_place p = {.org = 9};
    struct blob_draft d, *one = &d;
    struct tally t;
    uint8_t head[PACK_REC_LEN];

    (void)state;
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&evil, FILE_MAX);
    for (int64_t offset = 100; offset < 180; offset++) { /* he guesses the offset, but not the cell */
        AUTO(buf) struct buf body;

        buf_init(&body, FILE_MAX);
        pack_place_put(&body, &p);
        pack_rec_put(head, pack_seed(pack_cell_fold(&foreign), 1), offset, PACK_PLACE, 0, buf_str(&body), STR_NULL);
        buf_add(&evil, head, sizeof head);
        buf_adds(&evil, buf_str(&body));
    }
    s->dir = scratch_make();
    (void)snprintf(s->path, sizeof s->path, "%s/%016x.pack", s->dir, 1);
    assert_int_equal(pack_writer_open(&w, s->dir, &cell, 1, NULL), 0);
    assert_int_equal(blob_prepare(&a, 1, buf_str(&evil), &d), 0);
    d.bytes = buf_str(&evil);
    d.zstd = false;
    assert_int_equal(pack_put_blobs(w, &one, 1), 0);
    assert_int_equal(pack_end_group(w, &groups[1], &groups[0], NULL, 0, NULL, 0), 0);
    pack_writer_close(&w);
    s->n = file_load(s->path, s->bytes, sizeof s->bytes);
    s->bytes[PACK_HEAD_LEN + 8] ^= 0x40; /* the length of the record that carries it */
    assert_true(file_save(s->path, s->bytes, s->n));
    t = walk(s);
    assert_int_equal(t.org9, 0);
    assert_int_equal(t.damaged, 1);
    assert_int_equal(t.good, 1); /* the group end behind it is found */
    scratch_remove(s->dir);
    free(s);
}

/* Records of one pack pasted into another of the same cell, at the same offset. */
static void test_swapped_content(void **state)
{
    struct sample *s = calloc(1, sizeof *s);
    uint8_t head[PACK_HEAD_LEN];
    struct tally t;

    (void)state;
    sample_make(s);
    pack_head_put(head, pack_cell_fold(&cell), 2);
    memcpy(s->bytes, head, sizeof head);
    (void)snprintf(s->path, sizeof s->path, "%s/%016x.pack", s->dir, 2);
    assert_true(file_save(s->path, s->bytes, s->n));
    t = walk(s);
    assert_int_equal(t.good, 0);
    assert_int_equal(t.damaged, 1);
    scratch_remove(s->dir);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torn_tail), cmocka_unit_test(test_every_bit),       cmocka_unit_test(test_lost_regions),
        cmocka_unit_test(test_planted),   cmocka_unit_test(test_swapped_content),
    };

    return cmocka_run_group_tests_name("pack_damage", tests, NULL, NULL);
}
