#pragma once
/* What clients bring by themselves: uploads that no message uses yet (RFC 8620 6.1). Inside a cell_fn. */
#include "store/mail.h"

#define MAIL_UPLOAD_KEEP_MS (24 * 3600 * 1000LL)
#define MAIL_UPLOAD_BYTES_MAX (1LL << 30) /* of one account within that time */
enum { MAIL_UPLOADS_FULL = 110 };
/* blob: among the job's drafts. Older uploads of the account are forgotten. 0, MAIL_UPLOADS_FULL, < 0. */
int mail_upload_add(struct txn *t, int64_t org, int64_t account, const struct blob_draft *blob, struct str type,
                    int64_t *upload) MUST_USE;
