#include "auth/sign_testing.h"
#include "auth/zone_testing.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct auth_kit kit;
static struct zone zone;
static struct sign_key rsa, ed, weak;

#define NOW 1700000000

static const char letter[] = "From: Anna <anna@rossimarmi.example>\r\n"
                             "To: info@azienda.example\r\n"
                             "Subject: Fattura  17\r\n"
                             "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                             "\r\n"
                             "Buongiorno, \r\n\r\nin allegato  la fattura.\r\n\r\n";

static const struct auth_results *judge(struct arena *a, struct str message, unsigned flags)
{
    struct auth_job *job = arena_new(a, struct auth_job);
    struct mime_identity *who = arena_new(a, struct mime_identity);
    mime_identity_read(a, NULL, message, who);
    struct auth_input in = {.message = message, .who = who, .now_s = NOW, .flags = flags | AUTH_NO_SPF};
    auth_begin(job, a, &kit, &in);
    return zone_run(&zone, job);
}

/* ---- published examples ---- */

/* RFC 6376 A.2: simple/simple, RSA. */
static const char rfc6376[] = "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
                              "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
                              "      h=Received : From : To : Subject : Date : Message-ID;\r\n"
                              "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                              "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
                              "      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
                              "      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
                              "      4bmp/YzhwvcubU4=;\r\n"
                              "Received: from client1.football.example.com  [192.0.2.1]\r\n"
                              "      by submitserver.example.com with SUBMISSION;\r\n"
                              "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n"
                              "From: Joe SixPack <joe@football.example.com>\r\n"
                              "To: Suzie Q <suzie@shopping.example.net>\r\n"
                              "Subject: Is dinner ready?\r\n"
                              "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
                              "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
                              "\r\n"
                              "Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n";

/* RFC 8463 A.3: one message, Ed25519 and RSA. */
static const char rfc8463[] = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
                              " d=football.example.com; i=@football.example.com;\r\n"
                              " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
                              " subject : date : message-id : from : subject : date;\r\n"
                              " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                              " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
                              " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
                              "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
                              " d=football.example.com; i=@football.example.com;\r\n"
                              " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
                              " date : message-id : from : subject : date;\r\n"
                              " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                              " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
                              " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
                              " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
                              "From: Joe SixPack <joe@football.example.com>\r\n"
                              "To: Suzie Q <suzie@shopping.example.net>\r\n"
                              "Subject: Is dinner ready?\r\n"
                              "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
                              "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
                              "\r\n"
                              "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";

static void examples_of_the_rfcs(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    const struct auth_results *r = judge(&a, str_c(rfc6376), AUTH_ANY_CLOCK);
    assert_int_equal(r->n_dkim, 1);
    assert_string_equal(r->dkim[0].reason ? r->dkim[0].reason : "", "");
    assert_int_equal(r->dkim[0].result, AUTHRES_PASS);
    assert_int_equal(r->dkim[0].bits, 1024);
    assert_true(str_eq(r->dkim[0].identity, STR("joe@football.example.com")));
    r = judge(&a, str_c(rfc8463), 0);
    assert_int_equal(r->n_dkim, 2);
    assert_string_equal(r->dkim[0].reason ? r->dkim[0].reason : "", "");
    assert_int_equal(r->dkim[0].result, AUTHRES_PASS);
    assert_string_equal(r->dkim[0].algorithm, "ed25519-sha256");
    assert_int_equal(r->dkim[1].result, AUTHRES_PASS);
    assert_true(str_eq(r->dkim[1].sample, STR("F45dVWDf")));
    assert_int_equal(r->dkim[0].signed_s, 1528637909);
    assert_int_equal(zone.rounds, 1);
}

/* A byte changed anywhere in the signed parts never passes. */
static void any_change_breaks_it(void **state UNUSED)
{
    AUTO(arena) struct arena a = {0};
    char copy[sizeof rfc6376];
    for (size_t i = 0; i + 1 < sizeof rfc6376; i += 3) {
        if (strchr(" \r\n\t", rfc6376[i]))
            continue;
        arena_init(&a, ARENA_NO_LIMIT);
        memcpy(copy, rfc6376, sizeof copy);
        copy[i] ^= 1;
        if (judge(&a, str_n(copy, sizeof copy - 1), AUTH_ANY_CLOCK)->dkim_best == AUTHRES_PASS)
            fail_msg("byte %zu", i);
        arena_free(&a);
    }
}

static void cut_short_anywhere(void **state UNUSED)
{
    AUTO(arena) struct arena a = {0};
    for (size_t n = 0; n < sizeof rfc8463 - 1; n++) {
        arena_init(&a, ARENA_NO_LIMIT);
        (void)!judge(&a, str_n(rfc8463, n), 0);
        arena_free(&a);
    }
}

/* ---- every result, by signatures of our own ---- */

struct row {
    const char *what;
    const char *tags;      /* of the signature */
    const char *record;    /* of sel._domainkey.rossimarmi.example; NULL: the key, "": none, "$..": trouble */
    const char *from, *to; /* text that is replaced after signing */
    enum auth_result result;
    const char *reason; /* part of it */
    unsigned flags;
};
#define BASE "v=1; a=rsa-sha256; d=rossimarmi.example; s=sel; h=from:to:subject:date"
static const struct row rows[] = {
    {"plain", BASE, NULL, 0, 0, AUTHRES_PASS, NULL, 0},
    {"simple", BASE "; c=simple", NULL, 0, 0, AUTHRES_PASS, NULL, 0},
    {"relaxed", BASE "; c=relaxed/relaxed", NULL, 0, 0, AUTHRES_PASS, NULL, 0},
    {"relaxed header only", BASE "; c=relaxed", NULL, 0, 0, AUTHRES_PASS, NULL, 0},
    {"its own name in h=", BASE ":dkim-signature:dkim-signature", NULL, 0, 0, AUTHRES_PASS, NULL, 0},
    {"case and spaces of h=", "v=1; a=RSA-SHA256; d=ROSSIMARMI.example; s=Sel; h= FROM :To\r\n : Subject", NULL, 0, 0,
     AUTHRES_PASS, NULL, 0},
    {"white space is relaxed", BASE "; c=relaxed/relaxed", NULL, "Fattura  17", "Fattura 17", AUTHRES_PASS, NULL, 0},
    {"white space is not simple", BASE, NULL, "Fattura  17", "Fattura 17", AUTHRES_FAIL, "does not match", 0},
    {"subject changed", BASE, NULL, "Fattura  17", "Fattura  18", AUTHRES_FAIL, "does not match", 0},
    {"body changed", BASE, NULL, "in allegato", "in_allegato", AUTHRES_FAIL, "body was changed", 0},
    {"oversigned", BASE ":from:subject", NULL, 0, 0, AUTHRES_PASS, NULL, 0},
    {"second subject against oversigning", BASE ":from:subject", NULL, "To: info", "Subject: x\r\nTo: info",
     AUTHRES_FAIL, "does not match", 0},
    {"second subject on top", BASE, NULL, "From: Anna", "Subject: x\r\nFrom: Anna", AUTHRES_POLICY, "added above", 0},
    {"list id added", BASE, NULL, "From: Anna", "List-Id: <x>\r\nFrom: Anna", AUTHRES_PASS, NULL, 0},
    {"l= is all", BASE "; l=50; c=relaxed/relaxed", NULL, "in allegato  la fattura.\r\n", "", AUTHRES_FAIL, "longer",
     0},
    {"l= leaves a rest", BASE "; l=12", NULL, 0, 0, AUTHRES_POLICY, "unsigned", AUTH_SIG_PARTIAL},
    {"l= and the rest replaced", BASE "; l=12", NULL, "fattura.\r\n", "truffa!\r\n", AUTHRES_POLICY, "unsigned",
     AUTH_SIG_PARTIAL},
    {"expired", BASE "; t=1600000000; x=1600000001", NULL, 0, 0, AUTHRES_POLICY, "expired", 0},
    {"expires later", BASE "; t=1600000000; x=1800000000", NULL, 0, 0, AUTHRES_PASS, NULL, 0},
    {"from the future", BASE "; t=1800000000", NULL, 0, 0, AUTHRES_POLICY, "future", 0},
    {"a clock that is a little wrong", BASE "; t=1700001000", NULL, 0, 0, AUTHRES_PASS, NULL, 0},
    {"no such key", BASE, "", 0, 0, AUTHRES_PERMERROR, "no key", 0},
    {"no answer", BASE, "$servfail", 0, 0, AUTHRES_TEMPERROR, "looked up", 0},
    {"late answer", BASE, "$timeout", 0, 0, AUTHRES_TEMPERROR, "looked up", 0},
    {"revoked", BASE, "v=DKIM1; p=", 0, 0, AUTHRES_PERMERROR, "revoked", 0},
    {"no key in it", BASE, "v=DKIM1; p=AAAA", 0, 0, AUTHRES_PERMERROR, "no key", 0},
    {"not a record", BASE, "hello", 0, 0, AUTHRES_PERMERROR, "unreadable", 0},
    {"v= not first", BASE, "k=rsa; v=DKIM1; p=", 0, 0, AUTHRES_PERMERROR, "unreadable", 0},
    {"v= other", BASE, "v=DKIM2; p=", 0, 0, AUTHRES_PERMERROR, "unreadable", 0},
    {"k= other", BASE, "k=dsa; p=AAAA", 0, 0, AUTHRES_PERMERROR, "kind", 0},
    {"h= sha1", BASE, "+h=sha1", 0, 0, AUTHRES_PERMERROR, "SHA-256", 0},
    {"h= sha256", BASE, "+h=sha1:sha256", 0, 0, AUTHRES_PASS, NULL, 0},
    {"s= other", BASE, "+s=tlsrpt", 0, 0, AUTHRES_PERMERROR, "not for mail", 0},
    {"s= mail", BASE, "+s=tlsrpt:email", 0, 0, AUTHRES_PASS, NULL, 0},
    {"s= all", BASE, "+s=*", 0, 0, AUTHRES_PASS, NULL, 0},
    {"test key", BASE, "+t=y", 0, 0, AUTHRES_PASS, NULL, AUTH_SIG_TESTING},
    {"test key, broken", BASE, "+t=y", "Fattura", "Bolletta", AUTHRES_NEUTRAL, "tests", AUTH_SIG_TESTING},
    {"i= below", BASE "; i=a@x.rossimarmi.example", NULL, 0, 0, AUTHRES_PASS, NULL, 0},
    {"i= below, t=s", BASE "; i=a@x.rossimarmi.example", "+t=y:s", 0, 0, AUTHRES_PERMERROR, "below", AUTH_SIG_TESTING},
    {"i= same, t=s", BASE "; i=@rossimarmi.example", "+t=s", 0, 0, AUTHRES_PASS, NULL, 0},
    {"i= elsewhere", BASE, NULL, "; h=from", "; i=@marmi.example; h=from", AUTHRES_NEUTRAL, "i=", 0},
    {"i= end of a label", BASE, NULL, "; h=from", "; i=@xrossimarmi.example; h=from", AUTHRES_NEUTRAL, "i=", 0},
    {"sha1", BASE, NULL, "rsa-sha256", "rsa-sha1", AUTHRES_POLICY, "SHA-1", 0},
    {"unknown algorithm", BASE, NULL, "rsa-sha256", "rsa-md5", AUTHRES_PERMERROR, "unknown", 0},
    {"ed25519 claimed", BASE, NULL, "rsa-sha256", "ed25519-sha256", AUTHRES_PERMERROR, "another kind", 0},
    {"From not signed", BASE, NULL, "h=from:", "h=", AUTHRES_PERMERROR, "From is not signed", 0},
    {"v=2", BASE, NULL, "v=1;", "v=2;", AUTHRES_PERMERROR, "v=", 0},
    {"no d=", BASE, NULL, "d=ross", "e=ross", AUTHRES_PERMERROR, "d=", 0},
    {"d= no name", BASE, NULL, "d=rossimarmi.example", "d=rossi..example", AUTHRES_NEUTRAL, "no name", 0},
    {"d= literal", BASE, NULL, "d=rossimarmi.example", "d=[192.0.2.1]", AUTHRES_NEUTRAL, "no name", 0},
    {"no h=", BASE, NULL, "h=from", "hh=from", AUTHRES_PERMERROR, "missing", 0},
    {"c= other", BASE, NULL, "; h=", "; c=nowsp; h=", AUTHRES_NEUTRAL, "c=", 0},
    {"q= other", BASE, NULL, "; h=", "; q=http; h=", AUTHRES_PERMERROR, "q=", 0},
    {"q= several", BASE "; q=http:dns/txt", NULL, 0, 0, AUTHRES_PASS, NULL, 0},
    {"x= before t=", BASE, NULL, "; h=", "; t=5; x=4; h=", AUTHRES_NEUTRAL, "t=", 0},
    {"t= no number", BASE, NULL, "; h=", "; t=now; h=", AUTHRES_NEUTRAL, "t=", 0},
    {"l= no number", BASE, NULL, "; h=", "; l=-1; h=", AUTHRES_NEUTRAL, "l=", 0},
    {"tag twice", BASE, NULL, "; h=", "; d=x.example; h=", AUTHRES_NEUTRAL, "tag list", 0},
    {"bh= short", BASE, NULL, "; bh=", "; bh=AAAA; ch=", AUTHRES_NEUTRAL, "bh=", 0},
    {"b= no base64", BASE, NULL, "; b=", "; b=!", AUTHRES_NEUTRAL, "b=", 0},
    {"huge t=", BASE "; x=99999999999999999999999999", NULL, 0, 0, AUTHRES_PASS, NULL, 0},
};

static struct str replaced(struct arena *a, struct str s, const char *from, const char *to)
{
    ptrdiff_t at = from ? str_find(s, str_c(from), 0) : -1;
    if (!from)
        return s;
    assert_true(at >= 0);
    return arena_printf(a, "%.*s%s%.*s", (int)at, s.p, to, STRF(str_from(s, (size_t)at + strlen(from))));
}

static void put_key(const struct row *row)
{
    const char *name = "sel._domainkey.rossimarmi.example";
    static char text[4096];
    zone.n = 0;
    if (!row->record)
        zone_txt(&zone, name, rsa.record);
    else if (strcmp(row->record, "$servfail") == 0)
        zone_fail(&zone, name, AUTH_RR_TXT, AUTH_RR_SERVFAIL);
    else if (strcmp(row->record, "$timeout") == 0)
        zone_fail(&zone, name, AUTH_RR_TXT, AUTH_RR_TIMEOUT);
    else if (row->record[0] == '+') {
        snprintf(text, sizeof text, "%s; %s", rsa.record, row->record + 1);
        zone_txt(&zone, name, text);
    } else if (row->record[0])
        zone_txt(&zone, name, row->record);
}

static void every_result(void **state UNUSED)
{
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        struct str m = sign_message(&a, &kit, &rsa, "DKIM-Signature", rows[i].tags, str_c(letter));
        put_key(&rows[i]);
        m = replaced(&a, m, rows[i].from, rows[i].to);
        const struct auth_results *r = judge(&a, m, 0);
        const struct auth_signature *s = &r->dkim[0];
        if (r->n_dkim != 1 || s->result != rows[i].result || s->flags != rows[i].flags ||
            (s->reason == NULL) != (rows[i].reason == NULL) || (s->reason && !strstr(s->reason, rows[i].reason)) ||
            r->dkim_best != s->result)
            fail_msg("%s: %s (%s), flags %x", rows[i].what, auth_result_name(s->result), s->reason ? s->reason : "",
                     s->flags);
        /* The thread's queue of OpenSSL is TLS's too: a broken signature must leave nothing in it. */
        assert_int_equal(ERR_peek_error(), 0);
    }
}

/* The bytes that were signed here were hashed by hand: h= that names the signature itself means another one, or none.
 */
static void own_name_in_h_is_null_input(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct auth_message m;
    struct auth_sig sig;
    struct auth_hash h;
    uint8_t by_hand[AUTH_SHA256_BYTES], ours[AUTH_SHA256_BYTES];
    const char *why;
    auth_message_read(&a,
                      STR("DKIM-Signature: v=1; a=rsa-sha256; d=b.example; s=s; h=from:dkim-signature;"
                          " bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=AAAA\r\nFrom: a@b.example\r\n\r\n"),
                      &m);
    assert_int_equal(auth_sig_parse(&a, AUTH_SIG_DKIM, m.field[0].value, &sig, &why), AUTHRES_NONE);
    auth_hash_begin(&h, &kit);
    auth_canon_field(&h, m.field[1].whole, false, STR_NULL, true);
    auth_canon_field(&h, m.field[0].whole, false, sig.b, false);
    auth_hash_end(&h, by_hand);
    auth_sig_header_hash(&kit, &m, &sig, &m.field[0], &a, ours);
    assert_memory_equal(by_hand, ours, sizeof ours);
}

static void every_algorithm(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    const char *tags = "v=1; a=ed25519-sha256; c=relaxed/simple; d=rossimarmi.example; s=ed; h=from:subject";
    arena_init(&a, ARENA_NO_LIMIT);
    zone.n = 0;
    zone_txt(&zone, "ed._domainkey.rossimarmi.example", ed.record);
    zone_txt(&zone, "weak._domainkey.rossimarmi.example", weak.record);
    struct str m = sign_message(&a, &kit, &ed, "DKIM-Signature", tags, str_c(letter));
    assert_int_equal(judge(&a, m, 0)->dkim[0].result, AUTHRES_PASS);
    assert_int_equal(judge(&a, replaced(&a, m, "Fattura", "Fettura"), 0)->dkim[0].result, AUTHRES_FAIL);
    tags = "v=1; a=rsa-sha256; d=rossimarmi.example; s=weak; h=from:subject";
    const struct auth_results *r = judge(&a, sign_message(&a, &kit, &weak, "DKIM-Signature", tags, str_c(letter)), 0);
    assert_int_equal(r->dkim[0].result, AUTHRES_POLICY);
    assert_int_equal(r->dkim[0].bits, 768);
    struct auth_sig sig = {.key = AUTH_KEY_RSA};
    struct auth_key_record key = {.kind = AUTH_KEY_RSA, .rsa_sha256 = true, .email = true, .key = {.bits = 4104}};
    const char *why;
    assert_int_equal(auth_key_fits(&sig, &key, &why), AUTHRES_POLICY);
    key.key.bits = 4096;
    assert_int_equal(auth_key_fits(&sig, &key, &why), AUTHRES_PASS);
}

/* Keys are kept by all their bytes: another key in the same place, or a signer's new one, is not mistaken for it. */
static void kept_keys_are_the_right_ones(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    struct sign_key many[3];
    arena_init(&a, ARENA_NO_LIMIT);
    struct str m[3];
    for (size_t i = 0; i < N_ELEMENTS(many); i++) {
        sign_key_new(&many[i], 1024);
        m[i] = sign_message(&a, &kit, &many[i], "DKIM-Signature", BASE, str_c(letter));
    }
    for (unsigned round = 0; round < 3; round++)
        for (size_t key = 0; key < N_ELEMENTS(many); key++)
            for (size_t i = 0; i < N_ELEMENTS(many); i++) {
                zone.n = 0;
                zone_txt(&zone, "sel._domainkey.rossimarmi.example", many[key].record);
                assert_int_equal(judge(&a, m[i], 0)->dkim_best, i == key ? AUTHRES_PASS : AUTHRES_FAIL);
            }
    /* None kept: the same. */
    struct auth_keys *keys = STEAL(kit.keys);
    assert_int_equal(judge(&a, m[2], 0)->dkim_best, AUTHRES_PASS);
    kit.keys = keys;
    for (size_t i = 0; i < N_ELEMENTS(many); i++)
        EVP_PKEY_free(many[i].pkey);
}

/* Many signatures: eight are checked, each key is asked once, a body hash is made once. */
static void limits(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    zone.n = 0;
    zone_txt(&zone, "sel._domainkey.rossimarmi.example", rsa.record);
    struct str m = str_c(letter);
    for (unsigned i = 0; i < AUTH_SIGNATURES_MAX + 3; i++)
        m = sign_message(&a, &kit, &rsa, "DKIM-Signature", i % 2 ? BASE : BASE "; c=relaxed/relaxed", m);
    const struct auth_results *r = judge(&a, m, 0);
    assert_int_equal(r->n_dkim, AUTH_SIGNATURES_MAX);
    assert_int_equal(r->dkim_seen, AUTH_SIGNATURES_MAX + 3);
    for (size_t i = 0; i < r->n_dkim; i++)
        assert_int_equal(r->dkim[i].result, AUTHRES_PASS);
    assert_int_equal(zone.asked, 2); /* the key, and _dmarc */
    /* One good among broken ones is enough. */
    m = arena_printf(&a, "DKIM-Signature: v=1; x\r\n%.*s",
                     STRF(sign_message(&a, &kit, &rsa, "DKIM-Signature", BASE, str_c(letter))));
    r = judge(&a, m, 0);
    assert_int_equal(r->dkim[0].result, AUTHRES_NEUTRAL);
    assert_int_equal(r->dkim_best, AUTHRES_PASS);
    /* h= of more names than are read */
    AUTO(buf) struct buf b;
    buf_init(&b, 1 << 20);
    buf_addz(&b, "DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=s; b=AAAA; bh=AAAA; h=from");
    for (unsigned i = 0; i <= AUTH_SIGNED_FIELDS_MAX; i++)
        buf_addz(&b, ":a");
    buf_adds(&b, STR("\r\n\r\n"));
    assert_int_equal(judge(&a, buf_str(&b), 0)->dkim[0].result, AUTHRES_NEUTRAL);
}

static void keys_in_der(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    struct auth_public_key key;
    struct str der;
    arena_init(&a, ARENA_NO_LIMIT);
    assert_true(base64_get(&a, str_c(strstr(rsa.record, "p=") + 2), &der));
    assert_true(auth_key_parse(AUTH_KEY_RSA, der, &key));
    assert_int_equal(key.bits, 2048);
    for (size_t n = 0; n < der.n; n++)
        assert_false(auth_key_parse(AUTH_KEY_RSA, str_upto(der, n), &key));
    /* The bare RSAPublicKey that some publish: what the BIT STRING holds. */
    assert_true(auth_key_parse(AUTH_KEY_RSA, str_from(der, der.n - 270), &key));
    assert_int_equal(key.bits, 2048);
    assert_false(auth_key_parse(AUTH_KEY_ED25519, der, &key));
    assert_true(auth_key_parse(AUTH_KEY_ED25519, str_upto(der, 32), &key));
    /* An even modulus, exponent 1: no keys. */
    const char even[] = "\x30\x08\x02\x02\x7f\x00\x02\x02\x01\x01", one[] = "\x30\x07\x02\x02\x7f\x01\x02\x01\x01";
    assert_false(auth_key_parse(AUTH_KEY_RSA, str_n(even, sizeof even - 1), &key));
    assert_false(auth_key_parse(AUTH_KEY_RSA, str_n(one, sizeof one - 1), &key));
}

static int opened(void **state UNUSED)
{
    zone_init(&zone);
    zone_txt(&zone, "brisbane._domainkey.example.com",
             "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFC"
             "jxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBc"
             "WToIMmPSPDdQPNUYckcQ2QIDAQAB");
    zone_txt(&zone, "brisbane._domainkey.football.example.com",
             "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    zone_txt(&zone, "test._domainkey.football.example.com",
             "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdO"
             "Kb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLz"
             "BfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB");
    sign_key_new(&rsa, 2048);
    sign_key_new(&weak, 768);
    sign_key_new(&ed, 0);
    return auth_kit_open(&kit, NULL, NULL);
}

static int closed(void **state UNUSED)
{
    auth_kit_close(&kit);
    zone_free(&zone);
    EVP_PKEY_free(rsa.pkey);
    EVP_PKEY_free(weak.pkey);
    EVP_PKEY_free(ed.pkey);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(examples_of_the_rfcs),
                                       cmocka_unit_test(any_change_breaks_it),
                                       cmocka_unit_test(cut_short_anywhere),
                                       cmocka_unit_test(every_result),
                                       cmocka_unit_test(own_name_in_h_is_null_input),
                                       cmocka_unit_test(kept_keys_are_the_right_ones),
                                       cmocka_unit_test(every_algorithm),
                                       cmocka_unit_test(limits),
                                       cmocka_unit_test(keys_in_der)};
    return cmocka_run_group_tests(tests, opened, closed);
}
