/* The guard beside a large past. Part 1, in memory: --domains counterparties with --people addresses each, all with a name, near keys,
 * habits and an account on file; then messages of known senders and of look-alikes: nanoseconds of CPU for keys and history, and for the
 * judgement alone. Part 2, in a store (SQLite): the same of --stored counterparties: CPU of reading the history, of reading it again in the
 * commit, and of writing the lessons, per message.
 * guard_bench [--domains 100000] [--people 10] [--stored 20000] [--messages 20000] */
#include "guard/lists.h"
#include "guard/memory.h"
#include "intake/hook.h"
#include "intake/road.h"
#include "store/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY 86400000LL
#define NOW (20500 * DAY)

static size_t domains = 100000, people = 10, stored = 20000, messages = 20000;
static struct guard_lists *lists;
static const struct str own[] = {STR("tessiturabrenta.it")};
static const struct guard_party staff[] = {
    {STR("Elena Conti"), STR("elena.conti@tessiturabrenta.it"), STR("tessiturabrenta.it")}};
static const struct guard_policy policy = {own, 1, staff, 1};

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
    return x ^ x >> 31;
}

/* Words that read like names of firms and people. */
static struct str word(struct arena *a, uint64_t n, int syllables)
{
    static const char *const parts[] = {
        "ba",  "ro", "ti",  "mar", "fer", "lan", "gi",  "so",  "ve",  "ni",  "cor", "del", "pa", "tri", "mo",  "su",
        "al",  "be", "cas", "dro", "eg",  "fi",  "gra", "hu",  "in",  "jo",  "ka",  "lu",  "me", "nor", "os",  "pel",
        "qua", "re", "sta", "te",  "ur",  "val", "wi",  "za",  "bri", "chi", "di",  "en",  "fo", "gu",  "har", "is",
        "ku",  "lo", "mi",  "ne",  "or",  "pra", "ri",  "sca", "tu",  "um",  "vi",  "wer", "xe", "ye",  "zo",  "bo"};
    char out[64];
    size_t at = 0;
    for (int i = 0; i < syllables; i++, n >>= 6) {
        size_t len = strlen(parts[n & 63]);
        memcpy(out + at, parts[n & 63], len);
        at += len;
    }
    return arena_str(a, str_n(out, at));
}

static struct str domain_of(struct arena *a, size_t i)
{
    return arena_printf(a, "%.*s.it", STRF(word(a, mixed(i), 5)));
}

/* twist: 0 as known, 1 a look-alike by one letter, 2 another firm altogether. */
static struct guard_input *message(struct arena *a, size_t i, size_t person, int twist, int64_t at)
{
    struct guard_input *in = arena_new(a, struct guard_input);
    struct facts_insight *f = arena_new(a, struct facts_insight);
    struct facts_payment *pay = arena_new(a, struct facts_payment);
    struct guard_party *to = arena_new(a, struct guard_party);
    struct str *refs = arena_new(a, struct str);
    struct str first = word(a, mixed(i * 31 + person), 2), last = word(a, mixed(i * 17 + person) >> 7, 3),
               domain = domain_of(a, i);
    if (twist == 1)
        domain = arena_printf(a, "%.*sx%.*s", 3, domain.p, (int)domain.n - 3, domain.p + 3);
    if (twist == 2)
        first = word(a, mixed(i + 99), 2), last = word(a, mixed(i + 98), 4),
        domain = arena_printf(a, "q%.*sz.it", STRF(word(a, mixed(i + 7777777), 4)));
    *pay = (struct facts_payment){.kind = COORD_IBAN,
                                  .where = WHERE_TEXT,
                                  .value =
                                      arena_printf(a, "IT60X%022llu", (unsigned long long)(i + (twist ? 500000 : 0)))};
    f->text = STR(
        "Gentile Luca,\n\nin allegato la fattura n. 118 di EUR 8217,86. Pagamento a 30 gg con bonifico sul conto "
        "indicato.\n\nCordiali saluti\n\n> Ricevuto, grazie. Procediamo con il pagamento alla scadenza concordata.\n");
    f->payments = pay;
    f->n_payments = 1;
    *to = staff[0];
    *refs = arena_printf(a, "m%zu.%zu@x", i, person);
    *in = (struct guard_input){.from_name = arena_printf(a, "%.*s %.*s", STRF(first), STRF(last)),
                               .from_addr = arena_printf(a, "%.*s.%.*s@%.*s", STRF(first), STRF(last), STRF(domain)),
                               .from_domain = domain,
                               .to = to,
                               .n_to = 1,
                               .references = refs,
                               .n_references = twist == 2 ? 0 : 1,
                               .message_id = at == NOW ? arena_printf(a, "n%zu.%zu@x", i, person) : *refs,
                               .subject = STR("Fattura 118"),
                               .network = STR("AS3269"),
                               .country = STR("IT"),
                               .agent = STR("Thunderbird"),
                               .has_date = true,
                               .date_ms = at,
                               .now_ms = at,
                               .insight = f,
                               .policy = &policy,
                               .lists = lists,
                               .auth = {AUTH_PASS, AUTH_PASS, AUTH_PASS, AUTH_NONE, domain, domain, STR("")}};
    return in;
}

static const char *const twists[] = {"known sender", "look-alike by a letter", "stranger"};

/* ---- in memory ---- */

static struct guard_memory *fill(void)
{
    static const struct guard_verdict accepted = {.action = GUARD_ACCEPT};
    static const struct guard_history none;
    struct guard_memory *m;
    if (guard_memory_open(&m) != 0)
        exit(1);
    for (size_t i = 0; i < domains; i++)
        for (size_t k = 0; k < people; k++) {
            AUTO(arena) struct arena a;
            arena_init(&a, ARENA_NO_LIMIT);
            struct guard_input *in = message(&a, i, k, 0, NOW - (int64_t)(200 - k * 15) * DAY);
            guard_memory_learn(m, in, &none, &accepted);
        }
    return m;
}

static int by_size(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

static void in_memory(void)
{
    struct guard_memory *m = fill();
    int64_t *judge = calloc(messages, sizeof *judge), *history = calloc(messages, sizeof *history);
    printf("in memory: %zu counterparties, %zu addresses, %zu rows\n", domains, domains * people, guard_memory_rows(m));
    for (int twist = 0; twist < 3; twist++) {
        size_t held = 0, rows = 0;
        for (size_t n = 0; n < messages; n++) {
            AUTO(arena) struct arena a;
            arena_init(&a, ARENA_NO_LIMIT);
            struct guard_history h;
            struct guard_verdict v;
            struct guard_input *in = message(&a, mixed(n) % domains, n % people, twist, NOW);
            int64_t t0 = cpu_ns();
            guard_memory_history(m, in, &a, &h);
            int64_t t1 = cpu_ns();
            guard_judge(in, &h, &a, &v);
            int64_t t2 = cpu_ns();
            history[n] = t1 - t0;
            judge[n] = t2 - t1;
            held += v.action >= GUARD_HOLD;
            rows += h.n_rows;
        }
        int64_t all = 0, all_history = 0;
        for (size_t n = 0; n < messages; n++)
            all += judge[n], all_history += history[n];
        qsort(judge, messages, sizeof *judge, by_size);
        qsort(history, messages, sizeof *history, by_size);
        printf("  %-24s guard_judge mean %5.1f us, p50 %5.1f, p99 %5.1f | history mean %5.1f us, p99 %5.1f | rows "
               "%5.1f | held %4.1f %%\n",
               twists[twist], (double)all / 1e3 / (double)messages, (double)judge[messages / 2] / 1e3,
               (double)judge[messages * 99 / 100] / 1e3, (double)all_history / 1e3 / (double)messages,
               (double)history[messages * 99 / 100] / 1e3, (double)rows / (double)messages,
               100.0 * (double)held / (double)messages);
    }
    free(judge);
    free(history);
    guard_memory_close(&m);
}

/* ---- in a store ---- */

static struct fixture F;

struct batch {
    size_t from, n;
    int twist;
    int64_t history_ns, judge_ns, again_ns, lessons_ns;
    int64_t at;
};

static int learn_fn(struct txn *t, void *arg)
{
    struct batch *b = arg;
    static const struct guard_verdict accepted = {.action = GUARD_ACCEPT};
    static const struct guard_history none;
    for (size_t i = b->from; i < b->from + b->n; i++) {
        struct guard_input *in = message(t->arena, i, 0, 0, b->at);
        struct intake_msg m = {.org = F.org, .input = in, .verdict = &accepted, .history = &none};
        int r = intake_hook_history.on_message(t, &m);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_fn(struct txn *t, void *arg)
{
    struct batch *b = arg;
    for (size_t n = 0; n < b->n; n++) {
        struct arena_mark mark = arena_mark(t->arena);
        struct guard_history h;
        struct guard_verdict v;
        struct guard_input *in = message(t->arena, mixed(b->from + n) % stored, 0, b->twist, NOW);
        int64_t t0 = cpu_ns();
        int r = road_history(t, in, F.org, t->arena, &h);
        int64_t t1 = cpu_ns();
        guard_judge(in, &h, t->arena, &v);
        b->history_ns += t1 - t0;
        b->judge_ns += cpu_ns() - t1;
        if (r < 0)
            return r;
        arena_reset(t->arena, mark);
    }
    return 0;
}

static int commit_fn(struct txn *t, void *arg)
{
    struct batch *b = arg;
    static const struct guard_verdict accepted = {.action = GUARD_ACCEPT};
    for (size_t n = 0; n < b->n; n++) {
        struct guard_history h, again;
        struct guard_input *in = message(t->arena, mixed(b->from + n) % stored, 0, b->twist, NOW);
        int r = road_history(t, in, F.org, t->arena, &h);
        int64_t t0 = cpu_ns();
        r = r < 0 ? r : road_history_again(t, in, F.org, &h, t->arena, &again);
        int64_t t1 = cpu_ns();
        struct intake_msg m = {.org = F.org, .input = in, .verdict = &accepted, .history = &h};
        r = r < 0 ? r : intake_hook_history.on_message(t, &m);
        b->again_ns += t1 - t0;
        b->lessons_ns += cpu_ns() - t1;
        if (r < 0)
            return r;
    }
    return 0;
}

static void must(int r, const char *what)
{
    if (r == 0)
        return;
    fprintf(stderr, "guard_bench: %s: %d\n", what, r);
    exit(1);
}

static void in_store(void)
{
    int code;
    fixture_open(&F, DB_SQLITE);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < stored; i += 25) {
            struct batch b = {.from = i, .n = stored - i < 25 ? stored - i : 25, .at = NOW - (160 - 60 * round) * DAY};
            must(cell_write_wait(F.cell, learn_fn, &b, NULL, 0, &code) != CELL_DURABLE, "learn");
        }
    printf("in a store: %zu counterparties\n", stored);
    for (int twist = 0; twist < 3; twist++) {
        struct batch r = {.twist = twist, .n = 50}, c = {.twist = twist, .n = 20};
        size_t reads = 0, writes = 0;
        for (; reads < messages / 4; reads += r.n, r.from += r.n)
            must(cell_read_wait(F.cell, read_fn, &r), "read");
        for (; writes < messages / 20; writes += c.n, c.from += c.n)
            must(cell_write_wait(F.cell, commit_fn, &c, NULL, 0, &code) != CELL_DURABLE, "commit");
        printf("  %-24s history %6.1f us, judge %5.1f us | in the commit: again %5.1f us, lessons %6.1f us\n",
               twists[twist], (double)r.history_ns / 1e3 / (double)reads, (double)r.judge_ns / 1e3 / (double)reads,
               (double)c.again_ns / 1e3 / (double)writes, (double)c.lessons_ns / 1e3 / (double)writes);
    }
    fixture_close(&F);
}

int main(int argc, char **argv)
{
    struct err e = {0};
    for (int i = 1; i + 1 < argc; i += 2) {
        size_t *o = !strcmp(argv[i], "--domains")  ? &domains
                    : !strcmp(argv[i], "--people") ? &people
                    : !strcmp(argv[i], "--stored") ? &stored
                                                   : &messages;
        *o = strtoull(argv[i + 1], NULL, 10);
    }
    if (domains == 0 || people == 0 || stored == 0 || messages < 100 || guard_lists_open(&lists, &e) != 0)
        return 2;
    in_memory();
    in_store();
    guard_lists_close(&lists);
    return 0;
}
