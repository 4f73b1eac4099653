/* What is read from texts: what a person sees, who is quoted, where the money is to go. */
#include "extract/extract_test_help.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct extract_ctx *ctx;
#define IBAN "IT60X0542811101000000123456"
#define HTML "Content-Type: text/html; charset=utf-8\r\n\r\n"
#define TEXT "Content-Type: text/plain; charset=utf-8\r\n\r\n"

static void test_seen(void **state)
{
    (void)state;
    static const struct {
        const char *html, *text;
        uint32_t hidden;
    } cases[] = {
        {"<p>a<span style='display:none'>x</span>b", "ab\n", 1},
        {"<td style='font-size:0'><div style='font-size:13px'>uno</div></td>", "uno\n", 0},
        {"<div style='font-size:1px'>uno</div>due", "due", 1},
        {"<div style='visibility:hidden'>a<b style='visibility:visible'>c</b></div>", "c\n", 1},
        {"<p style='color:#fff'>bianco</p>nero", "nero", 1},
        {"<table bgcolor=#000000><tr><td style='color:#fff'>bianco</td></tr></table>", "bianco\n", 0},
        {"<div style='background:url(x.png);color:white'>bianco</div>", "bianco\n", 0},
        {"<style>.q{display:none}</style><p class=q>x</p>y", "y", 1},
        {"<!--[if mso]><style>p{display:none}</style><![endif]--><p>y", "y\n", 0},
        {"<p hidden>x</p>y", "y", 1},
        {"<p>uno&nbsp;due&shy;tre", "uno duetre\n", 0},
        {"<p>\xEF\xBC\xA1\xEF\xBC\xA2 \xE2\x85\xA3", "AB IV\n", 0},
        {"<title>x</title><script>y</script><p>z", "z\n", 0},
        {"<noscript>uno</noscript>", "uno", 0},
        {"<bdo dir=rtl>654 3210</bdo>", "0123 456", 0},
        {"<p style='direction:rtl;unicode-bidi:bidi-override'>\xC3\xA8"
         "ba</p>",
         "ab\xC3\xA8\n", 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct extract_result r;
        char raw[1024];
        snprintf(raw, sizeof raw, HTML "%s", cases[i].html);
        extract_run(ctx, str_c(raw), &r);
        if (!str_eq(r.in.text, str_c(cases[i].text)) || r.in.hidden != cases[i].hidden)
            fail_msg("%s: \"%.*s\" hidden %u", cases[i].html, STRF(r.in.text), r.in.hidden);
        arena_free(&r.arena);
    }
}

static void test_html_flags(void **state)
{
    (void)state;
    static const struct {
        const char *html;
        uint32_t want;
    } cases[] = {
        {"<p>x", HTML_SEEN},
        {"<form action='https://x.example/'><input type=Password></form>y", HTML_SEEN | HTML_FORM | HTML_PASSWORD},
        {"<p onclick='x()'>y", HTML_SEEN | HTML_SCRIPT},
        {"<script>saveAs(new Blob([atob('x')]))</script>y", HTML_SEEN | HTML_SCRIPT | HTML_SMUGGLING},
        {"<meta http-equiv=Refresh content='0; url=https://x.example/'>y", HTML_SEEN | HTML_REFRESH},
        {"<base href='https://x.example/'><a href='y'>z</a>", HTML_SEEN | HTML_BASE},
        {"<img src='https://x.example/a.png'>", HTML_SEEN | HTML_IMAGE_ONLY},
        {"<div style='position:fixed'>y</div>", HTML_SEEN | HTML_OVERLAY},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct extract_result r;
        char raw[1024];
        snprintf(raw, sizeof raw, HTML "%s", cases[i].html);
        extract_run(ctx, str_c(raw), &r);
        if (r.in.html != cases[i].want)
            fail_msg("%s: %x", cases[i].html, r.in.html);
        arena_free(&r.arena);
    }
}

static void test_links(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        enum facts_link_kind kind;
        const char *url, *text;
        bool quoted;
    } cases[] = {
        {HTML "<a href=' https://x.example/ a'>q <b>u</b>i</a>", LINK_HREF, "https://x.example/a", "q ui", false},
        {HTML "<a href='https://x.example/'><img alt='logo' src='cid:x'></a>", LINK_HREF, "https://x.example/", "logo",
         false},
        {HTML "<base href='https://x.example/'><a href='y'>z</a>", LINK_HREF, "https://x.example/y", "z", false},
        {HTML "<form action='https://x.example/f'>", LINK_FORM, "https://x.example/f", "", false},
        {HTML "<img src='https://x.example/i.png'>", LINK_IMAGE, "https://x.example/i.png", "", false},
        {HTML "ciao<blockquote type=cite><a href='https://x.example/'>z</a>", LINK_HREF, "https://x.example/", "z",
         true},
        {HTML
         "ciao<br>From: a &lt;a@b.example&gt;<br>Sent: x<br>To: y<br>Subject: z<br><a href='https://x.example/'>z</a>",
         LINK_HREF, "https://x.example/", "z", true},
        {TEXT "vedi (https://x.example/a(b)).", LINK_TEXT, "https://x.example/a(b)", "", false},
        {TEXT "vedi www.x.example.", LINK_TEXT, "www.x.example", "", false},
        {TEXT "> https://x.example/", LINK_TEXT, "https://x.example/", "", true},
        {TEXT "hxxps://x.example/ y", LINK_TEXT, "hxxps://x.example/", "", false},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct extract_result r;
        extract_run(ctx, str_c(cases[i].raw), &r);
        assert_int_equal(r.in.n_links, 1);
        const struct facts_link *l = &r.in.links[0];
        if (l->kind != cases[i].kind || !str_eq(l->url, str_c(cases[i].url)) ||
            !str_eq(l->text, str_c(cases[i].text)) || l->quoted != cases[i].quoted)
            fail_msg("%s: %d \"%.*s\" \"%.*s\" %d", cases[i].raw, l->kind, STRF(l->url), STRF(l->text), l->quoted);
        arena_free(&r.arena);
    }
}

static void test_mentions(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
    } cases[] = {
        {"ok\n\nOn Tue, 21 Jul 2026 at 11:12 AM Anna Bianchi <anna@azienda.example> wrote:\n> x\n", "Anna Bianchi"},
        {"ok\n\nIl giorno 01/07/2026 Anna Bianchi <anna@azienda.example> ha scritto:\n> x\n", "Anna Bianchi"},
        {"ok\n\nIl giorno mar 21 lug 2026 alle ore 11:12 Anna Bianchi <anna@azienda.example>\nha scritto:\n> x\n",
         "Anna Bianchi"},
        {"ok\n\nAm 21.07.2026 um 11:12 schrieb Anna Bianchi <anna@azienda.example>:\n> x\n", "Anna Bianchi"},
        {"ok\n\nLe 21 juil. 2026 \xC3\xA0 11:12, Anna Bianchi <anna@azienda.example> a \xC3\xA9"
         "crit :\n> x\n",
         "Anna Bianchi"},
        {"ok\n\nEl 21/7/2026 11:12, Anna Bianchi <anna@azienda.example> escribi\xC3\xB3:\n> x\n", "Anna Bianchi"},
        {"ok\n\nEm 21/07/2026 11:12, Anna Bianchi <anna@azienda.example> escreveu:\n> x\n", "Anna Bianchi"},
        {"ok\n\nOp di 21 jul 2026 om 11:12 schreef Anna Bianchi <anna@azienda.example>:\n> x\n", "Anna Bianchi"},
        {"ok\n\n-----Original Message-----\nFrom: Anna Bianchi <Anna@azienda.example>\nSent: x\nSubject: y\n\nz\n",
         "Anna Bianchi"},
        {"ok\n\nDa: Anna Bianchi [mailto:anna@azienda.example]\nInviato: x\nOggetto: y\n\nz\n", "Anna Bianchi"},
        {"ok\n\n*Von:* Anna Bianchi <anna@azienda.example>\n*Gesendet:* x\n*Betreff:* y\n\nz\n", "Anna Bianchi"},
        {"ok\n\n> From: Anna Bianchi <anna@azienda.example>\n> z\n", "Anna Bianchi"},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct extract_result r;
        char raw[1024];
        snprintf(raw, sizeof raw, TEXT "%s", cases[i].text);
        extract_run(ctx, str_c(raw), &r);
        const struct facts_mention *m = &r.in.mentions[0];
        if (r.in.n_mentions != 1 || m->kind != MENTION_FROM || !str_eq(m->addr, STR("anna@azienda.example")) ||
            !str_eq(m->name, str_c(cases[i].name)))
            fail_msg("%s: %zu", cases[i].text, r.in.n_mentions);
        assert_true(str_eq(r.in.preview, STR("ok")) || str_starts(r.in.preview, STR("ok ")));
        arena_free(&r.arena);
    }
}

static void test_quoted(void **state)
{
    (void)state;
    struct extract_result r;
    extract_run(
        ctx, STR(TEXT "mio " IBAN "\n\nDa: Anna <a@b.example>\nInviato: x\nOggetto: y\n\nsuo DE89370400440532013000\n"),
        &r);
    assert_true(str_find(r.in.text, STR("\n> suo DE89"), 0) > 0);
    assert_false(extract_coordinate(&r, COORD_IBAN, IBAN)->quoted);
    assert_true(extract_coordinate(&r, COORD_IBAN, "DE89370400440532013000")->quoted);
    arena_free(&r.arena);
}

static void test_coordinates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum facts_coordinate kind;
        const char *value; /* NULL: none of the kind */
    } cases[] = {
        {"IBAN IT60 X054 2811 1010\n0000 0123 456 x", COORD_IBAN, IBAN},
        {"> IBAN IT60 X054 2811 1010\n> 0000 0123 456", COORD_IBAN, IBAN},
        {"\xEF\xBC\xA9\xEF\xBC\xB4\xEF\xBC\x96\xEF\xBC\x90X0542811101000000123456", COORD_IBAN, IBAN},
        {"IT60\xD0\xA5"
         "0542811101000000123456",
         COORD_IBAN, IBAN}, /* Cyrillic X */
        {"IT60X05428111010000\xE2\x80\x8B"
         "00123456",
         COORD_IBAN, IBAN},
        {"IBANIT60X0542811101000000123456BIC", COORD_IBAN, IBAN},
        {"BIC/SWIFT: BLOPIT22XXX", COORD_BIC, "BLOPIT22XXX"},
        {"Swift code UNCRITMM", COORD_BIC, "UNCRITMM"},
        {"a SWIFT RESPONSE please", COORD_BIC, NULL},
        {"Sort code: 20-40-60 Account number: 12345678", COORD_ACCOUNT, "204060-12345678"},
        {"Account 12345678\nSort Code 204060", COORD_ACCOUNT, "204060-12345678"},
        {"Routing number 026009593, account 1234567890", COORD_ACCOUNT, "026009593-1234567890"},
        {"Routing number 026009594, account 1234567890", COORD_ACCOUNT, NULL},
        {"send to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq now", COORD_WALLET,
         "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"},
        {"bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdz", COORD_WALLET, NULL},
        {"bitcoin 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", COORD_WALLET, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"},
        {"id 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", COORD_WALLET, NULL},
        {"0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe", COORD_WALLET, "0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe"},
        {"chiamare +39 02 1234.5678", COORD_PHONE, "+390212345678"},
        {"call (808) 555-0199 now", COORD_PHONE, "8085550199"},
        {"call 1-808\xE2\x80\x91"
         "555\xE2\x80\x91"
         "0199",
         COORD_PHONE, "18085550199"},
        {"tel. 02 1234567", COORD_PHONE, "021234567"},
        {"ordine 12345678", COORD_PHONE, NULL},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct extract_result r;
        char raw[1024];
        snprintf(raw, sizeof raw, TEXT "%s", cases[i].text);
        extract_run(ctx, str_c(raw), &r);
        bool any = false;
        for (size_t k = 0; k < r.in.n_payments; k++)
            any = any || r.in.payments[k].kind == cases[i].kind;
        if (cases[i].value ? !extract_coordinate(&r, cases[i].kind, cases[i].value) : any)
            fail_msg("%s: %zu \"%.*s\"", cases[i].text, r.in.n_payments,
                     r.in.n_payments ? (int)r.in.payments[0].value.n : 0,
                     r.in.n_payments ? r.in.payments[0].value.p : "");
        arena_free(&r.arena);
    }
}

static void test_languages(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"Dear Anna, please find attached the invoice for our last order. Payment is due in 30 days.", "en"},
        {"Gentile Anna, in allegato la fattura per il nostro ultimo ordine. Il pagamento \xC3\xA8 a 30 giorni.", "it"},
        {"Sehr geehrte Frau Bianchi, anbei die Rechnung f\xC3\xBCr die letzte Bestellung. Mit freundlichen "
         "Gr\xC3\xBC\xC3\x9F"
         "en",
         "de"},
        {"Bonjour, vous trouverez ci-joint la facture pour notre derni\xC3\xA8re commande. Merci de la r\xC3\xA9gler "
         "dans les 30 jours.",
         "fr"},
        {"Estimada Anna, adjunto la factura de nuestro \xC3\xBAltimo pedido. El pago es a 30 d\xC3\xAD"
         "as. Gracias y saludos.",
         "es"},
        {"Prezada Anna, segue em anexo a fatura do nosso \xC3\xBAltimo pedido. O pagamento n\xC3\xA3o \xC3\xA9 antes "
         "de 30 dias. Obrigado.",
         "pt"},
        {"Beste Anna, hierbij de factuur voor onze laatste bestelling. Het bedrag kunt u binnen 30 dagen betalen. Met "
         "vriendelijke groet",
         "nl"},
        {"12345 67890", ""},
        {"ok", ""},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct extract_result r;
        char raw[1024];
        snprintf(raw, sizeof raw, TEXT "%s", cases[i].text);
        extract_run(ctx, str_c(raw), &r);
        if (!str_eq(r.in.language, str_c(cases[i].want)))
            fail_msg("%s: \"%.*s\"", cases[i].text, STRF(r.in.language));
        arena_free(&r.arena);
    }
}

static void test_best_text(void **state)
{
    (void)state;
    struct extract_result r;
    extract_run(ctx,
                STR("Content-Type: multipart/alternative; boundary=A\r\n\r\n--A\r\n\r\n(html)\r\n--A\r\nContent-Type: "
                    "text/html\r\n\r\n"
                    "<p>Il conto nuovo per tutte le fatture</p>\r\n--A--\r\n"),
                &r);
    assert_true(str_starts(r.in.text, STR("Il conto nuovo")));
    arena_free(&r.arena);
    extract_run(
        ctx,
        STR("Content-Type: multipart/alternative; boundary=A\r\n\r\n--A\r\n\r\nIl conto nuovo\r\n--A\r\nContent-Type: "
            "text/html\r\n\r\n<p>Il <b>conto</b> nuovo</p>\r\n--A--\r\n"),
        &r);
    assert_true(str_starts(r.in.text, STR("Il conto nuovo")));
    arena_free(&r.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_seen),      cmocka_unit_test(test_html_flags),
                                       cmocka_unit_test(test_links),     cmocka_unit_test(test_mentions),
                                       cmocka_unit_test(test_quoted),    cmocka_unit_test(test_coordinates),
                                       cmocka_unit_test(test_languages), cmocka_unit_test(test_best_text)};
    if (extract_open(&ctx, NULL) != 0)
        return 1;
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    extract_close(&ctx);
    return r;
}
