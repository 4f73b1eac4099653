#pragma once
/* Who owns a state folder, and becoming that user. Roles and every CLI verb that touches a state folder run as its
 * owner and never as root: what they write is then readable by the next one, and a taken-over role is not root. All
 * errors are sentences with their cure. */
#include "core/err.h"
#include <sys/types.h>

#define OWNER_GROUPS_MAX 64
struct owner {
    uid_t uid;
    gid_t gid; /* the folder's group unless the user is known: then his own */
    gid_t groups[OWNER_GROUPS_MAX];
    size_t n_groups;
    char name[64]; /* "uid 1234" when the user has no name */
};
/* Owner of the folder at path. ERR_NOENT absent or not a folder; ERR_PERM owned by root, or by another user while we
 * are not root. */
int owner_of(const char *path, struct owner *o, struct err *e) MUST_USE;
/* Can that user enter every folder above path, and read, write and enter path itself? Asked of the kernel by a
 * short-lived child, so ACLs and read-only mounts count. ERR_PERM names the first folder that stops him and the chmod
 * that cures it. */
int owner_can_use(const char *path, const struct owner *o, struct err *e) MUST_USE;
/* For good (all three ids, groups); checks that there is no way back. Nothing to do when we are that user already. */
int owner_become(const struct owner *o, struct err *e) MUST_USE;
/* For a while: effective ids only, so that root never follows a link that the owner put into his folder. */
int owner_enter(const struct owner *o, struct err *e) MUST_USE;
int owner_leave(struct err *e) MUST_USE;
