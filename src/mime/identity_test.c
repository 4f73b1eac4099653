#include "mime/identity.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct mime_charsets *charsets;

#define S(lit)               \
    {                        \
        lit, sizeof(lit) - 1 \
    }

static void judges_from(void **state UNUSED)
{
    static const struct {
        struct str header;
        enum mime_from state;
        unsigned flags;
    } cases[] = {
        {S("From: A <a@b.example>\r\n\r\n"), MIME_FROM_OK, 0},
        {S("From: a@b.example"), MIME_FROM_OK, 0},
        {S("from :a@b.example\n\n"), MIME_FROM_OK, 0},
        {S("From: info@b.example <info@b.example>\r\n\r\n"), MIME_FROM_OK, 0},
        {S("Subject: x\r\n\r\nFrom: a@b.example\r\n"), MIME_FROM_MISSING, 0},
        {S(""), MIME_FROM_MISSING, 0},
        {S("From: a@b.example\r\nFrom: a@b.example\r\n\r\n"), MIME_FROM_FIELDS, MIME_ID_MANY_FROM | MIME_ID_DUPLICATE},
        {S("From: a@b.example\r\n From: c@d.example\r\n\r\n"), MIME_FROM_AMBIGUOUS, 0},
        {S(" From: c@d.example\r\nFrom: a@b.example\r\n\r\n"), MIME_FROM_FIELDS, MIME_ID_HIDDEN_FROM},
        {S("From: a@b.example\r\nX: y\rFrom: c@d.example\r\n\r\n"), MIME_FROM_FIELDS, MIME_ID_HIDDEN_FROM},
        {S("From: a@b.example\r\nFrom\r\n : c@d.example\r\n\r\n"), MIME_FROM_FIELDS, MIME_ID_HIDDEN_FROM},
        {S("From: a@b.example\r\n\0From: c@d.example\r\n\r\n"), MIME_FROM_FIELDS, MIME_ID_HIDDEN_FROM},
        {S("From: a@b.example\r\nFrom\x01: c@d.example\r\n\r\n"), MIME_FROM_FIELDS, MIME_ID_HIDDEN_FROM},
        {S("From: a@b.example, c@d.example\r\n\r\n"), MIME_FROM_ADDRESSES, 0},
        {S("From: Mario Rossi\r\n\r\n"), MIME_FROM_UNREADABLE, 0},
        {S("From:\r\n\r\n"), MIME_FROM_UNREADABLE, 0},
        {S("From: <>\r\n\r\n"), MIME_FROM_UNREADABLE, 0},
        {S("From: G: a@b.example;\r\n\r\n"), MIME_FROM_GROUP, 0},
        {S("From: G:;\r\n\r\n"), MIME_FROM_GROUP, 0},
        {S("From: c@d.example <a@b.example>\r\n\r\n"), MIME_FROM_AMBIGUOUS, 0},
        {S("From: x y, a@b.example\r\n\r\n"), MIME_FROM_AMBIGUOUS, 0},
        {S("From: a\0@b.example\r\n\r\n"), MIME_FROM_AMBIGUOUS, 0},
        {S("From: a@b.example\rx\r\n\r\n"), MIME_FROM_AMBIGUOUS, 0},
        {S("From: MAILER-DAEMON\r\n\r\n"), MIME_FROM_DOMAIN, 0},
        {S("From: a@b!c.example\r\n\r\n"), MIME_FROM_DOMAIN, 0},
        {S("From: a..b@c.example\r\n\r\n"), MIME_FROM_LOCAL, 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(arena) struct arena a;
        struct mime_identity id;
        arena_init(&a, ARENA_NO_LIMIT);
        mime_identity_read(&a, charsets, cases[i].header, &id);
        if (id.from_state != cases[i].state || id.flags != cases[i].flags)
            fail_msg("%.*s: %s, flags %x", STRF(cases[i].header), mime_from_name(id.from_state), id.flags);
        assert_true((id.from_state == MIME_FROM_OK) == (id.from.local.p != NULL));
        assert_true((id.from_state == MIME_FROM_OK) == (id.from_key.n > 0));
    }
}

static const char reply[] = "Received: from a by b; Sat, 21 Nov 2026 18:00:01 +0100\r\n"
                            "Received: from c by a; Sat, 21 Nov 2026 18:00:00 +0100\r\n"
                            "Return-Path: <n@azienda.example>\r\n"
                            "From: =?utf-8?Q?Niccol=C3=B2?= <N@Azienda.example>\r\n"
                            "Sender: s@azienda.example\r\n"
                            "Reply-To: r@azienda.example\r\n"
                            "To: Uno <a@b.example>,\r\n Due <c@d.example>\r\n"
                            "Cc: e@f.example\r\n"
                            "Bcc: g@h.example\r\n"
                            "Message-ID: <1.2@azienda.example>\r\n"
                            "In-Reply-To: <0.1@b.example>\r\n"
                            "References: <0.0@b.example>\r\n <0.1@b.example>\r\n"
                            "Subject: R: [lista] Re[2]: =?utf-8?Q?Perch=C3=A9?=\r\n"
                            "Date: Sat, 21 Nov 2026 18:00:00 +0100\r\n"
                            "List-Id: \"Una lista\" <Lista.B.example>\r\n"
                            "Precedence: bulk\r\n"
                            "MIME-Version: 1.0\r\n"
                            "Content-Type: text/plain;\r\n charset=utf-8\r\n"
                            "\r\nciao\r\n";

static void reads_all(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    struct mime_identity id;
    arena_init(&a, ARENA_NO_LIMIT);
    mime_identity_read(&a, charsets, str_c(reply), &id);
    assert_int_equal(id.from_state, MIME_FROM_OK);
    assert_true(str_eq(id.from.name, STR("Niccolò")));
    assert_true(str_eq(id.from_key, STR("n@azienda.example")));
    assert_true(str_eq(id.from_text, STR("Niccolò <N@Azienda.example>")));
    assert_true(str_eq(id.sender.local, STR("s")));
    assert_int_equal(id.reply_to.n, 1);
    assert_int_equal(id.to.n, 2);
    assert_int_equal(id.cc.n, 1);
    assert_int_equal(id.bcc.n, 1);
    assert_true(str_eq(id.message_id, STR("1.2@azienda.example")));
    assert_int_equal(id.n_in_reply_to, 1);
    assert_int_equal(id.n_references, 2);
    assert_true(str_eq(id.references[1], STR("0.1@b.example")));
    assert_true(str_eq(id.subject, STR("R: [lista] Re[2]: Perché")));
    assert_true(str_eq(id.subject_base, STR("Perché")));
    assert_int_equal(id.subject_flags, MIME_SUBJECT_REPLY | MIME_SUBJECT_TAG);
    assert_true(id.has_date);
    assert_int_equal(id.date_ms, 1795280400000);
    assert_int_equal(id.received, 2);
    assert_true(str_starts(id.received_first, STR(" from a")));
    assert_true(str_eq(id.list_id, STR("lista.b.example")));
    assert_int_equal(id.flags, MIME_ID_LIST | MIME_ID_AUTOMATIC);
    assert_int_equal(id.header_flags, 0);
    assert_int_equal(id.duplicates, 0);
    assert_int_equal(id.fields, 18);
    assert_true(str_eq(str_from(str_c(reply), id.body), STR("ciao\r\n")));
}

static void cut_anywhere(void **state UNUSED)
{
    for (size_t n = 0; n < sizeof reply; n++) {
        AUTO(arena) struct arena a;
        AUTO(heap) char *copy = malloc(n + 1);
        struct mime_identity id;
        arena_init(&a, ARENA_NO_LIMIT);
        memcpy(copy, reply, n);
        mime_identity_read(&a, charsets, str_n(copy, n), &id);
        assert_true(id.body <= n);
    }
}

static void says_what_is_odd(void **state UNUSED)
{
    AUTO(arena) struct arena a;
    struct mime_identity id;
    arena_init(&a, ARENA_NO_LIMIT);
    mime_identity_read(&a, charsets,
                       STR("Subject: a\r\nSubject: b\r\nTo: a@b.example\r\nTo: c@d.example\r\nDate: never\r\n\r\n"),
                       &id);
    assert_true(str_eq(id.subject, STR("a")));
    assert_int_equal(id.to.n, 2);
    assert_int_equal(id.flags, MIME_ID_DUPLICATE | MIME_ID_BAD_DATE);
    assert_int_equal(id.duplicates, MIME_ONCE_SUBJECT | MIME_ONCE_TO);
    mime_identity_read(
        &a, charsets,
        STR("Subject: perch\xe9\r\nResent-From: a@b.example\r\nAuto-Submitted: no; x\r\nSender: a, b\r\n\r\n"), &id);
    assert_int_equal(id.flags, MIME_ID_CHARSET_ODD | MIME_ID_RESENT);
    assert_int_equal(id.header_flags, MIME_H_8BIT);
    assert_null(id.sender.local.p);
    mime_identity_read(&a, charsets, STR("Auto-Submitted: auto-replied\r\nList-Unsubscribe: <x:y>\r\n\r\n"), &id);
    assert_int_equal(id.flags, MIME_ID_AUTOMATIC | MIME_ID_LIST);
}

/* The largest and worst of everything stays within the arena that the header promises. */
static void is_bounded(void **state UNUSED)
{
    static const char *const units[] = {
        "To: ", "From: ", "References: ", "Subject: ", "X\n", "Cc: \"\\", "Reply-To: =?a?q?"};
    static const char *const fill[] = {"a@b,", "=?utf-16?B?YQ==?= ", "<a@b>", "\xe8", "(((", "a .", "\n "};
    AUTO(heap) char *big = malloc(MIME_HEADER_BYTES_MAX);
    for (size_t i = 0; i < N_ELEMENTS(units) * N_ELEMENTS(fill); i++) {
        AUTO(arena) struct arena a;
        struct mime_identity id;
        const char *u = units[i % N_ELEMENTS(units)], *f = fill[i / N_ELEMENTS(units)];
        size_t n = 0, line = 60000;
        while (n + 8 < MIME_HEADER_BYTES_MAX)
            if (line >= 60000) {
                n += (size_t)snprintf(big + n, 16, "%s%s", n ? "\n" : "", u);
                line = 0;
            } else if (n + 32 < MIME_HEADER_BYTES_MAX) {
                memcpy(big + n, f, strlen(f));
                n += strlen(f);
                line += strlen(f);
            } else {
                break;
            }
        arena_init(&a, MIME_IDENTITY_ARENA_MAX);
        mime_identity_read(&a, charsets, str_n(big, n), &id);
        assert_true(id.to.n <= MIME_ADDRS_MAX);
    }
}

/* Counts over real mail: SIGILLO_DATA names the folder of test corpora. */
static struct {
    size_t messages, state[MIME_FROM_COUNT], flags[16], header[16], ids, dates, refs, subjects;
} seen;

static void count(struct str message)
{
    AUTO(arena) struct arena a;
    struct mime_identity id;
    arena_init(&a, MIME_IDENTITY_ARENA_MAX);
    mime_identity_read(&a, charsets, message, &id);
    seen.messages++;
    seen.state[id.from_state]++;
    for (unsigned i = 0; i < 16; i++) {
        seen.flags[i] += id.flags >> i & 1;
        seen.header[i] += id.header_flags >> i & 1;
    }
    seen.ids += id.message_id.n > 0;
    seen.dates += id.has_date;
    seen.refs += id.n_references > 0;
    seen.subjects += id.subject.n > 0;
    assert_int_equal(str_utf8_valid(id.subject), id.subject.n);
    assert_int_equal(str_utf8_valid(id.from_text), id.from_text.n);
    assert_true(id.body <= message.n);
    if (getenv("SIGILLO_VERBOSE") && id.from_state != MIME_FROM_OK)
        printf("%s: %.*s\n", mime_from_name(id.from_state), STRF(id.from_text));
}

static void walk(const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    while (d && (e = readdir(d)) != NULL) {
        char path[4096];
        struct stat st;
        if (e->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= (int)sizeof path ||
            stat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode)) {
            walk(path);
            continue;
        }
        AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
        AUTO(heap) char *copy = malloc((size_t)st.st_size + 1);
        ssize_t n = fd < 0 ? -1 : read(fd, copy, (size_t)st.st_size);
        if (n >= 0)
            count(str_n(copy, (size_t)n));
    }
    if (d)
        closedir(d);
}

static void corpus(void **state UNUSED)
{
    static const char *const folders[] = {"mime", "ham", "phish", "spam"};
    const char *data = getenv("SIGILLO_DATA");
    if (!data)
        skip();
    for (size_t i = 0; i < N_ELEMENTS(folders); i++) {
        char path[4096];
        assert_true(snprintf(path, sizeof path, "%s/%s", data, folders[i]) < (int)sizeof path);
        memset(&seen, 0, sizeof seen);
        walk(path);
        printf("%s: %zu messages, %zu ids, %zu dates, %zu with references, %zu subjects\n from:", folders[i],
               seen.messages, seen.ids, seen.dates, seen.refs, seen.subjects);
        for (int k = 0; k < MIME_FROM_COUNT; k++)
            printf(" %s %zu", mime_from_name((enum mime_from)k), seen.state[k]);
        printf("\n flags:");
        for (int k = 0; k < 9; k++)
            printf(" %x:%zu", 1u << k, seen.flags[k]);
        printf("\n header:");
        for (int k = 0; k < 13; k++)
            printf(" %x:%zu", 1u << k, seen.header[k]);
        printf("\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_from),      cmocka_unit_test(reads_all),  cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(says_what_is_odd), cmocka_unit_test(is_bounded), cmocka_unit_test(corpus),
    };
    charsets = mime_charsets_open();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mime_charsets_close(charsets);
    return failed;
}
