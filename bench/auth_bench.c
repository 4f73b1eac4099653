/* CPU of judging who sent a mail, per message, by one thread and with all answers at hand: build/bench/auth_bench [SECONDS] */
#include "auth/sign_testing.h"
#include "auth/zone_testing.h"

#include <stdio.h>
#include <time.h>

static struct auth_kit kit;
static struct zone zone;

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct str letter(struct arena *a, size_t body)
{
    AUTO(buf) struct buf b;
    buf_init(&b, 1 << 26);
    buf_addz(
        &b,
        "Received: from mail.rossimarmi.example ([192.0.2.1])\r\n\tby mx.azienda.example with ESMTPS;\r\n\tTue, 14 Nov "
        "2023 22:13:21 +0000\r\nMIME-Version: 1.0\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: "
        "<20231114221320.1@rossimarmi.example>\r\nSubject: Fattura 17\r\nFrom: Anna <anna@rossimarmi.example>\r\nTo: "
        "info@azienda.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
    while (b.n < body)
        buf_addz(&b, "Buongiorno, in allegato la fattura del mese; restiamo a disposizione per ogni cosa.\r\n");
    return arena_str(a, buf_str(&b));
}

static void measure(const char *what, struct str message, bool spf, double seconds)
{
    double begin = cpu_now(), end;
    unsigned long n = 0;
    struct mime_identity who;
    AUTO(arena) struct arena keep;
    arena_init(&keep, ARENA_NO_LIMIT);
    mime_identity_read(&keep, NULL, message, &who);
    do {
        for (int i = 0; i < 100; i++) {
            AUTO(arena) struct arena a;
            struct auth_job job;
            arena_init(&a, AUTH_ARENA_MAX);
            struct auth_input in = {.message = message,
                                    .who = &who,
                                    .has_ip = spf,
                                    .ip = {.b = {192, 0, 2, 1}},
                                    .helo = STR("mail.rossimarmi.example"),
                                    .mail_from = STR("anna@rossimarmi.example"),
                                    .now_s = 1700000000};
            auth_begin(&job, &a, &kit, &in);
            const struct auth_results *r = zone_run(&zone, &job);
            if (r->dmarc.result != AUTHRES_PASS && r->dmarc.result != AUTHRES_FAIL)
                abort();
        }
        n += 100;
        end = cpu_now();
    } while (end - begin < seconds);
    printf("%-46s %8.1f us\n", what, (end - begin) / (double)n * 1e6);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 1.0;
    static struct sign_key rsa, ed;
    AUTO(arena) struct arena a;
    const char *tags = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=rossimarmi.example; s=rsa; "
                       "h=from:to:subject:date:message-id:mime-version:content-type";
    arena_init(&a, ARENA_NO_LIMIT);
    zone_init(&zone);
    if (auth_kit_open(&kit, NULL, NULL) != 0)
        return 1;
    sign_key_new(&rsa, 2048);
    sign_key_new(&ed, 0);
    zone_txt(&zone, "rsa._domainkey.rossimarmi.example", rsa.record);
    zone_txt(&zone, "ed._domainkey.rossimarmi.example", ed.record);
    zone_txt(&zone, "_dmarc.rossimarmi.example", "v=DMARC1; p=reject");
    zone_txt(&zone, "rossimarmi.example", "v=spf1 include:_spf.provider.example a mx -all");
    zone_txt(&zone, "_spf.provider.example", "v=spf1 ip4:198.51.100.0/24 ip4:192.0.2.0/24 ~all");
    struct str small = letter(&a, 2048), large = letter(&a, 34 * 1024);
    measure("2 KB, no signature, no SPF", small, false, seconds);
    measure("2 KB, SPF with one include", small, true, seconds);
    measure("2 KB, RSA-2048", sign_message(&a, &kit, &rsa, "DKIM-Signature", tags, small), false, seconds);
    measure("34 KB, RSA-2048", sign_message(&a, &kit, &rsa, "DKIM-Signature", tags, large), false, seconds);
    tags = "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=rossimarmi.example; s=ed; h=from:to:subject:date";
    measure("2 KB, Ed25519", sign_message(&a, &kit, &ed, "DKIM-Signature", tags, small), false, seconds);
    return 0;
}
