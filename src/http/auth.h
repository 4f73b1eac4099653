#pragma once
/* Who is logged in: ids of sessions and tokens, what was verified a moment ago, limits on trying. Ids and passwords are kept only as keyed BLAKE2b. The key
 * of ids comes from outside (http_auth_key) where log-ins last; the key of passwords is random per process. Times are mono. */
#include "http/http.h"

#define HTTP_ID_RANDOM 16u /* 128 random bits */
/* cell u32, org u64, account u64, random, and eight bytes of a MAC over them, in hex: what we did not make is refused without asking the store. */
#define HTTP_ID_RAW (4u + 8u + 8u + HTTP_ID_RANDOM + 8u)
#define HTTP_ID_TEXT (2u * HTTP_ID_RAW)
#define HTTP_TOKEN_PREFIX "sgl_"
#define HTTP_SESSION_IDLE_MS (12LL * 3600 * 1000)
#define HTTP_SESSION_LIFE_MS (7LL * 24 * 3600 * 1000)
#define HTTP_SESSIONS_MAX 50000u
#define HTTP_SESSIONS_OF_ACCOUNT 20u /* where they do not last: the oldest goes */
#define HTTP_LOGIN_TRUST_MS \
    2000 /* what the store said of a log-in is believed so long: another process may have ended it */
#define HTTP_VERIFIED_MS (5 * 60 * 1000)
#define HTTP_VERIFIED_MAX 4096u
#define HTTP_FAIL_WINDOW_MS HTTP_TRIES_WINDOW_MS
#define HTTP_FAILS_PAIR 10     /* wrong passwords for one address from one network address within the window */
#define HTTP_FAILS_ADDRESS 100 /* for one address from everywhere: high, so that a stranger cannot lock somebody out */
#define HTTP_FAILS_PEER 30     /* from one network address; loopback: ten times that, proxies stand there */
#define HTTP_FAILS_MAX 20000u  /* entries kept */

struct http_auth;
struct http_auth *http_auth_new(struct net_loop *l, bool lasting);
void http_auth_free(struct http_auth **a);
void http_auth_key(struct http_auth *a, const uint8_t key[NET_MAC_KEY]);
bool http_auth_ready(const struct http_auth *a); /* the key of ids is there */

/* A new id for cell, org, account, kind of l: sets l->hash and the text (hex, NUL). */
void http_id_new(struct http_auth *a, struct http_login *l, char text[HTTP_ID_TEXT + 1]);
/* False: not an id of ours, of that kind. */
bool http_id_parse(struct http_auth *a, enum http_login_kind kind, struct str text, struct http_login *l);

/* Log-ins seen lately. NULL: not known here. Not *fresh: ask again. Lives until the next call: copy. */
const struct http_person *http_login_known(struct http_auth *a, const struct http_login *l, bool *fresh);
void http_login_note(struct http_auth *a, const struct http_login *l, const struct http_person *p);
bool http_login_forget(struct http_auth *a, const struct http_login *l);
/* Of one account or address: what is known of its log-ins and its verified passwords. */
void http_auth_end_account(struct http_auth *a, int64_t org, int64_t account, struct str address);

void http_cred_key(struct http_auth *a, struct str address, struct str password, uint8_t out[NET_MAC_LEN]);
/* Not *fresh: ask whether it still holds, as for log-ins. */
const struct http_person *http_cred_find(struct http_auth *a, const uint8_t key[NET_MAC_LEN], bool *fresh);
void http_cred_checked(struct http_auth *a, const uint8_t key[NET_MAC_LEN], bool holds);
void http_cred_keep(struct http_auth *a, const uint8_t key[NET_MAC_LEN], const struct http_person *p);

/* Seconds to wait before this address or peer may try again; 0: go on. */
int64_t http_fail_wait(struct http_auth *a, struct str address, const struct net_peer *peer);
void http_fail_note(struct http_auth *a, struct str address, const struct net_peer *peer);
/* The same three as other processes count them. False: their key has not come. */
bool http_fail_tries(struct http_auth *a, struct str address, const struct net_peer *peer,
                     struct http_try out[HTTP_TRIES]) MUST_USE;
void http_fail_clear(struct http_auth *a, struct str address,
                     const struct net_peer *peer); /* the right password came from there */
void http_person_copy(struct arena *a, struct http_person *to, const struct http_person *from);
