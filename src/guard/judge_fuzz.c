/* guard_judge over any facts a worker may hand in and any header a sender may write: first half of the input an encoded
 * insight, then NUL-parted header fields. Judged with an empty past, then taught as if accepted, then judged again, with
 * what it taught: never a crash, never more findings, keys or lessons than named, the same answer twice. */
#include "guard/lists.h"
#include "guard/memory.h"
#include <stdlib.h>

#define FIELDS 16u

static const struct str own[] = {STR("tessiturabrenta.it")};
static const struct guard_party staff[] = {
    {STR("Elena Conti"), STR("elena.conti@tessiturabrenta.it"), STR("tessiturabrenta.it")}};
static const struct guard_policy policy = {own, 1, staff, 1};

static struct str domain_of(struct str addr)
{
    ptrdiff_t at = str_rchr(addr, '@');
    return at < 0 ? STR("") : str_from(addr, (size_t)at + 1);
}

static struct guard_party party(struct str name, struct str addr)
{
    return (struct guard_party){name, addr, domain_of(addr)};
}

static void header(struct guard_input *in, struct guard_party *parties, struct str *f)
{
    in->from_name = f[0];
    in->from_addr = f[1];
    in->from_domain = domain_of(f[1]);
    parties[0] = party(f[2], f[3]);
    parties[1] = party(f[4], f[5]);
    parties[2] = party(f[6], f[7]);
    in->reply_to = &parties[0], in->n_reply_to = 1;
    in->to = &parties[1], in->n_to = 1;
    in->cc = &parties[2], in->n_cc = 1;
    in->sender = party(f[8], f[9]);
    in->subject = f[10];
    in->message_id = f[11];
    in->references = &f[12], in->n_references = 2;
    in->agent = f[14];
    in->list_id = f[15];
}

static void judge(struct guard_memory *m, struct guard_input *in, struct guard_verdict *v)
{
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf b;
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&b, 16u << 20);
    struct guard_history h;
    struct guard_verdict again;
    guard_memory_history(m, in, &a, &h);
    guard_judge(in, &h, &a, v);
    guard_judge(in, &h, &a, &again);
    if (v->n_findings > GUARD_FINDINGS_MAX || v->action != again.action || v->score != again.score ||
        v->n_findings != again.n_findings)
        abort();
    guard_findings_json(&b, v);
    for (size_t i = 0; i < v->n_findings; i++)
        guard_text(&b, str_c(guard_table[v->findings[i].code].code), (int)(i & 1), false, v->findings[i].facts,
                   v->findings[i].n_facts);
    struct guard_lessons *l = arena_new(&a, struct guard_lessons);
    guard_lessons(in, &h, &(struct guard_verdict){.action = GUARD_ACCEPT}, &a, l);
    if (l->n > GUARD_LESSONS_MAX || l->n_details > GUARD_IBANS_MAX)
        abort();
    guard_memory_learn(m, in, &h, &(struct guard_verdict){.action = GUARD_ACCEPT});
    v->n_findings = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct guard_lists *lists;
    struct err e = {0};
    if (!lists && guard_lists_open(&lists, &e) != 0)
        abort();
    if (size < 3)
        return 0;
    AUTO(arena) struct arena a;
    arena_init(&a, 256u << 20);
    size_t n_insight = (size_t)(data[0] << 8 | data[1]), at;
    n_insight = n_insight < size - 3 ? n_insight : size - 3;
    struct facts_insight insight = {.flags = 0};
    if (facts_insight_get(&a, str_n(data + 3, n_insight), &insight) != 0)
        insight = (struct facts_insight){.text = str_n(data + 3, str_utf8_valid(str_n(data + 3, n_insight)))};
    struct str rest = str_n(data + 3 + n_insight, size - 3 - n_insight), f[FIELDS] = {{0}};
    for (at = 0; at < FIELDS; at++)
        str_token(&rest, '\0', &f[at]);
    struct guard_party parties[3];
    struct guard_input in = {.insight = &insight, .policy = &policy, .lists = lists, .now_ms = 1771200000000};
    header(&in, parties, f);
    in.outgoing = data[2] & 1;
    in.unsubscribe = data[2] & 2;
    in.auth.dmarc = data[2] & 4 ? AUTH_FAIL : AUTH_PASS;
    in.has_date = true;
    struct guard_memory *m;
    struct guard_verdict v;
    if (guard_memory_open(&m) != 0)
        abort();
    judge(m, &in, &v);
    in.now_ms += 40LL * 86400000;
    judge(m, &in, &v);
    in.outgoing = !in.outgoing; /* the same letters from the other side */
    judge(m, &in, &v);
    guard_memory_close(&m);
    return 0;
}
