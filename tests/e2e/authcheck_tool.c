/* Judges messages against a zone, both from stdin: the published conformance suites are fed through it.
 *
 *     rr NAME TYPE STATUS HEX     NAME in hex; TYPE and STATUS as numbers of auth/auth.h; HEX: rdata, "-" for none
 *     clear                       forgets the zone
 *     spf IP HELO FROM            each in hex, "-" for empty; prints: spf RESULT HEX-EXPLANATION
 *     mail FLAGS LENGTH           followed by so many bytes; prints: mail DKIM DMARC ARC reason */
#include "auth/zone_testing.h"
#include "core/hash.h"

#include <stdio.h>

static struct zone zone;
static struct auth_kit kit;

static struct str unhex(struct arena *a, const char *text)
{
    size_t n = strlen(text) / 2;
    char *p = arena_alloc(a, n + 1);
    if (strcmp(text, "-") == 0)
        return STR("");
    if (!hex_get(str_c(text), p, n))
        exit(2);
    return str_n(p, n);
}

static void command_rr(const char *line)
{
    static char hex[140000];
    char name[1000];
    unsigned type, status;
    if (sscanf(line, "rr %999s %u %u %139999s", name, &type, &status, hex) != 4)
        exit(2);
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    if (strlen(name) < 512)
        zone_put(&zone, unhex(&a, name), type, (enum auth_rr_status)status,
                 strcmp(hex, "-") == 0 ? STR_NULL : unhex(&a, hex));
}

static void command_spf(const char *line)
{
    static char ip[400], helo[4000], from[4000];
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf hex;
    arena_init(&a, AUTH_ARENA_MAX);
    buf_init(&hex, 65536);
    if (sscanf(line, "spf %399s %3999s %3999s", ip, helo, from) != 3)
        exit(2);
    struct mime_identity who;
    mime_identity_read(&a, NULL, STR("Subject: none\r\n\r\n"), &who);
    struct auth_input in = {.message = STR("Subject: none\r\n\r\n"),
                            .who = &who,
                            .helo = unhex(&a, helo),
                            .mail_from = unhex(&a, from),
                            .receiver = STR("receiver.example"),
                            .flags = AUTH_EXPLAIN};
    in.has_ip = auth_ip_parse(unhex(&a, ip), &in.ip);
    struct auth_job job;
    auth_begin(&job, &a, &kit, &in);
    const struct auth_results *r = zone_run(&zone, &job);
    if (r->spf.explain.p)
        hex_put(&hex, r->spf.explain);
    printf("spf %s %.*s rounds=%u lookups=%u %s\n", auth_result_name(r->spf.result), hex.n ? (int)hex.n : 1,
           hex.n ? hex.p : "-", zone.rounds, r->spf.lookups, r->spf.reason ? r->spf.reason : "");
}

static void command_mail(const char *line)
{
    AUTO(arena) struct arena a;
    unsigned flags;
    size_t n;
    arena_init(&a, ARENA_NO_LIMIT);
    if (sscanf(line, "mail %u %zu", &flags, &n) != 2 || n > 100000000)
        exit(2);
    char *p = arena_alloc(&a, n + 1);
    if (fread(p, 1, n, stdin) != n)
        exit(2);
    struct mime_identity who;
    mime_identity_read(&a, NULL, str_n(p, n), &who);
    struct auth_input in = {.message = str_n(p, n), .who = &who, .flags = flags};
    struct auth_job job;
    auth_begin(&job, &a, &kit, &in);
    const struct auth_results *r = zone_run(&zone, &job);
    printf("mail %s %s %s %s\n", auth_result_name(r->dkim_best), auth_result_name(r->dmarc.result),
           auth_result_name(r->arc.result), r->arc.reason ? r->arc.reason : "");
}

int main(void)
{
    static char line[160000];
    struct err e;
    if (auth_kit_open(&kit, NULL, &e) != 0)
        return 1;
    zone_init(&zone);
    while (fgets(line, sizeof line, stdin)) {
        if (strncmp(line, "rr ", 3) == 0)
            command_rr(line);
        else if (strncmp(line, "spf ", 4) == 0)
            command_spf(line);
        else if (strncmp(line, "mail ", 5) == 0)
            command_mail(line);
        else if (strncmp(line, "clear", 5) == 0)
            zone.n = 0;
        else
            return 2;
        fflush(stdout);
    }
    zone_free(&zone);
    auth_kit_close(&kit);
    return 0;
}
