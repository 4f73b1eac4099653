#include "admin/scan_past.h"
#include "admin/verb.h"
#include "facts/iban.h"
#include "guard/lists.h"
#include "guard/memory.h"
#include "intake/input.h"
#include "mime/charset.h"
#include "mime/date.h"
#include "mime/identity.h"

#include <stdlib.h>

int admin_scan_past_open(struct admin_scan_past *p, struct err *e)
{
    arena_init(&p->arena, ARENA_NO_LIMIT);
    p->policy = (struct guard_policy){.domains = p->domains, .staff = p->staff};
    if (guard_memory_open(&p->memory) != 0)
        return err_set(e, ERR_NOMEM, "There is not enough memory for the past.");
    p->charsets = mime_charsets_open();
    if (!p->charsets)
        return err_set(e, ERR_NOMEM, "The character set tables could not be loaded. Install libicu72 and start again.");
    return guard_lists_open(&p->lists, e);
}

void admin_scan_past_close(struct admin_scan_past *p)
{
    mime_charsets_close(p->charsets);
    guard_lists_close(&p->lists);
    guard_memory_close(&p->memory);
    arena_free(&p->arena);
}

static int full(size_t n, struct err *e)
{
    return n < ADMIN_SCAN_OWN_MAX
               ? 0
               : err_set(e, ERR_LIMIT, "More than %u own entries. Leave some out.", ADMIN_SCAN_OWN_MAX);
}

int admin_scan_past_domain(struct admin_scan_past *p, struct str domain, struct err *e)
{
    struct mime_domain d;
    mime_domain_read(&p->arena, p->charsets, domain, &d);
    if (d.flags & (MIME_DOMAIN_BAD | MIME_DOMAIN_LITERAL) || str_chr(d.ascii, '.', 0) < 0)
        return err_set(e, ERR_INVALID, "--own-domain %.*s is not a domain. Write it as azienda.example.", STRF(domain));
    int r = full(p->policy.n_domains, e);
    if (r == 0)
        p->domains[p->policy.n_domains++] = arena_str(&p->arena, d.ascii);
    return r;
}

int admin_scan_past_iban(struct admin_scan_past *p, struct str text, struct err *e)
{
    char iban[IBAN_MAX + 1];
    size_t at = 0, start;
    if (!iban_next(text, &at, iban, &start))
        return err_set(e, ERR_INVALID, "--own-iban %.*s is not an IBAN: its check digits or its length are wrong.",
                       STRF(text));
    guard_memory_own(p->memory, str_c(iban));
    return 0;
}

static struct guard_party party_of(struct arena *a, const struct mime_addr *addr)
{
    return (struct guard_party){addr->name, mime_addr_key(a, addr), addr->domain};
}

int admin_scan_past_staff(struct admin_scan_past *p, struct str text, struct err *e)
{
    struct mime_addrs list = {0};
    mime_addrs_parse(&p->arena, p->charsets, arena_str(&p->arena, text), &list);
    if (list.n != 1 || list.v[0].name.n == 0 || list.v[0].domain.n == 0)
        return err_set(e, ERR_INVALID,
                       "--staff %.*s: write a name and an address, as \"Anna Bianchi <anna@azienda.example>\".",
                       STRF(text));
    int r = full(p->policy.n_staff, e);
    if (r == 0)
        p->staff[p->policy.n_staff++] = party_of(&p->arena, &list.v[0]);
    return r;
}

int admin_scan_own_options(struct admin_scan_past *p, int *argc, char **argv, struct err *e)
{
    const char *v;
    int r = 0;
    p->test_auth = admin_flag(argc, argv, "--test-auth");
    while (r == 0 && admin_option(argc, argv, "--own-domain", &v))
        r = admin_scan_past_domain(p, str_c(v), e);
    while (r == 0 && admin_option(argc, argv, "--own-iban", &v))
        r = admin_scan_past_iban(p, str_c(v), e);
    while (r == 0 && admin_option(argc, argv, "--staff", &v))
        r = admin_scan_past_staff(p, str_c(v), e);
    return r;
}

static enum guard_auth result_of(struct str word)
{
    static const struct {
        const char *word;
        enum guard_auth result;
    } rows[] = {{"pass", AUTH_PASS},       {"fail", AUTH_FAIL},           {"softfail", AUTH_SOFTFAIL},
                {"neutral", AUTH_NEUTRAL}, {"temperror", AUTH_TEMPERROR}, {"permerror", AUTH_PERMERROR}};
    for (size_t i = 0; i < N_ELEMENTS(rows); i++)
        if (str_ieq(word, str_c(rows[i].word)))
            return rows[i].result;
    return AUTH_NONE;
}

/* "spf;dkim;dmarc;ip;asn;country". */
static void test_auth(struct guard_input *in, struct str raw)
{
    struct mime_header h;
    struct mime_field f;
    struct str words[6] = {{0}};
    mime_header_init(&h, raw);
    if (!mime_header_find(&h, STR("X-Test-Auth"), &f))
        return;
    struct str rest = str_trim(f.value);
    for (size_t i = 0; i < N_ELEMENTS(words) && str_token(&rest, ';', &words[i]); i++)
        words[i] = str_trim(words[i]);
    in->auth.spf = result_of(words[0]);
    in->auth.dkim = result_of(words[1]);
    in->auth.dmarc = result_of(words[2]);
    in->auth.spf_domain = in->auth.spf == AUTH_PASS ? in->from_domain : STR("");
    in->auth.dkim_domain = in->auth.dkim == AUTH_PASS ? in->from_domain : STR("");
    in->client = words[3];
    in->network = words[4];
    in->country = words[5];
}

static bool own_domain(const struct admin_scan_past *p, struct str domain)
{
    for (size_t i = 0; i < p->policy.n_domains; i++)
        if (str_eq(p->domains[i], domain))
            return true;
    return false;
}

static struct guard_input *input(struct admin_scan_past *p, struct str raw, struct str insight, const char *failed,
                                 struct arena *a)
{
    struct guard_input *in = arena_new(a, struct guard_input);
    struct mime_identity who;
    mime_identity_read(a, p->charsets, raw, &who);
    intake_input(a, raw, &who, in);
    struct facts_insight *facts = arena_new(a, struct facts_insight);
    in->scan_failed = failed != NULL;
    in->scan_reason = failed;
    if (!failed && facts_insight_get(a, insight, facts) != 0) {
        in->scan_failed = true;
        in->scan_reason = "its reader gave an answer that makes no sense";
    }
    in->insight = in->scan_failed ? NULL : facts;
    in->now_ms = in->has_date ? in->date_ms : 0;
    in->policy = &p->policy;
    in->lists = p->lists;
    if (p->test_auth)
        test_auth(in, raw);
    return in;
}

/* ---- the past in the order of its dates ---- */

struct dated {
    struct admin_scan_mail mail;
    int64_t date_ms;
    size_t number;
};

static int by_date(const void *x, const void *y)
{
    const struct dated *a = x, *b = y;
    if (a->date_ms != b->date_ms)
        return a->date_ms < b->date_ms ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static int64_t date_of(struct str raw)
{
    struct mime_header h;
    struct mime_field f;
    int64_t at;
    int zone;
    mime_header_init(&h, raw);
    return mime_header_find(&h, STR("Date"), &f) && mime_date_parse(str_trim(f.value), &at, &zone) ? at : 0;
}

int admin_scan_past_order(struct admin_scan_mails *mails, struct err *e)
{
    struct dated *v = calloc(mails->n + 1, sizeof *v);
    if (!v)
        return err_set(e, ERR_NOMEM, "There is not enough memory for the past.");
    int r = 0;
    for (size_t i = 0; i < mails->n && r == 0; i++) {
        char *bytes = NULL;
        v[i] = (struct dated){mails->v[i], 0, i};
        r = admin_scan_read(&mails->v[i], &bytes, e);
        if (r == 0)
            v[i].date_ms = date_of(str_n(bytes, mails->v[i].size));
        free(bytes);
    }
    if (r == 0) {
        qsort(v, mails->n, sizeof *v, by_date);
        for (size_t i = 0; i < mails->n; i++)
            mails->v[i] = v[i].mail;
    }
    free(v);
    return r;
}

int admin_scan_past_add(struct admin_scan_past *p, struct str raw, struct str insight, const char *failed)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct guard_input *in = input(p, raw, insight, failed, &a);
    struct guard_verdict v;
    in->outgoing = own_domain(p, guard_registrable(p->lists, in->from_domain)) || own_domain(p, in->from_domain);
    guard_memory_add(p->memory, in, &v);
    return 0;
}

void admin_scan_past_look(struct admin_scan_past *p, struct str raw, struct str insight, const char *failed,
                          struct arena *a, struct admin_scan_judged *out)
{
    out->input = input(p, raw, insight, failed, a);
    guard_memory_history(p->memory, out->input, a, &out->history);
    guard_judge(out->input, &out->history, a, &out->verdict);
}

const struct guard_verdict *admin_scan_past_judge(struct admin_scan_past *p, struct str raw, struct str insight,
                                                  const char *failed, struct arena *a, struct str *from,
                                                  struct str *subject)
{
    struct admin_scan_judged *j = arena_new(a, struct admin_scan_judged);
    admin_scan_past_look(p, raw, insight, failed, a, j);
    *from = j->input->from_addr;
    *subject = j->input->subject;
    return &j->verdict;
}
