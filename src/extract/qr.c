#include "extract/qr.h"
#include "extract/blob.h"
#include "facts/iban.h"
#include <zbar.h>

#define QR_LINES_MAX 40u
#define QR_INVERTED_PIXELS (400u * 400u) /* small pictures are also looked at in negative */

static size_t lines_of(struct str data, struct str *line, size_t max)
{
    size_t n = 0;
    struct str rest = data;
    while (n < max && rest.n && str_token(&rest, '\n', &line[n])) {
        line[n] = str_trim(line[n]);
        n++;
    }
    return n;
}

static void iban_of(struct extract_job *j, struct str text, struct str holder, struct str bic, uint32_t part)
{
    char iban[IBAN_MAX + 1];
    size_t at = 0, start;
    if (!iban_next(text, &at, iban, &start))
        return;
    extract_payment(j,
                    (struct facts_payment){
                        .kind = COORD_IBAN, .where = WHERE_QR, .value = str_c(iban), .holder = holder, .part = part});
    if (bic.n == 8 || bic.n == 11)
        extract_payment(j, (struct facts_payment){
                               .kind = COORD_BIC, .where = WHERE_QR, .value = bic, .holder = holder, .part = part});
}

/* EPC069-12: BCD, version, charset, SCT, BIC, name, IBAN, amount, ... */
static bool epc(struct extract_job *j, const struct str *line, size_t n, uint32_t part, struct facts_attachment *a)
{
    if (n < 7 || !str_eq(line[0], STR("BCD")) || !str_eq(line[3], STR("SCT")))
        return false;
    iban_of(j, line[6], line[5], line[4], part);
    if (a && a->holder.n == 0)
        a->holder = arena_str(j->arena, str_utf8_cut(line[5], FACTS_NAME_MAX));
    return true;
}

/* Swiss QR-bill: SPC, version, coding, IBAN, then the creditor: type of address, name, ... */
static bool swiss(struct extract_job *j, const struct str *line, size_t n, uint32_t part, struct facts_attachment *a)
{
    if (n < 6 || !str_eq(line[0], STR("SPC")))
        return false;
    iban_of(j, line[3], line[5], STR(""), part);
    extract_note(j, a, ATT_INVOICE, STR(""));
    return true;
}

static bool is_address(struct str data)
{
    static const char *const schemes[] = {
        "http://", "https://", "www.",   "hxxp",  "upi:",   "bitcoin:",  "ethereum:", "mailto:",
        "tel:",    "sms:",     "smsto:", "wifi:", "ftp://", "market://", "intent:"};
    for (size_t i = 0; i < N_ELEMENTS(schemes); i++)
        if (str_istarts(data, str_c(schemes[i])))
            return true;
    /* "evil.example/login": phones open it as an address */
    ptrdiff_t dot = str_chr(data, '.', 0);
    return dot > 0 && (size_t)dot + 2 < data.n && str_chr(data, ' ', 0) < 0 && str_chr(data, '\n', 0) < 0 &&
           (str_chr(data, '/', 0) > dot || data.n < 64);
}

void qr_payload(struct extract_job *j, struct str data, uint32_t part, struct facts_attachment *a)
{
    struct str line[QR_LINES_MAX], text = str_trim(extract_utf8_str(j, data, FACTS_STRING_MAX));
    size_t n = lines_of(text, line, QR_LINES_MAX);
    if (!epc(j, line, n, part, a) && !swiss(j, line, n, part, a)) {
        if (is_address(text))
            extract_link(j, (struct facts_link){.url = text, .part = part, .kind = LINK_QR});
        else
            extract_text_links(j, part, LINK_QR, text);
        if (str_istarts(text, STR("PAGOPA|")))
            extract_note(j, a, ATT_INVOICE, STR(""));
        extract_payments(j, part, WHERE_QR, text);
    }
    extract_attached(j, text);
}

unsigned qr_scan(struct extract_job *j, const struct image *m, uint32_t part, struct facts_attachment *a)
{
    unsigned found = 0;
    zbar_image_t *z = zbar_image_create();
    if (!z)
        return 0;
    zbar_image_set_format(z, zbar_fourcc('Y', '8', '0', '0'));
    zbar_image_set_size(z, m->w, m->h);
    zbar_image_set_data(z, m->grey, (unsigned long)m->w * m->h, NULL);
    zbar_image_scanner_set_config(j->ctx->codes, ZBAR_NONE, ZBAR_CFG_TEST_INVERTED, m->w * m->h <= QR_INVERTED_PIXELS);
    /* Every second line is enough where a module of a code is at least three wide. */
    int density = m->fine || m->w * m->h <= QR_INVERTED_PIXELS ? 1 : 2;
    zbar_image_scanner_set_config(j->ctx->codes, ZBAR_NONE, ZBAR_CFG_X_DENSITY, density);
    zbar_image_scanner_set_config(j->ctx->codes, ZBAR_NONE, ZBAR_CFG_Y_DENSITY, density);
    if (zbar_scan_image(j->ctx->codes, z) > 0)
        for (const zbar_symbol_t *s = zbar_image_first_symbol(z); s; s = zbar_symbol_next(s)) {
            if (zbar_symbol_get_type(s) != ZBAR_QRCODE)
                continue;
            qr_payload(j, str_n(zbar_symbol_get_data(s), zbar_symbol_get_data_length(s)), part, a);
            found++;
        }
    zbar_image_destroy(z);
    return found;
}

void extract_image_file(struct extract_job *j, const struct extract_blob *b, struct facts_attachment *a)
{
    struct image m;
    bool refused;
    if (j->qr_images >= QR_IMAGES_MAX)
        return;
    if (image_read(j, b->bytes, 1, &m, &refused)) {
        j->qr_images++;
        unsigned found = qr_scan(j, &m, b->part, a);
        image_free(&m);
        /* The first picture of a moving one may be blank, and gone in a moment. */
        if (found == 0 && str_starts(b->bytes, STR("GIF8")) &&
            image_read(j, b->bytes, IMAGE_FRAMES_MAX, &m, &refused)) {
            qr_scan(j, &m, b->part, a);
            image_free(&m);
        }
    } else if (refused) {
        extract_note(j, a, ATT_UNREADABLE, STR("picture too large to be read"));
    }
}
