#pragma once
/* Log-ins that last: sessions of the panel and app tokens, known only by a keyed hash of their random id, and the sealed key of that hash. The caller makes
 * ids and hashes; nothing here could tell one. A row counts only while its account and firm are active, its time is not over, the cell's epoch is the one
 * it began in (after a restore nobody is logged in), and, for a session, no password was set after it began. Functions run inside a cell_fn. */
#include "store/store.h"

#define LOGIN_HASH_LEN 32u
#define LOGIN_SESSION_IDLE_MS (12LL * 3600 * 1000)
#define LOGIN_SESSION_LIFE_MS (7LL * 24 * 3600 * 1000)
#define LOGIN_TOUCH_MS (10LL * 60 * 1000) /* used_ms is written so often */
#define LOGIN_SESSIONS_MAX 20             /* of an account: the longest unused go */
#define LOGIN_TOKENS_MAX 50               /* of an account: LOGIN_TOO_MANY */
#define LOGIN_NAME_MAX 200u

enum login_kind { LOGIN_SESSION = 1, LOGIN_TOKEN = 2 };
enum { LOGIN_TOO_MANY = 1, LOGIN_STALE = 2 /* the password it began with is not the account's any more */ };

struct login_key {
    int64_t org, account;
    enum login_kind kind;
    uint8_t hash[LOGIN_HASH_LEN];
};
struct login_row {
    int64_t number;
    struct str name;
    unsigned may; /* bits of the caller's */
    int64_t begun_ms, used_ms, until_ms;
    struct str address, person, firm; /* login_lookup, login_password */
    int64_t password_ms;              /* login_keep: when the password was set that was verified for it; 0: not asked */
};
/* A new row with name, may and until_ms of `row` (until_ms is set for sessions); its number in row->number. Rows that are over are removed on the way.
 * 0, LOGIN_TOO_MANY, LOGIN_STALE, < 0. */
int login_keep(struct txn *t, const struct login_key *k, struct login_row *row) MUST_USE;
/* 1 found (a: its texts), 0 not or over, < 0. Reads only. */
int login_lookup(struct txn *t, struct arena *a, const struct login_key *k, struct login_row *row) MUST_USE;
/* Is the password that was set at set_ms still good? 1 (a: texts), 0, < 0. Reads only. */
int login_password(struct txn *t, struct arena *a, int64_t org, int64_t account, int64_t set_ms,
                   struct login_row *row) MUST_USE;
int login_count(struct txn *t, int64_t org, int64_t account, enum login_kind kind, int64_t *n) MUST_USE; /* in force */
int login_touch(struct txn *t, const struct login_key *k) MUST_USE;
int login_drop(struct txn *t, const struct login_key *k) MUST_USE; /* 0 also when it was not there */
int login_drop_number(struct txn *t, int64_t org, int64_t account, int64_t number, bool *found) MUST_USE;
int login_drop_all(struct txn *t, int64_t org, int64_t account, int kind) MUST_USE; /* kind 0: both */
/* Those of an account, oldest first, at most max. */
int login_list(struct txn *t, struct arena *a, int64_t org, int64_t account, enum login_kind kind, size_t max,
               struct login_row **out, size_t *n) MUST_USE;

/* Sealed keys that all processes of the installation share: inside a cell_fn of the directory (store_directory). */
int secret_read(struct txn *t, struct arena *a, struct str name,
                struct str *sealed) MUST_USE; /* 1 found, 0 none, < 0 */
/* Keeps it unless somebody else has put another than `old` meanwhile (old empty: none was there): read again afterwards. */
int secret_write(struct txn *t, struct str name, struct str old, struct str sealed) MUST_USE;
