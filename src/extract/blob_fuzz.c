/* Attachments of every kind: the first byte chooses the name, the rest is the file. */
#include "extract/extract_test_help.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"a.pdf", "a.png", "a.jpg", "a.xml",  "a.xml.p7m", "a.ics",  "a.eml", "a.zip",
                                    "a.doc", "a.rtf", "a.one", "a.html", "a.csv",     "a.docx", "a.7z",  "a.tar.gz"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct extract_ctx *ctx;
    struct extract_result r;
    struct buf b;
    if (size == 0 || size > (1u << 20) || (!ctx && extract_open(&ctx, NULL) != 0))
        return 0;
    buf_init(&b, 2u << 20);
    extract_mail_around(&b, names[data[0] % N_ELEMENTS(names)], str_n(data + 1, size - 1),
                        "La password: abc123, IBAN in allegato");
    extract_run(ctx, buf_str(&b), &r);
    if (r.code != 0)
        __builtin_trap();
    arena_free(&r.arena);
    buf_free(&b);
    return 0;
}
