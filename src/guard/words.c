/* Words that mean something only beside a relation: an invoice, a payment, a change of account, a pretext. Folded text. */
#include "guard/detect.h"
#include "guard/lexicon.h"

#define OWN_TEXT_LEAST 40u /* letters: with fewer outside of quotes the quotes are the message */

/* In byte order, so that a letter's phrases stand together. */
static const struct phrase {
    struct str words;
    unsigned asks;
} phrases[] = {
    {STR("abonad"), ASKS_PAYMENT},
    {STR("abonar"), ASKS_PAYMENT},
    {STR("account below"), ASKS_PAYMENT},
    {STR("account is blocked"), ASKS_CHANGE},
    {STR("account is frozen"), ASKS_CHANGE},
    {STR("account is under audit"), ASKS_CHANGE},
    {STR("account number"), ASKS_PAYMENT},
    {STR("account shown"), ASKS_PAYMENT},
    {STR("alternative account"), ASKS_CHANGE},
    {STR("altro conto"), ASKS_CHANGE},
    {STR("anderes konto"), ASKS_CHANGE},
    {STR("are you at your desk"), ASKS_PRETEXT},
    {STR("are you available"), ASKS_PRETEXT},
    {STR("are you in the office"), ASKS_PRETEXT},
    {STR("auditoria"), ASKS_CHANGE},
    {STR("bank account"), ASKS_PAYMENT},
    {STR("bank details"), ASKS_PAYMENT},
    {STR("bank details have changed"), ASKS_CHANGE},
    {STR("bank transfer"), ASKS_PAYMENT},
    {STR("bank veranderd"), ASKS_CHANGE},
    {STR("bankverbindung"), ASKS_PAYMENT},
    {STR("bankverbindung geandert"), ASKS_CHANGE},
    {STR("betaal"), ASKS_PAYMENT},
    {STR("betalen"), ASKS_PAYMENT},
    {STR("betaling"), ASKS_PAYMENT},
    {STR("bist du im buro"), ASKS_PRETEXT},
    {STR("bitte zahlen"), ASKS_PAYMENT},
    {STR("bonifici"), ASKS_PAYMENT},
    {STR("bonifico"), ASKS_PAYMENT},
    {STR("buoni regalo"), ASKS_PRETEXT},
    {STR("cambiado de banco"), ASKS_CHANGE},
    {STR("cambiato banca"), ASKS_CHANGE},
    {STR("cambiato iban"), ASKS_CHANGE},
    {STR("cambio banca"), ASKS_CHANGE},
    {STR("cambio de banco"), ASKS_CHANGE},
    {STR("cambio de cuenta"), ASKS_CHANGE},
    {STR("cambio di banca"), ASKS_CHANGE},
    {STR("cambio di iban"), ASKS_CHANGE},
    {STR("cambio iban"), ASKS_CHANGE},
    {STR("can t talk"), ASKS_PRETEXT},
    {STR("cannot take calls"), ASKS_PRETEXT},
    {STR("carte regalo"), ASKS_PRETEXT},
    {STR("cartes cadeaux"), ASKS_PRETEXT},
    {STR("change de banque"), ASKS_CHANGE},
    {STR("change de compte"), ASKS_CHANGE},
    {STR("change of bank"), ASKS_CHANGE},
    {STR("changed bank"), ASKS_CHANGE},
    {STR("changed our bank"), ASKS_CHANGE},
    {STR("compte bloque"), ASKS_CHANGE},
    {STR("confidencial"), ASKS_PRETEXT},
    {STR("confidential"), ASKS_PRETEXT},
    {STR("confidentially"), ASKS_PRETEXT},
    {STR("confidentiel"), ASKS_PRETEXT},
    {STR("confidentielle"), ASKS_PRETEXT},
    {STR("conto abituale"), ASKS_CHANGE},
    {STR("conto bloccato"), ASKS_CHANGE},
    {STR("conto corrente"), ASKS_PAYMENT},
    {STR("controle fiscal"), ASKS_CHANGE},
    {STR("controllo fiscale"), ASKS_CHANGE},
    {STR("coordinate aggiornate"), ASKS_CHANGE},
    {STR("coordinate bancarie"), ASKS_PAYMENT},
    {STR("coordonnees bancaires"), ASKS_PAYMENT},
    {STR("cuenta bancaria"), ASKS_PAYMENT},
    {STR("different account"), ASKS_CHANGE},
    {STR("discreetly"), ASKS_PRETEXT},
    {STR("discretamente"), ASKS_PRETEXT},
    {STR("diskret"), ASKS_PRETEXT},
    {STR("do not call"), ASKS_PRETEXT},
    {STR("en reunion"), ASKS_PRETEXT},
    {STR("es tu au bureau"), ASKS_PRETEXT},
    {STR("estas en la oficina"), ASKS_PRETEXT},
    {STR("estratto conto"), ASKS_INVOICE},
    {STR("etes vous disponible"), ASKS_PRETEXT},
    {STR("factura"), ASKS_INVOICE},
    {STR("facturas"), ASKS_INVOICE},
    {STR("facture"), ASKS_INVOICE},
    {STR("factures"), ASKS_INVOICE},
    {STR("factuur"), ASKS_INVOICE},
    {STR("faktura"), ASKS_INVOICE},
    {STR("fattura"), ASKS_INVOICE},
    {STR("fatture"), ASKS_INVOICE},
    {STR("fatura"), ASKS_INVOICE},
    {STR("geschenkkarten"), ASKS_PRETEXT},
    {STR("gift card"), ASKS_PRETEXT},
    {STR("gift cards"), ASKS_PRETEXT},
    {STR("handynummer"), ASKS_PRETEXT},
    {STR("iban"), ASKS_PAYMENT},
    {STR("in a meeting"), ASKS_PRETEXT},
    {STR("invoice"), ASKS_INVOICE},
    {STR("invoices"), ASKS_INVOICE},
    {STR("keep this between us"), ASKS_PRETEXT},
    {STR("kindly pay"), ASKS_PAYMENT},
    {STR("kindly settle"), ASKS_PAYMENT},
    {STR("konto"), ASKS_PAYMENT},
    {STR("konto gesperrt"), ASKS_CHANGE},
    {STR("kontonummer"), ASKS_PAYMENT},
    {STR("kontoverbindung geandert"), ASKS_CHANGE},
    {STR("mahnung"), ASKS_INVOICE},
    {STR("mit niemandem"), ASKS_PRETEXT},
    {STR("mobile number"), ASKS_PRETEXT},
    {STR("neue bankverbindung"), ASKS_CHANGE},
    {STR("neue iban"), ASKS_CHANGE},
    {STR("neue kontoverbindung"), ASKS_CHANGE},
    {STR("neuen konto"), ASKS_CHANGE},
    {STR("neues konto"), ASKS_CHANGE},
    {STR("new account"), ASKS_CHANGE},
    {STR("new account details"), ASKS_CHANGE},
    {STR("new bank"), ASKS_CHANGE},
    {STR("new banking details"), ASKS_CHANGE},
    {STR("new iban"), ASKS_CHANGE},
    {STR("nieuw rekeningnummer"), ASKS_CHANGE},
    {STR("nieuwe bankrekening"), ASKS_CHANGE},
    {STR("nieuwe iban"), ASKS_CHANGE},
    {STR("nieuwe rekening"), ASKS_CHANGE},
    {STR("no longer use"), ASKS_CHANGE},
    {STR("non chiamarmi"), ASKS_PRETEXT},
    {STR("non parlarne"), ASKS_PRETEXT},
    {STR("nota di credito"), ASKS_INVOICE},
    {STR("nouveau compte"), ASKS_CHANGE},
    {STR("nouveau numero de compte"), ASKS_CHANGE},
    {STR("nouveau rib"), ASKS_CHANGE},
    {STR("nouvel iban"), ASKS_CHANGE},
    {STR("nouvelle banque"), ASKS_CHANGE},
    {STR("nouvelles coordonnees"), ASKS_CHANGE},
    {STR("nova conta"), ASKS_CHANGE},
    {STR("novo iban"), ASKS_CHANGE},
    {STR("nowe konto"), ASKS_CHANGE},
    {STR("nowy rachunek"), ASKS_CHANGE},
    {STR("nueva cuenta"), ASKS_CHANGE},
    {STR("nueva entidad"), ASKS_CHANGE},
    {STR("nuevo iban"), ASKS_CHANGE},
    {STR("nuevos datos bancarios"), ASKS_CHANGE},
    {STR("numero di cellulare"), ASKS_PRETEXT},
    {STR("nuove coordinate"), ASKS_CHANGE},
    {STR("nuovi dati bancari"), ASKS_CHANGE},
    {STR("nuovo conto"), ASKS_CHANGE},
    {STR("nuovo iban"), ASKS_CHANGE},
    {STR("our new account"), ASKS_CHANGE},
    {STR("overmaken"), ASKS_PAYMENT},
    {STR("overschrijven"), ASKS_PAYMENT},
    {STR("pagamenti"), ASKS_PAYMENT},
    {STR("pagamento"), ASKS_PAYMENT},
    {STR("pagar"), ASKS_PAYMENT},
    {STR("pagare"), ASKS_PAYMENT},
    {STR("pago"), ASKS_PAYMENT},
    {STR("paiement"), ASKS_PAYMENT},
    {STR("payment"), ASKS_PAYMENT},
    {STR("payments"), ASKS_PAYMENT},
    {STR("please pay"), ASKS_PAYMENT},
    {STR("please settle"), ASKS_PAYMENT},
    {STR("proforma"), ASKS_INVOICE},
    {STR("przelew"), ASKS_PAYMENT},
    {STR("rechnung"), ASKS_INVOICE},
    {STR("rechnungen"), ASKS_INVOICE},
    {STR("reglement"), ASKS_PAYMENT},
    {STR("regler"), ASKS_PAYMENT},
    {STR("rekeningnummer"), ASKS_PAYMENT},
    {STR("rekeningnummer gewijzigd"), ASKS_CHANGE},
    {STR("rekeningnummer is gewijzigd"), ASKS_CHANGE},
    {STR("remit"), ASKS_PAYMENT},
    {STR("remittance"), ASKS_INVOICE},
    {STR("rib"), ASKS_PAYMENT},
    {STR("riservata"), ASKS_PRETEXT},
    {STR("riservatezza"), ASKS_PRETEXT},
    {STR("riservato"), ASKS_PRETEXT},
    {STR("saldare"), ASKS_PAYMENT},
    {STR("sei al computer"), ASKS_PRETEXT},
    {STR("sei disponibile"), ASKS_PRETEXT},
    {STR("sei in ufficio"), ASKS_PRETEXT},
    {STR("sind sie am platz"), ASKS_PRETEXT},
    {STR("sollecito"), ASKS_INVOICE},
    {STR("sono in riunione"), ASKS_PRETEXT},
    {STR("sort code"), ASKS_PAYMENT},
    {STR("statement"), ASKS_INVOICE},
    {STR("steuerprufung"), ASKS_CHANGE},
    {STR("swift"), ASKS_PAYMENT},
    {STR("tarjetas regalo"), ASKS_PRETEXT},
    {STR("transferencia"), ASKS_PAYMENT},
    {STR("transferencia bancaria"), ASKS_PAYMENT},
    {STR("transferencias"), ASKS_PAYMENT},
    {STR("tuo numero"), ASKS_PRETEXT},
    {STR("uberweisen"), ASKS_PAYMENT},
    {STR("uberweisung"), ASKS_PAYMENT},
    {STR("uberweisungen"), ASKS_PAYMENT},
    {STR("ueberweisung"), ASKS_PAYMENT},
    {STR("under audit"), ASKS_CHANGE},
    {STR("updated bank"), ASKS_CHANGE},
    {STR("van bank veranderd"), ASKS_CHANGE},
    {STR("variazione coordinate"), ASKS_CHANGE},
    {STR("variazione iban"), ASKS_CHANGE},
    {STR("verifica fiscale"), ASKS_CHANGE},
    {STR("versamento"), ASKS_PAYMENT},
    {STR("versare"), ASKS_PAYMENT},
    {STR("vertraulich"), ASKS_PRETEXT},
    {STR("vertrauliche"), ASKS_PRETEXT},
    {STR("vertrauliches"), ASKS_PRETEXT},
    {STR("vertrouwelijk"), ASKS_PRETEXT},
    {STR("virement"), ASKS_PAYMENT},
    {STR("virements"), ASKS_PAYMENT},
    {STR("whatsapp"), ASKS_PRETEXT},
    {STR("wire"), ASKS_PAYMENT},
    {STR("wire transfer"), ASKS_PAYMENT},
    {STR("your cell"), ASKS_PRETEXT},
    {STR("your mobile"), ASKS_PRETEXT},
    {STR("zahlung"), ASKS_PAYMENT},
    {STR("zmiana rachunku"), ASKS_CHANGE},
};

/* The first phrase that begins with this letter or a later one. */
static size_t first_with(char c)
{
    size_t lo = 0, hi = N_ELEMENTS(phrases);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (phrases[mid].words.p[0] < c)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Whole words only: text is folded, words are parted by one space. */
static unsigned asks_of(struct str t)
{
    size_t letter[27];
    unsigned asks = 0;
    for (int i = 0; i < 27; i++)
        letter[i] = first_with((char)('a' + i));
    for (size_t at = 0; at < t.n;) {
        struct str rest = str_from(t, at);
        size_t c = (size_t)(unsigned char)t.p[at] - 'a';
        for (size_t i = c < 26 ? letter[c] : 0; c < 26 && i < letter[c + 1]; i++) {
            size_t n = phrases[i].words.n;
            if (str_starts(rest, phrases[i].words) && (rest.n == n || rest.p[n] == ' '))
                asks |= phrases[i].asks;
        }
        ptrdiff_t space = str_chr(t, ' ', at);
        at = space < 0 ? t.n : (size_t)space + 1;
    }
    return asks;
}

struct str guard_own_text(struct arena *a, struct str text, size_t max)
{
    max = text.n + 1 < max ? text.n + 1 : max;
    char *p = arena_alloc(a, max + 1);
    size_t n = 0;
    struct str rest = text, line;
    while (n < max && str_token(&rest, '\n', &line)) {
        struct str t = str_trim(line);
        if (t.n > 0 && t.p[0] == '>')
            continue;
        size_t take = line.n < max - n ? line.n : max - n;
        if (take > 0)
            memcpy(p + n, line.p, take);
        n += take;
        if (n < max)
            p[n++] = '\n';
    }
    return str_upto(str_n(p, n), str_utf8_valid(str_n(p, n)));
}

/* The lexicon's phrases of seven languages, beside the few words above. One phrase of rapport is small talk, two are not. */
static unsigned topics_of(const struct guard_lexicon *l, struct str folded)
{
    struct guard_topics t = {0};
    guard_lexicon_match(l, folded, &t);
    return (t.phrases[TOPIC_BANK] > 0 ? ASKS_CHANGE : 0u) |
           (t.phrases[TOPIC_RAPPORT] + t.phrases[TOPIC_SECRET] >= 2 ? ASKS_PRETEXT : 0u);
}

static size_t letters_in(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ascii_is_alpha(s.p[i]) || (unsigned char)s.p[i] >= 0xC3;
    return n;
}

struct str guard_shown_text(struct guard_case *c, size_t max)
{
    struct str text = c->in->insight ? c->in->insight->text : STR(""), own = guard_own_text(c->arena, text, max);
    if (c->rel.standing != STAND_STRANGER || c->rel.thread || letters_in(own) >= OWN_TEXT_LEAST)
        return own;
    text = str_upto(text, max);
    char *p = (char *)(uintptr_t)arena_str(c->arena, str_upto(text, str_utf8_valid(text))).p;
    size_t n = str_utf8_valid(text);
    for (size_t i = 0; i < n; i++)
        if (p[i] == '>')
            p[i] = ' ';
    return str_n(p, n);
}

unsigned guard_asks(struct guard_case *c)
{
    if (!(c->rel.asks & ASKS_READ)) {
        const struct guard_lexicon *l = guard_lists_lexicon(c->in->lists);
        struct str text = guard_shown_text(c, GUARD_TEXT_READ);
        struct str subject = guard_text_fold(c->arena, c->in->subject, 400);
        text = guard_text_fold(c->arena, text, GUARD_TEXT_READ);
        c->rel.asks = ASKS_READ | asks_of(subject) | asks_of(text) | topics_of(l, subject) | topics_of(l, text);
    }
    return c->rel.asks & ~(unsigned)ASKS_READ;
}

bool guard_invoice_like(const struct guard_input *in, struct arena *a)
{
    if (!in->insight)
        return false;
    bool paper = false;
    for (size_t i = 0; i < in->insight->n_attachments; i++) {
        const struct facts_attachment *f = &in->insight->attachments[i];
        if (f->flags & ATT_INVOICE)
            return true;
        paper = paper || (!(f->flags & ATT_INLINE) && (str_eq(f->kind, STR("pdf")) || str_eq(f->kind, STR("png")) ||
                                                       str_eq(f->kind, STR("jpeg")) || str_eq(f->kind, STR("tiff"))));
    }
    if (!paper)
        return false;
    return ((asks_of(guard_text_fold(a, in->subject, 400)) |
             asks_of(guard_text_fold(a, guard_own_text(a, in->insight->text, 4096), 4096))) &
            ASKS_INVOICE) != 0;
}

bool guard_coords_shown(const struct guard_input *in, const struct guard_history *h)
{
    for (size_t i = 0; in->insight && i < in->insight->n_payments; i++) {
        const struct facts_payment *p = &in->insight->payments[i];
        if ((p->kind == COORD_IBAN || p->kind == COORD_ACCOUNT) && !p->quoted && !guard_coord_own(h, p->value))
            return true;
    }
    return false;
}
