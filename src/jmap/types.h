#pragma once
/* Inside jmap/: the functions of the method table. */
#include "jmap/method.h"

jmap_method_fn jmap_core_echo;
jmap_method_fn jmap_mailbox_get, jmap_mailbox_query, jmap_mailbox_changes, jmap_mailbox_query_changes, jmap_mailbox_set;
jmap_method_fn jmap_thread_get, jmap_thread_changes;
jmap_method_fn jmap_email_get, jmap_email_query, jmap_email_changes, jmap_email_set, jmap_email_query_changes,
    jmap_search_parse;
jmap_method_fn jmap_held_release, jmap_held_discard, jmap_guard_report, jmap_context_get;
