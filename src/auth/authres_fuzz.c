#include "auth/authres.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The bytes as a field's value, as a message to strip, and as values that we write: those come back as one field with
 * the results that were put in. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf b;
    struct str s = str_n(data, n), id = STR("mx.example");
    struct auth_results_read back;
    struct mime_header h;
    struct mime_field f;
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&b, AUTH_RESULTS_FIELD_MAX);
    (void)!auth_results_read(&a, s, &back);

    char *left = arena_alloc(&a, n + 1);
    size_t kept = auth_results_strip(s, id, left);
    if (kept > n || (kept == n && n && memcmp(left, data, n) != 0) ||
        auth_results_strip(str_n(left, kept), id, left) != kept)
        abort();

    struct auth_arc_hop hop = {.domain = s};
    struct auth_results r = {
        .spf = {.result = AUTHRES_SOFTFAIL, .helo = n & 1},
        .n_dkim = 1,
        .dkim = {{.result = AUTHRES_NEUTRAL, .domain = s, .selector = s, .sample = s, .algorithm = ""}},
        .dmarc = {.result = AUTHRES_FAIL, .from_domain = s},
        .arc = {.result = AUTHRES_PASS, .n = 1, .hop = &hop}};
    struct auth_input in = {.mail_from = s, .helo = s};
    auth_results_put(&b, id, &in, &r);
    if (b.err)
        abort();
    buf_adds(&b, STR("\r\nbody"));
    mime_header_init(&h, buf_str(&b));
    if (!mime_header_next(&h, &f) || h.flags & (MIME_H_BARE_CR | MIME_H_BARE_LF | MIME_H_NUL | MIME_H_LONG_LINE) ||
        !auth_results_read(&a, f.value, &back) || back.n != 4 || !str_eq(back.authserv_id, id) ||
        back.v[0].result != AUTHRES_SOFTFAIL || back.v[2].result != AUTHRES_FAIL ||
        mime_header_next(&h, &(struct mime_field){0}) || !auth_results_claims(f.value, id))
        abort();
    return 0;
}
