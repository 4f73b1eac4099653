#pragma once
/* Who really sent a message: SPF (RFC 7208), DKIM (RFC 6376, 8301, 8463), DMARC (RFC 7489, np of RFC 9091), ARC
 * (RFC 8617). Pure: no descriptor, no clock; DNS answers are handed in.
 *
 * A job is restartable. auth_begin reads the message once (body hashes are made then); auth_step evaluates as far as
 * the answers known so far allow and says AUTH_ASK while something is missing. The caller sends each question that
 * auth_question hands out, gives each answer back with auth_answer, in any order, and steps again. All that is known to
 * be needed is asked at once: a normal message takes two or three rounds. Evaluation is a function of the answers
 * alone, so the order of answers never changes a result. Late? auth_give_up turns what is missing into temperror.
 *
 *     auth_begin(&job, arena, &input);
 *     while (auth_step(&job) == AUTH_ASK)
 *         ... auth_question(&job, &q) ... auth_answer(&job, q.id, status, rdata, n) ...
 *     job.results
 *
 * Everything lives in the arena given, so a job may be dropped at any time; message and `who` must outlive it. */
#include "auth/kit.h"
#include "mime/identity.h"

#define AUTH_SIGNATURES_MAX 8u /* checked, from the top; further ones are only counted */
#define AUTH_QUESTIONS_MAX 256u
#define AUTH_ARC_SETS_MAX 50u /* RFC 8617 4.2.1 */
#define AUTH_CLOCK_SKEW_S 3600
#define AUTH_ARENA_MAX (48u * 1024 * 1024) /* no job needs more, mime's identity included */

/* RFC 8601 2.7. Not each method has each of them. */
enum auth_result {
    AUTHRES_NONE,
    AUTHRES_PASS,
    AUTHRES_FAIL,
    AUTHRES_SOFTFAIL,
    AUTHRES_NEUTRAL,
    AUTHRES_POLICY,
    AUTHRES_TEMPERROR,
    AUTHRES_PERMERROR,
    AUTHRES_COUNT
};
const char *auth_result_name(enum auth_result r); /* "none", "pass" ... */

enum auth_rr_type { AUTH_RR_A = 1, AUTH_RR_PTR = 12, AUTH_RR_MX = 15, AUTH_RR_TXT = 16, AUTH_RR_AAAA = 28 };
enum auth_rr_status { AUTH_RR_OK, AUTH_RR_NXDOMAIN, AUTH_RR_SERVFAIL, AUTH_RR_TIMEOUT };

struct auth_ip {
    bool v6;
    uint8_t b[16]; /* the first 4 for IPv4; a mapped ::ffff:0:0/96 address is IPv4 (RFC 7208 5) */
};
bool auth_ip_parse(struct str text, struct auth_ip *out);

/* bits of auth_input.flags */
enum {
    AUTH_NO_SPF = 1 << 0,    /* client is not the sending host: a message read from a file */
    AUTH_EXPLAIN = 1 << 1,   /* fetch the exp= text of an SPF fail: one more round */
    AUTH_ANY_CLOCK = 1 << 2, /* do not look at t= and x= */
};
struct auth_input {
    struct str message; /* as received */
    const struct mime_identity *who;
    struct auth_ip ip;
    bool has_ip;          /* false: SPF is none */
    struct str helo;      /* as given */
    struct str mail_from; /* local@domain, without brackets; empty for <> */
    struct str receiver;  /* our name, for the r macro */
    int64_t now_s;
    const struct str *sealers; /* domains whose ARC seals are trusted, lower-case A-labels */
    size_t n_sealers;
    unsigned flags;
};

struct auth_spf {
    enum auth_result result;
    bool helo;            /* judged by HELO, because the reverse-path is empty */
    struct str domain;    /* that was judged; empty when there was none */
    struct str mechanism; /* that decided, as written; empty when none did */
    struct str explain;   /* with AUTH_EXPLAIN; printable ASCII of the sender's choice: not for our own replies */
    const char *reason;   /* of an error; NULL */
    unsigned lookups, voids;
    bool aligned; /* passes and belongs to the From domain */
};
/* bits of auth_signature.flags */
enum {
    AUTH_SIG_TESTING = 1 << 0, /* t=y in the key */
    AUTH_SIG_PARTIAL = 1 << 1, /* l= leaves a part of the body unsigned: result is at most policy */
};
struct auth_signature {
    enum auth_result result;
    struct str domain, selector; /* A-labels, lower case; may be empty when the signature was unreadable */
    struct str identity;         /* i=, or "@domain" */
    const char *algorithm;       /* "rsa-sha256" ... as claimed; "" unknown */
    unsigned bits;               /* of an RSA key; 0 unknown */
    struct str sample;           /* first 8 characters of b= (RFC 6008) */
    unsigned flags;
    const char *reason; /* in words; NULL for a plain pass */
    bool aligned;       /* d= belongs to the From domain (also when it fails) */
    int64_t signed_s;   /* t=; 0 none */
};
enum auth_policy { AUTH_POLICY_NONE, AUTH_POLICY_QUARANTINE, AUTH_POLICY_REJECT };
const char *auth_policy_name(enum auth_policy p);
struct auth_dmarc {
    enum auth_result result;  /* none, pass, fail, temperror, permerror */
    struct str from_domain;   /* empty: From is not one readable address (RFC 7489 6.6.1) */
    struct str org_domain;    /* registrable domain of it */
    struct str record_domain; /* where the record was; empty when there is none */
    enum auth_policy policy;  /* that the domain asks for this From domain (p, sp or np) */
    enum auth_policy applied; /* after pct (RFC 7489 6.6.4): one step milder when this message is not in the sample */
    unsigned pct;
    bool spf_aligned, dkim_aligned; /* an aligned pass of that kind */
    struct str dkim_domain;         /* d= of the aligned passing signature */
    const char *reason;
};
struct auth_arc_hop {
    struct str domain;  /* of the seal */
    struct str results; /* ARC-Authentication-Results without "i=N;" */
};
struct auth_arc {
    enum auth_result result; /* none, pass, fail; temperror: a key could not be had */
    unsigned n;              /* sets; hop[0] is i=1 */
    unsigned oldest_pass;    /* RFC 8617 5.2: lowest instance known to hold. Only the last message signature is
                                checked, so it is n with a pass, else 0 */
    unsigned trusted;        /* instance of the first of the trusted sealers at the end of the chain; 0 none */
    enum auth_result spf, dkim, dmarc; /* what that one saw; none when it did not say */
    struct auth_arc_hop *hop;
    const char *reason;
};
struct auth_results {
    struct auth_spf spf;
    struct auth_signature dkim[AUTH_SIGNATURES_MAX]; /* from the top of the message */
    size_t n_dkim;
    size_t dkim_seen;           /* signatures in the message */
    enum auth_result dkim_best; /* of all: pass when one passes */
    struct auth_dmarc dmarc;
    struct auth_arc arc;
};

struct auth_question {
    unsigned id;
    enum auth_rr_type type;
    struct str name; /* without last dot */
};
struct auth_work; /* job.h */
struct auth_job {
    struct auth_results results; /* final when auth_step said AUTH_DONE */
    struct auth_work *work;
};
enum auth_step { AUTH_DONE, AUTH_ASK };
void auth_begin(struct auth_job *job, struct arena *a, const struct auth_kit *kit, const struct auth_input *in);
enum auth_step auth_step(struct auth_job *job) MUST_USE;
/* Each question once; false when all that are known were handed out. */
bool auth_question(struct auth_job *job, struct auth_question *q) MUST_USE;
/* rdata in wire form, names uncompressed (os/dns_msg.h); copied. A second answer, or an id never asked, is ignored. */
void auth_answer(struct auth_job *job, unsigned id, enum auth_rr_status status, const struct str *rdata, size_t n);
void auth_give_up(struct auth_job *job); /* the next auth_step says AUTH_DONE */
