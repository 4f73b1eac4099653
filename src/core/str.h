#pragma once
/* struct str: a view of bytes with a length; may hold NUL; never owns. The owner is an arena, a buf or static text.
 * Low-level primitive: knows nothing of mail. Case folding here is ASCII only (protocol keywords); text is ICU's. */
#include "core/attr.h"
#include <string.h>

struct str {
    const char *p;
    size_t n;
};
#define STR(lit) ((struct str){"" lit "", sizeof(lit) - 1})
#define STR_NULL ((struct str){NULL, 0})
#define STRF(s) (int)(s).n, (s).p /* printf("%.*s", STRF(s)) */

static inline struct str str_c(const char *z) { return (struct str){z, z ? strlen(z) : 0}; }
static inline struct str str_n(const void *p, size_t n) { return (struct str){(const char *)p, n}; }
static inline bool str_eq(struct str a, struct str b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }
static inline struct str str_from(struct str s, size_t at)
{
    return at >= s.n ? (struct str){s.p + s.n, 0} : (struct str){s.p + at, s.n - at};
}
static inline struct str str_upto(struct str s, size_t n) { return (struct str){s.p, n < s.n ? n : s.n}; }

bool str_ieq(struct str a, struct str b); /* ASCII case-insensitive */
int str_cmp(struct str a, struct str b);  /* bytewise, shorter first */
bool str_starts(struct str s, struct str prefix);
bool str_istarts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_trim(struct str s); /* SP HT CR LF at both ends */
/* Index of byte c at or after `from`; -1 when absent. */
ptrdiff_t str_chr(struct str s, char c, size_t from);
ptrdiff_t str_rchr(struct str s, char c);
ptrdiff_t str_find(struct str hay, struct str needle, size_t from);
ptrdiff_t str_ifind(struct str hay, struct str needle, size_t from);
/* Split at the first c: left gets what is before, right what is after. false (and left = s, right empty) when c is absent. */
bool str_cut(struct str s, char c, struct str *left, struct str *right);
/* Next token delimited by c; false at the end. Empty tokens are returned. */
bool str_token(struct str *rest, char c, struct str *tok);
/* Decimal, no sign or spaces (i64: one leading '-'); false on empty, foreign byte or overflow. */
bool str_u64(struct str s, uint64_t *out);
bool str_i64(struct str s, int64_t *out);
static inline char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }
static inline bool ascii_is_alpha(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
static inline bool ascii_is_digit(char c) { return c >= '0' && c <= '9'; }
/* Constant time for equal lengths (secrets). */
bool str_eq_ct(struct str a, struct str b);
/* Bytes of the longest valid UTF-8 prefix; == s.n when all of it is valid (no surrogates, no overlong). */
size_t str_utf8_valid(struct str s);
/* s cut to at most n bytes, never inside a UTF-8 sequence. */
struct str str_utf8_cut(struct str s, size_t n);
