#include "auth/dmarc.h"
#include "auth/sign_testing.h"
#include "auth/zone_testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct auth_kit kit;
static struct zone zone;
static struct sign_key ed;

static const struct {
    const char *text;
    enum auth_dmarc_parse parse;
    enum auth_policy p, sp, np;
    unsigned pct;
} records[] = {
    {"v=DMARC1; p=reject", AUTH_DMARC_OK, AUTH_POLICY_REJECT, AUTH_POLICY_REJECT, AUTH_POLICY_REJECT, 100},
    {"v=DMARC1;p=none;sp=quarantine;pct=5", AUTH_DMARC_OK, AUTH_POLICY_NONE, AUTH_POLICY_QUARANTINE,
     AUTH_POLICY_QUARANTINE, 5},
    {"v = DMARC1 ; P = Quarantine ; np=reject;", AUTH_DMARC_OK, AUTH_POLICY_QUARANTINE, AUTH_POLICY_QUARANTINE,
     AUTH_POLICY_REJECT, 100},
    {"v=DMARC1; p=reject; pct=101; adkim=x; nonsense; =; unknown=1", AUTH_DMARC_OK, AUTH_POLICY_REJECT,
     AUTH_POLICY_REJECT, AUTH_POLICY_REJECT, 100},
    {"v=DMARC1; p=bogus; rua=mailto:d@a.example", AUTH_DMARC_OK, AUTH_POLICY_NONE, AUTH_POLICY_NONE, AUTH_POLICY_NONE,
     100},
    {"v=DMARC1; p=reject; sp=bogus; rua=mailto:d@a.example", AUTH_DMARC_OK, AUTH_POLICY_NONE, AUTH_POLICY_NONE,
     AUTH_POLICY_NONE, 100},
    {"v=DMARC1; p=reject; np=bogus", AUTH_DMARC_OK, AUTH_POLICY_REJECT, AUTH_POLICY_REJECT, AUTH_POLICY_REJECT, 100},
    {"v=DMARC1; p=bogus", AUTH_DMARC_BAD, 0, 0, 0, 100},
    {"v=DMARC1", AUTH_DMARC_BAD, 0, 0, 0, 100},
    {"v=DMARC1; sp=none", AUTH_DMARC_BAD, 0, 0, 0, 100},
    {"p=reject; v=DMARC1", AUTH_DMARC_OTHER, 0, 0, 0, 100},
    {"v=dmarc1; p=reject", AUTH_DMARC_OTHER, 0, 0, 0, 100},
    {"v=DMARC12; p=reject", AUTH_DMARC_OTHER, 0, 0, 0, 100},
    {"v=spf1 -all", AUTH_DMARC_OTHER, 0, 0, 0, 100},
    {"", AUTH_DMARC_OTHER, 0, 0, 0, 100},
};

static void reads_records(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(records); i++) {
        struct auth_dmarc_record r;
        struct str text = str_c(records[i].text);
        if (auth_dmarc_record_parse(text, &r) != records[i].parse)
            fail_msg("%s", records[i].text);
        if (records[i].parse == AUTH_DMARC_OK && (r.policy != records[i].p || r.sub != records[i].sp ||
                                                  r.absent != records[i].np || r.pct != records[i].pct))
            fail_msg("%s: %d %d %d %u", records[i].text, r.policy, r.sub, r.absent, r.pct);
        for (size_t n = 0; n < text.n; n++)
            (void)!auth_dmarc_record_parse(str_upto(text, n), &r);
    }
}

/* RFC 7489 B.1, and the registrable domain. */
static const struct {
    const char *from, *other;
    bool relaxed, strict;
} alignments[] = {
    {"example.com", "example.com", true, true},
    {"example.com", "child.example.com", true, false},
    {"child.example.com", "example.com", true, false},
    {"example.net", "sample.net", false, false},
    {"a.co.uk", "b.co.uk", false, false},
    {"x.a.co.uk", "a.co.uk", true, false},
    {"co.uk", "co.uk", true, true},
    {"a.github.io", "b.github.io", false, false},
    {"xn--mller-kva.example", "mail.xn--mller-kva.example", true, false},
    {"a.example", "", false, false},
    {"", "", false, false},
};

static void aligns(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(alignments); i++) {
        struct str from = str_c(alignments[i].from), other = str_c(alignments[i].other);
        if (auth_aligned(&kit, from, other, false) != alignments[i].relaxed ||
            auth_aligned(&kit, from, other, true) != alignments[i].strict)
            fail_msg("%s %s", alignments[i].from, alignments[i].other);
    }
    const struct auth_kit no_list = {0};
    assert_true(str_eq(auth_org_domain(&no_list, STR("a.b.example")), STR("b.example")));
    assert_true(str_eq(auth_org_domain(&no_list, STR("example")), STR("example")));
    assert_true(str_eq(auth_org_domain(&kit, STR("a.b.c.example")), STR("c.example")));
}

struct row {
    const char *from;      /* the From field */
    const char *record;    /* of _dmarc.a.example; "$.." trouble, NULL none */
    const char *below;     /* of _dmarc.m.a.example; NULL none */
    const char *mail_from; /* its domain has SPF for 192.0.2.1 */
    const char *d;         /* signed by; NULL not */
    enum auth_result result;
    enum auth_policy policy;
    bool spf, dkim;
};
#define REJECT "v=DMARC1; p=reject; sp=quarantine"
#define STRICT "v=DMARC1; p=reject; adkim=s; aspf=s"
static const struct row rows[] = {
    {"x@a.example", REJECT, NULL, "y@a.example", NULL, AUTHRES_PASS, AUTH_POLICY_REJECT, true, false},
    {"x@a.example", REJECT, NULL, "y@m.a.example", NULL, AUTHRES_PASS, AUTH_POLICY_REJECT, true, false},
    {"x@a.example", REJECT, NULL, "y@b.example", NULL, AUTHRES_FAIL, AUTH_POLICY_REJECT, false, false},
    {"x@a.example", REJECT, NULL, "y@b.example", "a.example", AUTHRES_PASS, AUTH_POLICY_REJECT, false, true},
    {"x@a.example", REJECT, NULL, "y@b.example", "m.a.example", AUTHRES_PASS, AUTH_POLICY_REJECT, false, true},
    {"x@a.example", REJECT, NULL, "y@b.example", "b.example", AUTHRES_FAIL, AUTH_POLICY_REJECT, false, false},
    {"x@a.example", STRICT, NULL, "y@m.a.example", "m.a.example", AUTHRES_FAIL, AUTH_POLICY_REJECT, false, false},
    {"x@a.example", STRICT, NULL, "y@a.example", "m.a.example", AUTHRES_PASS, AUTH_POLICY_REJECT, true, false},
    {"x@a.example", STRICT, NULL, "y@m.a.example", "a.example", AUTHRES_PASS, AUTH_POLICY_REJECT, false, true},
    {"x@m.a.example", REJECT, NULL, "y@b.example", NULL, AUTHRES_FAIL, AUTH_POLICY_QUARANTINE, false, false},
    {"x@m.a.example", REJECT, "v=DMARC1; p=none", "y@b.example", NULL, AUTHRES_FAIL, AUTH_POLICY_NONE, false, false},
    {"x@m.a.example", REJECT, NULL, "y@a.example", NULL, AUTHRES_PASS, AUTH_POLICY_QUARANTINE, true, false},
    {"x@m.a.example", REJECT "; np=reject", NULL, "y@b.example", NULL, AUTHRES_FAIL, AUTH_POLICY_QUARANTINE, false,
     false},
    {"x@no.a.example", REJECT "; np=reject", NULL, "y@b.example", NULL, AUTHRES_FAIL, AUTH_POLICY_REJECT, false, false},
    {"X@A.EXAMPLE", REJECT, NULL, "y@A.example", NULL, AUTHRES_PASS, AUTH_POLICY_REJECT, true, false},
    {"x@a.example", NULL, NULL, "y@a.example", "a.example", AUTHRES_NONE, AUTH_POLICY_NONE, true, true},
    {"x@a.example", "v=DMARC1; p=what", NULL, "y@a.example", NULL, AUTHRES_PERMERROR, AUTH_POLICY_NONE, true, false},
    {"x@a.example", "$servfail", NULL, "y@a.example", NULL, AUTHRES_TEMPERROR, AUTH_POLICY_NONE, true, false},
    {"x@a.example", REJECT, NULL, "y@late.a.example", NULL, AUTHRES_TEMPERROR, AUTH_POLICY_REJECT, false, false},
    {"x@a.example", REJECT, NULL, "y@b.example", "late.a.example", AUTHRES_TEMPERROR, AUTH_POLICY_REJECT, false, false},
    {"x@a.example", REJECT, NULL, "y@late.a.example", "a.example", AUTHRES_PASS, AUTH_POLICY_REJECT, false, true},
    {"x@a.example, y@b.example", REJECT, NULL, "y@a.example", "a.example", AUTHRES_PERMERROR, AUTH_POLICY_NONE, false,
     false},
    {"x@a.example\r\nFrom: x@a.example", REJECT, NULL, "y@a.example", "a.example", AUTHRES_PERMERROR, AUTH_POLICY_NONE,
     false, false},
    {"nobody", REJECT, NULL, "y@a.example", "a.example", AUTHRES_PERMERROR, AUTH_POLICY_NONE, false, false},
    {"x@[192.0.2.1]", REJECT, NULL, "y@a.example", NULL, AUTHRES_NONE, AUTH_POLICY_NONE, false, false},
};

static void fill_zone(const struct row *row)
{
    static const char *const domains[] = {"a.example", "m.a.example", "b.example"};
    char name[64];
    zone.n = 0;
    for (size_t i = 0; i < N_ELEMENTS(domains); i++) {
        zone_txt(&zone, domains[i], "v=spf1 ip4:192.0.2.1 -all");
        zone_ip(&zone, domains[i], "192.0.2.1");
        snprintf(name, sizeof name, "sel._domainkey.%s", domains[i]);
        zone_txt(&zone, name, ed.record);
    }
    zone_fail(&zone, "late.a.example", AUTH_RR_TXT, AUTH_RR_TIMEOUT);
    zone_fail(&zone, "sel._domainkey.late.a.example", AUTH_RR_TXT, AUTH_RR_TIMEOUT);
    if (row->record && row->record[0] == '$')
        zone_fail(&zone, "_dmarc.a.example", AUTH_RR_TXT, AUTH_RR_SERVFAIL);
    else if (row->record)
        zone_txt(&zone, "_dmarc.a.example", row->record);
    if (row->below)
        zone_txt(&zone, "_dmarc.m.a.example", row->below);
}

static const struct auth_results *judge(struct arena *a, const struct row *row)
{
    struct auth_job *job = arena_new(a, struct auth_job);
    struct mime_identity *who = arena_new(a, struct mime_identity);
    struct str m = arena_printf(a, "From: %s\r\nSubject: x\r\n\r\nbody\r\n", row->from);
    if (row->d)
        m = sign_message(a, &kit, &ed, "DKIM-Signature",
                         arena_printf(a, "v=1; a=ed25519-sha256; d=%s; s=sel; h=from", row->d).p, m);
    mime_identity_read(a, NULL, m, who);
    struct auth_input in = {.message = m, .who = who, .helo = STR("h.example"), .mail_from = str_c(row->mail_from)};
    in.has_ip = auth_ip_parse(STR("192.0.2.1"), &in.ip);
    fill_zone(row);
    auth_begin(job, a, &kit, &in);
    return zone_run(&zone, job);
}

static void every_result(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        const struct auth_results *r = judge(&a, &rows[i]);
        const struct auth_dmarc *d = &r->dmarc;
        if (d->result != rows[i].result || d->policy != rows[i].policy || d->spf_aligned != rows[i].spf ||
            d->dkim_aligned != rows[i].dkim)
            fail_msg("row %zu (%s): %s %s spf %d dkim %d (%s), spf=%s dkim=%s", i, rows[i].from,
                     auth_result_name(d->result), auth_policy_name(d->policy), d->spf_aligned, d->dkim_aligned,
                     d->reason ? d->reason : "", auth_result_name(r->spf.result), auth_result_name(r->dkim_best));
        if (zone.rounds > 2)
            fail_msg("row %zu: %u rounds", i, zone.rounds);
    }
}

/* RFC 7489 6.6.4: the sample is a share of the messages, and the same message is always in or out. */
static void samples_by_the_message(void **state UNUSED)
{
    unsigned applied = 0;
    for (unsigned i = 0; i < 400; i++) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        struct row row = {"", "v=DMARC1; p=reject; pct=25", NULL, "y@b.example", NULL, 0, 0, false, false};
        row.from = arena_printf(&a, "%u@a.example", i).p;
        enum auth_policy first = judge(&a, &row)->dmarc.applied;
        assert_int_equal(judge(&a, &row)->dmarc.applied, first);
        assert_int_equal(judge(&a, &row)->dmarc.policy, AUTH_POLICY_REJECT);
        assert_true(first == AUTH_POLICY_REJECT || first == AUTH_POLICY_QUARANTINE);
        applied += first == AUTH_POLICY_REJECT;
    }
    assert_in_range(applied, 70, 130);
}

static void two_records_are_none(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct row row = rows[0];
    fill_zone(&row);
    (void)judge(&a, &row);
    struct auth_job job;
    struct mime_identity who;
    struct str m = STR("From: x@a.example\r\n\r\n");
    mime_identity_read(&a, NULL, m, &who);
    struct auth_input in = {.message = m, .who = &who};
    zone_txt(&zone, "_dmarc.a.example", "v=DMARC1; p=none");
    zone_txt(&zone, "_dmarc.a.example", "v=other");
    auth_begin(&job, &a, &kit, &in);
    assert_int_equal(zone_run(&zone, &job)->dmarc.result, AUTHRES_NONE);
}

static int opened(void **state UNUSED)
{
    zone_init(&zone);
    sign_key_new(&ed, 0);
    return auth_kit_open(&kit, NULL, NULL);
}
static int closed(void **state UNUSED)
{
    zone_free(&zone);
    EVP_PKEY_free(ed.pkey);
    auth_kit_close(&kit);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_records), cmocka_unit_test(aligns),
                                       cmocka_unit_test(every_result), cmocka_unit_test(samples_by_the_message),
                                       cmocka_unit_test(two_records_are_none)};
    return cmocka_run_group_tests(tests, opened, closed);
}
