#pragma once
/* Inside jmap/: the functions of the method table. */
#include "jmap/method.h"

jmap_method_fn jmap_core_echo;
jmap_method_fn jmap_mailbox_get, jmap_mailbox_query, jmap_mailbox_changes, jmap_mailbox_query_changes, jmap_mailbox_set;
jmap_method_fn jmap_thread_get, jmap_thread_changes;
jmap_method_fn jmap_email_get, jmap_email_query, jmap_email_changes, jmap_email_set, jmap_email_query_changes,
    jmap_search_parse;
jmap_method_fn jmap_held_release, jmap_held_discard, jmap_guard_report, jmap_context_get;
jmap_method_fn jmap_email_import, jmap_email_copy, jmap_email_parse, jmap_blob_copy, jmap_snippet_get;
jmap_method_fn jmap_identity_get, jmap_identity_changes;
jmap_method_fn jmap_person_get, jmap_person_set, jmap_domain_get, jmap_domain_set, jmap_health_get;
jmap_method_fn jmap_delivery_query, jmap_delivery_get;
