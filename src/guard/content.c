#include "guard/content.h"
#include "guard/name.h"

void guard_signal(struct guard_case *c, enum guard_code code, int32_t weight, const struct guard_fact *facts, size_t n)
{
    guard_find_as(c, code, guard_table[code].level, weight, facts, n);
}

/* Same firm under another ending, or a brand's many domains: a link there is no surprise. Where anybody gets a name for nothing,
 * the same name says nothing. */
static bool related(const struct guard_content *k, struct str registrable)
{
    if (str_eq(registrable, k->from_domain))
        return true;
    if (k->from_brand && guard_brand_owns(k->from_brand, registrable))
        return true;
    struct str mine = guard_label(k->from_domain), other = guard_label(registrable);
    return !k->freemail && mine.n >= 4 && str_eq(mine, other) && !guard_is_free_hosting(registrable) &&
           !guard_is_cheap_tld(guard_tld(registrable));
}

/* Services of the receiving side that wrap every link: what counts is inside. */
static const char *const wrappers[] = {
    "urldefense.proofpoint.com",        "urldefense.com",          "urldefense.us",
    "safelinks.protection.outlook.com", "linkprotect.cudasvc.com", "protect-eu.mimecast.com",
    "protect-us.mimecast.com",          "secure-web.cisco.com"};

static bool wrapped(struct str host)
{
    for (size_t i = 0; i < N_ELEMENTS(wrappers); i++)
        if (str_ends(host, str_c(wrappers[i])))
            return true;
    return false;
}

/* "u=http-3A__www.rossi.it_x" of the oldest wrapper: "-" stands for "%" and "_" for "/". */
static void unwrap(struct arena *a, struct guard_url *u)
{
    struct guard_url inner;
    for (int i = 0; i < GUARD_URL_NESTED_MAX && wrapped(u->host); i++) {
        ptrdiff_t at = str_find(u->path, STR("u=http"), 0);
        if (at >= 0 && !guard_url_nested(a, u, &inner)) {
            char *p = (char *)(uintptr_t)arena_str(a, u->path).p;
            for (size_t k = (size_t)at; k < u->path.n && p[k] != '&'; k++)
                p[k] = p[k] == '-' ? '%' : p[k] == '_' ? '/' : p[k];
            u->path.p = p;
        }
        if (!guard_url_nested(a, u, &inner))
            return;
        *u = inner;
    }
}

static void add_host(struct guard_case *c, struct guard_content *k, const struct facts_link *l)
{
    struct guard_url u;
    guard_url_read(c->arena, l->url, &u);
    unwrap(c->arena, &u);
    if (u.host.n == 0 || (!u.ip && str_chr(u.host, '.', 0) < 0))
        return;
    bool seen = false;
    for (size_t i = 0; i < k->n_hosts; i++) {
        if (str_eq(k->hosts[i].url.host, u.host) && k->hosts[i].kind == l->kind)
            return;
        seen = seen || str_eq(k->hosts[i].url.host, u.host);
    }
    if (k->n_hosts == GUARD_HOSTS_MAX)
        return;
    struct guard_host *h = &k->hosts[k->n_hosts++];
    *h = (struct guard_host){.url = u, .kind = l->kind, .shown = l->text};
    h->registrable = u.ip ? u.host : guard_registrable(c->in->lists, u.host);
    h->own = !u.ip && (related(k, h->registrable) || guard_own_domain(c->in->policy, u.host));
    bool service = guard_is_mailer(h->registrable) && !guard_is_free_hosting(u.host) && !guard_bounces(h);
    h->mailer = !h->own && (service || wrapped(u.host));
    if (seen)
        return;
    for (size_t i = 0; i + 1 < k->n_hosts; i++)
        if (str_eq(k->hosts[i].registrable, h->registrable))
            return;
    k->n_own += h->own;
    k->n_foreign += !h->own && !h->mailer;
}

static void read_links(struct guard_case *c, struct guard_content *k)
{
    const struct facts_insight *in = c->in->insight;
    for (size_t i = 0; i < in->n_links; i++) {
        const struct facts_link *l = &in->links[i];
        k->has_qr = k->has_qr || l->kind == LINK_QR;
        if (l->kind != LINK_IMAGE && l->kind != LINK_CALENDAR && !l->quoted)
            add_host(c, k, l);
    }
}

bool guard_only_typed(const struct guard_content *k)
{
    for (size_t i = 0; i < k->n_hosts; i++)
        if (!k->hosts[i].own && !k->hosts[i].mailer && k->hosts[i].kind != LINK_TEXT)
            return false;
    return true;
}

/* The form of a report is anybody's. A true one comes from a mail server or leads nowhere, and never to a page that anybody
 * can put up. */
static bool honest_report(const struct guard_case *c, const struct guard_content *k)
{
    static const char *const daemons[] = {"mailer-daemon", "postmaster", "mail.delivery.system"};
    bool daemon = false;
    for (size_t i = 0; i < N_ELEMENTS(daemons); i++)
        daemon = daemon || str_ieq(guard_addr_local(c->in->from_addr), str_c(daemons[i]));
    for (size_t i = 0; i < k->n_hosts && daemon; i++)
        daemon = !guard_is_free_hosting(k->hosts[i].url.host);
    return daemon || k->n_foreign == 0 || guard_only_typed(k);
}

static void read_claim(struct guard_content *k)
{
    const struct guard_brand *by_name = guard_brand_in(k->name), *by_subject = guard_brand_in(k->subject);
    const struct guard_brand *b = by_name ? by_name : by_subject;
    if (!b || guard_brand_owns(b, k->from_domain))
        return;
    k->claimed = b;
    k->claimed_by_name = by_name != NULL;
}

/* A conversation on a list is written to the list's own address. Anybody can put a List-Id on what he sends to us alone: that
 * is a newsletter at best. */
static bool on_list(const struct guard_input *in)
{
    struct str host = guard_registrable(in->lists, in->list_id);
    if (host.n == 0 || (guard_own_domain(in->policy, host) && !guard_own_domain(in->policy, in->from_domain)))
        return false;
    for (size_t i = 0; i < in->n_to; i++)
        if (str_eq(guard_registrable(in->lists, in->to[i].domain), host))
            return true;
    for (size_t i = 0; i < in->n_cc; i++)
        if (str_eq(guard_registrable(in->lists, in->cc[i].domain), host))
            return true;
    return false;
}

void guard_content(struct guard_case *c)
{
    struct guard_content *k = arena_new(c->arena, struct guard_content);
    const struct guard_input *in = c->in;
    if (in->outgoing)
        return;
    k->before = c->v->score;
    k->from_domain = guard_registrable(in->lists, in->from_domain);
    k->from_brand = guard_brand_of(k->from_domain);
    k->freemail = guard_is_freemail(k->from_domain);
    k->list = on_list(in);
    k->name = guard_text_fold(c->arena, in->from_name, 512);
    k->subject = guard_text_fold(c->arena, in->subject, 1024);
    read_claim(k);
    guard_lexicon_match(guard_lists_lexicon(in->lists), k->subject, &k->topics);
    if (in->insight) {
        k->text = guard_text_fold(c->arena, guard_shown_text(c, GUARD_FOLD_MAX), GUARD_FOLD_MAX);
        guard_lexicon_match(guard_lists_lexicon(in->lists), k->text, &k->topics);
        read_links(c, k);
        k->report = in->report && honest_report(c, k);
        guard_attachments(c, k);
        guard_links(c, k);
        guard_words(c, k);
    }
    guard_sender(c, k);
    guard_total(c, k);
}
