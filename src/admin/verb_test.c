#include "admin/verb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *text;
static size_t text_n;

/* Runs a row of the tables by name on settings of its own; what it printed is in text. */
static int run_verb(const char *name, const char *set, int argc, char **argv)
{
    struct admin_ctx c = {.env = env_system()};
    struct err e = {0};
    struct str key, value;
    free(text);
    text = NULL;
    FILE *f = open_memstream(&text, &text_n);
    c.out = c.err = f;
    conf_init(&c.conf);
    if (set && str_cut(str_c(set), '=', &key, &value))
        assert_int_equal(conf_put(&c.conf, key, value, "test", &e), 0);
    int rc = -1;
    for (size_t t = 0; admin_tables[t]; t++)
        for (const struct admin_verb *v = admin_tables[t]; v->name; v++)
            if (strcmp(v->name, name) == 0) {
                c.verb = v;
                rc = v->run(&c, argc, argv);
            }
    conf_free(&c.conf);
    fclose(f);
    return rc;
}

static bool says(const char *what) { return strstr(text, what) != NULL; }

static void tables_are_whole(void **state UNUSED)
{
    for (size_t t = 0; admin_tables[t]; t++)
        for (const struct admin_verb *v = admin_tables[t]; v->name; v++) {
            assert_non_null(v->usage);
            assert_true(strlen(v->help) > 10);
            assert_non_null(v->run);
            assert_true(strspn(v->name, "abcdefghijklmnopqrstuvwxyz -") == strlen(v->name));
        }
}

static void shows(void **state UNUSED)
{
    char key[] = "db.url";
    char *argv[] = {key};
    static const char *const secret[] = {
        "db.url=host=db password=hush dbname=x", "db.url=host=db password='hu sh' dbname=x",
        "db.url=postgresql://ann:hush@db/x", "db.url=postgresql://db/x?password=hush", "db.url=password=hush"};
    for (size_t i = 0; i < N_ELEMENTS(secret); i++) {
        assert_int_equal(run_verb("config show", secret[i], 1, argv), 0);
        if (says("hush") || says("hu sh") || !says("(hidden)"))
            fail_msg("%s", text);
    }
    assert_int_equal(run_verb("config show", "scan.workers=7", 0, NULL), 0);
    assert_true(says("scan.workers = 7\n") && says("scan.timeout = 20s   (default)\n"));
    assert_int_equal(run_verb("config show", NULL, 1, (char *[]){(char[]){"no.such"}}), 1);
    assert_int_equal(run_verb("config show", NULL, 2, (char *[]){key, key}), 2);
    assert_int_equal(run_verb("config show", NULL, 1, (char *[]){(char[]){"--what"}}), 2);
}

static void checks(void **state UNUSED)
{
    assert_int_equal(run_verb("config check", NULL, 0, NULL), 0);
    assert_true(says("good: 0 settings given"));
    assert_int_equal(run_verb("config check", "db.engine=postgresql", 0, NULL), 1);
    assert_true(says("db.url is empty"));
    assert_int_equal(run_verb("config check", "spool.last_resort=/nonexistent", 0, NULL), 1);
    assert_true(says("is not a folder"));
}

static void explains(void **state UNUSED)
{
    assert_int_equal(run_verb("config explain", NULL, 1, (char *[]){(char[]){"smtp.max_size"}}), 0);
    assert_true(says("size (K, M, G, T), 64K to 4G") && says("default: 50M") && says("seen by: net"));
    assert_int_equal(run_verb("config explain", NULL, 0, NULL), 0);
    assert_int_equal(run_verb("config docs", NULL, 0, NULL), 0);
    for (size_t i = 0; i < CONF_COUNT; i++)
        assert_true(says(conf_table[i].key));
}

static void options(void **state UNUSED)
{
    char a[] = "word", b[] = "--name", c[] = "Full name", d[] = "--x=1", e[] = "--", f[] = "--name";
    char *argv[] = {a, b, c, d, e, f};
    int argc = 6;
    const char *value = NULL;
    assert_true(admin_option(&argc, argv, "--name", &value));
    assert_string_equal(value, "Full name");
    assert_true(admin_option(&argc, argv, "--x", &value));
    assert_string_equal(value, "1");
    assert_false(admin_option(&argc, argv, "--name", &value)); /* behind "--" stand words only */
    assert_false(admin_flag(&argc, argv, "--name"));
    assert_int_equal(argc, 3);
    assert_string_equal(argv[0], "word");
    argc = 1;
    argv[0] = b;
    assert_true(admin_option(&argc, argv, "--name", &value));
    assert_string_equal(value, "");
    assert_int_equal(argc, 0);
}

static void reads_a_line(void **state UNUSED)
{
    static const struct {
        const char *in, *line;
    } rows[] = {{"secret\n", "secret"},   {"secret", "secret"}, {"a\r\nb", "a"},
                {"1234567\n", "1234567"}, {"12345678\n", NULL}, {"", NULL}};
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        char line[8];
        struct err e = {0};
        struct admin_ctx c = {.in = fmemopen((char *)(uintptr_t)rows[i].in, strlen(rows[i].in) + !*rows[i].in, "r")};
        if (!*rows[i].in)
            fgetc(c.in);
        int rc = admin_read_line(&c, line, sizeof line, &e);
        if (rows[i].line) {
            assert_int_equal(rc, 0);
            assert_string_equal(line, rows[i].line);
        } else
            assert_int_equal(rc, ERR_INVALID);
        fclose(c.in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_whole), cmocka_unit_test(shows),   cmocka_unit_test(checks),
        cmocka_unit_test(explains),         cmocka_unit_test(options), cmocka_unit_test(reads_a_line),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    free(text);
    return rc;
}
