/* Body trees, decoding, and which parts are shown (RFC 8621 4.1.4). */
#include "jmap/part.h"
#include "jmap/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static struct arena A;

static struct facts_structure tree(const char *raw)
{
    struct facts_structure s;
    tree_read(&A, NULL, str_c(raw), &s);
    return s;
}

/* "0:multipart/mixed 1:text/plain ..." */
static const char *shape(const struct facts_structure *s)
{
    struct str all = STR("");
    for (size_t i = 0; i < s->n_parts; i++)
        all = arena_printf(&A, "%.*s%s%u:%.*s/%.*s", STRF(all), i ? " " : "", s->parts[i].depth, STRF(s->parts[i].type),
                           STRF(s->parts[i].subtype));
    return all.p;
}

static const char *list(const uint32_t *v, size_t n)
{
    struct str all = STR("");
    for (size_t i = 0; i < n; i++)
        all = arena_printf(&A, "%.*s%s%u", STRF(all), i ? "," : "", v[i]);
    return arena_z(&A, all);
}

#define PART(type) "Content-Type: " type "\r\n\r\nx\r\n"
#define ATTACHED(type, name) "Content-Type: " type "; name=" name "\r\nContent-Disposition: attachment\r\n\r\nx\r\n"

static void trees(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *shape, *text, *html, *attached;
    } cases[] = {
        {"Subject: x\r\n\r\nciao\r\n", "0:text/plain", "0", "0", ""},
        {"Content-Type: text/html\r\n\r\n<p>", "0:text/html", "0", "0", ""},
        {"Content-Type: application/pdf\r\n\r\nx", "0:application/pdf", "", "", "0"},
        {"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n" PART("text/plain") "--b\r\n" PART(
             "text/html") "--b--\r\n",
         "0:multipart/alternative 1:text/plain 1:text/html", "1", "2", ""},
        {"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n" PART("text/html") "--b--\r\n",
         "0:multipart/alternative 1:text/html", "1", "1", ""},
        {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" PART("text/plain") "--b\r\n" PART(
             "image/png") "--b\r\n" PART("text/plain") "--b\r\n" ATTACHED("application/pdf", "a.pdf") "--b--\r\n",
         "0:multipart/mixed 1:text/plain 1:image/png 1:text/plain 1:application/pdf", "1,2,3", "1,2,3", "4"},
        /* the picture of the HTML is no part of the text */
        {"Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n" PART(
             "text/plain") "--a\r\nContent-Type: "
                           "multipart/related; "
                           "boundary=r\r\n\r\n--"
                           "r\r\n" PART("text/"
                                        "html") "--r\r\n" PART("image/png") "--r-"
                                                                            "-\r"
                                                                            "\n--"
                                                                            "a--"
                                                                            "\r"
                                                                            "\n",
         "0:multipart/alternative 1:text/plain 1:multipart/related 2:text/html 2:image/png", "1", "3", "4"},
        /* a named text behind the first part hangs on */
        {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" PART(
             "text/plain") "--b\r\nContent-Type: text/plain; name=n.txt\r\n\r\nx\r\n--b--\r\n",
         "0:multipart/mixed 1:text/plain 1:text/plain", "1", "1", "2"},
        {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: "
         "y\r\n\r\nz\r\n--b--\r\n",
         "0:multipart/mixed 1:message/rfc822 2:text/plain", "", "", "1"},
        {"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: y\r\n\r\nz\r\n--b--\r\n",
         "0:multipart/digest 1:message/rfc822 2:text/plain", "", "", "1"},
        /* never closed; a boundary that begins like another */
        {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--bb\r\n--b\r\n" PART("text/plain"),
         "0:multipart/mixed 1:text/plain", "1", "1", ""},
        {"Content-Type: multipart/mixed\r\n\r\nno boundary\r\n", "0:multipart/mixed", "", "", ""},
        {"", "0:text/plain", "0", "0", ""},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct facts_structure s = tree(cases[i].raw);
        struct part_lists l;
        assert_string_equal(shape(&s), cases[i].shape);
        part_lists(&A, &s, &l);
        if (strcmp(list(l.text, l.n_text), cases[i].text) != 0 || strcmp(list(l.html, l.n_html), cases[i].html) != 0 ||
            strcmp(list(l.attached, l.n_attached), cases[i].attached) != 0)
            fail_msg("case %zu: text %s html %s attached %s", i, list(l.text, l.n_text), list(l.html, l.n_html),
                     list(l.attached, l.n_attached));
    }
}

static void decoding(void **state)
{
    (void)state;
    static const struct {
        const char *encoding, *charset, *body, *want;
    } cases[] = {
        {"quoted-printable", "utf-8", "citt=C3=A0 =\r\ne  \r\nfine=\r\n", "citt\u00e0 e\nfine"},
        {"quoted-printable", "iso-8859-1", "citt=e0 = x=", "citt\u00e0 = x"},
        {"quoted-printable", "utf-8", "=3D=3d=zz a \t",
         "=="
         "=zz a"},
        {"base64", "utf-8", "Y2l0\r\ndMOg", "citt\u00e0"},
        {"7bit", "utf-8", "a\r\nb\rc\n", "a\nb\rc\n"},
        {"", "windows-1252", "\x80", "\u20ac"},
        {"x-unknown", "utf-8", "a=20b", "a=20b"},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct str raw = str_c(cases[i].body);
        struct facts_part p = {.type = STR("text"),
                               .subtype = STR("plain"),
                               .encoding = str_c(cases[i].encoding),
                               .charset = str_c(cases[i].charset),
                               .body_len = raw.n};
        struct part_text t;
        assert_int_equal(part_text(&A, NULL, raw, &p, &t), 0);
        if (!str_eq(t.text, str_c(cases[i].want)))
            fail_msg("case %zu: \"%.*s\"", i, STRF(t.text));
    }
}

/* Offsets that do not fit the bytes at hand read nothing foreign. */
static void foreign_offsets(void **state)
{
    (void)state;
    static const uint64_t offsets[][2] = {{6, 0}, {5, 1}, {0, 6}, {UINT64_MAX, 1}, {1, UINT64_MAX}};
    struct str out;
    for (size_t i = 0; i < N_ELEMENTS(offsets); i++) {
        struct facts_part p = {.body_off = offsets[i][0], .body_len = offsets[i][1]};
        assert_true(part_bytes(&A, STR("12345"), &p, &out) != 0);
    }
}

static void bounded(void **state)
{
    (void)state;
    struct buf b;
    struct facts_structure s;
    buf_init(&b, 1u << 20);
    for (int i = 0; i < 200; i++)
        buf_printf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
    tree_read(&A, NULL, buf_str(&b), &s);
    assert_true(s.n_parts <= FACTS_DEPTH_MAX + 2);
    buf_clear(&b);
    buf_addz(&b, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    for (int i = 0; i < 3000; i++)
        buf_addz(&b, "--b\r\n\r\nx\r\n");
    tree_read(&A, NULL, buf_str(&b), &s);
    assert_int_equal(s.n_parts, FACTS_PARTS_MAX);
    buf_free(&b);
}

int main(void)
{
    arena_init(&A, ARENA_NO_LIMIT);
    const struct CMUnitTest tests[] = {cmocka_unit_test(trees), cmocka_unit_test(decoding),
                                       cmocka_unit_test(foreign_offsets), cmocka_unit_test(bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
