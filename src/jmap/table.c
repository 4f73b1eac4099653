/* The methods. What is not here does not exist; docs/jmap.md is made from these rows. */
#include "jmap/types.h"

#define CORE "urn:ietf:params:jmap:core"
#define MAIL "urn:ietf:params:jmap:mail"
#define GUARD "urn:sigillo:guard"

const char *const jmap_capabilities[] = {CORE, MAIL, GUARD, NULL};

const struct jmap_method jmap_methods[] = {
    {"Core/echo", CORE, JMAP_ANYONE, jmap_core_echo, "Gives its arguments back."},
    {"Mailbox/get", MAIL, JMAP_ANYONE, jmap_mailbox_get, ""},
    {"Mailbox/changes", MAIL, JMAP_ANYONE, jmap_mailbox_changes, ""},
    {"Mailbox/query", MAIL, JMAP_ANYONE, jmap_mailbox_query, ""},
    {"Mailbox/queryChanges", MAIL, JMAP_ANYONE, jmap_mailbox_query_changes, ""},
    {"Mailbox/set", MAIL, JMAP_ANYONE, jmap_mailbox_set, ""},
    {"Thread/get", MAIL, JMAP_ANYONE, jmap_thread_get, ""},
    {"Thread/changes", MAIL, JMAP_ANYONE, jmap_thread_changes, ""},
    {"Email/get", MAIL, JMAP_ANYONE, jmap_email_get, ""},
    {"Email/changes", MAIL, JMAP_ANYONE, jmap_email_changes, ""},
    {"Email/query", MAIL, JMAP_ANYONE, jmap_email_query, ""},
    {"Email/queryChanges", MAIL, JMAP_ANYONE, jmap_email_query_changes, ""},
    {"Search/parse", GUARD, JMAP_ANYONE, jmap_search_parse, ""},
    {"Email/set", MAIL, JMAP_ANYONE, jmap_email_set, ""},
    {"Held/release", GUARD, JMAP_ANYONE, jmap_held_release, ""},
    {"Held/discard", GUARD, JMAP_ANYONE, jmap_held_discard, ""},
    {"Guard/report", GUARD, JMAP_ANYONE, jmap_guard_report, ""},
    {"Context/get", GUARD, JMAP_ANYONE, jmap_context_get, ""},
};
const size_t jmap_n_methods = N_ELEMENTS(jmap_methods);

/* RFC 8620 4: the arguments come back as they were. */
int jmap_core_echo(struct jmap_call *c)
{
    jmap_put_value(c->w, c->args);
    return 0;
}
