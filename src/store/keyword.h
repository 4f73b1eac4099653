#pragma once
/* Keywords (RFC 8621 4.1.1, IMAP flags of RFC 9051 2.3.2) as bits of placement.flags. The five of enum mail_flag and the fixed ones below have their bits
 * for good; an account gives the others as they come, at most KEYWORD_OWN_MAX. Names are lower case. Inside a cell_fn, reading also in a cell_read. */
#include "store/mail.h"

#define KEYWORD_FIRST 10u /* bit of the first own keyword */
#define KEYWORD_LAST 30u
#define KEYWORD_OWN_MAX (KEYWORD_LAST - KEYWORD_FIRST + 1)
#define KEYWORD_NAME_MAX 255u
enum { MAIL_KEYWORDS_MANY = 105, MAIL_KEYWORD_BAD = 106 }; /* refusals, beside enum mail_refusal */

struct keywords {
    struct str name[KEYWORD_LAST + 1]; /* of each bit, empty when it has none; \Deleted has no keyword */
};
int keyword_load(struct txn *t, struct arena *a, int64_t org, int64_t account, struct keywords *k) MUST_USE;
/* Its flag, 0 when the account has no such keyword. name in any case. */
uint32_t keyword_flag(const struct keywords *k, struct str name);
bool keyword_valid(struct str name);
/* As keyword_flag, but gives the name a bit (under the fence). 0, MAIL_KEYWORDS_MANY, MAIL_KEYWORD_BAD, < 0. */
int keyword_make(struct txn *t, int64_t org, int64_t account, struct keywords *k, struct str name,
                 uint32_t *flag) MUST_USE;
