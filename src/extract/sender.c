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

/* Where both read addresses and the first ones are not the same. */
static bool differs(const struct mime_addr *ours, InternetAddressList *list)
{
    const char *first = NULL;
    size_t n = mailboxes(list, &first);
    return ours && ours->domain.n > 0 && n > 0 && first && strchr(first, '@') && !same(ours, str_c(first));
}

bool extract_sender_differs(struct extract_job *j)
{
    const struct mime_identity *id = &j->identity;
    if (id->from_state != MIME_FROM_OK)
        return false; /* proves nothing already; the guard hears it from mime/ */
    const char *first = NULL;
    size_t n = mailboxes(g_mime_message_get_from(j->message), &first);
    if (n > 0 && (n > 1 || !first || !same(&id->from, str_c(first))))
        return true;
    /* n == 0: GMime could not read it at all: no second author to confuse. An answer that goes to another one is as
     * bad. */
    return differs(id->reply_to.n > 0 ? &id->reply_to.v[0] : NULL, g_mime_message_get_reply_to(j->message));
}
