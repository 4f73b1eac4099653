#pragma once
/* Messages of `sigillo scan`: a file is one message or an mbox (RFC 4155; "From " at the very beginning and a name that
 * does not end in .eml or .msg), a folder is everything below it in order of names. */
#include "core/arena.h"
#include "core/err.h"

#define ADMIN_SCAN_MAILS_MAX 10000000u
#define ADMIN_SCAN_DEPTH_MAX 32
#define ADMIN_SCAN_MESSAGE_MAX (256ull * 1024 * 1024)

struct admin_scan_mail {
    struct str path;
    struct str name; /* what is shown: the path, with "#n" for the n-th message of an mbox */
    uint64_t off, size;
};
struct admin_scan_mails {
    struct arena arena;
    struct admin_scan_mail *v;
    size_t n, cap;
};
/* Appends what path holds. ERR_NOENT, ERR_SYS ...: the sentence names the path. */
int admin_scan_find(struct admin_scan_mails *m, const char *path, struct err *e) MUST_USE;
void admin_scan_mails_free(struct admin_scan_mails *m);
/* The bytes of one message, as they stand in the file; free() them. */
int admin_scan_read(const struct admin_scan_mail *mail, char **bytes, struct err *e) MUST_USE;
