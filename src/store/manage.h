#pragma once
/* What an administrator changes about the people and domains of his firm, beside user_create and login_set_hash. Each function makes its commits itself (cell
 * first, directory second) and may be repeated: not inside a cell_fn. org is always the administrator's own. */
#include "store/account.h"

#define PERSON_NAME_MAX 400u
#define PERSON_LIST_MAX 500u
struct person_row {
    int64_t account, quota_bytes, used_bytes, created_ms, login_ms, tokens /* app tokens in force */;
    struct str address, name;
    bool active, admin;
};
/* Inside a cell_fn or cell_read: people of a firm in order of number, behind `after`. */
int person_list(struct txn *t, struct arena *a, int64_t org, int64_t after, size_t max, struct person_row **out,
                size_t *n) MUST_USE;
int person_get(struct txn *t, struct arena *a, int64_t org, int64_t account, struct person_row *out) MUST_USE; /* 1/0 */

enum person_refusal { PERSON_UNKNOWN = 1, PERSON_LAST_ADMIN, PERSON_BAD_NAME };
/* Name, state, role and quota as they stand in p. 0; > 0 refused; < 0 with the sentence. who: for the audit. */
int person_change(struct store *s, int64_t cell, int64_t org, const struct person_row *p, struct str who,
                  struct err *e) MUST_USE;

/* Domains. A *proven* one receives mail, may have people, is the firm's own for the guard, and belongs to nobody else here. A *pending* one is only a name
 * and a token: it does none of that, and several firms may hold it. It is proven by a TXT record at DOMAIN_PROOF_LABEL "." domain that says
 * DOMAIN_PROOF_PREFIX token; the first firm whose proof is seen has it. */
#define DOMAIN_PROOF_LABEL "_sigillo"
#define DOMAIN_PROOF_PREFIX "sigillo-verify="
#define DOMAIN_CLAIM_MAX \
    244u /* bytes of a domain that can be proven: with the label it is still a name (RFC 1035 2.3.4) */

enum domain_refusal {
    DOMAIN_TAKEN = 1, /* proven by another firm */
    DOMAIN_UNKNOWN,
    DOMAIN_IN_USE, /* addresses are in it */
    DOMAIN_LAST,
    DOMAIN_TOO_MANY,
    DOMAIN_HAVE, /* proven or pending in this firm already */
    DOMAIN_TOO_LONG
};
enum domain_reason { /* why it is still pending. Stored: numbers are never reused */
                     DOMAIN_NOT_LOOKED,
                     DOMAIN_NO_RECORD,
                     DOMAIN_OTHER_RECORD,
                     DOMAIN_NO_ANSWER,
                     DOMAIN_TAKEN_FIRST,
                     DOMAIN_REASONS
};
struct domain_row {
    struct str domain, token; /* token: empty when no record proves it but the operator */
    int64_t created_ms, looked_ms;
    bool pending;
    int64_t lapsed_ms;         /* of a proven one whose record went: since when; 0: it holds */
    enum domain_reason reason; /* of a proven one too: what the last look saw instead of the record */
};
/* Proven ones first, each by name. */
int domain_list(struct txn *t, struct arena *a, int64_t org, struct domain_row **out, size_t *n) MUST_USE;
int domain_get(struct txn *t, struct arena *a, int64_t org, struct str domain,
               struct domain_row *out) MUST_USE; /* 1/0 */
/* Those below make their commits themselves. domain: canonical (domain_key). 0; enum domain_refusal; < 0 with the sentence. */
/* out, in the arena: the new pending row. */
int domain_claim(struct store *s, struct arena *a, int64_t cell, int64_t org, struct str domain, struct str who,
                 struct domain_row *out, struct err *e) MUST_USE;
/* The DNS was asked and said nothing that proves it. */
int domain_looked(struct store *s, int64_t cell, int64_t org, struct str domain, enum domain_reason reason,
                  struct err *e) MUST_USE;
/* Proven from now on: DOMAIN_BY_PROOF, the record was seen; DOMAIN_BY_OPERATOR, who runs the server says so. */
enum domain_way { DOMAIN_BY_PROOF, DOMAIN_BY_OPERATOR };
int domain_add(struct store *s, int64_t cell, int64_t org, struct str domain, enum domain_way way, struct str who,
               struct err *e) MUST_USE;
/* A pending one is taken back; a proven one goes when no address is in it and it is not the last. */
int domain_remove(struct store *s, int64_t cell, int64_t org, struct str domain, struct str who,
                  struct err *e) MUST_USE;

/* A proven domain is looked up again. After DOMAIN_MISSES answers, one after another, that its record is not there, it has *lapsed*: who can change its DNS
 * may be somebody else now. Its mail comes as before, its people stay, nobody else here gets it; but what arrives with it as author and *is* from
 * there (SPF, DKIM, DMARC) is no longer a colleague's for the guard, and nobody new gets an address in it. The first look that sees the record
 * again makes all good; so does the operator's domain_add. No answer is no answer: it counts for nothing. */
#define DOMAIN_MISSES 5
struct domain_due {
    int64_t org;
    struct str domain, token;
};
/* Of all firms of the cell, those whose time has come, the most overdue first. */
int domain_due(struct txn *t, struct arena *a, struct domain_due *out, size_t max, size_t *n) MUST_USE;
/* What TXT records say: DOMAIN_NOT_LOOKED: the proof is there; DOMAIN_NO_RECORD; DOMAIN_OTHER_RECORD. */
enum domain_reason domain_proof_in(const struct str *text, size_t n, struct str token);
enum domain_change { DOMAIN_AS_BEFORE, DOMAIN_MISSED, DOMAIN_LAPSED, DOMAIN_BACK };
struct domain_look {
    int64_t org;
    struct str domain, who;
    enum domain_reason reason; /* DOMAIN_NOT_LOOKED: the record is there; DOMAIN_NO_ANSWER */
    int64_t next_ms;           /* when to look again; 0: a person asked, beside the jobs: a miss counts for nothing */
};
/* Its own commit. Two processes that looked at once count one miss. */
int domain_proof_looked(struct store *s, int64_t cell, const struct domain_look *l, enum domain_change *out,
                        struct err *e) MUST_USE;
/* Inside a cell_fn; *out in t->arena, sorted. */
int domain_lapsed(struct txn *t, int64_t org, struct str **out, size_t *n) MUST_USE;
int domain_lapsed_count(struct txn *t, int64_t *n) MUST_USE; /* of the cell */
