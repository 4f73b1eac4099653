#pragma once
/* Asking the keys role and waiting for its answer: at most KEY_CLIENT_MS, usually a fraction of a millisecond. fd: the
 * channel "keys", used by one thread at a time. Answers that come too late are dropped by their id at the next call. 0;
 * > 0 enum key_reason (handle it: KEY_STALE means ask key_tls again); ERR_TIMEOUT; ERR_GONE (keys is being restarted: a
 * new channel comes as ROLE_PEER); ERR_CORRUPT. */
#include "os/key_msg.h"

#define KEY_CLIENT_MS 2000

/* server_name may be empty: the default certificate. chain: PEM, leaf first. */
int key_tls(int fd, struct str server_name, struct buf *chain, uint32_t *handle) MUST_USE;
/* sig: at least KEY_SIG_MAX bytes. */
int key_sign(int fd, uint32_t handle, struct str digest, uint8_t *sig, size_t *n) MUST_USE;
int key_seal(int fd, struct str purpose, struct str plain, struct buf *sealed) MUST_USE;
int key_unseal(int fd, struct str purpose, struct str sealed, struct buf *plain) MUST_USE;
