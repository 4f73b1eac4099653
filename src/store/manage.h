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
    struct str domain, token; /* token: of a pending one */
    int64_t created_ms, looked_ms;
    bool pending;
    enum domain_reason reason;
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
