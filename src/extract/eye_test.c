/* What a person sees of a message, against what is written to be seen by machines only, or by people only. */
#include "extract/extract_test_help.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#define IBAN "IT60X0542811101000000123456"
#define CPU_S_MOST 8 /* of what takes tenths of a second without AddressSanitizer, and took minutes */

static struct extract_ctx *ctx;

static void run_html(const char *html, struct extract_result *r)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_printf(&b, "From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n%s", html);
    extract_run(ctx, buf_str(&b), r);
    buf_free(&b);
    assert_int_equal(r->code, 0);
}

static void hidden_from_people(void **state)
{
    (void)state;
    static const char *const spans[] = {
        "<span style='color:transparent'>x</span>",
        "<span style='color:rgba(0,0,0,0)'>x</span>",
        "<span style='color:#0000'>x</span>",
        "<span style='color:hsl(0,0%,100%)'>x</span>",
        "<span style='color:white !important'>x</span>",
        "<span style='font:0/0 a'>x</span>",
        "<span style='display:/**/none'>x</span>",
        "<span style='d\\69splay:none'>x</span>",
        "<span style='clip-path:inset(100%)'>x</span>",
        "<span style='-webkit-transform:scale(0)'>x</span>",
        "<span hidden>x</span>",
        "<style>p .h{display:none}</style><span class=h>x</span>",
        "<style>p>span.h{display:none}</style><span class=h>x</span>",
        "<style>@media screen{.h{display:none}}</style><span class=h>x</span>",
        "<style>.h{display:none!important}</style><span class=h style='display:inline'>x</span>",
        "<style>/* a */.h/* b */{font-size:0}</style><span class=h>x</span>",
    };
    for (size_t i = 0; i < N_ELEMENTS(spans); i++) {
        char html[400];
        struct extract_result r;
        snprintf(html, sizeof html, "<p>IT60X0542811101%s000000123456</p>", spans[i]);
        run_html(html, &r);
        if (!extract_coordinate(&r, COORD_IBAN, IBAN) || !(r.in.flags & FACTS_HIDDEN_TEXT))
            fail_msg("%s: %.*s", spans[i], STRF(r.in.text));
        arena_free(&r.arena);
    }
}

static void shown_to_people(void **state)
{
    (void)state;
    static const char *const pages[] = {
        "<object>" IBAN "</object>",
        "<noscript>" IBAN "</noscript>",
        "<input value='" IBAN "'>",
        "<div style='background:none #000;color:#fff'>" IBAN "</div>",
        "<div style='background:tomato;color:#fff'>" IBAN "</div>",
        "<span style='color:transparent;text-shadow:0 0 0 #000'>" IBAN "</span>",
        "<p style='font-size:1vw'>" IBAN "</p>",
        "<style>.h{display:block!important}</style><p class=h style='display:none'>" IBAN "</p>",
        "<style>td .h{display:none}</style><p class=h>" IBAN "</p>",
        "<style>@media (max-width:600px){.h{display:none}}</style><p class=h>" IBAN "</p>",
        "&#8238;654321000000101118245 0X06TI&#8236;",
        "<p>\xE2\x80\xAE"
        "654321000000101118245 0X06TI</p>",
    };
    for (size_t i = 0; i < N_ELEMENTS(pages); i++) {
        struct extract_result r;
        run_html(pages[i], &r);
        bool hidden = (r.in.flags & FACTS_HIDDEN_TEXT) != 0;
        if (!extract_coordinate(&r, COORD_IBAN, IBAN) || hidden || str_find(r.in.text, STR("123456"), 0) < 0)
            fail_msg("%s: %.*s", pages[i], STRF(r.in.text));
        arena_free(&r.arena);
    }
}

/* Should we judge wrongly what is seen, an account is found all the same. */
static void hidden_accounts_are_found(void **state)
{
    (void)state;
    struct extract_result r;
    run_html("<p>ciao</p><p style='display:none'>Bonifico su " IBAN "</p>", &r);
    assert_non_null(extract_coordinate(&r, COORD_IBAN, IBAN));
    assert_true(r.in.flags & FACTS_HIDDEN_TEXT);
    assert_true(str_find(r.in.text, STR("Bonifico"), 0) < 0);
    arena_free(&r.arena);
}

static void lines_that_turn_round(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {{"a \xE2\x80\xAE"
                  "cba\xE2\x80\xAC d",
                  "a abc d\n"},
                 {"\xE2\x80\xAE"
                  "1\xC3\xA8"
                  "2",
                  "2\xC3\xA8"
                  "1\n"},
                 {"x\xE2\x80\xAE", "x\n"},
                 {"\xE2\x80\xAE\xE2\x80\xAC\xE2\x80\xAE"
                  "ba\xE2\x80\xAC",
                  "ab\n"}};
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct extract_result r;
        struct buf b;
        buf_init(&b, 4096);
        buf_printf(&b, "From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", cases[i].text);
        extract_run(ctx, buf_str(&b), &r);
        if (!str_eq(r.in.text, str_c(cases[i].want)))
            fail_msg("%s: %.*s", cases[i].text, STRF(r.in.text));
        assert_true(r.in.flags & FACTS_CUT_WORDS);
        arena_free(&r.arena);
        buf_free(&b);
    }
}

static void repeat(struct buf *b, const char *text, unsigned times)
{
    while (times-- > 0)
        buf_addz(b, text);
}

/* Each of these made some reader look at all of it again for every piece of it. */
static void endless_lines_end(void **state)
{
    (void)state;
    static const struct {
        const char *head, *first;
        unsigned first_times;
        const char *then;
        unsigned times;
    } cases[] = {
        {"text/plain", "", 0, "pagare su " IBAN " ", 100000},
        {"text/plain", "", 0, "www.a.example http://b.example tel 333 222 111 sort 20-40-60 12345678 ", 40000},
        {"text/html", "<b>", 200000, "</i>", 700000},
        {"text/html", "<a href=http://h.example/1>una parola che dice qualcosa</a>", 490, " http://k.example/1",
         150000},
        {"text/html", "<style>.a{color:red}</style>", 600, "<p class='a a a a a a a a a a'>x", 60000},
        {"text/html", "<style>.z .y .x .a{color:red}</style>", 600, "<b class='z y a'>", 60000},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct extract_result r;
        struct buf b;
        struct timespec from, to;
        buf_init(&b, 16u << 20);
        buf_printf(&b, "From: a@b.example\r\nContent-Type: %s; charset=utf-8\r\n\r\n", cases[i].head);
        repeat(&b, cases[i].first, cases[i].first_times);
        repeat(&b, cases[i].then, cases[i].times);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        extract_run(ctx, buf_str(&b), &r);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
        assert_int_equal(r.code, 0);
        if (to.tv_sec - from.tv_sec > CPU_S_MOST)
            fail_msg("case %zu took %ld s", i, (long)(to.tv_sec - from.tv_sec));
        arena_free(&r.arena);
        buf_free(&b);
    }
}

static int open_once(void **state)
{
    (void)state;
    struct err e = {0};
    return extract_open(&ctx, &e);
}

static int close_once(void **state)
{
    (void)state;
    extract_close(&ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hidden_from_people), cmocka_unit_test(shown_to_people),
                                       cmocka_unit_test(hidden_accounts_are_found),
                                       cmocka_unit_test(lines_that_turn_round), cmocka_unit_test(endless_lines_end)};
    return cmocka_run_group_tests(tests, open_once, close_once);
}
