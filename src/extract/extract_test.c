#include "extract/extract.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <cmocka.h>

static struct extract_ctx *ctx;

struct result {
    struct arena arena;
    struct facts_structure s;
    struct facts_insight in;
};

static void run(struct str raw, struct result *r)
{
    struct buf s, in;
    buf_init(&s, FACTS_ENCODED_MAX);
    buf_init(&in, FACTS_ENCODED_MAX);
    arena_init(&r->arena, ARENA_NO_LIMIT);
    assert_int_equal(extract_message(ctx, raw, &s, &in), 0);
    assert_int_equal(facts_structure_get(&r->arena, buf_str(&s), raw.n, &r->s), 0);
    assert_int_equal(facts_insight_get(&r->arena, buf_str(&in), &r->in), 0);
    buf_free(&s);
    buf_free(&in);
}

#define IBAN "IT60X0542811101000000123456"
static const char nested[] =
    "From: Anna <anna@rossimarmi.example>\r\nTo: info@azienda.example\r\nSubject: Fattura\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=\"A\"\r\n\r\npreamble\r\n"
    "--A\r\nContent-Type: multipart/alternative; boundary=B\r\n\r\n"
    "--B\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nIBAN IT60 X054 2811 1010 0000 0123 456\r\ngrazie\r\n"
    "--B\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>IBAN <b>DE89</b>3704<span "
    "style=3D\"display:none\">9</span>0044 0532 0130 00 <a href=3D\"https://x.example/\">qui</a></p>\r\n"
    "--B--\r\n\r\n--A\r\nContent-Type: application/pdf; name=\"f.pdf\"\r\nContent-Transfer-Encoding: "
    "base64\r\nContent-Disposition: attachment\r\n\r\nSGVsbG8=\r\n--A--\r\n";

static void test_nested(void **state)
{
    (void)state;
    struct result r;
    struct str raw = str_n(nested, sizeof nested - 1);
    run(raw, &r);
    assert_int_equal(r.s.n_parts, 5);
    struct facts_part *p = r.s.parts;
    assert_true(str_eq(p[2].subtype, STR("plain")));
    assert_true(
        str_eq(str_n(raw.p + p[2].body_off, p[2].body_len), STR("IBAN IT60 X054 2811 1010 0000 0123 456\r\ngrazie")));
    assert_int_equal(p[2].lines, 2);
    assert_true(str_starts(str_from(raw, p[3].header_off), STR("Content-Type: text/html")));
    assert_true(str_starts(str_from(raw, p[1].body_off + p[1].body_len), STR("\r\n--A\r\n")));
    assert_true(str_eq(p[4].name, STR("f.pdf")));
    assert_int_equal(p[4].size, 5);
    assert_true(r.in.has_attachment);
    assert_int_equal(r.in.n_payments, 2);
    assert_true(str_eq(r.in.payments[0].value, STR(IBAN)));
    assert_true(str_eq(r.in.payments[1].value, STR("DE89370400440532013000")));
    assert_int_equal(r.in.payments[1].where, WHERE_HTML);
    assert_true(r.in.flags & FACTS_HIDDEN_TEXT);
    assert_int_equal(r.in.n_links, 1);
    assert_true(str_eq(r.in.links[0].text, STR("qui")));
    assert_true(str_starts(r.in.preview, STR("IBAN IT60")));
    arena_free(&r.arena);
}

static void test_small(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *text;
        uint32_t flags;
    } cases[] = {
        {"", "", FACTS_UNREADABLE},
        {"\r\n\r\n", "", 0},
        {"Subject: x\r\n\r\nciao\r\n", "ciao\n", 0},
        {"Subject: x\n\nI\xE2\x80\x8BT60\n", "IT60\n", FACTS_ZERO_WIDTH | FACTS_CUT_WORDS},
        {"Content-Type: text/html\r\n\r\n<style>p{}</style><p>uno</p><p>due<br>tre<blockquote "
         "type=cite>vecchio</blockquote>",
         "uno\ndue\ntre\n> vecchio\n", 0},
        {"Content-Type: text/html\r\n\r\n<p>uno<blockquote>rientrato</blockquote>", "uno\nrientrato\n", 0},
        {"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nperch\xE9\r\n", "perch\xC3\xA9\n", 0},
        {"From: a@b.example\r\nFrom: c@d.example\r\n\r\nx", "x", 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct result r;
        run(str_c(cases[i].raw), &r);
        if (!str_eq(r.in.text, str_c(cases[i].text)) || r.in.flags != cases[i].flags)
            fail_msg("case %zu: \"%.*s\" flags %x", i, STRF(r.in.text), r.in.flags);
        arena_free(&r.arena);
    }
}

static void test_bytes(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof nested - 1; n++) {
        struct result r;
        char *copy = malloc(n + 1);
        memcpy(copy, nested, n);
        run(str_n(copy, n), &r);
        arena_free(&r.arena);
        free(copy);
    }
}

static void test_bombs(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 64u << 20);
    buf_addz(&b, "Content-Type: text/html\r\n\r\n");
    for (int i = 0; i < 100000; i++)
        buf_addz(&b, "<div><blockquote>");
    struct result r;
    run(buf_str(&b), &r);
    arena_free(&r.arena);
    buf_clear(&b);
    buf_addz(&b, "Content-Type: multipart/mixed; boundary=A\r\n\r\n");
    for (int i = 0; i < 10000; i++)
        buf_addz(&b, "--A\r\n\r\nx\r\n");
    run(buf_str(&b), &r);
    assert_true(r.in.flags & FACTS_TOO_MANY);
    arena_free(&r.arena);
    buf_free(&b);
}

static size_t corpus_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &st), 0);
    char *p = malloc((size_t)st.st_size + 1);
    size_t n = fread(p, 1, (size_t)st.st_size, f);
    fclose(f);
    struct result r;
    run(str_n(p, n), &r);
    arena_free(&r.arena);
    free(p);
    return 1;
}

static size_t corpus_dir(const char *dir)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    if (!d)
        fail_msg("cannot read %s", dir);
    for (struct dirent *e; (e = readdir(d));) {
        char path[4096];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        struct stat st;
        if (stat(path, &st) == 0)
            n += S_ISDIR(st.st_mode) ? corpus_dir(path) : corpus_file(path);
    }
    closedir(d);
    return n;
}

static void test_corpus(void **state)
{
    (void)state;
    const char *data = getenv("SIGILLO_DATA");
    if (!data || !*data) {
        printf("left out: extract over the mime corpus (SIGILLO_DATA is not set)\n");
        return;
    }
    char dir[4096];
    snprintf(dir, sizeof dir, "%s/mime", data);
    assert_true(corpus_dir(dir) > 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nested), cmocka_unit_test(test_small),
                                       cmocka_unit_test(test_bytes), cmocka_unit_test(test_bombs),
                                       cmocka_unit_test(test_corpus)};
    if (extract_open(&ctx, NULL) != 0)
        return 1;
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    extract_close(&ctx);
    return r;
}
