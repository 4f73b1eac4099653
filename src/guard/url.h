#pragma once
/* URLs as a browser would follow them (WHATWG reading of RFC 3986: backslashes are slashes, tabs and line ends vanish),
 * and what is nested in them. Nothing fails: what is no web address has an empty host. */
#include "core/arena.h"

#define GUARD_URL_NESTED_MAX 3 /* redirects inside redirects that are followed */

struct guard_url {
    struct str scheme; /* lower case: "http", "https", "mailto", "tel" ... */
    struct str host;   /* lower case, without port, final dot or brackets; empty for mailto and kin */
    struct str path;   /* from the first "/" on, with the query */
    bool userinfo;     /* "bank.example@evil.example": a name before the host that looks like one */
    bool ip;           /* a number instead of a name, in any of its spellings */
    bool port;         /* other than 80 and 443 */
    bool encoded_host; /* percent signs in the host */
};
void guard_url_read(struct arena *a, struct str text, struct guard_url *out);
/* The web address that this one leads to by its own words: a parameter or path that holds another address, plain,
 * percent-encoded or base64. false: none. */
bool guard_url_nested(struct arena *a, const struct guard_url *u, struct guard_url *out);
/* An e-mail address of domain inside the URL, plain, encoded or base64: who clicked is told to the other side. */
bool guard_url_names(struct arena *a, const struct guard_url *u, struct str address);
/* The host that a text shown as a link claims: "www.banca.example/entra", "https://banca.example"; empty when it claims none. */
struct str guard_url_claimed(struct arena *a, struct str shown);
