/* How the sender presents himself, without any past: what honest senders of that kind do not do. */
#include "guard/content.h"
#include "guard/name.h"

static bool is_digit(char c) { return ascii_is_digit(c); }

static size_t count_of(struct str s, bool (*is)(char c))
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += is(s.p[i]);
    return n;
}

/* Letters borrowed from other alphabets or from the mathematical ones, in a name or subject that is otherwise Latin. */
static bool odd_letters(struct str s)
{
    size_t at = 0, odd = 0, latin = 0, math = 0;
    while (at < s.n) {
        uint32_t c = guard_utf8_next(s, &at);
        math += (c >= 0x1D400 && c <= 0x1D7FF) || (c >= 0x1F130 && c <= 0x1F189) || (c >= 0xFF21 && c <= 0xFF5A) ||
                (c >= 0x2460 && c <= 0x24FF) || (c >= 0x1D00 && c <= 0x1D2B);
        bool foreign = (c >= 0x370 && c <= 0x52F) && guard_fold_letter(c) < 0x80;
        bool invisible = c == 0xAD || (c >= 0x200B && c <= 0x200D) || c == 0x2060 || c == 0xFEFF;
        odd += foreign || invisible;
        latin += c < 0x250 && (c >= 0x80 || ascii_is_alpha((char)c));
    }
    return math >= 3 || (odd > 0 && latin > 0 && latin >= odd);
}

/* "anna.bianchi Mail Admin" or "azienda.example support": the recipient's own address as the sender's name. */
static bool names_us(const struct guard_case *c, struct str text)
{
    for (size_t i = 0; i < c->in->n_to && i < 3; i++) {
        const struct guard_party *to = &c->in->to[i];
        ptrdiff_t at = str_rchr(to->addr, '@');
        if (at > 0 && (str_ifind(text, to->addr, 0) >= 0 || (to->domain.n > 4 && str_ifind(text, to->domain, 0) >= 0)))
            return true;
    }
    return false;
}

/* Words of offices. A person or firm that names itself does not look like this. */
static const char *const offices[] = {
    "support",
    "security",
    "service",
    "services",
    "servizio",
    "servizi",
    "assistenza",
    "admin",
    "administrator",
    "amministratore",
    "helpdesk",
    "help desk",
    "it desk",
    "webmail",
    "mail delivery",
    "mail server",
    "postmaster",
    "notification",
    "notifications",
    "notifica",
    "notice",
    "alert",
    "account",
    "accounts",
    "billing",
    "payroll",
    "human resources",
    "hr",
    "department",
    "team",
    "center",
    "centre",
    "customer",
    "kundenservice",
    "kundendienst",
    "sicherheit",
    "benachrichtigung",
    "service client",
    "assistance",
    "securite",
    "soporte",
    "seguridad",
    "atencion",
    "atendimento",
    "suporte",
    "central",
    "comunicado",
    "aviso",
    "banco",
    "bank",
    "banca",
    "banque",
    "klantenservice",
    "beveiliging",
    "melding",
    "rewards",
    "reward",
    "delivery",
    "shipping",
    "voicemail",
    "fax",
    "scanner",
    "document",
    "verification",
    "verify",
    "update",
    "subscription",
    "refund",
    "invoice",
    "fattura",
    "rechnung",
    "factura",
    "fatura",
    "no reply",
    "noreply",
};

static const char *office_in(struct str folded)
{
    for (size_t i = 0; i < N_ELEMENTS(offices); i++)
        if (guard_text_has(folded, str_c(offices[i])))
            return offices[i];
    return NULL;
}

/* A word of the name, of four letters or more, stands in the address. */
static bool akin(struct str folded_name, struct str addr)
{
    struct str rest = folded_name, w;
    while (str_token(&rest, ' ', &w))
        if (w.n >= 3 && str_ifind(addr, w, 0) >= 0)
            return true;
    return false;
}

static void presents(struct guard_case *c, const struct guard_content *k)
{
    if (k->name.n == 0 || k->list || k->report || c->in->from_addr.n == 0 || akin(k->name, c->in->from_addr))
        return;
    const char *office = office_in(k->name);
    if (office)
        GUARD_SIGNAL(c, GUARD_SENDER_ROLE, k->freemail ? 1600 : 800, {"name", c->in->from_name},
                     {"address", c->in->from_addr});
    else if (!k->freemail && k->n_foreign > 0 && k->n_own == 0)
        GUARD_SIGNAL(c, GUARD_SENDER_UNLIKE, 400, {"name", c->in->from_name}, {"domain", k->from_domain});
}

/* "KAX2Sf8232WJ2nbG9": letters and digits in turn, longer than any order number. */
static void code(struct guard_case *c, const struct guard_content *k)
{
    struct str rest = c->in->subject, w;
    while (str_token(&rest, ' ', &w)) {
        size_t digits = count_of(w, is_digit), changes = 0;
        for (size_t i = 1; i < w.n; i++)
            changes += ascii_is_digit(w.p[i]) != ascii_is_digit(w.p[i - 1]);
        size_t letters = count_of(w, ascii_is_alpha);
        if (w.n >= 10 && w.n <= 64 && digits >= 3 && letters >= 4 && changes >= 5 && !k->list) {
            GUARD_FIND(c, GUARD_SENDER_CODE, {"code", w});
            return;
        }
    }
}

static bool same_side(const struct guard_case *c, const struct guard_content *k)
{
    for (size_t i = 0; i < c->in->n_to; i++)
        if (str_eq(guard_registrable(c->in->lists, c->in->to[i].domain), k->from_domain))
            return true;
    return false;
}

static void address(struct guard_case *c, const struct guard_content *k)
{
    struct str addr = c->in->from_addr;
    ptrdiff_t at = str_rchr(addr, '@');
    if (at <= 0)
        return;
    struct str local = str_upto(addr, (size_t)at);
    if (guard_is_cheap_tld(guard_tld(k->from_domain)))
        GUARD_FIND(c, GUARD_SENDER_CHEAP, {"domain", k->from_domain});
    if (guard_is_free_hosting(c->in->from_domain) && !k->freemail && !k->from_brand)
        GUARD_FIND(c, GUARD_SENDER_HOSTED, {"domain", c->in->from_domain});
    if (!k->list && k->n_own == 0 && ((count_of(local, is_digit) >= 5 && local.n >= 8) || local.n > 40))
        GUARD_SIGNAL(c, GUARD_SENDER_RANDOM, 500, {"address", addr});
}

static bool greets_address(const struct guard_case *c, struct str start)
{
    for (size_t i = 0; i < c->in->n_to && i < 3; i++)
        if (c->in->to[i].addr.n > 5 && str_ifind(start, c->in->to[i].addr, 0) >= 0)
            return true;
    return false;
}

static void addressed(struct guard_case *c, const struct guard_content *k)
{
    const struct guard_input *in = c->in;
    if (in->n_to + in->n_cc == 0 && !k->list && in->from_addr.n)
        GUARD_FIND(c, GUARD_SENDER_HIDES, {"address", in->from_addr});
    else if (in->n_to == 1 && str_eq(in->to[0].addr, in->from_addr) && !k->list)
        GUARD_SIGNAL(c, GUARD_SENDER_SELF, 300, {"address", in->from_addr});
    if (in->from_addr.n == 0 || k->list || k->report || same_side(c, k))
        return;
    bool named = names_us(c, in->from_name), subject = names_us(c, in->subject);
    /* "Dear anna@azienda.example": a list of addresses is all they have of us. */
    bool greeted = in->insight && greets_address(c, str_upto(in->insight->text, 400));
    if (named || subject || greeted)
        GUARD_SIGNAL(c, GUARD_SENDER_NAMES_US, named ? 1700 : 1000, {"name", in->from_name},
                     {"domain", in->from_domain});
}

/* "Reply to my other free mailbox": honest people do not part the two. */
static void reply(struct guard_case *c, const struct guard_content *k)
{
    const struct guard_input *in = c->in;
    if (k->list || k->report || in->n_reply_to != 1 || in->from_addr.n == 0)
        return;
    const struct guard_party *to = &in->reply_to[0];
    struct str domain = guard_registrable(in->lists, to->domain);
    if (to->addr.n == 0 || str_eq(to->addr, in->from_addr) || !guard_is_freemail(domain))
        return;
    for (size_t i = 0; i < c->v->n_findings; i++)
        if (c->v->findings[i].code == GUARD_PERSON_REPLY)
            return;
    GUARD_SIGNAL(c, GUARD_SENDER_REPLY, k->freemail ? 2200 : 1600, {"old", in->from_addr}, {"new", to->addr});
}

static void brand_domain(struct guard_case *c, const struct guard_content *k)
{
    const struct guard_brand *b = k->freemail || k->list ? NULL : guard_brand_worn(k->from_domain);
    if (b)
        GUARD_FIND(c, GUARD_SENDER_BRAND, {"domain", k->from_domain}, {"brand", str_c(b->name)},
                   {"known", str_c(b->domains)});
}

static void envelope(struct guard_case *c, const struct guard_content *k)
{
    const struct guard_input *in = c->in;
    ptrdiff_t at = str_rchr(in->envelope, '@');
    if (at < 0 || k->list)
        return;
    struct str other = guard_registrable(in->lists, str_from(in->envelope, (size_t)at + 1));
    if (guard_is_cheap_tld(guard_tld(other)) && !guard_is_cheap_tld(guard_tld(k->from_domain)))
        GUARD_FIND(c, GUARD_SENDER_CHEAP, {"domain", other});
    if (str_eq(other, k->from_domain) || guard_is_mailer(other) ||
        str_eq(guard_label(other), guard_label(k->from_domain)) ||
        (k->from_brand && guard_brand_owns(k->from_brand, other)))
        return;
    if (k->from_domain.n > 0)
        GUARD_SIGNAL(c, GUARD_SENDER_ENVELOPE, in->auth.dkim == AUTH_PASS ? 100 : 500, {"domain", k->from_domain},
                     {"envelope", other});
}

void guard_sender(struct guard_case *c, struct guard_content *k)
{
    bool odd_name = odd_letters(c->in->from_name);
    if (odd_name || odd_letters(c->in->subject))
        GUARD_FIND(c, GUARD_SENDER_LETTERS, {"name", odd_name ? c->in->from_name : c->in->subject});
    if (c->in->from_broken)
        GUARD_FIND(c, GUARD_SENDER_BROKEN, {"name", k->name.n ? c->in->from_name : STR("\xE2\x80\x93")});
    brand_domain(c, k);
    presents(c, k);
    code(c, k);
    address(c, k);
    addressed(c, k);
    envelope(c, k);
    reply(c, k);
    if (!c->in->has_date || c->in->message_id.n == 0)
        GUARD_SIGNAL(c, GUARD_SENDER_BARE, 200, {"address", c->in->from_addr});
}
