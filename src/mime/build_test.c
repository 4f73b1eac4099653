#include "mime/build.h"
#include "mime/identity.h"
#include "mime/word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define T 1795280400000 /* Sat, 21 Nov 2026 17:00:00 UTC */

static struct mime_addr addr(const char *name, const char *local, const char *domain)
{
    return (struct mime_addr){.name = str_c(name), .local = str_c(local), .domain = str_c(domain)};
}

static void assert_lines(struct str s)
{
    for (size_t from = 0; from < s.n;) {
        ptrdiff_t lf = str_chr(s, '\n', from);
        assert_true(lf > 0 && s.p[lf - 1] == '\r');
        assert_true((size_t)lf - from <= MIME_FOLD_AT + 2);
        assert_true(str_chr(str_n(s.p + from, (size_t)lf - from - 1), '\r', 0) < 0);
        from = (size_t)lf + 1;
    }
}

static void writes_what_is_read(void **state UNUSED)
{
    AUTO(buf) struct buf out;
    AUTO(arena) struct arena a;
    struct mime_build b;
    struct mime_identity id;
    struct mime_addr from = addr("Müller, Hans", "hans", "xn--mller-kva.example");
    struct mime_addr to[] = {addr("Rossi, \"Mario\"", "m.rossi", "azienda.example"), addr("", "a b", "c.example"),
                             addr("Una ragione sociale molto molto lunga S.r.l. in liquidazione", "x", "d.example"),
                             addr("=?x?q?y?=", "z", "e.example")};
    struct str refs[30];
    const char *subject =
        "Perché la fattura n° 12 è arrivata due volte? — con un oggetto che non sta in una riga sola, né in due";
    for (size_t i = 0; i < N_ELEMENTS(refs); i++)
        refs[i] = STR("0123456789.0123456789@azienda.example");
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&out, 100000);
    mime_build_init(&b, &out);
    mime_build_date(&b, STR("Date"), T, 60);
    mime_build_addrs(&b, STR("From"), &from, 1);
    mime_build_addrs(&b, STR("To"), to, 4);
    mime_build_addrs(&b, STR("Cc"), NULL, 0);
    mime_build_text(&b, STR("Subject"), str_c(subject));
    mime_build_msgids(&b, STR("Message-ID"), &refs[0], 1);
    mime_build_msgids(&b, STR("References"), refs, N_ELEMENTS(refs));
    mime_build_raw(&b, STR("Auto-Submitted"), STR("auto-generated"));
    mime_build_body(&b, STR("plain"), STR("Perché = no\n"));
    assert_int_equal(mime_build_end(&b), MIME_BUILD_OK);
    assert_lines(buf_str(&out));

    mime_identity_read(&a, NULL, buf_str(&out), &id);
    assert_int_equal(id.from_state, MIME_FROM_OK);
    assert_true(str_eq(id.from.name, from.name));
    assert_true(str_eq(id.from_key, STR("hans@xn--mller-kva.example")));
    assert_int_equal(id.to.n, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(str_eq(id.to.v[i].name, to[i].name));
        assert_true(mime_addr_same(&a, &id.to.v[i], &to[i]));
    }
    assert_true(str_eq(id.subject, str_c(subject)));
    assert_int_equal(id.n_references, N_ELEMENTS(refs));
    assert_int_equal(id.date_ms, T);
    assert_int_equal(id.date_zone, 60);
    assert_int_equal(id.header_flags, 0);
    assert_true(id.flags & MIME_ID_AUTOMATIC);
    assert_true(str_eq(str_from(buf_str(&out), id.body), STR("Perch=C3=A9 =3D no\r\n")));
}

static void keeps_odd_texts(void **state UNUSED)
{
    static const char *const texts[] = {
        "a  b",
        "=?utf-8?Q?a?=",
        "x",
        "€",
        "€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€€",
        "a =b ?= c",
        "",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        AUTO(buf) struct buf out;
        AUTO(arena) struct arena a;
        struct mime_build b;
        struct mime_header h;
        struct mime_field f;
        arena_init(&a, ARENA_NO_LIMIT);
        buf_init(&out, 10000);
        mime_build_init(&b, &out);
        mime_build_text(&b, STR("Subject"), str_c(texts[i]));
        assert_int_equal(b.err, MIME_BUILD_OK);
        assert_lines(buf_str(&out));
        mime_header_init(&h, buf_str(&out));
        assert_true(mime_header_next(&h, &f));
        struct str back = mime_words_decode(&a, NULL, f.value, NULL);
        if (!str_eq(back, str_c(texts[i])))
            fail_msg("%s: %.*s", texts[i], STRF(back));
    }
}

/* Line 17 of the list in docs/operator/smtp.md. */
static void line_17_nothing_breaks_out_of_a_header(void **state UNUSED)
{
    static const struct str bad[] = {
        {"a\r\nBcc: x@y.example", 19}, {"a\nb", 3}, {"a\rb", 3}, {"a\0b", 3}, {"\xff", 1}, {"a\x7f", 2}};
    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        for (int how = 0; how < 8; how++) {
            AUTO(buf) struct buf out;
            struct mime_build b;
            struct mime_addr m = addr("n", "l", "d.example");
            buf_init(&out, 10000);
            mime_build_init(&b, &out);
            switch (how) {
            case 0: mime_build_text(&b, STR("Subject"), bad[i]); break;
            case 1: mime_build_raw(&b, STR("X"), bad[i]); break;
            case 2: mime_build_text(&b, bad[i], STR("x")); break;
            case 3:
                m.name = bad[i];
                mime_build_addrs(&b, STR("To"), &m, 1);
                break;
            case 4:
                m.local = bad[i];
                mime_build_addrs(&b, STR("To"), &m, 1);
                break;
            case 5:
                m.domain = bad[i];
                mime_build_addrs(&b, STR("To"), &m, 1);
                break;
            case 6: mime_build_bytes(&b, STR("a/b"), bad[i], STR("x")); break;
            default: mime_build_multipart(&b, STR("mixed"), bad[i]); break;
            }
            mime_build_body(&b, STR("plain"), STR("x"));
            assert_int_equal(mime_build_end(&b), MIME_BUILD_BAD);
            assert_true(str_find(buf_str(&out), STR("Bcc"), 0) < 0);
        }
}

static void refuses_disorder(void **state UNUSED)
{
    AUTO(buf) struct buf out;
    struct mime_build b;
    struct str id = STR("a b"), empty = STR("");
    buf_init(&out, 100);
    mime_build_init(&b, &out);
    mime_build_text(&b, STR("Subject"), STR("no body"));
    assert_int_equal(mime_build_end(&b), MIME_BUILD_BAD);
    mime_build_init(&b, &out);
    mime_build_body(&b, STR("plain"), STR(""));
    mime_build_text(&b, STR("Subject"), STR("after the body"));
    assert_int_equal(mime_build_end(&b), MIME_BUILD_BAD);
    mime_build_init(&b, &out);
    mime_build_part(&b);
    assert_int_equal(mime_build_end(&b), MIME_BUILD_BAD);
    mime_build_init(&b, &out);
    mime_build_msgids(&b, STR("Message-ID"), &id, 1);
    assert_int_equal(b.err, MIME_BUILD_BAD);
    mime_build_init(&b, &out);
    mime_build_msgids(&b, STR("Message-ID"), &empty, 1);
    assert_int_equal(b.err, MIME_BUILD_BAD);
    buf_clear(&out);
    mime_build_init(&b, &out);
    mime_build_body(&b, STR("plain"), STR("more than a hundred bytes with the fields that a body brings along"));
    assert_int_equal(mime_build_end(&b), MIME_BUILD_FULL);

    char word[1100];
    memset(word, 'x', sizeof word);
    AUTO(buf) struct buf large;
    buf_init(&large, 10000);
    mime_build_init(&b, &large);
    mime_build_raw(&b, STR("X"), str_n(word, sizeof word));
    assert_int_equal(b.err, MIME_BUILD_LONG);
}

static void multiparts(void **state UNUSED)
{
    AUTO(buf) struct buf out;
    struct mime_build b;
    buf_init(&out, 10000);
    mime_build_init(&b, &out);
    mime_build_text(&b, STR("Subject"), STR("x"));
    mime_build_multipart(&b, STR("mixed"), STR("b1"));
    mime_build_part(&b);
    mime_build_multipart(&b, STR("alternative"), STR("b2"));
    mime_build_part(&b);
    mime_build_body(&b, STR("plain"), STR("a\nb"));
    mime_build_part(&b);
    mime_build_body(&b, STR("html"), STR("<p>\xc3\xa8"));
    mime_build_multipart_end(&b);
    mime_build_part(&b);
    mime_build_bytes(&b, STR("application/pdf"), STR("citt\xc3\xa0.pdf"), STR("bytes"));
    mime_build_multipart_end(&b);
    assert_int_equal(mime_build_end(&b), MIME_BUILD_OK);
    assert_true(str_eq(
        buf_str(&out),
        STR("Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b1\"\r\n\r\n"
            "\r\n--b1\r\nContent-Type: multipart/alternative; boundary=\"b2\"\r\n\r\n"
            "\r\n--b2\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: "
            "7bit\r\n\r\na\r\nb\r\n"
            "\r\n--b2\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
            "<p>=C3=A8=\r\n\r\n--b2--\r\n"
            "\r\n--b1\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; "
            "filename*=utf-8''citt%C3%A0.pdf\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\nYnl0ZXM=\r\n\r\n--b1--\r\n")));
}

static void quotes_printable(void **state UNUSED)
{
    static const char *const cases[][2] = {
        {"a=b\n", "a=3Db\r\n"},    {"a \nb\t\n", "a=20\r\nb=09\r\n"},  {"From x\n.\n", "=46rom x\r\n=2E\r\n"},
        {"a\r\nb", "a\r\nb=\r\n"}, {"\xc3\xa0\n\n", "=C3=A0\r\n\r\n"}, {"", ""},
        {"a\rb\n", "a=0Db\r\n"},
    };
    AUTO(buf) struct buf out;
    buf_init(&out, 100000);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        buf_clear(&out);
        mime_qp_put(&out, str_c(cases[i][0]));
        if (!str_eq(buf_str(&out), str_c(cases[i][1])))
            fail_msg("%s: %.*s", cases[i][0], STRF(buf_str(&out)));
    }
    char longline[1000];
    memset(longline, '=', sizeof longline);
    longline[999] = '\n';
    buf_clear(&out);
    mime_qp_put(&out, str_n(longline, sizeof longline));
    assert_lines(buf_str(&out));
    buf_clear(&out);
    mime_base64_lines_put(&out, str_n(longline, sizeof longline));
    assert_lines(buf_str(&out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_is_read),
        cmocka_unit_test(keeps_odd_texts),
        cmocka_unit_test(line_17_nothing_breaks_out_of_a_header),
        cmocka_unit_test(refuses_disorder),
        cmocka_unit_test(multiparts),
        cmocka_unit_test(quotes_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
