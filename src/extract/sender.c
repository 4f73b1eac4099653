/* Rule of one reader of headers: where GMime reads another author than mime/ does, other programs may too, and the
 * message is held. */
#include "extract/job.h"

static bool same(const struct mime_addr *from, struct str other)
{
    ptrdiff_t at = str_rchr(other, '@');
    if (at < 0)
        return str_ieq(other, from->local) && from->domain.n == 0;
    struct str local = str_upto(other, (size_t)at), domain = str_from(other, (size_t)at + 1);
    if (local.n >= 2 && local.p[0] == '"' && local.p[local.n - 1] == '"')
        local = str_n(local.p + 1, local.n - 2);
    return str_ieq(local, from->local) && (str_ieq(domain, from->domain) || str_ieq(domain, from->udomain));
}

static size_t mailboxes(InternetAddressList *list, const char **first)
{
    size_t n = 0;
    for (int i = 0, all = list ? internet_address_list_length(list) : 0; i < all; i++) {
        InternetAddress *ia = internet_address_list_get_address(list, i);
        if (!INTERNET_ADDRESS_IS_MAILBOX(ia))
            continue;
        if (n++ == 0)
            *first = internet_address_mailbox_get_addr((InternetAddressMailbox *)ia);
    }
    return n;
}

bool extract_sender_differs(struct extract_job *j)
{
    if (j->identity.from_state != MIME_FROM_OK)
        return false; /* proves nothing already; the guard hears it from mime/ */
    const char *first = NULL;
    size_t n = mailboxes(g_mime_message_get_from(j->message), &first);
    if (n == 0)
        return false; /* GMime could not read it at all: no second author to confuse */
    return n > 1 || !first || !same(&j->identity.from, str_c(first));
}
