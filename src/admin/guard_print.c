#include "admin/guard_explain.h"
#include "admin/print.h"

#define PRINT_CUT 160u

static const char *const kinds[] = {[KNOWN_ADDRESS] = "address", [KNOWN_DOMAIN] = "domain", [KNOWN_NEAR] = "near",
                                    [KNOWN_NAME] = "name",       [KNOWN_IBAN] = "iban",     [KNOWN_MESSAGE] = "message",
                                    [KNOWN_HABIT] = "habit",     [KNOWN_SAID] = "said",     [KNOWN_DETAIL] = "details"};

static void text(FILE *out, struct str s)
{
    struct str cut = str_utf8_cut(s, PRINT_CUT);
    (void)admin_print(out, cut, ADMIN_PRINT_ALL);
    if (cut.n < s.n)
        fputs("...", out);
}

static void line(FILE *out, const char *label, struct str s)
{
    if (s.n == 0)
        return;
    fprintf(out, "  %-12s ", label);
    text(out, s);
    fputc('\n', out);
}

static void parties(FILE *out, const char *label, const struct guard_party *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "  %-12s ", label);
        text(out, v[i].name);
        fputs(" <", out);
        text(out, v[i].addr);
        fputs(">\n", out);
    }
}

static const char *auth_name(enum guard_auth a)
{
    static const char *const names[] = {
        [AUTH_NONE] = "none",          [AUTH_PASS] = "pass",       [AUTH_FAIL] = "fail",
        [AUTH_SOFTFAIL] = "softfail",  [AUTH_NEUTRAL] = "neutral", [AUTH_TEMPERROR] = "temperror",
        [AUTH_PERMERROR] = "permerror"};
    return (size_t)a < N_ELEMENTS(names) ? names[a] : "none";
}

static void header(FILE *out, const struct guard_input *in)
{
    struct guard_party from = {in->from_name, in->from_addr, in->from_domain};
    fputs("Header\n", out);
    parties(out, "From", &from, 1);
    parties(out, "Reply-To", in->reply_to, in->n_reply_to);
    parties(out, "To", in->to, in->n_to);
    parties(out, "Cc", in->cc, in->n_cc);
    line(out, "Subject", in->subject);
    line(out, "envelope", in->envelope);
    line(out, "client", in->client);
    line(out, "network", in->network);
    line(out, "country", in->country);
    line(out, "agent", in->agent);
    line(out, "list", in->list_id);
    for (size_t i = 0; i < in->n_references; i++)
        line(out, "answers", in->references[i]);
    fprintf(out, "  %-12s SPF %s, DKIM %s, DMARC %s, ARC %s\n", "proof", auth_name(in->auth.spf),
            auth_name(in->auth.dkim), auth_name(in->auth.dmarc), auth_name(in->auth.arc));
}

static void facts(FILE *out, const struct guard_input *in)
{
    const struct facts_insight *f = in->insight;
    fputs("Facts\n", out);
    if (!f) {
        fprintf(out, "  none: %s\n", in->scan_reason ? in->scan_reason : "not read");
        return;
    }
    fprintf(out, "  %zu bytes of text, language %.*s, flags %#x, html %#x, %u hidden runs, %u pictures\n", f->text.n,
            STRF(f->language.n ? f->language : STR("unclear")), f->flags, f->html, f->hidden, f->images);
    for (size_t i = 0; i < f->n_payments; i++)
        line(out, f->payments[i].quoted ? "quoted" : "coordinate", f->payments[i].value);
    for (size_t i = 0; i < f->n_links && i < 20; i++)
        line(out, "link", f->links[i].url);
    for (size_t i = 0; i < f->n_attachments; i++) {
        line(out, "attachment", f->attachments[i].name.n ? f->attachments[i].name : STR("without a name"));
        line(out, "", f->attachments[i].kind);
        line(out, "", f->attachments[i].detail);
    }
    for (size_t i = 0; i < f->n_mentions; i++)
        line(out, "quotes", f->mentions[i].addr);
}

static void history(FILE *out, const struct guard_input *in, const struct guard_history *h)
{
    fputs("Asked\n", out);
    for (int round = 0; round < GUARD_ROUNDS; round++) {
        AUTO(arena) struct arena a;
        arena_init(&a, ARENA_NO_LIMIT);
        struct guard_keys *k = arena_new(&a, struct guard_keys);
        guard_keys(in, h, round, &a, k);
        for (size_t i = 0; i < k->n; i++)
            line(out, kinds[k->v[i].kind], k->v[i].key);
    }
    fputs("Known\n", out);
    for (size_t i = 0; i < h->n_rows; i++) {
        const struct guard_known *k = &h->rows[i];
        fprintf(out, "  %-12s ", kinds[k->kind]);
        text(out, k->key);
        fputs(k->value.n ? " = " : "", out);
        text(out, k->value);
        fprintf(out, " (received %lld, sent %lld)\n", (long long)k->received, (long long)k->sent);
    }
    for (size_t i = 0; i < h->n_details; i++) {
        static const char *const states[] = {[DETAIL_SEEN] = "seen",
                                             [DETAIL_LEARNED] = "learned",
                                             [DETAIL_VERIFIED] = "verified",
                                             [DETAIL_REVOKED] = "revoked"};
        const struct guard_detail *d = &h->details[i];
        fprintf(out, "  %-12s ", "on file");
        text(out, d->domain);
        fputc(' ', out);
        text(out, d->iban);
        fprintf(out, " %s, %lld times\n", states[d->state], (long long)d->count);
    }
}

void admin_explain_print(FILE *out, const struct guard_input *in, const struct guard_history *h,
                         const struct guard_verdict *v, int lang)
{
    header(out, in);
    facts(out, in);
    history(out, in, h);
    fputs("Findings\n", out);
    for (size_t i = 0; i < v->n_findings; i++) {
        const struct guard_finding *f = &v->findings[i];
        AUTO(buf) struct buf t;
        buf_init(&t, 65536);
        guard_text(&t, str_c(guard_table[f->code].code), lang, false, f->facts, f->n_facts);
        fprintf(out, "  %+6d %-8s %-24s ", f->weight, guard_level_name(f->level), guard_table[f->code].code);
        text(out, buf_str(&t));
        fputc('\n', out);
    }
    uint32_t p = guard_probability(v->score);
    fprintf(out, "Verdict\n  %s, score %d milli-nats (%u.%u %%)\n", guard_action_name(v->action), v->score, p / 10000,
            p / 1000 % 10);
}
