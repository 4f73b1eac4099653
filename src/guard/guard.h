#pragma once
/* The guard: facts + history -> findings -> verdict. Pure: no descriptor, clock, global or libm; integer scores in
 * milli-nats (1/1000 of a nat of evidence for fraud). A finding is a row of guard_table (guard/table.c); its detector
 * sits in the file of its family. Evidence is shown old beside new, so that a book-keeper can check it. */
#include "facts/facts.h"

#define GUARD_VERSION 1u
#define GUARD_IBANS_MAX 16u
#define GUARD_FINDINGS_MAX 32u
#define GUARD_FACTS_MAX 8u

enum guard_level { GUARD_NOTE, GUARD_CAUTION, GUARD_STOP };
enum guard_action { GUARD_ACCEPT, GUARD_ACT_CAUTION, GUARD_JUNK, GUARD_HOLD, GUARD_REJECT };
enum guard_auth { AUTH_NONE, AUTH_PASS, AUTH_FAIL, AUTH_SOFTFAIL, AUTH_NEUTRAL, AUTH_TEMPERROR, AUTH_PERMERROR };
struct guard_authentication {
    enum guard_auth spf, dkim, dmarc;
};

/* Who and what, from mime/ (the one reader of headers) and from the facts. */
struct guard_input {
    struct str from_name, from_addr, from_domain; /* empty when there is not exactly one From */
    bool from_ambiguous;                          /* not exactly one parseable From with one address */
    bool scan_failed;                             /* worker crashed, ran out of time or answered badly, twice */
    const char *scan_reason;
    const struct facts_insight *insight;
    struct guard_authentication auth;
    int64_t now_ms;
};
enum guard_detail_state { DETAIL_SEEN, DETAIL_LEARNED, DETAIL_VERIFIED, DETAIL_REVOKED };
struct guard_detail {
    struct str iban;
    enum guard_detail_state state;
    int64_t first_ms, last_ms, count;
};
struct guard_keys { /* what must be known before judging */
    struct str from_addr, from_domain;
};
struct guard_history {
    struct guard_detail *details; /* of the sender's domain */
    size_t n_details;
    struct guard_detail *own; /* our own coordinates */
    size_t n_own;
    int64_t sender_count, sender_first_ms; /* accepted mails from this very address */
    int64_t domain_count;
    struct str party_name; /* empty when the domain is no counterparty on file */
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
    int32_t score; /* milli-nats */
    struct guard_finding findings[GUARD_FINDINGS_MAX];
    size_t n_findings;
};
void guard_keys(const struct guard_input *in, struct guard_keys *out);
uint64_t guard_history_version(const struct guard_history *h);
void guard_judge(const struct guard_input *in, const struct guard_history *h, struct arena *a,
                 struct guard_verdict *out);

/* The table for people. text has {key} places that guard_text fills from facts. */
struct guard_row {
    const char *code;
    enum guard_level level;
    int32_t weight;
    const char *title[2], *text[2]; /* it, en */
    const char *anchor;             /* in docs/guard.md */
};
extern const struct guard_row guard_table[GUARD_CODES];
const char *guard_level_name(enum guard_level l);
const char *guard_action_name(enum guard_action a);
/* Findings as stored: JSON array of {"code","level","facts":{}}. */
void guard_findings_json(struct buf *b, const struct guard_verdict *v);
/* Text of row `code` with its facts (pairs of key, value), lang 0 it / 1 en; title when title is true. Unknown code:
 * the code itself. */
void guard_text(struct buf *b, struct str code, int lang, bool title, const struct guard_fact *facts, size_t n);
