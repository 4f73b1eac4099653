#pragma once
/* DMARC (RFC 7489; np of RFC 9091): the record, alignment, and what the domain asks for. */
#include "auth/auth.h"

#define AUTH_DMARC_TEXT_MAX 4096u

struct auth_dmarc_record {
    enum auth_policy policy, sub, absent; /* p, sp (else p), np (else sp) */
    bool has_absent;                      /* np= is there */
    bool strict_dkim, strict_spf;
    unsigned pct; /* 0..100 */
    bool reports; /* rua= has an address */
};
enum auth_dmarc_parse {
    AUTH_DMARC_OK = 0,
    AUTH_DMARC_OTHER = 1, /* not a DMARC record: does not begin with v=DMARC1 */
    AUTH_DMARC_BAD = 2,   /* one without a usable policy (6.6.3 step 6) */
};
enum auth_dmarc_parse auth_dmarc_record_parse(struct str text, struct auth_dmarc_record *out) MUST_USE;
/* Does `domain` (of SPF or d=) belong to `from`? Both lower-case A-labels. */
bool auth_aligned(const struct auth_kit *kit, struct str from, struct str domain, bool strict);

struct auth_work;
/* After SPF and DKIM are done or while they are not: asks for its records as early as possible. true: done. */
bool auth_dmarc_step(struct auth_work *w, bool inputs_done) MUST_USE;
