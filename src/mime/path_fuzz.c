#include "mime/path.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* An accepted path holds nothing that could end an SMTP line, and is written and read back the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct mime_charsets *charsets;
    AUTO(arena) struct arena a;
    AUTO(buf) struct buf out;
    struct mime_path p, again;
    struct str rest;
    if (!charsets)
        charsets = mime_charsets_open();
    arena_init(&a, ARENA_NO_LIMIT);
    buf_init(&out, 4096);
    unsigned allow = MIME_PATH_NULL | MIME_PATH_UTF8 | MIME_PATH_POSTMASTER;
    if (mime_path_parse(&a, charsets, str_n(data, n), allow, &p, &rest))
        return 0;
    for (size_t i = 0; i < p.raw.n; i++)
        if ((unsigned char)p.raw.p[i] < ' ' || p.raw.p[i] == 0x7F)
            abort();
    if (p.null)
        return 0;
    buf_addc(&out, '<');
    mime_addr_spec_put(&out, &p.addr);
    buf_addc(&out, '>');
    enum mime_path_result r = mime_path_parse(&a, charsets, buf_str(&out), allow, &again, NULL);
    /* Escapes that were not needed are not written, needed ones are: only length may differ. */
    if (r != MIME_PATH_LONG &&
        (r || !str_eq(p.addr.local, again.addr.local) || !str_eq(p.addr.domain, again.addr.domain)))
        abort();
    return 0;
}
