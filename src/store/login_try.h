#pragma once
/* Wrong passwords, counted in the directory, so that all processes of the installation share the counts and a restart forgets none. The caller makes the
 * marks (keyed hashes of an address, a network, both together). The functions make their commits themselves and wait: called where passwords are checked,
 * which is slower. What bounds the table is that rate: a row lives LOGIN_TRY_WINDOW_MS, and each note removes up to LOGIN_TRY_PRUNE that are over. */
#include "store/store.h"

#define LOGIN_TRY_MARK 32u
#define LOGIN_TRY_WINDOW_MS (15 * 60 * 1000LL)
#define LOGIN_TRY_PRUNE 50

struct login_try {
    uint8_t mark[LOGIN_TRY_MARK];
    int64_t most; /* so many are let through within the window */
    int64_t n;    /* login_tries_wait: how many there were */
};
/* 0, and *wait_ms until all of them may try again (0: now); < 0 the directory does not answer. */
int login_tries_wait(struct store *s, struct login_try *v, size_t n, int64_t *wait_ms) MUST_USE;
int login_tries_note(struct store *s, const struct login_try *v, size_t n) MUST_USE; /* one more of each; 0 or < 0 */
int login_tries_clear(struct store *s, const struct login_try *one) MUST_USE;
