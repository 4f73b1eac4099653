/* Link family: where the links lead, compared with who writes and with what they say (guard.md K1-K9). */
#include "guard/content.h"
#include "guard/name.h"

#define LONG_HOST 45u    /* bytes of a host name that a person no longer reads */
#define RANDOM_LABEL 12u /* letters of a label before its digits and consonants tell anything */
#define WORN_HOSTS 4u    /* compared with the brands' names; more cost and say nothing new */
#define OTHERS_MAX 6u    /* foreign domains after which one more says nothing */

/* Pages of known firms that send on to wherever they are told. */
static const struct {
    const char *label, *path;
} bouncers[] = {
    {"google", "/url"},
    {"google", "/amp/"},
    {"google", "/travel/clk"},
    {"google", "/imgres"},
    {"bing", "/ck/"},
    {"bing", "/alink/"},
    {"youtube", "/redirect"},
    {"facebook", "/l.php"},
    {"facebook", "/flx/"},
    {"linkedin", "/slink"},
    {"linkedin", "/redir"},
    {"linkedin", "/safety/go"},
    {"instagram", "/l/"},
    {"doubleclick", "/"},
    {"googleadservices", "/"},
    {"baidu", "/link"},
    {"yandex", "/clck"},
    {"yahoo", "/rd/"},
    {"t", "/"},
    {"twitter", "/i/redirect"},
    {"vk", "/away"},
    {"medium", "/r/"},
    {"reddit", "/link"},
    {"pinterest", "/offsite"},
    {"slack-redir", "/link"},
    {"translate", "/translate"},
};

bool guard_bounces(const struct guard_host *h)
{
    struct str label = guard_label(h->registrable);
    for (size_t i = 0; i < N_ELEMENTS(bouncers); i++)
        if (str_eq(label, str_c(bouncers[i].label)) && str_istarts(h->url.path, str_c(bouncers[i].path)))
            return true;
    return false;
}

static struct str final_host(struct guard_case *c, const struct guard_url *u, bool *redirect)
{
    struct guard_url at = *u, inner;
    *redirect = false;
    for (int i = 0; i < GUARD_URL_NESTED_MAX && guard_url_nested(c->arena, &at, &inner); i++) {
        at = inner;
        *redirect = true;
    }
    return at.host;
}

static bool has_upper_bits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return true;
    return str_find(s, STR("xn--"), 0) >= 0;
}

/* Letters and digits mixed as no person names a thing: "x7f3k9q2a1b4". */
static bool looks_random(struct str label)
{
    size_t digits = 0, changes = 0, run = 0, longest = 0;
    for (size_t i = 0; i < label.n; i++) {
        char ch = label.p[i];
        bool digit = ascii_is_digit(ch);
        digits += digit;
        changes += i > 0 && digit != ascii_is_digit(label.p[i - 1]);
        bool vowel = ch == 'a' || ch == 'e' || ch == 'i' || ch == 'o' || ch == 'u' || ch == 'y' || ch == '-' || digit;
        run = vowel ? 0 : run + 1;
        longest = run > longest ? run : longest;
    }
    return (label.n >= RANDOM_LABEL && digits >= 3 && changes >= 4) || longest >= 7;
}

static bool random_host(struct str host)
{
    struct str rest = host, label;
    while (str_token(&rest, '.', &label))
        if (looks_random(label))
            return true;
    return false;
}

static bool cracked_path(struct str path)
{
    static const char *const signs[] = {"/wp-content/",  "/wp-includes/", "/wp-admin/",
                                        "/.well-known/", "/cgi-bin/",     "/components/com_"};
    for (size_t i = 0; i < N_ELEMENTS(signs); i++)
        if (str_ifind(path, str_c(signs[i]), 0) >= 0)
            return true;
    return false;
}

static bool names_recipient(struct guard_case *c, const struct guard_host *h)
{
    for (size_t i = 0; i < c->in->n_to && i < 3; i++)
        if (guard_url_names(c->arena, &h->url, c->in->to[i].addr))
            return true;
    return false;
}

/* What the link says in its text against where it goes. */
static void mismatch(struct guard_case *c, const struct guard_content *k, const struct guard_host *h, bool *told)
{
    struct str claimed = guard_url_claimed(c->arena, h->shown);
    if (*told || claimed.n == 0 || h->kind != LINK_HREF || h->mailer || k->list)
        return;
    struct str says = guard_registrable(c->in->lists, claimed);
    if (str_eq(says, h->registrable) || str_eq(guard_label(says), guard_label(h->registrable)))
        return;
    *told = true;
    GUARD_SIGNAL(c, GUARD_LINK_MISMATCH, h->own ? 300 : 1500, {"shown", claimed}, {"host", h->url.host});
}

static void disguise(struct guard_case *c, const struct guard_host *h, bool *told)
{
    if (*told)
        return;
    bool odd = h->url.encoded_host || (h->url.userinfo && h->url.host.n > 0);
    if (h->url.ip)
        GUARD_FIND(c, GUARD_LINK_NUMBER, {"host", h->url.host});
    else if (odd || has_upper_bits(h->url.host))
        GUARD_FIND(c, GUARD_LINK_DISGUISED, {"host", h->url.host});
    else
        return;
    *told = true;
}

/* Signs of one host; each kind is told once for a message. */
struct told {
    bool mismatch, disguise, redirect, shortener, hosting, cheap, cracked, addressed, random, brand;
    unsigned looked; /* hosts compared with brands */
};

static void placed(struct guard_case *c, const struct guard_host *h, struct str host, struct told *t)
{
    if (!t->shortener && guard_is_shortener(host)) {
        t->shortener = true;
        GUARD_FIND(c, GUARD_LINK_SHORT, {"host", host});
    } else if (!t->hosting && guard_is_free_hosting(host)) {
        t->hosting = true;
        GUARD_FIND(c, GUARD_LINK_FREE, {"host", host});
    }
    if (!t->cheap && guard_is_cheap_tld(guard_tld(host))) {
        t->cheap = true;
        GUARD_FIND(c, GUARD_LINK_CHEAP, {"host", host});
    }
    const struct guard_brand *worn =
        t->brand || t->looked++ >= WORN_HOSTS ? NULL : guard_brand_worn(guard_registrable(c->in->lists, host));
    if (worn) {
        t->brand = true;
        GUARD_FIND(c, GUARD_LINK_WORN, {"host", host}, {"brand", str_c(worn->name)}, {"known", str_c(worn->domains)});
    }
    if (!t->cracked && cracked_path(h->url.path)) {
        t->cracked = true;
        GUARD_FIND(c, GUARD_LINK_CRACKED, {"host", host});
    }
    if (!t->random && !guard_is_free_hosting(host) && (random_host(host) || host.n > LONG_HOST)) {
        t->random = true;
        GUARD_FIND(c, GUARD_LINK_RANDOM, {"host", host});
    }
}

static void one_host(struct guard_case *c, const struct guard_content *k, const struct guard_host *h, struct told *t)
{
    bool redirect;
    struct str host = final_host(c, &h->url, &redirect), to = guard_registrable(c->in->lists, host);
    bool away = redirect && !str_eq(to, h->registrable) && !str_eq(to, k->from_domain);
    mismatch(c, k, h, &t->mismatch);
    if (h->own && !away)
        return;
    disguise(c, h, &t->disguise);
    bool bounced = !away && !h->own && guard_bounces(h) && !guard_is_shortener(host);
    if (((away && !h->mailer) || bounced) && !t->redirect) {
        t->redirect = true;
        GUARD_FIND(c, GUARD_LINK_REDIRECT, {"host", h->url.host}, {"final", host});
    }
    if (!h->mailer || away)
        placed(c, h, host, t);
    if (!t->addressed && !h->mailer && names_recipient(c, h)) {
        t->addressed = true;
        GUARD_SIGNAL(c, GUARD_LINK_ADDRESSED,
                     k->list || k->n_own > 0 ? 300
                     : c->in->unsubscribe    ? 500
                                             : 1800,
                     {"host", host});
    }
}

static const struct guard_host *first_foreign(const struct guard_content *k)
{
    for (size_t i = 0; i < k->n_hosts; i++)
        if (!k->hosts[i].own && !k->hosts[i].mailer)
            return &k->hosts[i];
    return NULL;
}

/* The famous relation: who writes is not where the links go. */
static void foreign(struct guard_case *c, const struct guard_content *k)
{
    const struct guard_host *h = first_foreign(k);
    if (!h || k->n_own > 0 || k->n_foreign > OTHERS_MAX || k->from_domain.n == 0)
        return;
    bool list = k->list || k->report;
    bool typed = guard_only_typed(k); /* a person who types or pastes an address */
    /* A newsletter is sent by a service, often under the service's names; but anybody can write the header of one. */
    int32_t weight = list ? 200 : k->freemail || typed ? 700 : c->in->unsubscribe ? 1100 : 2000;
    if (k->claimed && guard_brand_owns(k->claimed, h->registrable))
        weight = 300; /* written in another's name, but it leads to that other */
    GUARD_SIGNAL(c, GUARD_LINK_FOREIGN, weight, {"domain", k->from_domain}, {"host", h->url.host});
}

static bool brand_linked(const struct guard_content *k, const struct guard_brand *b)
{
    for (size_t i = 0; i < k->n_hosts; i++)
        if (guard_brand_owns(b, k->hosts[i].registrable))
            return true;
    return false;
}

/* Speaks for a brand, is not the brand, and leads elsewhere (K3). */
static void brand(struct guard_case *c, const struct guard_content *k)
{
    const struct guard_brand *b = k->claimed;
    const struct guard_host *h = first_foreign(k);
    if (!b || k->list)
        return;
    struct str known = str_upto(str_c(b->domains),
                                (size_t)(str_chr(str_c(b->domains), ' ', 0) < 0 ? (ptrdiff_t)strlen(b->domains)
                                                                                : str_chr(str_c(b->domains), ' ', 0)));
    bool away = h && !guard_brand_owns(b, h->registrable);
    int32_t weight = k->claimed_by_name ? 3200 : 1400;
    /* Its own links only: a firm that has the brand in its name, unless it wants what impostors want. */
    unsigned wants = k->topics.points[TOPIC_ACCOUNT] + k->topics.points[TOPIC_DOCUMENT] +
                     k->topics.points[TOPIC_PARCEL] + k->topics.points[TOPIC_PRIZE];
    if (!away)
        weight = k->claimed_by_name ? (h || k->freemail || wants > 1 ? 2400 : 1500) : 300;
    else if (!k->claimed_by_name && (brand_linked(k, b) || guard_only_typed(k) || k->report))
        weight = 400;
    else if (brand_linked(k, b) && k->n_foreign <= 1)
        weight = 1200;
    GUARD_SIGNAL(c, GUARD_LINK_BRAND, weight, {"brand", str_c(b->name)}, {"known", known},
                 {"domain", c->in->from_domain}, {"host", h ? h->url.host : STR("–")});
}

/* The text presents itself as a brand's although name and subject do not. */
static void quiet_brand(struct guard_case *c, const struct guard_content *k)
{
    const struct guard_host *h = first_foreign(k);
    if (k->claimed || k->list || !h || k->n_own > 0)
        return;
    const struct guard_brand *b = k->topics.brand;
    if (b && !guard_brand_owns(b, k->from_domain) && !brand_linked(k, b) && !guard_only_typed(k) && !k->report)
        GUARD_SIGNAL(c, GUARD_LINK_BRAND, 900, {"brand", str_c(b->name)}, {"known", str_c(b->domains)},
                     {"domain", c->in->from_domain}, {"host", h->url.host});
}

static void page_in_mail(struct guard_case *c, const struct guard_content *k)
{
    unsigned html = c->in->insight->html;
    const struct guard_host *form = NULL;
    for (size_t i = 0; i < k->n_hosts && !form; i++)
        if (k->hosts[i].kind == LINK_FORM)
            form = &k->hosts[i];
    struct str host = form ? form->url.host : STR("–");
    if (html & HTML_SMUGGLING)
        GUARD_FIND(c, GUARD_LINK_SMUGGLING, {"host", host});
    if (html & HTML_PASSWORD)
        GUARD_FIND(c, GUARD_LINK_PASSWORD, {"host", host});
    else if ((html & HTML_FORM) && form && !form->own && !k->list)
        GUARD_FIND(c, GUARD_LINK_FORM, {"host", host});
    if (html & (HTML_REFRESH | HTML_BASE))
        GUARD_FIND(c, GUARD_LINK_REFRESH, {"host", host});
}

static void qr(struct guard_case *c, const struct guard_content *k)
{
    for (size_t i = 0; i < k->n_hosts; i++) {
        const struct guard_host *h = &k->hosts[i];
        if (h->kind != LINK_QR)
            continue;
        bool only = true;
        for (size_t j = 0; j < k->n_hosts; j++)
            only = only && (k->hosts[j].kind == LINK_QR || k->hosts[j].own);
        GUARD_SIGNAL(c, GUARD_LINK_QR, h->own ? 200 : only ? 2800 : 1500, {"host", h->url.host});
        return;
    }
}

void guard_links(struct guard_case *c, struct guard_content *k)
{
    struct told t = {0};
    page_in_mail(c, k);
    qr(c, k);
    brand(c, k);
    quiet_brand(c, k);
    for (size_t i = 0; i < k->n_hosts; i++)
        one_host(c, k, &k->hosts[i], &t);
    foreign(c, k);
}
