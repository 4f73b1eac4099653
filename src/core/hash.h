#pragma once
/* Checksums and text forms of bytes. crc32c (Castagnoli, hardware where present), SipHash, hex, base64 (RFC 4648),
 * JMAP ids: base32 of RFC 4648 section 6 alphabet in lower case without padding, most significant first, of a 63-bit integer. */
#include "core/buf.h"
#include "core/arena.h"

uint32_t crc32c(uint32_t crc, const void *p, size_t n); /* start with 0 */
uint32_t crc32c_table(uint32_t crc, const void *p,
                      size_t n); /* the same without the processor's instruction: the test compares them */
uint64_t siphash13(const uint64_t seed[2], const void *p, size_t n);
uint64_t hash64(
    struct str
        s); /* unseeded, stable across releases: for on-disk keys that are not attacker-sensitive (FNV-1a 64 finished) */
void hex_put(struct buf *b, struct str bytes);
bool hex_get(struct str hex, void *out, size_t n); /* exactly 2n digits */
void base64_put(struct buf *b, struct str bytes);
/* Strict: padding required, no white space. Result in the arena; n = (size_t)-1 and p NULL on error. */
bool base64_get(struct arena *a, struct str text, struct str *out);
#define ID_TEXT_MAX 14u
/* id > 0. "a" + base32: JMAP ids must not start with a digit or "-" (RFC 8620 1.2). Returns length written (no NUL counted, NUL added). */
size_t id_text(int64_t id, char out[ID_TEXT_MAX + 1]);
bool id_parse(struct str s, int64_t *id);
