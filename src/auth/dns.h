#pragma once
/* The answers a job has, and the questions it has not had answered. A look-up either returns an answer or notes the
 * question and returns NULL; the evaluation that asked runs again later. */
#include "auth/auth.h"

#define AUTH_DNS_NAME_MAX 253u
#define AUTH_DNS_TEXT_MAX (64u * 1024) /* of one record */
#define AUTH_DNS_RECORDS_MAX 128u

struct auth_rr {
    struct auth_rr *next; /* of the same name and type hash */
    unsigned id;
    enum auth_rr_type type;
    struct str name; /* lower case */
    bool known, handed_out;
    enum auth_rr_status status;
    size_t n;           /* records that were well formed */
    struct str *record; /* TXT: strings joined; MX, PTR: name without last dot; A, AAAA: the bytes */
};
struct auth_dns {
    struct arena *arena;
    struct auth_rr *table[64];
    struct auth_rr *all[AUTH_QUESTIONS_MAX];
    unsigned n, handed_out, open; /* open: noted and not answered */
    bool deaf;                    /* no answers will come: what is not known is a timeout */
};
/* NULL: not known yet, and asked. A name that DNS cannot hold does not exist. */
const struct auth_rr *auth_dns_get(struct auth_dns *d, enum auth_rr_type type, struct str name);
void auth_dns_answer(struct auth_dns *d, unsigned id, enum auth_rr_status status, const struct str *rdata, size_t n);
/* RFC 1035 2.3.4: labels of 1 to 63 bytes, 253 in all. No last dot. */
bool auth_dns_name_possible(struct str name);
static inline bool auth_rr_failed(const struct auth_rr *r)
{
    return r->status == AUTH_RR_SERVFAIL || r->status == AUTH_RR_TIMEOUT;
}
