#pragma once
/* What directory.c and account.c share. */
#include "store/account.h"
#include "store/mail.h"

#define CREDENTIAL_PASSWORD 1
enum { DIR_TAKEN = 2 };
int directory_address_put(struct txn *t, struct str address,
                          const struct place_of *at) MUST_USE; /* in the directory cell; 0, DIR_TAKEN, < 0 */
void directory_forget(struct store *s, struct str address);
int directory_org_cell(struct store *s, int64_t org, int64_t *cell) MUST_USE;
/* cell_write_wait with a sentence: 0 or < 0. */
int store_must(struct cell *c, cell_fn *fn, void *arg, const char *what, struct err *e) MUST_USE;
int mailbox_add(struct txn *t, int64_t org, int64_t account, int64_t id, int64_t parent, struct str name,
                enum mail_role role, int64_t order, int64_t seq) MUST_USE;
