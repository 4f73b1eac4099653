/* Invoices as XML, where fields have a meaning: FatturaPA, Cross Industry Invoice (Factur-X, ZUGFeRD, XRechnung), UBL.
 * A SAX walk keeps the names above the current element; nothing is built, entities of the document are not expanded. */
#include "extract/blob.h"
#include "extract/chars.h"
#include "facts/iban.h"
#include <libxml/parser.h>

#define INVOICE_DEPTH_MAX 64u
#define INVOICE_VALUE_MAX 512u
#define INVOICE_XML_MAX (8u << 20)
#define INVOICE_TEXT_MAX (128u * 1024)

struct walk {
    struct extract_job *j;
    const struct extract_blob *b;
    struct facts_attachment *a;
    char name[INVOICE_DEPTH_MAX][40];
    unsigned depth, deeper;
    char value[INVOICE_VALUE_MAX];
    size_t n;
    struct buf text;
    struct str seller, payee, bic, iban, number; /* of the account block being read; payee beats seller */
    char root[40];
    bool sdi;
};

static const char *up(const struct walk *w, unsigned by) { return w->depth > by ? w->name[w->depth - 1 - by] : ""; }
static bool is(const char *a, const char *b) { return strcmp(a, b) == 0; }

static bool under(const struct walk *w, const char *name)
{
    for (unsigned i = 0; i + 1 < w->depth; i++)
        if (is(w->name[i], name))
            return true;
    return false;
}

static struct str keep(struct walk *w, struct str v) { return arena_str(w->j->arena, str_utf8_cut(v, FACTS_NAME_MAX)); }

/* One account of the file is complete: report it with the payee that goes with it. */
static void flush(struct walk *w)
{
    struct str holder = w->payee.n ? w->payee : w->seller;
    if (w->iban.n) {
        char iban[IBAN_MAX + 1];
        size_t at = 0, start;
        bool any = false;
        while (iban_next(w->iban, &at, iban, &start)) {
            any = true;
            extract_payment(w->j, (struct facts_payment){.kind = COORD_IBAN,
                                                         .where = WHERE_XML,
                                                         .value = str_c(iban),
                                                         .holder = holder,
                                                         .part = w->b->part});
        }
        /* Not an IBAN, or a mistyped one: money is meant to go there all the same. */
        if (!any)
            extract_payment(
                w->j,
                (struct facts_payment){
                    .kind = COORD_ACCOUNT, .where = WHERE_XML, .value = w->iban, .holder = holder, .part = w->b->part});
    }
    if (w->bic.n == 8 || w->bic.n == 11)
        extract_payment(
            w->j, (struct facts_payment){
                      .kind = COORD_BIC, .where = WHERE_XML, .value = w->bic, .holder = holder, .part = w->b->part});
    w->iban = w->bic = STR("");
}

/* FatturaPA: DettaglioPagamento has Beneficiario before IBAN; the seller is CedentePrestatore. */
static bool fattura(struct walk *w, const char *e, struct str v)
{
    if (is(e, "IBAN") && is(up(w, 1), "DettaglioPagamento"))
        w->iban = keep(w, v);
    else if (is(e, "BIC") && is(up(w, 1), "DettaglioPagamento"))
        w->bic = keep(w, v);
    else if (is(e, "Beneficiario"))
        w->payee = keep(w, v);
    else if (is(e, "Numero") && is(up(w, 1), "DatiGeneraliDocumento") && w->number.n == 0)
        w->number = keep(w, v);
    else if (under(w, "CedentePrestatore") && (is(e, "Denominazione") || is(e, "Cognome")) &&
             is(up(w, 1), "Anagrafica"))
        w->seller = w->seller.n ? w->seller : keep(w, v);
    else
        return false;
    return true;
}

static bool cross_industry(struct walk *w, const char *e, struct str v)
{
    if (is(e, "IBANID"))
        w->iban = keep(w, v);
    else if (is(e, "BICID"))
        w->bic = keep(w, v);
    else if (is(e, "AccountName"))
        w->payee = keep(w, v);
    else if (is(e, "Name") && is(up(w, 1), "PayeeTradeParty"))
        w->payee = keep(w, v);
    else if (is(e, "Name") && is(up(w, 1), "SellerTradeParty"))
        w->seller = w->seller.n ? w->seller : keep(w, v);
    else if (is(e, "ID") && (is(up(w, 1), "ExchangedDocument") || is(up(w, 1), "HeaderExchangedDocument")))
        w->number = w->number.n ? w->number : keep(w, v);
    else
        return false;
    return true;
}

static bool ubl(struct walk *w, const char *e, struct str v)
{
    if (is(e, "ID") && is(up(w, 1), "PayeeFinancialAccount"))
        w->iban = keep(w, v);
    else if (is(e, "ID") && is(up(w, 1), "FinancialInstitutionBranch"))
        w->bic = keep(w, v);
    else if (is(e, "Name") &&
             (is(up(w, 1), "PayeeFinancialAccount") || (is(up(w, 1), "PartyName") && under(w, "PayeeParty"))))
        w->payee = keep(w, v);
    else if (under(w, "AccountingSupplierParty") &&
             (is(e, "RegistrationName") || (is(e, "Name") && is(up(w, 1), "PartyName"))))
        w->seller = w->seller.n ? w->seller : keep(w, v);
    else if (is(e, "ID") && w->depth == 2 && (is(w->name[0], "Invoice") || is(w->name[0], "CreditNote")))
        w->number = w->number.n ? w->number : keep(w, v);
    else
        return false;
    return true;
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int nn,
                     const xmlChar **ns, int na, int nd, const xmlChar **atts)
{
    struct walk *w = ctx;
    (void)prefix, (void)nn, (void)ns, (void)na, (void)nd, (void)atts;
    w->n = 0;
    if (w->depth == INVOICE_DEPTH_MAX) {
        w->deeper++;
        return;
    }
    size_t n = strlen((const char *)name);
    n = n < sizeof w->name[0] - 1 ? n : sizeof w->name[0] - 1;
    memcpy(w->name[w->depth], name, n);
    w->name[w->depth][n] = '\0';
    if (w->depth++ == 0 && w->root[0] == '\0') {
        memcpy(w->root, w->name[0], sizeof w->root);
        w->sdi = uri && strstr((const char *)uri, "fatturapa") && strstr((const char *)uri, "messaggi");
    }
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct walk *w = ctx;
    (void)name, (void)prefix, (void)uri;
    if (w->deeper > 0) {
        w->deeper--;
        return;
    }
    if (w->depth == 0)
        return;
    const char *e = up(w, 0);
    struct str v = str_trim(str_n(w->value, w->n));
    v = str_upto(v, str_utf8_valid(v));
    if (v.n && w->text.n + v.n < INVOICE_TEXT_MAX) {
        buf_adds(&w->text, v);
        buf_addc(&w->text, '\n');
    }
    if (v.n && !fattura(w, e, v) && !cross_industry(w, e, v))
        (void)ubl(w, e, v);
    if (is(e, "DettaglioPagamento") || is(e, "PaymentMeans") || is(e, "SpecifiedTradeSettlementPaymentMeans")) {
        flush(w);
        if (is(e, "DettaglioPagamento"))
            w->payee = STR("");
    }
    w->n = 0;
    w->depth--;
}

static void on_text(void *ctx, const xmlChar *text, int n)
{
    struct walk *w = ctx;
    size_t len = n > 0 ? (size_t)n : 0;
    if (len > sizeof w->value - w->n)
        len = sizeof w->value - w->n;
    memcpy(w->value + w->n, text, len);
    w->n += len;
}

static void on_error(void *ctx, const char *msg, ...)
{
    (void)ctx;
    (void)msg;
}

static const char *nature(const struct walk *w)
{
    static const char *const ubl_roots[] = {"Invoice", "CreditNote", "DebitNote"};
    if (is(w->root, "FatturaElettronica") || is(w->root, "FatturaElettronicaSemplificata"))
        return "fatturapa";
    if (is(w->root, "CrossIndustryInvoice") || is(w->root, "CrossIndustryDocument"))
        return "factur-x";
    for (size_t i = 0; i < N_ELEMENTS(ubl_roots); i++)
        if (is(w->root, ubl_roots[i]))
            return "ubl";
    return w->sdi ? "sdi" : "xml"; /* sdi: notices of the Italian exchange */
}

/* The parser gave up somewhere; people's programs may not. What it did not reach is searched as plain text. */
static void broken(struct walk *w, struct str bytes, struct buf *out)
{
    struct extract_job *j = w->j;
    struct extract_source s = {.part = w->b->part, .where = WHERE_XML, .link = LINK_HTML};
    struct arena_mark mark = arena_mark(&j->scratch);
    if (w->a->flags & ATT_INVOICE)
        extract_note(j, w->a, ATT_UNREADABLE, STR("invoice that is no valid XML"));
    extract_text(j, &s, extract_charset(j, w->b->charset, bytes), out);
    arena_reset(&j->scratch, mark);
}

/* encoding="..." of the declaration (XML 1.0, 4.3.3); empty when there is none. */
static struct str declared(struct str bytes)
{
    struct str head = str_upto(bytes, 200), name;
    ptrdiff_t at = str_starts(head, STR("<?xml")) ? str_find(head, STR("encoding"), 0) : -1;
    ptrdiff_t end = at < 0 ? -1 : str_find(head, STR("?>"), (size_t)at);
    if (end < 0)
        return STR("");
    name = str_trim(str_n(head.p + at + 8, (size_t)(end - at) - 8));
    if (name.n < 3 || name.p[0] != '=')
        return STR("");
    name = str_trim(str_from(name, 1));
    ptrdiff_t close = name.n > 1 && (name.p[0] == '"' || name.p[0] == '\'') ? str_chr(name, name.p[0], 1) : -1;
    return close < 0 ? STR("") : str_n(name.p + 1, (size_t)close - 1);
}

/* libxml2 asks iconv for other encodings, whose tables lie in files that the sandbox has closed: ours are at hand. */
static struct str as_utf8(struct extract_job *j, struct str bytes)
{
    struct str encoding = declared(bytes);
    bool known = encoding.n == 0 || str_ieq(encoding, STR("utf-8")) || str_istarts(encoding, STR("utf-16"));
    return known ? bytes : extract_charset(j, encoding, bytes);
}

void extract_xml_file(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    struct walk *w = arena_new(j->arena, struct walk);
    xmlSAXHandler sax = {.startElementNs = on_start,
                         .endElementNs = on_end,
                         .characters = on_text,
                         .cdataBlock = on_text,
                         .initialized = XML_SAX2_MAGIC,
                         .error = on_error,
                         .fatalError = on_error,
                         .warning = on_error};
    w->j = j;
    w->b = b;
    w->a = a;
    buf_init(&w->text, INVOICE_TEXT_MAX + 1);
    if (b->bytes.n > INVOICE_XML_MAX)
        extract_note(j, a, ATT_UNREADABLE, STR("XML too large to be read"));
    struct arena_mark mark = arena_mark(&j->scratch);
    struct str raw = str_upto(b->bytes, INVOICE_XML_MAX), bytes = as_utf8(j, raw);
    xmlParserCtxtPtr p = xmlCreatePushParserCtxt(&sax, w, NULL, 0, NULL);
    bool whole = false;
    if (p) {
        xmlCtxtUseOptions(p, XML_PARSE_NONET | XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                 (bytes.p == raw.p ? 0 : XML_PARSE_IGNORE_ENC));
        xmlParseChunk(p, bytes.p, (int)bytes.n, 0);
        xmlParseChunk(p, NULL, 0, 1);
        whole = p->wellFormed;
        if (p->myDoc)
            xmlFreeDoc(p->myDoc);
        xmlFreeParserCtxt(p);
    }
    flush(w);
    a->kind = str_c(nature(w));
    if (!str_eq(a->kind, STR("xml")) && !str_eq(a->kind, STR("sdi")))
        a->flags |= ATT_INVOICE;
    a->number = w->number.p ? w->number : a->number;
    a->holder = w->payee.n ? w->payee : w->seller.n ? w->seller : a->holder;
    AUTO(buf) struct buf out;
    struct extract_source s = {.part = b->part, .where = WHERE_XML, .link = LINK_HTML};
    buf_init(&out, EXTRACT_TEXT_PART_MAX * 2u);
    extract_text(j, &s, buf_str(&w->text), &out);
    if (!whole)
        broken(w, raw, &out);
    a->text_chars = (uint32_t)out.n;
    extract_attached(j, buf_str(&out));
    buf_free(&w->text);
    arena_reset(&j->scratch, mark);
}
