#pragma once
/* The firm's side and its past for `sigillo scan`, and the judgement against them. Messages of the past never judge each
 * other; a judged message teaches nothing. */
#include "admin/scan_mail.h"
#include "core/err.h"
#include "guard/guard.h"

#define ADMIN_SCAN_OWN_MAX 1000u /* own domains, coordinates and people */

struct guard_lists;
struct guard_memory;
struct mime_charsets;

struct admin_scan_past {
    struct arena arena;
    struct mime_charsets *charsets;
    struct guard_lists *lists;
    struct str domains[ADMIN_SCAN_OWN_MAX];
    struct guard_party staff[ADMIN_SCAN_OWN_MAX];
    struct guard_memory *memory;
    struct guard_policy policy;
    bool test_auth; /* X-Test-Auth of test corpora says what the server would have known on arrival */
};
int admin_scan_past_open(struct admin_scan_past *p, struct err *e) MUST_USE;
void admin_scan_past_close(struct admin_scan_past *p);
/* ERR_INVALID with a sentence when the option's value is not one. */
int admin_scan_past_domain(struct admin_scan_past *p, struct str domain, struct err *e) MUST_USE;
int admin_scan_past_iban(struct admin_scan_past *p, struct str iban, struct err *e) MUST_USE;
int admin_scan_past_staff(struct admin_scan_past *p, struct str name_addr, struct err *e) MUST_USE;
/* Takes --own-domain, --own-iban, --staff and --test-auth out of argv. */
int admin_scan_own_options(struct admin_scan_past *p, int *argc, char **argv, struct err *e) MUST_USE;
/* By date: what is learned depends on the order, the order of files does not mean anything. */
int admin_scan_past_order(struct admin_scan_mails *mails, struct err *e) MUST_USE;
/* insight: encoded; failed: why there is none. */
int admin_scan_past_add(struct admin_scan_past *p, struct str raw, struct str insight, const char *failed) MUST_USE;
/* One message against the past, with everything that led to the verdict. In the arena. */
struct admin_scan_judged {
    struct guard_input *input;
    struct guard_history history;
    struct guard_verdict verdict;
};
void admin_scan_past_look(struct admin_scan_past *p, struct str raw, struct str insight, const char *failed,
                          struct arena *a, struct admin_scan_judged *out);
/* In the arena: never NULL. */
const struct guard_verdict *admin_scan_past_judge(struct admin_scan_past *p, struct str raw, struct str insight,
                                                  const char *failed, struct arena *a, struct str *from,
                                                  struct str *subject);
