#pragma once
/* The directory (address and log-in -> cell, org, account) and the rows of firms and people. Order of creation: cell first (pending), directory
 * second, active third; each step idempotent, so a crash between them is finished by running the same verb again. */
#include "store/store.h"

struct place_of { /* where an address lives */
    int64_t cell, org, account;
    bool found, disabled;
};
enum { DIR_UNKNOWN = 1 /* the address does not exist: 550 */ };
/* address: canonical key (mime_addr_key). Cached 60 s in memory. 0 found; DIR_UNKNOWN; < 0 the directory has no fresh answer: 451, never 550. Called on the loop thread: answers from the cache or an own read connection (< 1 ms). */
int directory_find(struct store *s, struct str address, struct place_of *out) MUST_USE;
bool directory_has_domain(struct store *s, struct str domain);
int directory_domain(struct store *s, struct str domain, struct place_of *out)
    MUST_USE; /* firm and cell of a domain, pending ones too; as directory_find */
int store_cells(struct store *s, int64_t **ids, size_t *n) MUST_USE; /* of all cells; the caller frees */

/* Canonical forms of what a person typed: the key of an address and its domain; a domain. ERR_INVALID with the sentence. */
int address_key(struct arena *a, struct str text, struct str *key, struct str *domain, struct err *e) MUST_USE;
int domain_key(struct arena *a, struct str text, struct str *key, struct err *e) MUST_USE;

struct new_firm {
    struct str name, domain;
};
struct new_user {
    struct str address, name, password_hash; /* argon2id string, made by admin */
};
int store_create(const struct store_conf *conf, const struct env *env,
                 struct err *e) MUST_USE; /* fresh state: directory, cell 1 */
/* A further cell: new firms go into it from now on. Repeatable: an id whose making was interrupted is finished. */
int store_add_cell(struct store *s, int64_t *id, struct err *e) MUST_USE;
int firm_create(struct store *s, const struct new_firm *f, int64_t *org, int64_t *cell, struct err *e) MUST_USE;
int user_create(struct store *s, struct str domain, const struct new_user *u, struct place_of *out,
                struct err *e) MUST_USE; /* ERR_EXIST, ERR_NOENT (domain) */
/* Many at once for imports and benches: n users in few transactions. */
int users_create(struct store *s, int64_t org, const struct new_user *u, size_t n, struct err *e) MUST_USE;
/* Log-in: hash of the account, or 0 rows. */
struct login {
    struct place_of at;
    struct str hash, name, firm; /* arena */
    int64_t set_ms;              /* when this password was set: which one was verified */
};
int login_find(struct store *s, struct arena *a, struct str address,
               struct login *out) MUST_USE; /* 0, DIR_UNKNOWN, < 0 */
/* A new password. In the same commit every session of the account ends, and every app token is revoked but with LOGIN_KEEP_TOKENS. who: for the audit. */
enum login_tokens { LOGIN_REVOKE_TOKENS, LOGIN_KEEP_TOKENS };
int login_set_hash(struct store *s, const struct place_of *at, struct str hash, enum login_tokens tokens,
                   struct str who, struct err *e) MUST_USE;
/* What an account may keep (0: no limit) and keeps, in bytes of all its mailboxes. 0; DIR_UNKNOWN; < 0. Waits for the cell as directory_find does. */
struct account_quota {
    int64_t quota, used;
};
int account_quota(struct store *s, const struct place_of *at, struct account_quota *out) MUST_USE;
int account_quota_set(struct store *s, const struct place_of *at, int64_t bytes, struct err *e) MUST_USE;
/* The firm's first administrator: reads postmaster@ and abuse@ where nobody has these addresses (RFC 5321 4.5.1). firm: of directory_domain. */
int account_first_admin(struct store *s, const struct place_of *firm, struct place_of *out) MUST_USE;
/* The firms of this state in order of number; 0 or < 0. */
struct firm_row {
    int64_t org, cell;
    bool active;
    struct str name, domain; /* its first domain */
};
int firm_list(struct store *s, struct arena *a, struct firm_row **out, size_t *n) MUST_USE;
