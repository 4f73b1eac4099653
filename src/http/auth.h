#pragma once
/* Who is logged in: sessions, verified credentials, limits on trying. Ids and passwords are kept only as keyed BLAKE2b,
 * the key is random per process. Sessions live in memory: a restart logs everybody out. Times are mono. */
#include "http/http.h"
#include "net/mac.h"

#define HTTP_SESSION_BYTES 16u /* 128 random bits, 32 hex digits in the cookie */
#define HTTP_SESSION_TEXT (2u * HTTP_SESSION_BYTES)
#define HTTP_SESSION_IDLE_MS (12LL * 3600 * 1000)
#define HTTP_SESSION_LIFE_MS (7LL * 24 * 3600 * 1000)
#define HTTP_SESSIONS_MAX 50000u
#define HTTP_SESSIONS_OF_ACCOUNT 20u /* the oldest goes */
#define HTTP_VERIFIED_MS (5 * 60 * 1000)
#define HTTP_VERIFIED_MAX 4096u
#define HTTP_FAIL_WINDOW_MS (15 * 60 * 1000)
#define HTTP_FAILS_ADDRESS 10 /* wrong passwords of one address within the window */
#define HTTP_FAILS_PEER 30    /* of one network address; loopback: ten times that, proxies stand there */
#define HTTP_FAILS_MAX 20000u /* entries kept */

struct http_auth;
struct http_auth *http_auth_new(struct net_loop *l);
void http_auth_free(struct http_auth **a);

/* New session: its id in hex. */
void http_session_start(struct http_auth *a, const struct http_person *p, char id[HTTP_SESSION_TEXT + 1]);
/* NULL: unknown or expired. Lives until the session ends: copy. */
const struct http_person *http_session_find(struct http_auth *a, struct str id);
void http_session_end(struct http_auth *a, struct str id);
void http_auth_end_account(struct http_auth *a, int64_t org, int64_t account,
                           struct str address); /* sessions and verified credentials */

void http_cred_key(struct http_auth *a, struct str address, struct str password, uint8_t out[NET_MAC_LEN]);
const struct http_person *http_cred_find(struct http_auth *a, const uint8_t key[NET_MAC_LEN]);
void http_cred_keep(struct http_auth *a, const uint8_t key[NET_MAC_LEN], const struct http_person *p);

/* Seconds to wait before this address or peer may try again; 0: go on. */
int64_t http_fail_wait(struct http_auth *a, struct str address, const struct net_peer *peer);
void http_fail_note(struct http_auth *a, struct str address, const struct net_peer *peer);
void http_fail_clear(struct http_auth *a, struct str address);
void http_person_copy(struct arena *a, struct http_person *to, const struct http_person *from);
