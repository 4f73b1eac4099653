#include "mime/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static struct mime_charsets *charsets;

#define DOUBT (MIME_ADDR_LOOSE | MIME_ADDR_AMBIGUOUS)

/* One address each; flags are compared whole. */
static const struct {
    const char *text, *name, *key;
    unsigned flags;
} singles[] = {
    {"a@b.example", "", "a@b.example", 0},
    {"<A@B.Example.>", "", "a@b.example", 0},
    {"Mario Rossi <m.rossi@azienda.example>", "Mario Rossi", "m.rossi@azienda.example", 0},
    {"\"Rossi, Mario\" <m@a.example>", "Rossi, Mario", "m@a.example", 0},
    {"\"a \\\"b\\\" \\\\c\" <m@a.example>", "a \"b\" \\c", "m@a.example", 0},
    {"Mario\r\n Rossi\r\n <m@a.example>", "Mario Rossi", "m@a.example", 0},
    {"m@a.example (Mario (detto) Rossi)", "Mario (detto) Rossi", "m@a.example", MIME_ADDR_NAME_COMMENT},
    {"(c) m (d) @ (e) a.example (f)", "f", "m@a.example", MIME_ADDR_NAME_COMMENT},
    {"john . doe @ x . example", "", "john.doe@x.example", 0},
    {"\"john\".doe@x.example", "", "john.doe@x.example", MIME_ADDR_QUOTED},
    {"\"a b\"@x.example", "", "a b@x.example", MIME_ADDR_QUOTED},
    {"\"a@b\"@x.example", "", "a@b@x.example", MIME_ADDR_QUOTED},
    {"<@r.example,@s.example:a@b.example>", "", "a@b.example", MIME_ADDR_ROUTE},
    {"a@[192.0.2.1]", "", "a@[192.0.2.1]", MIME_ADDR_LITERAL},
    {"=?utf-8?Q?M=C3=BCller=2C?= =?utf-8?B?IEhhbnM=?= <h@a.example>", "Müller, Hans", "h@a.example", 0},
    {"\"=?utf-8?Q?Niccol=C3=B2?=\" <n@a.example>", "Niccolò", "n@a.example", 0},
    {"=?utf-8?Q?Rossi,_Mario?= <m@a.example>", "Rossi, Mario", "m@a.example", MIME_ADDR_LOOSE},
    {"\xe8 Mario <m@a.example>", "è Mario", "m@a.example", 0},
    {"Dr. A. Rossi <m@a.example>", "Dr. A. Rossi", "m@a.example", 0},
    {"x@Müller.example", "", "x@xn--mller-kva.example", MIME_ADDR_IDN},
    {"Ünal@a.example", "", "ünal@a.example", MIME_ADDR_UTF8},
    {"MAILER-DAEMON", "", "mailer-daemon", MIME_ADDR_NO_DOMAIN},
    {"a..b@c.example", "", "a..b@c.example", MIME_ADDR_BAD_LOCAL},
    {"a@b c.example", "", "a@c.example", MIME_ADDR_AMBIGUOUS},
    {"a@b..example", "", "a@b..example", MIME_ADDR_BAD_DOMAIN},
    {"a@", "", "a", MIME_ADDR_NO_DOMAIN | MIME_ADDR_LOOSE},
    {"info@a.example <INFO@A.example>", "info@a.example", "info@a.example", MIME_ADDR_LOOSE},
    {"Bob @ Acme <bob@acme.example>", "Bob @ Acme", "bob@acme.example", 0},
    {"ceo@good.example <e@bad.example>", "ceo@good.example", "e@bad.example", DOUBT},
    {"\"ceo@good.example\" <e@bad.example>", "ceo@good.example", "e@bad.example", 0},
    {"=?utf-8?q?<ceo@good.example>?= <e@bad.example>", "<ceo@good.example>", "e@bad.example", MIME_ADDR_AMBIGUOUS},
    {"<a@b.example> <c@d.example>", "", "a@b.example", DOUBT},
    {"<a@b.example> x", "", "a@b.example", MIME_ADDR_LOOSE},
    {"Name <a@b.example", "Name", "a@b.example", MIME_ADDR_LOOSE},
    {"\"Name <a@b.example>", "\"Name", "a@b.example", MIME_ADDR_AMBIGUOUS},
    {"John john@x.example", "John", "john@x.example", MIME_ADDR_AMBIGUOUS},
    {"a@b@c.example", "", "a@b", MIME_ADDR_AMBIGUOUS},
    {"a@b\\c.example", "", "a@b\\c.example", MIME_ADDR_LOOSE | MIME_ADDR_BAD_DOMAIN},
};

static void reads_one(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(singles); i++) {
        AUTO(arena) struct arena a;
        struct mime_addrs list = {0};
        arena_init(&a, ARENA_NO_LIMIT);
        mime_addrs_parse(&a, charsets, str_c(singles[i].text), &list);
        if (list.n != 1)
            fail_msg("%s: %zu addresses", singles[i].text, list.n);
        struct mime_addr *m = &list.v[0];
        struct str key = mime_addr_key(&a, m);
        if (!str_eq(m->name, str_c(singles[i].name)) || !str_eq(key, str_c(singles[i].key)) ||
            m->flags != singles[i].flags)
            fail_msg("%s: name [%.*s] key [%.*s] flags %x, wanted [%s] [%s] %x", singles[i].text, STRF(m->name),
                     STRF(key), m->flags, singles[i].name, singles[i].key, singles[i].flags);
    }
}

static size_t count(const char *text, unsigned *flags)
{
    AUTO(arena) struct arena a;
    struct mime_addrs list = {0};
    arena_init(&a, ARENA_NO_LIMIT);
    mime_addrs_parse(&a, charsets, str_c(text), &list);
    *flags = list.flags;
    return list.n;
}

static void reads_lists(void **state UNUSED)
{
    unsigned flags;
    assert_int_equal(count("", &flags), 0);
    assert_int_equal(flags, 0);
    assert_int_equal(count(" , ,, ", &flags), 0);
    assert_int_equal(flags, 0);
    assert_int_equal(count("a@b.example,, c@d.example,", &flags), 2);
    assert_int_equal(flags, 0);
    assert_int_equal(count("a@b.example; c@d.example", &flags), 2);
    assert_int_equal(count("undisclosed-recipients:;", &flags), 0);
    assert_int_equal(flags, MIME_ADDRS_GROUPS);
    assert_int_equal(count("x y, a@b.example", &flags), 1);
    assert_int_equal(flags, MIME_ADDRS_JUNK);
    assert_int_equal(count("<>", &flags), 0);
    assert_int_equal(flags, MIME_ADDRS_JUNK);
    assert_int_equal(count("@b.example, \"\"@c.example", &flags), 0);
    assert_int_equal(flags, MIME_ADDRS_JUNK);
    assert_int_equal(count("\"a, <b@c.example>, d@e.example", &flags), 2); /* an open quote swallows nothing */
}

static void reads_groups(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    struct mime_addrs list = {0};
    arena_init(&a, ARENA_NO_LIMIT);
    mime_addrs_parse(&a, charsets, STR("\"I soci\": a@b.example, C <c@d.example>; , e@f.example, Vuoto:;, g@h.example"),
                     &list);
    assert_int_equal(list.n, 4);
    assert_true(str_eq(list.v[0].group, STR("I soci")));
    assert_true(str_eq(list.v[1].group, STR("I soci")));
    assert_null(list.v[2].group.p);
    assert_null(list.v[3].group.p);
}

static void appends_and_caps(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf b;
    struct mime_addrs list = {0};
    unsigned flags;
    arena_init(&a, ARENA_NO_LIMIT);
    mime_addrs_parse(&a, charsets, STR("a@b.example"), &list);
    mime_addrs_parse(&a, charsets, STR("c@d.example"), &list);
    assert_int_equal(list.n, 2);

    buf_init(&b, 1 << 20);
    for (size_t i = 0; i < MIME_ADDRS_MAX + 5; i++)
        buf_addz(&b, "a@b.example,");
    buf_addc(&b, 0);
    assert_int_equal(count(b.p, &flags), MIME_ADDRS_MAX);
    assert_int_equal(flags, MIME_ADDRS_MANY);

    buf_clear(&b);
    for (size_t i = 0; i < MIME_COMMENT_NEST_MAX + 1; i++)
        buf_addc(&b, '(');
    for (size_t i = 0; i < MIME_COMMENT_NEST_MAX + 1; i++)
        buf_addc(&b, ')');
    buf_addz(&b, "a@b.example");
    buf_addc(&b, 0);
    assert_int_equal(count(b.p, &flags), 1);
    assert_int_equal(flags, MIME_ADDRS_DEEP);
}

/* Every beginning of every text, in a buffer of its own size: nothing is read beyond, nothing hangs. */
static void cut_anywhere(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(singles); i++) {
        struct str s = str_c(singles[i].text);
        for (size_t n = 0; n <= s.n; n++) {
            AUTO(arena) struct arena a;
            AUTO(heap) char *copy = malloc(n + 1);
            struct mime_addrs list = {0};
            memcpy(copy, s.p, n);
            arena_init(&a, ARENA_NO_LIMIT);
            mime_addrs_parse(&a, charsets, str_n(copy, n), &list);
            assert_true(list.n <= 2);
        }
    }
}

/* Inputs made to be slow: a field of the largest size is read in time and memory that grow with it, not with its
 * square. */
static void hostile_sizes(void **state UNUSED)
{
    static const char *const units[] = {"\"", "(",  "[",  "<",    "=?a?q?",    "a .",    "a b ", ":",
                                        "@",  "\\", "<@", "a@b,", "=?a?q?b?=", "\"a\" ", "(a)",  "x:;"};
    for (size_t i = 0; i < N_ELEMENTS(units); i++) {
        AUTO(arena) struct arena a;
        AUTO(buf) struct buf b;
        struct mime_addrs list = {0};
        arena_init(&a, 16 * 1024 * 1024);
        buf_init(&b, 1 << 20);
        while (b.n < 65536)
            buf_addz(&b, units[i]);
        mime_addrs_parse(&a, charsets, buf_str(&b), &list);
    }
}

static void writes_specs(void **state UNUSED)
{
    static const char *const specs[][2] = {
        {"a@b.example", "a@b.example"},           {"\"a b\"@b.example", "\"a b\"@b.example"},
        {"\"a.b\"@b.example", "a.b@b.example"},   {"\"a\\\"b\"@c.example", "\"a\\\"b\"@c.example"},
        {"\".a\"@b.example", "\".a\"@b.example"}, {"POSTMASTER", "POSTMASTER"},
    };
    for (size_t i = 0; i < N_ELEMENTS(specs); i++) {
        AUTO(arena) struct arena a;
        AUTO(buf) struct buf b;
        struct mime_addrs list = {0};
        arena_init(&a, ARENA_NO_LIMIT);
        buf_init(&b, 1000);
        mime_addrs_parse(&a, charsets, str_c(specs[i][0]), &list);
        assert_int_equal(list.n, 1);
        mime_addr_spec_put(&b, &list.v[0]);
        assert_true(str_eq(buf_str(&b), str_c(specs[i][1])));
        buf_clear(&b);
        list.v[0].local = STR("a\r\nb");
        mime_addr_spec_put(&b, &list.v[0]);
        assert_int_equal(b.n, 0);
    }
}

static void domains(void **state UNUSED)
{
    static const struct {
        const char *text, *ascii, *unicode;
        unsigned flags;
    } cases[] = {
        {"Example.COM", "example.com", "example.com", 0},
        {"example.com.", "example.com", "example.com", 0},
        {"MÜLLER.example", "xn--mller-kva.example", "müller.example", MIME_DOMAIN_IDN},
        {"xn--mller-kva.example", "xn--mller-kva.example", "müller.example", MIME_DOMAIN_IDN},
        {"straße.example", "xn--strae-oqa.example", "straße.example", MIME_DOMAIN_IDN},
        {"例。example", "xn--fsq.example", "例.example", MIME_DOMAIN_IDN},
        {"xn--99999999.example", "xn--99999999.example", "xn--99999999.example", MIME_DOMAIN_IDN | MIME_DOMAIN_BAD},
        {"a_b.example", "a_b.example", "a_b.example", 0},
        {"a b.example", "a b.example", "a b.example", MIME_DOMAIN_BAD},
        {".example", ".example", ".example", MIME_DOMAIN_BAD},
        {"[IPv6:2001:DB8::1]", "[ipv6:2001:db8::1]", "[ipv6:2001:db8::1]", MIME_DOMAIN_LITERAL},
        {"[]", "[]", "[]", MIME_DOMAIN_LITERAL | MIME_DOMAIN_BAD},
        {"", "", "", MIME_DOMAIN_BAD},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        for (int with = 0; with < 2; with++) {
            AUTO(arena) struct arena a;
            struct mime_domain d;
            arena_init(&a, ARENA_NO_LIMIT);
            mime_domain_read(&a, with ? charsets : NULL, str_c(cases[i].text), &d);
            if (!str_eq(d.ascii, str_c(cases[i].ascii)) || !str_eq(d.unicode, str_c(cases[i].unicode)) ||
                d.flags != cases[i].flags)
                fail_msg("%s: %.*s %.*s %x", cases[i].text, STRF(d.ascii), STRF(d.unicode), d.flags);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_one),        cmocka_unit_test(reads_lists),  cmocka_unit_test(reads_groups),
        cmocka_unit_test(appends_and_caps), cmocka_unit_test(cut_anywhere), cmocka_unit_test(hostile_sizes),
        cmocka_unit_test(writes_specs),     cmocka_unit_test(domains),
    };
    charsets = mime_charsets_open();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mime_charsets_close(charsets);
    return failed;
}
