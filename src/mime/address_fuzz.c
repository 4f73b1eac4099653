#include "mime/build.h"
#include "mime/header.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct mime_charsets *charsets;

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* An address that we read without doubt is written and read back the same. */
static void round_trip(struct arena *a, const struct mime_addr *m)
{
    AUTO(buf) struct buf out;
    struct mime_build b;
    struct mime_header h;
    struct mime_field f;
    struct mime_addrs again = {0};
    buf_init(&out, 1024 * 1024);
    mime_build_init(&b, &out);
    mime_build_addrs(&b, STR("To"), m, 1);
    if (b.err)
        return;
    mime_header_init(&h, buf_str(&out));
    must(mime_header_next(&h, &f));
    mime_addrs_parse(a, charsets, f.value, &again);
    must(again.n == 1 && again.flags == 0 && mime_addr_same(a, m, &again.v[0]));
    must(!(again.v[0].flags & (MIME_ADDR_AMBIGUOUS | MIME_ADDR_LOOSE)));
    must(str_eq(str_trim(m->name), again.v[0].name));
    must(!mime_header_next(&h, &f));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    AUTO(arena) struct arena a;
    struct mime_addrs list = {0};
    if (!charsets)
        charsets = mime_charsets_open();
    arena_init(&a, ARENA_NO_LIMIT);
    mime_addrs_parse(&a, charsets, str_n(data, n), &list);
    must(list.n <= MIME_ADDRS_MAX);
    unsigned doubt = MIME_ADDR_AMBIGUOUS | MIME_ADDR_BAD_DOMAIN | MIME_ADDR_BAD_LOCAL;
    for (size_t i = 0; i < list.n; i++) {
        const struct mime_addr *m = &list.v[i];
        must(m->local.n > 0 && str_utf8_valid(m->name) == m->name.n && str_utf8_valid(m->group) == m->group.n);
        must(m->domain.n > 0 || (m->flags & MIME_ADDR_NO_DOMAIN));
        if (!(m->flags & doubt) && i < 16)
            round_trip(&a, m);
    }
    return 0;
}
