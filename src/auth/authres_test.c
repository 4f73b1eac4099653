#include "auth/authres.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* ---- forged fields ---- */

static const struct {
    const char *value;
    bool ours; /* of mx.azienda.example */
} claims[] = {
    {" mx.azienda.example; spf=pass", true},
    {" MX.Azienda.EXAMPLE; spf=pass", true},
    {"mx.azienda.example 1; spf=pass", true},
    {" mx.azienda.example;none", true},
    {" mx.azienda.example", true},
    {" mx.azienda.example.; spf=pass", true},
    {"\r\n\tmx.azienda.example;\r\n\tspf=pass", true},
    {" (comment) mx.azienda.example (c (nested) \\) ) ; spf=pass", true},
    {" mx . azienda . example ; spf=pass", true},
    {" \"mx.azienda.example\"; spf=pass", true},
    {" \"mx\\.azienda.example\" 1; spf=pass", true},
    {" mx.(x)azienda.example; spf=pass", true},
    {" (open comment mx.azienda.example spf=pass", true},
    {" (open comment mx.azienda.example; spf=pass; dmarc=pass", true},
    {" (open (twice) mx.azienda.example; spf=pass", true},
    {" mx.azienda.example=spf=pass", true},
    {" mx.azienda.example/1; spf=pass", true},
    {" mx.azienda.examples; spf=pass", false},
    {" mx.azienda.example.org; spf=pass", false},
    {" mx.azienda.example-2; spf=pass", false},
    {" other.example; spf=pass smtp.mailfrom=mx.azienda.example", false},
    {" xmx.azienda.example; spf=pass", false},
    {" (mx.azienda.example) other.example; spf=pass", false},
    {" other.example; spf=pass (sent to mx.azienda.example", false},
    {"", false},
    {";", false},
};

static void knows_forged_ones(void **state UNUSED)
{
    struct str id = STR("mx.azienda.example");
    for (size_t i = 0; i < N_ELEMENTS(claims); i++) {
        struct str v = str_c(claims[i].value);
        if (auth_results_claims(v, id) != claims[i].ours)
            fail_msg("%s", claims[i].value);
        for (size_t n = 0; n < v.n; n++)
            (void)!auth_results_claims(str_upto(v, n), id);
    }
    assert_false(auth_results_claims(STR("x"), STR("")));
}

static void removes_forged_ones(void **state UNUSED)
{
    char out[1000];
    struct str m = STR("Authentication-Results: mx.azienda.example; dmarc=pass\r\n"
                       "Received: by x\r\n"
                       "authentication-results : MX.azienda.example;\r\n"
                       "\tspf=pass\r\n"
                       "Authentication-Results: other.example; spf=pass\r\n"
                       "X-Authentication-Results: mx.azienda.example; spf=pass\r\n"
                       "AUTHENTICATION-RESULTS: mx.azienda.example\r\n"
                       "\r\n"
                       "Authentication-Results: mx.azienda.example; in the body\r\n");
    struct str want = STR("Received: by x\r\n"
                          "Authentication-Results: other.example; spf=pass\r\n"
                          "X-Authentication-Results: mx.azienda.example; spf=pass\r\n"
                          "\r\n"
                          "Authentication-Results: mx.azienda.example; in the body\r\n");
    struct str id = STR("mx.azienda.example");
    assert_true(str_eq(str_n(out, auth_results_strip(m, id, out)), want));
    assert_int_equal(auth_results_strip(want, id, out), want.n);
    assert_memory_equal(out, want.p, want.n);
    for (size_t i = 0; i < m.n; i++)
        assert_true(auth_results_strip(str_upto(m, i), id, out) <= i);
    assert_int_equal(auth_results_strip(STR(""), id, out), 0);
}

/* ---- reading: RFC 8601 appendix B, and what people write ---- */

static void reads_fields(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    struct auth_results_read r;
    arena_init(&a, ARENA_NO_LIMIT);
    assert_true(auth_results_read(&a, STR(" example.org 1; none"), &r));
    assert_true(r.none && r.n == 0 && str_eq(r.authserv_id, STR("example.org")));
    assert_true(auth_results_read(&a,
                                  STR(" Example.com;\r\n"
                                      "          auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
                                      "          spf=pass smtp.mailfrom=\"a b\"@example.net;\r\n"
                                      "   dkim / 1 = fail (bad (nested; x) \\) sig) reason=\"bad \\\"sig\\\"\" "
                                      "header.i=@example.net;\r\n"
                                      "  sender-id=hardfail header.from=example.com; dmarc=pass policy.dmarc=reject "
                                      "header.from=x.example"),
                                  &r));
    assert_int_equal(r.n, 5);
    assert_true(str_eq(r.v[0].method, STR("auth")));
    assert_true(str_eq(r.v[2].method, STR("dkim")));
    assert_int_equal(r.v[2].result, AUTHRES_FAIL);
    assert_true(str_eq(r.v[2].reason, STR("bad \"sig\"")));
    assert_true(str_eq(r.v[2].domain, STR("example.net")));
    assert_int_equal(r.v[3].result, AUTHRES_FAIL);
    assert_true(str_eq(r.v[4].policy, STR("reject")));
    assert_true(str_eq(r.v[4].domain, STR("x.example")));
    /* Broken methods are left out, the others stay. */
    assert_true(
        auth_results_read(&a, STR("x.example; what; spf; spf=; =pass; spf=great; dkim=pass x; dmarc=none"), &r));
    assert_int_equal(r.n, 2);
    assert_false(auth_results_read(&a, STR(""), &r));
    assert_false(auth_results_read(&a, STR("; spf=pass"), &r));
    assert_false(auth_results_read(&a, STR("(never closed"), &r));
    AUTO(buf) struct buf b;
    buf_init(&b, 1 << 20);
    buf_addz(&b, "x.example");
    for (unsigned i = 0; i < AUTH_RESULTS_MAX + 50; i++)
        buf_addz(&b, "; spf=pass");
    assert_true(auth_results_read(&a, buf_str(&b), &r));
    assert_int_equal(r.n, AUTH_RESULTS_MAX);
}

/* ---- writing ---- */

static struct auth_results sample(struct auth_arc_hop *hop)
{
    *hop = (struct auth_arc_hop){.domain = STR("lists.example")};
    struct auth_results r = {
        .spf = {.result = AUTHRES_PASS, .domain = STR("a.example")},
        .n_dkim = 2,
        .dkim =
            {{.result = AUTHRES_PASS,
              .domain = STR("a.example"),
              .selector = STR("s1"),
              .algorithm = "rsa-sha256",
              .sample = STR("Ab/+1234")},
             {.result = AUTHRES_FAIL, .reason = "the body was changed", .domain = STR("b.example"), .algorithm = ""}},
        .dmarc = {.result = AUTHRES_PASS,
                  .from_domain = STR("a.example"),
                  .record_domain = STR("a.example"),
                  .policy = AUTH_POLICY_REJECT},
        .arc = {.result = AUTHRES_PASS, .n = 1, .oldest_pass = 1, .hop = hop},
    };
    return r;
}

static void writes_the_field(void **state UNUSED)
{
    AUTO(buf) struct buf b;
    struct auth_arc_hop hop;
    struct auth_results r = sample(&hop);
    struct auth_input in = {.mail_from = STR("x@a.example")};
    buf_init(&b, AUTH_RESULTS_FIELD_MAX);
    auth_results_put(&b, STR("mx.azienda.example"), &in, &r);
    struct str want = STR("Authentication-Results: mx.azienda.example;\r\n"
                          "\tspf=pass smtp.mailfrom=x@a.example;\r\n"
                          "\tdkim=pass header.d=a.example header.s=s1 header.a=rsa-sha256\r\n"
                          "\theader.b=\"Ab/+1234\";\r\n"
                          "\tdkim=fail reason=\"the body was changed\" header.d=b.example;\r\n"
                          "\tdmarc=pass header.from=a.example policy.dmarc=reject;\r\n"
                          "\tarc=pass header.d=lists.example header.oldest-pass=0\r\n");
    if (!str_eq(buf_str(&b), want))
        fail_msg("%.*s", STRF(buf_str(&b)));
    r.arc.n = r.arc.oldest_pass = AUTH_ARC_SETS_MAX;
    r.arc.hop = (struct auth_arc_hop[AUTH_ARC_SETS_MAX]){0};
    buf_clear(&b);
    auth_results_put(&b, STR("mx.azienda.example"), &in, &r);
    assert_true(str_ends(buf_str(&b), STR("arc=pass header.oldest-pass=50\r\n")));
    r = (struct auth_results){.spf = {.helo = true}};
    buf_clear(&b);
    auth_results_put(&b, STR("mx.azienda.example"), &(struct auth_input){.helo = STR("h.example")}, &r);
    want = STR("Authentication-Results: mx.azienda.example;\r\n\tspf=none smtp.helo=h.example;\r\n\tdkim=none;\r\n"
               "\tdmarc=none\r\n");
    assert_true(str_eq(buf_str(&b), want));
}

/* Whatever a stranger chose: one field, read back as one field with the same results. */
static void cannot_be_injected(void **state UNUSED)
{
    static const char *const evil[] = {
        "x\r\nSubject: y",
        "x; dmarc=pass",
        "\" dmarc=pass header.from=bank.example",
        "x (",
        ")",
        "\\",
        "\"",
        "\\\"",
        "a\tb",
        "x\x01\x7f",
        "\xff\xfe",
        "caff\xc3\xa8@x.example",
        "",
        " ",
        "x=y",
        "x\ny",
    };
    for (size_t i = 0; i < N_ELEMENTS(evil); i++) {
        AUTO(arena) struct arena a;
        AUTO(buf) struct buf b;
        struct auth_arc_hop hop;
        struct auth_results r = sample(&hop);
        struct auth_results_read back;
        struct mime_header h;
        struct mime_field f;
        struct str e = str_c(evil[i]);
        arena_init(&a, ARENA_NO_LIMIT);
        buf_init(&b, AUTH_RESULTS_FIELD_MAX);
        hop.domain = r.dkim[0].selector = r.dkim[0].domain = r.dkim[1].sample = r.dmarc.from_domain = e;
        auth_results_put(&b, STR("mx.example"), &(struct auth_input){.mail_from = e}, &r);
        buf_adds(&b, STR("\r\n"));
        mime_header_init(&h, buf_str(&b));
        assert_true(mime_header_next(&h, &f));
        assert_false(mime_header_next(&h, &(struct mime_field){0}));
        assert_int_equal(h.flags & ~(unsigned)MIME_H_8BIT, 0);
        assert_true(auth_results_read(&a, f.value, &back));
        assert_int_equal(back.n, 5);
        assert_int_equal(back.v[0].result, AUTHRES_PASS);
        assert_int_equal(back.v[2].result, AUTHRES_FAIL);
        assert_true(str_eq(back.v[3].method, STR("dmarc")));
    }
}

static void long_values_stay_within_lines(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf b;
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&b, AUTH_RESULTS_FIELD_MAX);
    char *big = arena_alloc(&a, 5000);
    memset(big, '"', 5000);
    struct auth_results r = {.n_dkim = AUTH_SIGNATURES_MAX};
    for (size_t i = 0; i < AUTH_SIGNATURES_MAX; i++)
        r.dkim[i] =
            (struct auth_signature){.domain = str_n(big, 253), .selector = str_n(big, 253), .algorithm = "rsa-sha256"};
    auth_results_put(&b, STR("mx.example"), &(struct auth_input){.mail_from = str_n(big, 5000)}, &r);
    assert_int_equal(b.err, 0);
    struct mime_header h;
    mime_header_init(&h, buf_str(&b));
    assert_false(h.flags & MIME_H_LONG_LINE);
}

static void names(void **state UNUSED)
{
    assert_string_equal(auth_result_name(AUTHRES_TEMPERROR), "temperror");
    assert_string_equal(auth_result_name(AUTHRES_COUNT), "none");
    assert_string_equal(auth_policy_name(AUTH_POLICY_QUARANTINE), "quarantine");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_forged_ones),
        cmocka_unit_test(removes_forged_ones),
        cmocka_unit_test(reads_fields),
        cmocka_unit_test(writes_the_field),
        cmocka_unit_test(cannot_be_injected),
        cmocka_unit_test(long_values_stay_within_lines),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
