#include "jmap/method.h"

#define CORE "urn:ietf:params:jmap:core"
#define MAIL "urn:ietf:params:jmap:mail"

const struct jmap_method jmap_methods[] = {
    {"Core/echo", CORE, jmap_core_echo},
    {"Email/changes", MAIL, jmap_email_changes},
    {"Email/get", MAIL, jmap_email_get},
    {"Email/query", MAIL, jmap_email_query},
    {"Mailbox/changes", MAIL, jmap_mailbox_changes},
    {"Mailbox/get", MAIL, jmap_mailbox_get},
    {"Mailbox/query", MAIL, jmap_mailbox_query},
    {"Thread/changes", MAIL, jmap_thread_changes},
    {"Thread/get", MAIL, jmap_thread_get},
};
const size_t jmap_n_methods = N_ELEMENTS(jmap_methods);

/* RFC 8620 4: the arguments come back as they were. */
int jmap_core_echo(struct jmap_call *c)
{
    char *text = json_dumps(c->args, JSON_COMPACT);
    if (!text)
        return JMAP_SERVER_FAIL;
    json_raw(c->w, str_c(text));
    free(text);
    return 0;
}
