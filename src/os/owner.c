#include "os/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void fill_groups(struct owner *o);
static int probe(const char *path, const struct owner *o);
static int drop(const struct owner *o);

static void fill_groups(struct owner *o)
{
    struct passwd *pw = getpwuid(o->uid);
    o->n_groups = 0;
    if (!pw) {
        snprintf(o->name, sizeof(o->name), "uid %u", (unsigned)o->uid);
        return;
    }
    snprintf(o->name, sizeof(o->name), "%s", pw->pw_name);
    o->gid = pw->pw_gid;
    int n = OWNER_GROUPS_MAX;
    if (getgrouplist(pw->pw_name, pw->pw_gid, o->groups, &n) >= 0)
        o->n_groups = (size_t)n;
}

int owner_of(const char *path, struct owner *o, struct err *e)
{
    struct stat st;
    *o = (struct owner){0};
    if (stat(path, &st) != 0) {
        if (errno == ENOENT)
            return err_set(e, ERR_NOENT,
                           "the state folder %s does not exist; make one with: sigillo init --state %s ...", path,
                           path);
        return err_set(e, err_from_errno(errno), "cannot look at the state folder %s: %s", path, strerror(errno));
    }
    if (!S_ISDIR(st.st_mode))
        return err_set(e, ERR_NOENT, "%s is not a folder; --state names the folder that `sigillo init` made", path);
    o->uid = st.st_uid;
    o->gid = st.st_gid;
    if (st.st_uid == 0)
        return err_set(
            e, ERR_PERM,
            "the state folder %s belongs to root, and nothing here runs as root; give it to the system user: "
            "chown -R sigillo: %s",
            path, path);
    fill_groups(o);
    if (geteuid() != 0 && geteuid() != st.st_uid)
        return err_set(e, ERR_PERM,
                       "the state folder %s belongs to user %s, and we run as uid %u; nothing was touched: run this as "
                       "root or with "
                       "runuser -u %s",
                       path, o->name, (unsigned)geteuid(), o->name);
    return 0;
}

static int drop(const struct owner *o)
{
    if (geteuid() != 0)
        return geteuid() == o->uid ? 0 : -1;
    if (setgroups(o->n_groups, o->groups) != 0 || setresgid(o->gid, o->gid, o->gid) != 0 ||
        setresuid(o->uid, o->uid, o->uid) != 0)
        return -1;
    /* A way back to root would make the drop worthless. */
    return setuid(0) == 0 ? -1 : 0;
}

/* Runs in the child. Returns the length of the shortest prefix that fails, 0 when all is well, -1 when ids cannot be
 * changed. */
static int probe(const char *path, const struct owner *o)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n >= sizeof(part) || drop(o) != 0)
        return -1;
    for (size_t i = 1; i <= n; i++) {
        if (i < n && path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (access(part, i < n ? X_OK : R_OK | W_OK | X_OK) != 0)
            return (int)i;
    }
    return 0;
}

int owner_can_use(const char *path, const struct owner *o, struct err *e)
{
    AUTO(heap) char *real = realpath(path, NULL);
    int p[2], bad = 0;
    if (!real)
        return err_set(e, err_from_errno(errno), "cannot resolve %s: %s", path, strerror(errno));
    if (pipe2(p, O_CLOEXEC) != 0)
        return err_set(e, ERR_SYS, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        int r = probe(real, o);
        _exit(write(p[1], &r, sizeof(r)) == (ssize_t)sizeof(r) ? 0 : 1);
    }
    close(p[1]);
    ssize_t got = pid < 0 ? -1 : read(p[0], &bad, sizeof(bad));
    close(p[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    if (got != (ssize_t)sizeof(bad) || bad < 0)
        return err_set(e, ERR_SYS, "cannot try the state folder %s as user %s", path, o->name);
    if (bad == 0)
        return 0;
    if ((size_t)bad == strlen(real))
        return err_set(e, ERR_PERM,
                       "user %s, who owns the state folder %s, may not read and write it; cure: chmod u+rwx %s",
                       o->name, real, real);
    return err_set(
        e, ERR_PERM,
        "user %s, who owns the state folder %s, cannot enter %.*s above it; cure: chmod o+x %.*s, or keep the state in "
        "/var/lib/sigillo",
        o->name, real, bad, real, bad, real);
}

int owner_become(const struct owner *o, struct err *e)
{
    if (drop(o) != 0)
        return err_set(e, ERR_PERM, "cannot become user %s: %s", o->name, strerror(errno));
    return 0;
}

int owner_enter(const struct owner *o, struct err *e)
{
    if (geteuid() != 0)
        return 0;
    if (setgroups(o->n_groups, o->groups) != 0 || setresgid((gid_t)-1, o->gid, (gid_t)-1) != 0 ||
        setresuid((uid_t)-1, o->uid, (uid_t)-1) != 0)
        return err_set(e, ERR_PERM, "cannot act as user %s: %s", o->name, strerror(errno));
    return 0;
}

int owner_leave(struct err *e)
{
    if (getuid() != 0)
        return 0;
    if (setresuid((uid_t)-1, 0, (uid_t)-1) != 0 || setresgid((gid_t)-1, 0, (gid_t)-1) != 0 || setgroups(0, NULL) != 0)
        return err_set(e, ERR_PERM, "cannot come back from acting as the folder's owner: %s", strerror(errno));
    return 0;
}
