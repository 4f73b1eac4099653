#pragma once
/* Inside the role keys: certificates with their private keys, and sealing with the master key. Nothing of this leaves
 * the process but what keys.c answers. */
#include "core/buf.h"
#include "core/env.h"
#include "os/key_msg.h"
#include "os/master.h"
#include "os/role_table.h"

/* keys_tls.c. Certificates: STATE/keys/tls/NAME.pem (leaf first, then the chain) with NAME.key (EC or RSA), as a person or
 * certbot puts them there; and STATE/keys/tls-selfsigned.{pem,key}, made here when missing or near its end, for the
 * time before there is a real one. */
#define KEYS_CERTS_MAX 256u  /* certificates in use */
#define KEYS_RETIRED_MAX 64u /* replaced ones whose handles still sign, until the oldest is dropped */
#define KEYS_RELOAD_MS 5000  /* the folder is looked at so often */

struct keys_tls;
int keys_tls_open(struct keys_tls **t, const char *state, const struct env *env,
                  struct err *e) MUST_USE; /* before the sandbox */
void keys_tls_free(struct keys_tls **t);
void keys_tls_refresh(struct keys_tls *t); /* reads the folder again when something in it changed */
/* Certificate for a server name: one that names it, else the one called "default", else the self-signed one.
 * KEY_NO_CERTIFICATE. */
int keys_tls_choose(struct keys_tls *t, struct str server_name, struct str *chain, uint32_t *handle) MUST_USE;
/* Signature (DER) of the digest, for RSA see enum key_scheme; KEY_STALE, KEY_FAILED. */
int keys_tls_sign(struct keys_tls *t, uint32_t handle, struct str value, uint8_t *sig, size_t *n) MUST_USE;

/* keys_seal.c. Sealed value: u8 1, u32 key id, 24 bytes nonce, XChaCha20-Poly1305 ciphertext and tag; the purpose is
 * associated data, so that a value cannot be moved to another use. 0 or enum key_reason. */
int keys_seal(const struct master *m, const struct env *env, struct str purpose, struct str plain,
              struct buf *sealed) MUST_USE;
int keys_unseal(const struct master *m, struct str purpose, struct str sealed, struct buf *plain) MUST_USE;
