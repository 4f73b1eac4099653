#pragma once
/* What every job of a process shares, and what no job can change for another: the digest fetched once (a fetch costs
 * more than a short hash), the Public Suffix List, and RSA keys as OpenSSL wants them, kept by their numbers (making one
 * costs half as much as checking a signature with it). Opened at start, before the sandbox closes the files;
 * thread-safe. */
#include "core/arena.h"
#include "core/err.h"

struct auth_keys;
struct auth_kit {
    void *sha256;           /* EVP_MD */
    void *psl;              /* psl_ctx_t; NULL: the registrable domain is the last two labels */
    struct auth_keys *keys; /* crypto.c; NULL: none are kept */
};
/* psl_file: newer than the list built into libpsl, or NULL. Without any list only psl stays NULL: not an error. */
int auth_kit_open(struct auth_kit *kit, const char *psl_file, struct err *e) MUST_USE;
void auth_kit_close(struct auth_kit *kit);
/* Organizational domain (RFC 7489 3.2) of a lower-case A-label name; the name itself when it is a public suffix. A view
 * into domain. */
struct str auth_org_domain(const struct auth_kit *kit, struct str domain);
