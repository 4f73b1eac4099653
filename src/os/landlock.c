#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Debian 12's kernel headers stop at ABI 2; the running kernel may know more, and it says so itself. */
#define FS_TRUNCATE (1ULL << 14)  /* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#define FS_ABI1 ((1ULL << 13) - 1)
#define FS_REFER (1ULL << 13) /* ABI 2: rename or link between folders */

/* ABI 6: no signal and no abstract unix socket to a process outside; a role cannot disturb another of the same user. */
#define SCOPE_ABSTRACT_UNIX (1ULL << 0)
#define SCOPE_SIGNAL (1ULL << 1)
struct ruleset {
    uint64_t fs, net, scoped;
};

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* No execute, no device nodes, anywhere. */
#define FS_WRITE                                                                                                \
    (FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | FS_REFER |      \
     FS_TRUNCATE)
/* Of these, what means something on a file that is not a folder; the kernel refuses the rest. */
#define FS_ON_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)

static uint64_t handled_by(int abi);
static int rule_add(int ruleset, const char *path, uint64_t access, struct err *e);

static uint64_t handled_by(int abi)
{
    uint64_t a = FS_ABI1;
    if (abi >= 2)
        a |= FS_REFER;
    if (abi >= 3)
        a |= FS_TRUNCATE;
    if (abi >= 5)
        a |= FS_IOCTL_DEV;
    return a;
}

static int rule_add(int ruleset, const char *path, uint64_t access, struct err *e)
{
    struct stat st;
    AUTO(fd) int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES
                   ? 0
                   : err_set(e, ERR_SYS, "landlock: %s: %s", path, strerror(errno));
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
        access &= FS_ON_FILE;
    struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        return err_set(e, ERR_SYS, "landlock: %s: %s", path, strerror(errno));
    return 0;
}

int landlock_seal(const struct sandbox_path *paths, const char *state, int *abi, struct err *e)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    char path[PATH_MAX];
    *abi = 0;
    if (version < 1) /* ENOSYS: not built in; EOPNOTSUPP: not in the boot's list of modules */
        return 0;
    struct ruleset attr = {.fs = handled_by((int)version)};
    if (version >= 6)
        attr.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
    /* An older kernel takes a longer structure whose new fields are zero. */
    AUTO(fd) int set = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    if (set < 0)
        return err_set(e, ERR_SYS, "landlock: %s", strerror(errno));
    for (size_t i = 0; i < SANDBOX_PATHS_MAX && paths[i].path; i++) {
        const char *p = paths[i].path;
        if (p[0] == '\0' || (p[0] != '/' && !state))
            continue;
        int w = p[0] == '/' ? snprintf(path, sizeof(path), "%s", p) : snprintf(path, sizeof(path), "%s/%s", state, p);
        if (w <= 0 || (size_t)w >= sizeof(path))
            return err_set(e, ERR_LIMIT, "landlock: path too long: %s", p);
        uint64_t access = (paths[i].access == SANDBOX_WRITE ? FS_WRITE : FS_READ) & attr.fs;
        int r = rule_add(set, path, access, e);
        if (r != 0)
            return r;
    }
    /* The leak checker looks at the threads of its own process when it ends. */
    if (sandbox_sanitized()) {
        int r = rule_add(set, "/proc", FS_READ & attr.fs, e);
        if (r != 0)
            return r;
    }
    if (syscall(SYS_landlock_restrict_self, set, 0) != 0)
        return err_set(e, ERR_SYS, "landlock: %s", strerror(errno));
    *abi = (int)version;
    return 0;
}
