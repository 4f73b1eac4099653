#pragma once
/* TLS server contexts. The private key never is in this process: the handshake's one signature is asked from whoever
 * holds it (net_tls_sign). ECDSA by digest; RSA (2048 to 4096 bits) as net_tls_sign says. TLS 1.2 and 1.3; no compression, no renegotiation, no session ids in
 * memory (tickets only). */
#include "core/err.h"
#include "core/str.h"

#define NET_TLS_SIG_MAX 520u /* RSA of 4096 bits: 512 bytes */
/* An RSA key signs what begins with one of these bytes: a digest to be padded as PKCS#1 v1.5 (TLS 1.2), or a block that OpenSSL has padded here (PSS, TLS
 * 1.3: only the block is at hand then). No cipher suite with RSA key exchange is offered. */
enum { NET_TLS_RSA_PKCS1 = 1, NET_TLS_RSA_BLOCK = 2 };
struct net_tls;
/* Signs the digest with the private key of the certificate: DER (RSA: the number) into sig (NET_TLS_SIG_MAX), length into *n. 0 or < 0.
 * Called on the loop: must be quick. */
typedef int net_tls_sign(void *ctx, struct str digest, uint8_t *sig, size_t *n);

int net_tls_new(struct net_tls **t, struct str chain_pem, net_tls_sign *sign, void *ctx, struct err *e) MUST_USE;
/* New certificate (and key) for handshakes from now on. */
int net_tls_reload(struct net_tls *t, struct str chain_pem, struct err *e) MUST_USE;
void net_tls_free(struct net_tls **t);
/* Which certificate for the name that a client asks for (SNI, RFC 6066 3): NULL or t itself: this one. name: lower case letters, digits, "-", "."; called on
 * the loop, must be quick. What it returns must outlive the connection's handshake. */
typedef struct net_tls *net_tls_choose(void *ctx, struct str name);
void net_tls_names(struct net_tls *t, net_tls_choose *choose, void *ctx);

/* Used by net/conn.c. */
struct ssl_st;
struct ssl_st *net_tls_session(struct net_tls *t, int fd);
/* Drains OpenSSL's error queue of this thread into one line for the log. */
void net_tls_error(char *out, size_t cap);
