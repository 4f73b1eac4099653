#include "mime/identity.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct mime_charsets *charsets;
    AUTO(arena) struct arena a;
    struct mime_identity id;
    if (!charsets)
        charsets = mime_charsets_open();
    arena_init(&a, MIME_IDENTITY_ARENA_MAX);
    mime_identity_read(&a, charsets, str_n(data, n), &id);
    must(id.body <= n && id.n_references <= MIME_MSGIDS_MAX && id.n_in_reply_to <= MIME_MSGIDS_MAX);
    must(str_utf8_valid(id.subject) == id.subject.n && str_utf8_valid(id.subject_base) == id.subject_base.n);
    must(str_utf8_valid(id.from_text) == id.from_text.n);
    if (id.from_state == MIME_FROM_OK) {
        must(id.from_all.n == 1 && id.from.local.n && id.from.domain.n && !(id.from.flags & MIME_ADDR_AMBIGUOUS));
        must(str_chr(id.from_key, '@', 0) > 0 && str_utf8_valid(id.from_key) == id.from_key.n);
    } else {
        must(!id.from.local.n && !id.from_key.n);
    }
    return 0;
}
