#pragma once
/* Messages of the keys role (os/msg.def 40-44). All are requests with one answer of the same type and id, or KEY_ERROR.
 */
#include "os/channel.h"

#define KEY_NAME_MAX 255u          /* server name, purpose */
#define KEY_CHAIN_MAX (64u * 1024) /* certificate chain, PEM */
#define KEY_DIGEST_MAX 520u        /* a digest; for RSA one byte enum key_scheme and what it says */
#define KEY_SIG_MAX 520u           /* DER of ECDSA up to P-521; RSA up to 4096 bits */
/* How an RSA key signs. PKCS1: a digest (SHA-256, -384, -512 by its length). BLOCK: a whole block that the peer has padded (PSS of TLS 1.3); that would also
 * decrypt what was encrypted to the key, so TLS here never uses RSA key exchange. */
enum key_scheme { KEY_RSA_PKCS1 = 1, KEY_RSA_BLOCK = 2 };
#define KEY_VALUE_MAX (64u * 1024) /* plaintext to seal */
#define KEY_SEAL_OVERHEAD 45u      /* version, key id, nonce, tag */

enum key_reason {
    KEY_REFUSED = 1, /* this role may not ask that */
    KEY_STALE = 2,   /* handle not given to this channel: ask KEY_TLS again (keys was restarted) */
    KEY_NO_CERTIFICATE = 3,
    KEY_WRONG_KEY = 4, /* sealed with a master key that is not in keys/master */
    KEY_DAMAGED = 5,   /* sealed value was changed, or is for another purpose */
    KEY_FAILED = 6,
};
const char *key_reason_text(enum key_reason reason);

void key_put_tls(struct buf *b, struct str server_name);
int key_get_tls(const struct channel_msg *m, struct str *server_name) MUST_USE;
void key_put_certificate(struct buf *b, struct str chain, uint32_t handle);
int key_get_certificate(const struct channel_msg *m, struct str *chain, uint32_t *handle) MUST_USE;
void key_put_sign(struct buf *b, uint32_t handle, struct str digest);
int key_get_sign(const struct channel_msg *m, uint32_t *handle, struct str *digest) MUST_USE;
void key_put_value(struct buf *b, struct str purpose, struct str value); /* request of KEY_SEAL and KEY_UNSEAL */
int key_get_value(const struct channel_msg *m, struct str *purpose, struct str *value) MUST_USE;
void key_put_result(struct buf *b, struct str result); /* answer of KEY_SIGN, KEY_SEAL, KEY_UNSEAL */
int key_get_result(const struct channel_msg *m, struct str *result) MUST_USE;
void key_put_error(struct buf *b, enum key_reason reason);
int key_get_error(const struct channel_msg *m, enum key_reason *reason) MUST_USE;
