/* The methods. What is not here does not exist; docs/jmap.md is made from these rows. */
#include "jmap/types.h"

#define CORE "urn:ietf:params:jmap:core"
#define MAIL "urn:ietf:params:jmap:mail"
#define SUBMISSION "urn:ietf:params:jmap:submission"
#define GUARD "urn:sigillo:guard"
#define ADMIN "urn:sigillo:admin"

const char *const jmap_capabilities[] = {CORE, MAIL, SUBMISSION, GUARD, ADMIN, NULL};

const struct jmap_method jmap_methods[] = {
    {"Core/echo", CORE, JMAP_ANYONE, jmap_core_echo, "Gives its arguments back."},
    {"Blob/copy", CORE, JMAP_ANYONE, jmap_blob_copy, "A log-in reaches one account: fromAccountNotFound."},
    {"Mailbox/get", MAIL, JMAP_ANYONE, jmap_mailbox_get,
     "`sigilloRole` is \"held\" for the quarantine, whose `role` is null."},
    {"Mailbox/changes", MAIL, JMAP_ANYONE, jmap_mailbox_changes, "`updatedProperties` is null."},
    {"Mailbox/query", MAIL, JMAP_ANYONE, jmap_mailbox_query, "Sorts by sortOrder, name, parentId."},
    {"Mailbox/queryChanges", MAIL, JMAP_ANYONE, jmap_mailbox_query_changes, ""},
    {"Mailbox/set", MAIL, JMAP_ANYONE, jmap_mailbox_set,
     "Places of the system (Inbox, Held, Drafts, Sent, Junk, Trash) keep name, place and role. `onDestroyRemoveEmails` "
     "up to 20,000 messages."},
    {"Thread/get", MAIL, JMAP_ANYONE, jmap_thread_get, ""},
    {"Thread/changes", MAIL, JMAP_ANYONE, jmap_thread_changes, ""},
    {"Email/get", MAIL, JMAP_ANYONE, jmap_email_get,
     "Without ids: requestTooLarge, query first. Of a held message only its row, its findings and its cleaned text."},
    {"Email/changes", MAIL, JMAP_ANYONE, jmap_email_changes, ""},
    {"Email/query", MAIL, JMAP_ANYONE, jmap_email_query,
     "Any order but receivedAt sorts at most 20,000 messages, and a filter looks through at most 300,000: beyond that "
     "unsupportedSort and "
     "unsupportedFilter say what to narrow. `total` is left out where counting it would take as long."},
    {"Email/queryChanges", MAIL, JMAP_ANYONE, jmap_email_query_changes,
     "Not for filters with words: what the index finds changes without a new state."},
    {"Email/set", MAIL, JMAP_ANYONE, jmap_email_set,
     "Create makes drafts (a blobId of any blob of the account may hang on them); update changes keywords and "
     "mailboxIds. Held messages are refused "
     "(forbidden)."},
    {"Email/copy", MAIL, JMAP_ANYONE, jmap_email_copy, "A log-in reaches one account: fromAccountNotFound."},
    {"Email/import", MAIL, JMAP_ANYONE, jmap_email_import,
     "What is imported is not judged by the guard and teaches it nothing."},
    {"Email/parse", MAIL, JMAP_ANYONE, jmap_email_parse, "At most 50 blobs; parts of what is parsed have no blobId."},
    {"SearchSnippet/get", MAIL, JMAP_ANYONE, jmap_snippet_get, ""},
    {"Identity/get", SUBMISSION, JMAP_ANYONE, jmap_identity_get,
     "One identity, the account's own. Nothing can be submitted yet."},
    {"Identity/changes", SUBMISSION, JMAP_ANYONE, jmap_identity_changes, ""},
    {"Search/parse", GUARD, JMAP_ANYONE, jmap_search_parse,
     "{text} -> {unknown: [\"foo:bar\"]}: operators and values of a typed search that mean nothing here, for a hint. "
     "They are looked for as words."},
    {"Held/release", GUARD, JMAP_ANYONE, jmap_held_release,
     "{ids, reason} -> {released: {id: emailId}, notReleased: {id: SetError}}. The id stays the same. reason: in the "
     "person's words why it is genuine, at most 2000 bytes, or absent; it goes into the audit. Audited."},
    {"Held/discard", GUARD, JMAP_ANYONE, jmap_held_discard,
     "{ids} -> {discarded: [id], notDiscarded}. Removed with its stub. Audited."},
    {"Guard/report", GUARD, JMAP_ANYONE, jmap_guard_report,
     "{ids, as: \"fraud\"|\"junk\"|\"honest\"} -> {reported: [id], notReported}. Fraud and junk go to Junk, honest to "
     "Inbox; after fraud, payment details "
     "that only mails of this sender had taught count no more. A held message can only be reported as fraud, and stays "
     "held. Audited; what was said last is the Email's guardReported, and Email/changes tells of it."},
    {"Context/get", GUARD, JMAP_ANYONE, jmap_context_get,
     "{emailId} -> {emailId, address, name, domain, company, firstSeen, lastSeen, received, sent, domainReceived, "
     "bankDetails: [{iban, state: "
     "seen|learned|verified|revoked, firstSeen, lastSeen, count, source}], messages: [emailId]}. Counts and details "
     "are the firm's, messages the account's own."},
    {"Person/get", ADMIN, JMAP_ADMIN, jmap_person_get,
     "{ids|null, properties} -> list [{id, address, name, state: active|disabled, role: admin|member, usedBytes, "
     "quotaBytes, createdAt, lastLoginAt, tokens: app tokens in force}]"},
    {"Person/set", ADMIN, JMAP_ADMIN, jmap_person_set,
     "create {address, name, password, role, quotaBytes}, update {name, state, role, quotaBytes, password, "
     "keepTokens}; "
     "people are disabled, never destroyed. A new password and a disabling end every session and revoke every app "
     "token; keepTokens: true beside a new password leaves the tokens. The last active administrator stays."},
    {"Domain/get", ADMIN, JMAP_ADMIN, jmap_domain_get,
     "{ids|null} -> list [{id, domain, createdAt, state: pending|proven|lapsed, recordName, recordValue, checkedAt, "
     "reason, "
     "reasonText: {it, en}|null, lapsedAt}]. A *pending* domain is only a name: no mail comes for it, nobody can have "
     "an address "
     "in it, the guard does not take it for the firm's own. recordName and recordValue are the TXT record that proves "
     "it (null once proven), checkedAt when it was last looked for, reason what was seen then: notFound, wrong (other "
     "TXT records), dns (no answer), taken (another firm here proved it first); null: not looked for yet, or seen. A "
     "proven domain is looked up every day: a reason beside *proven* says that its record is gone, recordName and "
     "recordValue what to publish again. After five such days it is *lapsed*: its mail and people stay, but mail that "
     "is "
     "proven to come from it is judged as a stranger's and nobody new gets an address in it, until its record is seen "
     "again. One that the operator added is never looked up."},
    {"Domain/set", ADMIN, JMAP_ADMIN, jmap_domain_set,
     "create {domain}: a pending one (created: its id and record). update {id: {verify: true}} looks the record up, "
     "for "
     "at most 6 s: updated says state, checkedAt, reason, also when it stays pending. An answer that there is no "
     "record "
     "may be remembered for 5 minutes. Two firms may hold a domain pending; the first whose record is seen has it. "
     "destroy [id]: a pending one at once, a proven one only without addresses in it, and never the last. A domain "
     "that "
     "the operator adds (`sigillo domain add`) needs no proof."},
    {"Delivery/query", ADMIN, JMAP_ADMIN, jmap_delivery_query,
     "{filter: {text, after, before, outcome: accepted|refused}, limit, position} -> {list: [{id, at, client, helo, "
     "reversePath, recipients, size, outcome, "
     "verdict, reply}]}, youngest first. Looks through at most 5,000 rows."},
    {"Delivery/get", ADMIN, JMAP_ADMIN, jmap_delivery_get,
     "{ids: [trace id]} -> list [{id, transaction, recipients: [{address, known, removed, messages: [{verdict, held, "
     "mailboxes}]}]}]"},
    {"Health/get", ADMIN, JMAP_ADMIN, jmap_health_get, "{} -> {ready, roles, cells, smtp}"},
};
const size_t jmap_n_methods = N_ELEMENTS(jmap_methods);

/* RFC 8620 4: the arguments come back as they were. */
int jmap_core_echo(struct jmap_call *c)
{
    jmap_put_value(c->w, c->args);
    return 0;
}
