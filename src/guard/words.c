/* Words that mean something only beside a relation: an invoice, a payment, a change of account, a pretext. Folded text. */
#include "guard/detect.h"

static const char *const invoice_words[] = {
    "fattura",    "fatture",   "nota di credito", "proforma",       "invoice",   "invoices", "rechnung",
    "rechnungen", "facture",   "factures",        "factura",        "facturas",  "factuur",  "fatura",
    "faktura",    "statement", "remittance",      "estratto conto", "sollecito", "mahnung",
};
static const char *const payment_words[] = {
    "iban",
    "bonifico",
    "bonifici",
    "pagamento",
    "pagamenti",
    "coordinate bancarie",
    "conto corrente",
    "versamento",
    "bank transfer",
    "wire",
    "wire transfer",
    "remit",
    "payment",
    "payments",
    "bank details",
    "bank account",
    "account number",
    "sort code",
    "swift",
    "ueberweisung",
    "uberweisung",
    "zahlung",
    "bankverbindung",
    "kontonummer",
    "konto",
    "virement",
    "paiement",
    "coordonnees bancaires",
    "transferencia",
    "pago",
    "cuenta bancaria",
    "betaling",
    "rekeningnummer",
    "pagamento",
    "transferencia bancaria",
    "przelew",
};
static const char *const change_words[] = {
    "nuovo iban",
    "nuovo conto",
    "nuove coordinate",
    "cambiato banca",
    "cambio banca",
    "cambio iban",
    "variazione iban",
    "variazione coordinate",
    "conto abituale",
    "conto bloccato",
    "controllo fiscale",
    "verifica fiscale",
    "nuovi dati bancari",
    "coordinate aggiornate",
    "new account",
    "new bank",
    "new iban",
    "changed our bank",
    "change of bank",
    "updated bank",
    "account is under audit",
    "under audit",
    "bank details have changed",
    "changed bank",
    "new banking details",
    "alternative account",
    "account is blocked",
    "account is frozen",
    "neue bankverbindung",
    "neues konto",
    "neuen konto",
    "neue iban",
    "neue kontoverbindung",
    "bankverbindung geandert",
    "steuerprufung",
    "konto gesperrt",
    "nouveau compte",
    "nouvel iban",
    "nouveau rib",
    "nouvelles coordonnees",
    "change de banque",
    "controle fiscal",
    "compte bloque",
    "nueva cuenta",
    "nuevo iban",
    "nuevos datos bancarios",
    "cambiado de banco",
    "auditoria",
    "nieuwe rekening",
    "nova conta",
};
static const char *const pretext_words[] = {
    "sei in ufficio",
    "sei al computer",
    "sei disponibile",
    "riservato",
    "riservata",
    "riservatezza",
    "non chiamarmi",
    "non parlarne",
    "sono in riunione",
    "buoni regalo",
    "carte regalo",
    "tuo numero",
    "numero di cellulare",
    "are you at your desk",
    "are you available",
    "are you in the office",
    "confidential",
    "confidentially",
    "discreetly",
    "keep this between us",
    "do not call",
    "in a meeting",
    "cannot take calls",
    "can t talk",
    "gift card",
    "gift cards",
    "whatsapp",
    "your cell",
    "your mobile",
    "mobile number",
    "vertraulich",
    "vertrauliche",
    "vertrauliches",
    "bist du im buro",
    "sind sie am platz",
    "mit niemandem",
    "diskret",
    "geschenkkarten",
    "handynummer",
    "confidentiel",
    "confidentielle",
    "es tu au bureau",
    "etes vous disponible",
    "en reunion",
    "cartes cadeaux",
    "confidencial",
    "estas en la oficina",
    "tarjetas regalo",
    "discretamente",
    "vertrouwelijk",
};

static bool any(struct str text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (guard_text_has(text, str_c(words[i])))
            return true;
    return false;
}
#define ANY(text, words) any((text), (words), N_ELEMENTS(words))

static unsigned asks_of(struct str t)
{
    return (ANY(t, invoice_words) ? ASKS_INVOICE : 0u) | (ANY(t, payment_words) ? ASKS_PAYMENT : 0u) |
           (ANY(t, change_words) ? ASKS_CHANGE : 0u) | (ANY(t, pretext_words) ? ASKS_PRETEXT : 0u);
}

/* The sender's own lines: from the first quoted one on, others speak. */
static struct str own_text(struct str text)
{
    size_t from = 0;
    while (from < text.n && text.p[from] != '>') {
        ptrdiff_t nl = str_chr(text, '\n', from);
        from = nl < 0 ? text.n : (size_t)nl + 1;
    }
    return str_upto(text, from > 0 ? from : text.n);
}

unsigned guard_asks(struct guard_case *c)
{
    if (!(c->rel.asks & ASKS_READ)) {
        struct str text = c->in->insight ? own_text(str_upto(c->in->insight->text, GUARD_TEXT_READ)) : STR("");
        c->rel.asks = ASKS_READ | asks_of(guard_text_fold(c->arena, c->in->subject, 400)) |
                      asks_of(guard_text_fold(c->arena, text, GUARD_TEXT_READ));
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
    return ANY(guard_text_fold(a, in->subject, 400), invoice_words) ||
           ANY(guard_text_fold(a, own_text(str_upto(in->insight->text, 4096)), 4096), invoice_words);
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
