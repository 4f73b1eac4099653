#pragma once
/* What is on file of counterparties, per firm; the rest of what the guard knows is store/known.h. Held and junked mail never teaches. A detail is learned by PARTY_LEARN_COUNT accepted mails
 * over PARTY_LEARN_MS, or verified by a person. Inside a cell_fn. */
#include "store/known.h"

#define PARTY_LEARN_COUNT 2
#define PARTY_LEARN_MS (14 * 24 * 3600 * 1000LL)
#define PARTY_DETAILS_MAX 64u
enum party_kind { PARTY_IBAN = 1 };
enum party_state { PARTY_SEEN, PARTY_LEARNED, PARTY_VERIFIED, PARTY_REVOKED };
struct party_detail {
    struct str value, who;
    int64_t first_ms, last_ms, count;
    enum party_state state;
};
/* Details on file, verified first; *out in t->arena. */
int party_details(struct txn *t, int64_t org, struct str domain, enum party_kind kind, struct party_detail **out,
                  size_t *n) MUST_USE;
/* accepted false: nothing is kept. */
int party_seen(struct txn *t, int64_t org, struct str domain, enum party_kind kind, struct str value, int64_t at_ms,
               bool accepted) MUST_USE;
/* Only for people: the value is verified from now on; written to the audit. name may be empty. */
int party_verify(struct txn *t, int64_t org, struct str domain, struct str name, struct str iban,
                 struct str who) MUST_USE;
/* 1 on file, 0 not. version rises with every decision of a person. */
int party_get(struct txn *t, int64_t org, struct str domain, struct str *name, int64_t *version) MUST_USE;
