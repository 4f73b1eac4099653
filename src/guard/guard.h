#pragma once
/* The guard: facts + history -> findings -> verdict. Pure: no descriptor, clock, global or libm; integer scores in
 * milli-nats (1/1000 of a nat of evidence for fraud). A finding is a row of guard_table (guard/table.c); its detector
 * sits in the file of its family. Evidence is shown old beside new, so that a book-keeper can check it.
 *
 * How a message is judged: guard_keys() names what must be known (round 0 from the message; round 1, for senders that are
 * not established, domains that look like theirs; round 2 about the parties that were found), the caller fills
 * guard_history from wherever the past is kept, guard_judge() gives the verdict, guard_lessons() says what this message
 * teaches. The store and `sigillo scan` (guard/memory.h) keep the past in the same rows. */
#include "facts/facts.h"

#define GUARD_VERSION 3u
#define GUARD_IBANS_MAX 16u
#define GUARD_FINDINGS_MAX 32u
#define GUARD_FACTS_MAX 8u
#define GUARD_ROUNDS 3
#define GUARD_KEYS_MAX 96u     /* of one round */
#define GUARD_LESSONS_MAX 160u /* rows that one message teaches */
#define GUARD_PARTIES_MAX 100u /* of each address field; more are not looked at */
#define GUARD_KEY_MAX 255u     /* bytes of a key or value; longer ones teach nothing */
/* A payment detail is learned by so many accepted mails over so long (design 7). */
#define GUARD_LEARN_COUNT 2
#define GUARD_LEARN_MS (14 * 24 * 3600 * 1000LL)

enum guard_level { GUARD_NOTE, GUARD_CAUTION, GUARD_STOP };
enum guard_action { GUARD_ACCEPT, GUARD_ACT_CAUTION, GUARD_JUNK, GUARD_HOLD, GUARD_REJECT };
enum guard_auth { AUTH_NONE, AUTH_PASS, AUTH_FAIL, AUTH_SOFTFAIL, AUTH_NEUTRAL, AUTH_TEMPERROR, AUTH_PERMERROR };
struct guard_authentication {
    enum guard_auth spf, dkim, dmarc, arc;
    struct str spf_domain, dkim_domain; /* what each proved; dkim: the aligned one when there is one */
    struct str policy;                  /* DMARC policy found: none, quarantine, reject; empty: no record */
};

/* One address of a header field, from mime/. */
struct guard_party {
    struct str name, addr; /* addr: canonical key; empty when there is no readable address */
    struct str domain;     /* A-labels, lower case */
};
/* The firm's own side: what is never a stranger. */
struct guard_policy {
    const struct str *domains; /* own domains */
    size_t n_domains;
    const struct guard_party *staff; /* own people, with private addresses as further entries of the same name */
    size_t n_staff;
};
struct guard_lists; /* guard/lists.h: suffixes, free mail, shorteners, brands, text model; may be NULL */

/* Who and what, from mime/ (the one reader of headers), the connection, and the facts. */
struct guard_input {
    struct str from_name, from_addr, from_domain; /* empty when there is not exactly one From */
    bool from_ambiguous;                          /* not exactly one parseable From with one address */
    bool from_broken; /* From is there, but not readable as one address: two, a group, words without an address */
    bool report;      /* multipart/report: a notice by a mail server (RFC 6522) */
    struct guard_party sender; /* Sender; empty when absent */
    const struct guard_party *reply_to, *to, *cc;
    size_t n_reply_to, n_to, n_cc;
    struct str envelope;                            /* reverse-path as canonical key; empty for <> or unknown */
    struct str helo, client;                        /* client: textual address; empty when unknown (a file) */
    struct str network, country;                    /* "AS3269", "IT"; empty when unknown */
    struct str subject, message_id, list_id, agent; /* agent: User-Agent or X-Mailer */
    const struct str *references;                   /* In-Reply-To first, then References from the newest on */
    size_t n_references;
    bool unsubscribe, automatic; /* List-Unsubscribe; RFC 3834 automatic or Precedence bulk */
    bool duplicate_fields;       /* a field stands twice that may stand once */
    bool outgoing;               /* written by our own people in an authenticated session */
    bool has_date;
    int64_t date_ms;
    int date_zone;    /* minutes */
    bool scan_failed; /* worker crashed, ran out of time or answered badly, twice */
    const char *scan_reason;
    const struct facts_insight *insight;
    struct guard_authentication auth;
    const struct guard_policy *policy; /* may be NULL */
    const struct guard_lists *lists;
    int64_t now_ms;
};

/* The past, in rows (kind, key, value) with how often and when. A key is text; the store keeps a keyed hash of it. */
enum guard_known_kind {
    KNOWN_ADDRESS = 1, /* key address; value empty */
    KNOWN_DOMAIN = 2,  /* key registrable domain; value empty */
    KNOWN_NEAR = 3, /* key a piece, skeleton or token of a registrable label (near.c); value the registrable domain */
    KNOWN_NAME = 4, /* key folded name of a person; value his address */
    KNOWN_IBAN = 5, /* key IBAN; value the party that showed it (guard_party_key) */
    KNOWN_MESSAGE = 6, /* key Message-ID; value addresses of its participants, parted by spaces, author first */
    KNOWN_HABIT = 7,   /* key party; value "pdf:TeamSystem", "net:AS3269", "country:IT", "agent:Outlook" */
    KNOWN_SAID = 8,    /* key hash of a normalised line that we sent; value empty */
    KNOWN_DETAIL = 9,  /* asks for the payment details of a party (guard_history.details) */
    KNOWN_LAST = 9
};
struct guard_known {
    enum guard_known_kind kind;
    struct str key, value;
    int64_t first_ms, last_ms;
    int64_t received, sent; /* accepted messages from them, messages of ours to them */
};
enum guard_detail_state { DETAIL_SEEN, DETAIL_LEARNED, DETAIL_VERIFIED, DETAIL_REVOKED };
struct guard_detail {
    struct str domain; /* party it is on file for (guard_party_key): a registrable domain for most */
    struct str iban;   /* or account number, or wallet */
    enum guard_detail_state state;
    int64_t first_ms, last_ms, count;
};
struct guard_key {
    enum guard_known_kind kind;
    struct str key;
};
struct guard_keys { /* what must be known before judging */
    struct guard_key v[GUARD_KEYS_MAX];
    size_t n;
};
struct guard_history {
    struct guard_known *rows; /* in any order; what was asked and is not here was never seen */
    size_t n_rows;
    struct guard_detail *details; /* of all domains asked for with KNOWN_DETAIL */
    size_t n_details;
    struct guard_detail *own; /* our own coordinates */
    size_t n_own;
    struct str party_name; /* of the sender's domain; empty when it is no counterparty on file */
    uint64_t version;      /* fingerprint of all of the above: compared again inside the commit */
};

enum guard_code {
#define FINDING(id, code, level, weight, title_it, title_en, text_it, text_en, anchor) GUARD_##id,
#include "guard/findings.def"
#undef FINDING
    GUARD_CODES
};
struct guard_fact {
    const char *key;
    struct str value;
};
struct guard_finding {
    enum guard_code code;
    enum guard_level level;
    int32_t weight;
    struct guard_fact facts[GUARD_FACTS_MAX];
    size_t n_facts;
};
struct guard_verdict {
    enum guard_action action;
    int32_t score; /* milli-nats, prior included; guard_probability() makes 0..1 of it */
    struct guard_finding findings[GUARD_FINDINGS_MAX];
    size_t n_findings;
};
/* round 0: from the message alone (h may be NULL); later rounds: what the rows so far ask for. Views of in, h and arena. */
void guard_keys(const struct guard_input *in, const struct guard_history *h, int round, struct arena *a,
                struct guard_keys *out);
/* What details and habits of this sender are filed under: the registrable domain; the address at a free-mail provider;
 * address and name at a service that writes for many. Empty without a sender. */
struct str guard_party_key(const struct guard_input *in, struct arena *a);
uint64_t guard_history_version(const struct guard_history *h);
void guard_judge(const struct guard_input *in, const struct guard_history *h, struct arena *a,
                 struct guard_verdict *out);
/* What an accepted message (verdict accept or caution; or an outgoing one) teaches: rows to add to what is known.
 * first_ms and last_ms are the message's time; received and sent are increments; a row with both 0 is only made when it
 * is not there. details: coordinates this message shows, for party_seen. Held and junked mail never teaches: then both are empty. */
struct guard_lessons {
    struct guard_known v[GUARD_LESSONS_MAX];
    size_t n;
    struct guard_detail details[GUARD_IBANS_MAX];
    size_t n_details;
};
void guard_lessons(const struct guard_input *in, const struct guard_history *h, const struct guard_verdict *v,
                   struct arena *a, struct guard_lessons *out);

/* The table for people. text has {key} places that guard_text fills from facts. */
struct guard_row {
    const char *code;
    enum guard_level level;
    int32_t weight;
    const char *title[2], *text[2]; /* it, en */
    const char *anchor;             /* in docs/guard.md */
};
extern const struct guard_row guard_table[GUARD_CODES];
/* Score as millionths of 1: logistic function from an integer table. */
uint32_t guard_probability(int32_t score);
const char *guard_level_name(enum guard_level l);
const char *guard_action_name(enum guard_action a);
/* Findings as stored: JSON array of {"code","level","facts":{}}. */
void guard_findings_json(struct buf *b, const struct guard_verdict *v);
/* How a person reads a fact's value: countries ("country", "old_country") and differences ("kind") in words, the rest as
 * it is. */
struct str guard_fact_word(struct str key, struct str value, int lang);
/* Text of row `code` with its facts (pairs of key, value), lang 0 it / 1 en; title when title is true. Unknown code:
 * the code itself. */
void guard_text(struct buf *b, struct str code, int lang, bool title, const struct guard_fact *facts, size_t n);
