#include "admin/backup.h"
#include "admin/init.h"
#include "store/backup.h"
#include <ftw.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_USER "sigillo"

static int backup(struct admin_ctx *c, int argc, char **argv);
static int restore(struct admin_ctx *c, int argc, char **argv);

const struct admin_verb admin_backup_verbs[] = {
    {"backup", "--to DIR",
     "Copies the state beside a running server; again into the same folder copies only what is new. keys/ is never "
     "copied.",
     backup, ADMIN_STATE},
    {"restore", "--from DIR [--check]",
     "Makes a new state from a backup, after checking its every byte; --check only checks.", restore, ADMIN_NEW_STATE},
    {NULL, NULL, NULL, NULL, ADMIN_NO_STATE},
};

static int backup(struct admin_ctx *c, int argc, char **argv)
{
    struct store_conf conf;
    struct backup_result r;
    const char *to = NULL;
    struct err e = {0};
    int rc;

    if (!admin_option(&argc, argv, "--to", &to) || !*to)
        return admin_usage(c, "--to names the folder that takes the backup, on another disk");
    if ((rc = admin_words(c, argc, argv, 0, 0)) != 0)
        return rc;
    admin_store_conf(c, &conf);
    if (store_backup(&conf, c->env, to, &r, &e) != 0)
        return admin_fail(c, &e);
    fprintf(c->out,
            "Backed up %lld cells and %lld packs to %s: %lld bytes, %lld of them new. Not in it: keys/ (keep your "
            "recovery sheet).\n",
            (long long)r.cells, (long long)r.packs, to, (long long)r.bytes_total, (long long)r.bytes_copied);
    return 0;
}

static uid_t give_uid;
static gid_t give_gid;

static int give_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return lchown(path, give_uid, give_gid);
}

/* What root restored belongs to the owner of the backup or, when that is root too, to the system user: no verb and no
 * server works as root. */
static int give_away(const char *state, const char *from, struct err *e)
{
    struct passwd *pw = getpwnam(SYSTEM_USER);
    struct stat st = {0};

    if (geteuid() != 0)
        return 0;
    give_uid = stat(from, &st) == 0 && st.st_uid != 0 ? st.st_uid : pw ? pw->pw_uid : 0;
    give_gid = give_uid == st.st_uid ? st.st_gid : pw ? pw->pw_gid : 0;
    if (give_uid == 0)
        return err_set(e, ERR_PERM,
                       "%s was restored whole, but the system user " SYSTEM_USER
                       " does not exist. Make it and run: chown -R " SYSTEM_USER " %s",
                       state, state);
    return nftw(state, give_one, 16, FTW_PHYS) == 0
               ? 0
               : err_set(e, ERR_PERM, "%s was restored whole, but could not be given to its user: %m. Use chown -R.",
                         state);
}

static int restore(struct admin_ctx *c, int argc, char **argv)
{
    struct store_conf conf;
    struct backup_result r;
    const char *from = NULL;
    bool check = admin_flag(&argc, argv, "--check");
    struct err e = {0};
    int rc;

    if (!admin_option(&argc, argv, "--from", &from) || !*from)
        return admin_usage(c, "--from names the folder of the backup");
    if ((rc = admin_words(c, argc, argv, 0, 0)) != 0)
        return rc;
    admin_store_conf(c, &conf);
    if (check) {
        if (store_backup_check(from, &r, &e) != 0)
            return admin_fail(c, &e);
        fprintf(c->out, "The backup in %s is whole: %lld cells, %lld packs, %lld bytes.\n", from, (long long)r.cells,
                (long long)r.packs, (long long)r.bytes_total);
        return 0;
    }
    if (store_restore(from, &conf, c->env, &r, &e) != 0 || give_away(conf.state, from, &e) != 0)
        return admin_fail(c, &e);
    fprintf(
        c->out,
        "Restored %lld cells and %lld packs into %s. A new epoch has begun: mail programs read their mailboxes again, "
        "everybody logs in again, and mail that came "
        "after the backup is not in it. Put keys/ back into the folder, run `sigillo verify`, then start the server.\n",
        (long long)r.cells, (long long)r.packs, c->state);
    return 0;
}
