#pragma once
/* What an administrator changes about the people and domains of his firm, beside user_create and login_set_hash. Each function makes its commits itself (cell
 * first, directory second) and may be repeated: not inside a cell_fn. org is always the administrator's own. */
#include "store/account.h"

#define PERSON_NAME_MAX 400u
#define PERSON_LIST_MAX 500u
struct person_row {
    int64_t account, quota_bytes, used_bytes, created_ms, login_ms;
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

enum domain_refusal { DOMAIN_TAKEN = 1, DOMAIN_UNKNOWN, DOMAIN_IN_USE, DOMAIN_LAST, DOMAIN_TOO_MANY };
/* domain: canonical (domain_key). */
int domain_add(struct store *s, int64_t cell, int64_t org, struct str domain, struct str who, struct err *e) MUST_USE;
int domain_remove(struct store *s, int64_t cell, int64_t org, struct str domain, struct str who,
                  struct err *e) MUST_USE;
struct domain_row {
    struct str domain;
    int64_t created_ms;
};
int domain_list(struct txn *t, struct arena *a, int64_t org, struct domain_row **out, size_t *n) MUST_USE;
