#pragma once
/* SPF (RFC 7208). A record is checked whole before any of it counts (4.6). */
#include "auth/auth.h"
#include "auth/dns.h"

#define AUTH_SPF_LOOKUPS_MAX 10u /* 4.6.4: include, a, mx, ptr, exists, redirect */
#define AUTH_SPF_VOIDS_MAX 2u
#define AUTH_SPF_MX_MAX 10u
#define AUTH_SPF_PTR_MAX 10u
#define AUTH_SPF_TERMS_MAX 512u
#define AUTH_SPF_RECORD_MAX 16384u
#define AUTH_SPF_EXPLAIN_MAX 512u
#define AUTH_SPF_EXPAND_MAX 4096u /* of one macro string, before it is cut to a name */

enum auth_spf_mechanism {
    AUTH_SPF_ALL,
    AUTH_SPF_INCLUDE,
    AUTH_SPF_A,
    AUTH_SPF_MX,
    AUTH_SPF_PTR,
    AUTH_SPF_IP4,
    AUTH_SPF_IP6,
    AUTH_SPF_EXISTS
};
struct auth_spf_term {
    enum auth_spf_mechanism kind;
    enum auth_result qualifier; /* result of a match */
    struct str spec;            /* domain-spec, unexpanded; p == NULL: the current domain */
    struct auth_ip ip;
    unsigned cidr4, cidr6; /* 32 and 128 by default */
    struct str text;
};
struct auth_spf_record {
    struct auth_spf_term *term;
    size_t n;
    struct str redirect, explain; /* p == NULL: absent */
};
/* Is this TXT record one of SPF (4.5)? */
bool auth_spf_is(struct str text);
/* false: syntax error (permerror) with the reason. */
bool auth_spf_record_parse(struct arena *a, struct str text, struct auth_spf_record *out, const char **why) MUST_USE;

struct auth_spf_macros {
    struct auth_ip ip;
    struct str sender, local, sender_domain, domain, helo, receiver;
    struct str validated; /* of the p macro; p == NULL: not known, say "unknown" */
    int64_t now_s;
};
/* macro-string (7.1); explain: the c, r and t macros and spaces too. */
bool auth_spf_macro_valid(struct str text, bool explain);
/* domain-spec: a macro-string with a domain-end. */
bool auth_spf_domain_valid(struct str text);
bool auth_spf_macro_uses(struct str text, char letter);
/* false: out is full. */
bool auth_spf_macro_expand(struct buf *out, struct str text, const struct auth_spf_macros *m);

struct auth_work;
bool auth_spf_step(struct auth_work *w) MUST_USE; /* true: done */
bool auth_ip_match(const struct auth_ip *a, const void *bytes, bool v6, unsigned prefix);
