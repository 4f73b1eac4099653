#include "core/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static void defaults_are_valid(void **state UNUSED)
{
    struct conf c, d;
    struct err e = {0};
    AUTO(buf) struct buf out;
    buf_init(&out, 1 << 20);
    conf_init(&c);
    conf_init(&d);
    conf_dump(&c, ROLE_ALL, &out);
    if (conf_parse(&d, buf_str(&out), "defaults", &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < CONF_COUNT; i++) {
        assert_true(str_eq(c.value[i], d.value[i]));
        assert_false(c.set[i]);
        assert_true(strlen(conf_table[i].help) > 10);
        assert_true(conf_table[i].roles != 0);
        assert_ptr_equal(conf_find(str_c(conf_table[i].key)), &conf_table[i]);
    }
    assert_true(str_eq(conf_s(&c, CONF_DB_ENGINE), STR("sqlite")));
    assert_true(conf_i(&c, CONF_SMTP_MAX_SIZE) == 50 << 20);
    assert_true(conf_i(&c, CONF_SMTP_TIMEOUT) == 300000);
    conf_free(&c);
    conf_free(&d);
}

static void a_role_gets_its_slice(void **state UNUSED)
{
    struct conf c;
    struct err e;
    AUTO(buf) struct buf out;
    buf_init(&out, 1 << 20);
    conf_init(&c);
    assert_int_equal(conf_put(&c, STR("db.url"), STR("host=db password=secret"), "--set", &e), 0);
    conf_dump(&c, ROLE_DNS, &out);
    assert_true(str_find(buf_str(&out), STR("dns.servers="), 0) >= 0);
    assert_true(str_find(buf_str(&out), STR("secret"), 0) < 0);
    conf_free(&c);
}

static void bad_values(void **state UNUSED)
{
    static const struct {
        const char *key, *value, *says;
    } rows[] = {
        {"smtp.max_sise", "1", "did you mean smtp.max_size"},
        {"zzz", "1", "no setting"},
        {"scan.workers", "0", "between 1 and 64"},
        {"scan.workers", "65", "between 1 and 64"},
        {"scan.workers", "-1", "between"},
        {"scan.workers", "four", "whole number"},
        {"scan.workers", "", "whole number"},
        {"scan.workers", "99999999999999999999", "whole number"},
        {"smtp.max_size", "25X", "size such as"},
        {"smtp.max_size", "9999999999999T", "size such as"},
        {"smtp.timeout", "5 m", "time such as"},
        {"db.engine", "mysql", "one of sqlite|postgresql"},
        {"db.engine", "", "one of"},
        {"smtp.listen", "127.0.0.1", "host:port"},
        {"smtp.listen", "127.0.0.1:0", "host:port"},
        {"smtp.listen", "127.0.0.1:65536", "host:port"},
        {"smtp.listen", ":25", "host:port"},
        {"smtp.listen", "::1:25", "host:port"},
        {"smtp.listen", "[]:25", "host:port"},
        {"smtp.listen", "127.0.0.1:25,", "host:port"},
        {"http.origin", "a\nb=c", "control character"},
    };
    struct conf c;
    conf_init(&c);
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        struct err e = {0};
        assert_int_equal(conf_put(&c, str_c(rows[i].key), str_c(rows[i].value), "--set", &e), ERR_INVALID);
        if (!strstr(e.text, rows[i].says) || !strstr(e.text, "--set"))
            fail_msg("%s=%s says: %s", rows[i].key, rows[i].value, e.text);
    }
    conf_free(&c);
}

static void good_values(void **state UNUSED)
{
    struct conf c;
    struct err e = {0};
    conf_init(&c);
    assert_int_equal(
        conf_put(&c, STR("smtp.listen"), STR("127.0.0.1:25, [::1]:2525,mail.azienda.example:587"), "t", &e), 0);
    assert_int_equal(conf_put(&c, STR("smtp.max_size"), STR("1g"), "t", &e), 0);
    assert_true(conf_i(&c, CONF_SMTP_MAX_SIZE) == 1 << 30);
    assert_int_equal(conf_put(&c, STR("scan.timeout"), STR("1500"), "t", &e), 0);
    assert_int_equal(conf_i(&c, CONF_SCAN_TIMEOUT), 1500);
    assert_true(c.set[CONF_SCAN_TIMEOUT]);
    assert_int_equal(conf_put(&c, STR("scan.timeout"), STR("2s"), "t", &e), 0); /* --set after the file */
    assert_int_equal(conf_i(&c, CONF_SCAN_TIMEOUT), 2000);
    conf_free(&c);
}

static void text_form(void **state UNUSED)
{
    struct conf c;
    struct err e = {0};
    struct str text = STR("scan.workers=8\nhttp.origin=https://a=b.example\n");
    conf_init(&c);
    assert_int_equal(conf_parse(&c, text, "slice", &e), 0);
    assert_true(str_eq(conf_s(&c, CONF_HTTP_ORIGIN), STR("https://a=b.example")));
    assert_int_equal(conf_parse(&c, STR("scan.workers=8\nscan.workers=9\n"), "slice", &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "slice line 2: scan.workers is given a second time"));
    assert_int_equal(conf_parse(&c, STR("scan.workers"), "slice", &e), ERR_INVALID);
    for (size_t n = 0; n <= text.n; n++) { /* cut anywhere: accepted or refused, never worse */
        struct conf part;
        conf_init(&part);
        int rc = conf_parse(&part, str_upto(text, n), "slice", &e);
        assert_true(rc == 0 || rc == ERR_INVALID);
        conf_free(&part);
    }
    conf_free(&c);
}

static int parse_file(const char *text, struct conf *c, struct err *e)
{
    char path[] = "/tmp/sigillo-conf-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    conf_init(c);
    int rc = conf_file(c, path, e);
    unlink(path);
    return rc;
}

static void file_form(void **state UNUSED)
{
    struct conf c;
    struct err e = {0};
    char longest[600];
    if (parse_file("# of ours\n[smtp]\nlisten = 127.0.0.1:2525\nmax_size=1M ; a remark\n\n[scan]\nworkers = 2\n", &c,
                   &e))
        fail_msg("%s", e.text);
    assert_int_equal(conf_i(&c, CONF_SCAN_WORKERS), 2);
    assert_true(conf_i(&c, CONF_SMTP_MAX_SIZE) == 1 << 20);
    conf_free(&c);
    memset(longest, 'x', sizeof longest);
    memcpy(longest, "[http]\norigin=", 14);
    longest[sizeof longest - 1] = 0;
    const struct {
        const char *text, *says;
    } rows[] = {
        {"[smtp]\nlisten=1\n", "line 2: smtp.listen"},
        {"[smtp]\nmax_size=1M\n[scan]\nworkers=1\n[smtp]\nmax_size=2M\n",
         "line 6: smtp.max_size is given a second time"},
        {"[smpt]\nlisten=127.0.0.1:25\n", "line 2: there is no setting \"smpt.listen\""},
        {"[smtp]\nwhat is this\n", "line 2 is neither"},
        {longest, "line 2 is longer than"},
    };
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        assert_int_equal(parse_file(rows[i].text, &c, &e), ERR_INVALID);
        if (!strstr(e.text, rows[i].says))
            fail_msg("%s says: %s", rows[i].text, e.text);
        conf_free(&c);
    }
    conf_init(&c);
    assert_int_equal(conf_file(&c, "/nonexistent/sigillo.conf", &e), ERR_NOENT);
    assert_int_equal(conf_file(&c, "/", &e), ERR_IO);
    conf_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_valid), cmocka_unit_test(a_role_gets_its_slice),
        cmocka_unit_test(bad_values),         cmocka_unit_test(good_values),
        cmocka_unit_test(text_form),          cmocka_unit_test(file_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
