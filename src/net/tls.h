#pragma once
/* TLS server contexts. The private key never is in this process: the handshake's one signature is asked from whoever
 * holds it (net_tls_sign), by digest. P-256 ECDSA. TLS 1.2 and 1.3; no compression, no renegotiation, no session ids in
 * memory (tickets only). */
#include "core/err.h"
#include "core/str.h"

#define NET_TLS_SIG_MAX 128u /* DER ECDSA-Sig-Value of P-256 is at most 72 bytes */
struct net_tls;
/* Signs the digest with the private key of the certificate: DER into sig (NET_TLS_SIG_MAX), length into *n. 0 or < 0.
 * Called on the loop: must be quick. */
typedef int net_tls_sign(void *ctx, struct str digest, uint8_t *sig, size_t *n);

int net_tls_new(struct net_tls **t, struct str chain_pem, net_tls_sign *sign, void *ctx, struct err *e) MUST_USE;
/* New certificate (and key) for handshakes from now on. */
int net_tls_reload(struct net_tls *t, struct str chain_pem, struct err *e) MUST_USE;
void net_tls_free(struct net_tls **t);

/* Used by net/conn.c. */
struct ssl_st;
struct ssl_st *net_tls_session(struct net_tls *t, int fd);
/* Drains OpenSSL's error queue of this thread into one line for the log. */
void net_tls_error(char *out, size_t cap);
