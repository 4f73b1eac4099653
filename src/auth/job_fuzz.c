#include "auth/authres.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The answers, up to the first 0xFF (each: status, length, bytes; used again from the start when they end), then the
 * message. A job ends after a bounded number of rounds, and passes DMARC only with an aligned pass. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct auth_kit kit;
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf b;
    struct auth_job job;
    struct auth_question q;
    struct mime_identity who;
    const uint8_t *split = n ? memchr(data, 0xFF, n) : NULL;
    size_t answers = split ? (size_t)(split - data) : 0, at = 0, rounds = 0;
    struct str message = split ? str_n(split + 1, n - answers - 1) : str_n(data, n);
    if (!kit.sha256 && auth_kit_open(&kit, NULL, NULL) != 0)
        abort();
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&b, AUTH_RESULTS_FIELD_MAX);
    mime_identity_read(&a, NULL, message, &who);
    struct auth_input in = {.message = message,
                            .who = &who,
                            .has_ip = true,
                            .ip = {.b = {192, 0, 2, 1}},
                            .helo = STR("h.example"),
                            .mail_from = STR("a@a.example"),
                            .flags = n & 1 ? AUTH_EXPLAIN | AUTH_ANY_CLOCK : 0};
    auth_begin(&job, &a, &kit, &in);
    while (auth_step(&job) == AUTH_ASK) {
        bool any = false;
        while (auth_question(&job, &q)) {
            any = true;
            uint8_t status = answers ? data[at++ % answers] % 5 : 1;
            size_t length = answers ? data[at++ % answers] : 0;
            size_t from = answers ? at % answers : 0;
            length = from + length > answers ? answers - from : length;
            struct str rdata = str_n(data + from, length);
            at += length;
            auth_answer(&job, q.id, status == 4 ? AUTH_RR_OK : (enum auth_rr_status)status, &rdata, 1);
        }
        if (!any || ++rounds > AUTH_QUESTIONS_MAX)
            abort();
    }
    const struct auth_results *r = &job.results;
    if (r->dmarc.result == AUTHRES_PASS &&
        (who.from_state != MIME_FROM_OK || !(r->dmarc.spf_aligned || r->dmarc.dkim_aligned)))
        abort();
    auth_results_put(&b, STR("mx.example"), &in, r);
    if (b.err)
        abort();
    return 0;
}
