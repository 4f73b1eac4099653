/* Differential: what mime/ calls one certain author, GMime must read as the same, or the message must say that its
 * sender is ambiguous. The comparison here is made anew, not borrowed from what it checks. */
#include "extract/extract_test_help.h"
#include "mime/identity.h"
#include <gmime/gmime.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The address of the only mailbox, "" for none, NULL for several. */
static const char *author(GMimeMessage *m)
{
    InternetAddressList *list = g_mime_message_get_from(m);
    const char *found = "";
    for (int i = 0, n = list ? internet_address_list_length(list) : 0; i < n; i++) {
        InternetAddress *a = internet_address_list_get_address(list, i);
        if (!INTERNET_ADDRESS_IS_MAILBOX(a))
            continue;
        if (*found)
            return NULL;
        const char *addr = internet_address_mailbox_get_addr((InternetAddressMailbox *)a);
        found = addr ? addr : "";
    }
    return found;
}

static bool agree(const struct mime_addr *ours, const char *theirs)
{
    const char *at = theirs ? strrchr(theirs, '@') : NULL;
    if (!theirs)
        return false;
    if (!*theirs)
        return true;
    if (!at || ours->domain.n == 0)
        return false;
    struct str domain = str_c(at + 1);
    return str_ieq(domain, ours->domain) || str_ieq(domain, ours->udomain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct extract_ctx *ctx;
    static struct mime_charsets *charsets;
    struct extract_result r;
    struct mime_identity id;
    struct str raw = str_n(data, size);
    if (size == 0 || size > 65536 || (!ctx && extract_open(&ctx, NULL) != 0))
        return 0;
    if (!charsets)
        charsets = mime_charsets_open();
    extract_run(ctx, raw, &r);
    mime_identity_read(&r.arena, charsets, raw, &id);
    GMimeStream *s = g_mime_stream_mem_new_with_buffer(raw.p, raw.n);
    GMimeParser *p = g_mime_parser_new_with_stream(s);
    GMimeMessage *m = g_mime_parser_construct_message(p, NULL);
    if (r.code == 0 && m && id.from_state == MIME_FROM_OK && !(r.in.flags & FACTS_AMBIGUOUS_SENDER) &&
        !agree(&id.from, author(m)))
        __builtin_trap();
    if (m)
        g_object_unref(m);
    g_object_unref(p);
    g_object_unref(s);
    arena_free(&r.arena);
    return 0;
}
