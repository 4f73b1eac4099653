/* sigillo init: folder and its owner, master key, settings, databases, first firm, first person. Every step may be
 * repeated after a crash. */
#include "admin/init.h"
#include "admin/password.h"
#include "admin/people.h"
#include "os/master.h"
#include "os/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define INIT_USER "sigillo"

static int init(struct admin_ctx *c, int argc, char **argv);
static int make_folder(const char *path, bool *made, struct err *e);
static int system_user(const char *home, struct passwd **pw, struct err *e);
static int take_owner(struct admin_ctx *c, char path[PATH_MAX], struct err *e);
static int write_settings(struct admin_ctx *c, struct err *e);
static int recovery_sheet(struct admin_ctx *c, struct err *e);

const struct admin_verb admin_init_verbs[] = {
    {"init", "--firm NAME --domain DOMAIN --user ADDRESS --name TEXT --password-stdin",
     "Makes a state folder with its keys, databases, first firm and first person; prints the recovery sheet.", init,
     ADMIN_NEW_STATE},
    {NULL, NULL, NULL, NULL, ADMIN_NO_STATE},
};

static int make_folder(const char *path, bool *made, struct err *e)
{
    *made = mkdir(path, 0700) == 0;
    if (!*made && errno != EEXIST)
        return err_set(e, err_from_errno(errno), "cannot make %s: %s", path, strerror(errno));
    return 0;
}

/* useradd by its full path and without the caller's environment: root runs this. */
static int run_useradd(const char *home)
{
    pid_t pid = fork();
    if (pid == 0) {
        char *argv[] = {(char *)"useradd",           (char *)"--system", (char *)"--no-create-home",
                        (char *)"--home-dir",        (char *)home,       (char *)"--shell",
                        (char *)"/usr/sbin/nologin", (char *)INIT_USER,  NULL};
        char *envp[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
        execve("/usr/sbin/useradd", argv, envp);
        _exit(127);
    }
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

static int system_user(const char *home, struct passwd **pw, struct err *e)
{
    *pw = getpwnam(INIT_USER);
    if (*pw)
        return 0;
    int status = run_useradd(home);
    *pw = getpwnam(INIT_USER);
    return *pw ? 0
               : err_set(e, ERR_SYS, "the system user %s does not exist and useradd could not make it (status %d)",
                         INIT_USER, status);
}

/* As root: the folder goes to the system user, and this process becomes him. */
static int take_owner(struct admin_ctx *c, char path[PATH_MAX], struct err *e)
{
    struct owner owner;
    struct passwd *pw = NULL;
    int r = 0;
    if (!realpath(c->state, path))
        return err_set(e, err_from_errno(errno), "%s: %s", c->state, strerror(errno));
    AUTO(fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat sb;
    if (fd < 0 || fstat(fd, &sb) != 0)
        return err_set(e, err_from_errno(errno), "%s: %s", path, strerror(errno));
    if (geteuid() == 0 && sb.st_uid == 0) {
        if ((r = system_user(path, &pw, e)) != 0)
            return r;
        if (fchown(fd, pw->pw_uid, pw->pw_gid) != 0 || fchmod(fd, 0700) != 0)
            return err_set(e, err_from_errno(errno), "%s cannot be given to %s: %s", path, INIT_USER, strerror(errno));
    }
    r = owner_of(path, &owner, e);
    if (r == 0)
        r = owner_can_use(path, &owner, e);
    if (r == 0)
        r = owner_become(&owner, e);
    if (r == 0)
        c->state = path;
    return r;
}

/* What --set said at init stays said: the same database is meant by every later verb. */
static int write_settings(struct admin_ctx *c, struct err *e)
{
    AUTO(buf) struct buf b;
    char path[PATH_MAX + 16];
    buf_init(&b, 65536);
    for (size_t i = 0; i < CONF_COUNT; i++) {
        struct str section, name;
        if (!c->conf.set[i] || i == CONF_STATE || !str_cut(str_c(conf_table[i].key), '.', &section, &name))
            continue;
        buf_printf(&b, "[%.*s]\n%.*s = %.*s\n", STRF(section), STRF(name), STRF(c->conf.value[i]));
    }
    snprintf(path, sizeof path, "%s/sigillo.conf", c->state);
    AUTO(fd) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? 0 : err_set(e, err_from_errno(errno), "cannot write %s: %s", path, strerror(errno));
    if (b.err || write(fd, b.p ? b.p : "", b.n) != (ssize_t)b.n || fsync(fd) != 0)
        return err_set(e, err_from_errno(errno), "cannot write %s: %s", path, strerror(errno));
    return 0;
}

static int recovery_sheet(struct admin_ctx *c, struct err *e)
{
    struct master m;
    char line[MASTER_LINE_MAX + 1];
    int r = master_create(c->state, c->env, e);
    if (r == ERR_EXIST)
        return 0;
    if (r == 0)
        r = master_load(c->state, &m, e);
    if (r)
        return r;
    fprintf(c->out,
            "RECOVERY SHEET - print this and keep it away from the server.\n"
            "The master key opens every sealed secret of this state. It is in no backup. Without it, keys and second\n"
            "factors are lost after a restore on another machine; mail is not.\n\n");
    for (size_t i = 0; i < m.n; i++) {
        master_line(&m.keys[i], line);
        fprintf(c->out, "    %s\n", line);
    }
    fputc('\n', c->out);
    sodium_memzero(line, sizeof line);
    master_wipe(&m);
    return 0;
}

static int fill(struct admin_ctx *c, const struct people_args *p, struct err *e)
{
    struct store_conf sc;
    struct store *s;
    admin_store_conf(c, &sc);
    int r = store_create(&sc, c->env, e);
    if (r == 0)
        r = store_open(&s, &sc, c->env, e);
    if (r)
        return r;
    r = people_add_firm(s, p, e);
    /* The firm of an init that was interrupted. Another init of a finished state ends at the person, who exists. */
    if (r == ERR_EXIST)
        r = 0;
    if (r == 0)
        r = people_add_user(s, p, e);
    store_close(&s);
    return r;
}

static int check_args(const struct people_args *p, struct err *e)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    struct str domain, key, of_user;
    int r = domain_key(&a, p->domain, &domain, e);
    if (r == 0)
        r = address_key(&a, p->address, &key, &of_user, e);
    if (r == 0 && !str_eq(domain, of_user))
        r = err_set(e, ERR_INVALID, "the first person's address must be in the domain %.*s", STRF(domain));
    return r;
}

static int init(struct admin_ctx *c, int argc, char **argv)
{
    const char *firm = NULL, *domain = NULL, *user = NULL, *name = "";
    char line[PASSWORD_MAX + 2], hash[PASSWORD_HASH_TEXT], path[PATH_MAX];
    struct err e = {0};
    bool made = false;
    if (!admin_option(&argc, argv, "--firm", &firm) || !admin_option(&argc, argv, "--domain", &domain) ||
        !admin_option(&argc, argv, "--user", &user))
        return admin_usage(c, "--firm, --domain and --user are needed");
    (void)admin_option(&argc, argv, "--name", &name);
    if (!admin_flag(&argc, argv, "--password-stdin"))
        return admin_usage(c, "--password-stdin is missing: the password is never taken from the command line");
    int rc = admin_words(c, argc, argv, 0, 0);
    if (rc)
        return rc;
    struct people_args p = {
        .address = str_c(user), .name = str_c(name), .hash = str_c(hash), .firm = str_c(firm), .domain = str_c(domain)};
    int r = check_args(&p, &e);
    if (r == 0)
        r = admin_read_line(c, line, sizeof line, &e);
    if (r == 0)
        r = password_hash(str_c(line), hash, &e);
    sodium_memzero(line, sizeof line);
    p.hash = str_c(hash);
    if (r == 0)
        r = make_folder(c->state, &made, &e);
    const char *given = c->state;
    if (r == 0 && (r = take_owner(c, path, &e)) != 0 && made)
        (void)rmdir(given);
    if (r == 0)
        r = conf_put(&c->conf, STR("state"), str_c(c->state), "--state", &e);
    if (r == 0)
        r = recovery_sheet(c, &e);
    if (r == 0)
        r = write_settings(c, &e);
    if (r == 0)
        r = fill(c, &p, &e);
    if (r)
        return admin_fail(c, &e);
    fprintf(c->out, "%s is ready: log in as %s. Start it with `sigillo serve --state %s`.\n", c->state, user, c->state);
    return 0;
}
