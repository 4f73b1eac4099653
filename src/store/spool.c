#include "store/spool_format.h"
#include "store/spool_name.h"
#include "store/pack_io.h"
#include "core/fault.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t order_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t order_last; /* of this process: a clock that jumps back must not put later mail first */

static uint64_t order_next(int64_t at_ms);
static int put_file(const char *dir, const char *tmp, const char *final, struct iovec *iov);
static int probe(const char *dir);

static uint64_t order_next(int64_t at_ms)
{
    uint64_t key = (uint64_t)(at_ms > 0 ? at_ms : 0) << SPOOL_ORDER_SHIFT;

    pthread_mutex_lock(&order_lock);
    if (key <= order_last)
        key = order_last + 1;
    order_last = key;
    pthread_mutex_unlock(&order_lock);
    return key;
}

bool spool_name_get(const char *name, uint64_t *order)
{
    const char *p = name;

    *order = 0;
    for (int i = 0; i < 16; i++, p++) {
        if (!isdigit((unsigned char)*p) && (*p < 'a' || *p > 'f'))
            return false;
        *order = *order << 4 | (uint64_t)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
    }
    return *p == '-' && strlen(p) > strlen(SPOOL_SUFFIX) && strlen(name) <= SPOOL_NAME_MAX &&
           strcmp(p + strlen(p) - strlen(SPOOL_SUFFIX), SPOOL_SUFFIX) == 0;
}

/* Makes one file and its name durable, then gives up the probe again. 0 or an errno. */
static int probe(const char *dir)
{
    char path[PATH_MAX];
    AUTO(fd) int fd = -1;
    int er = 0;

    if (snprintf(path, sizeof path, "%s/" SPOOL_TMP_PREFIX "probe-%ld", dir, (long)getpid()) >= (int)sizeof path)
        return ENAMETOOLONG;
    if ((fd = pack_io()->open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600)) < 0)
        return errno;
    if (pack_io()->fsync(fd) != 0)
        er = errno;
    if (unlink(path) != 0 && !er)
        er = errno;
    return er ? er : pack_io_sync_dir(dir);
}

int spool_check(const char *dir, const char *state, struct err *e)
{
    struct stat sd, ss;
    int er;

    if (stat(dir, &sd) != 0)
        return err_set(e, ERR_INVALID,
                       "The spool of last resort %s cannot be reached: %m. Create the folder on another disk than %s, "
                       "owned by the same user, or "
                       "leave the setting empty.",
                       dir, state);
    if (!S_ISDIR(sd.st_mode))
        return err_set(e, ERR_INVALID,
                       "The spool of last resort %s is not a folder. Name a folder on another disk than %s.", dir,
                       state);
    if (stat(state, &ss) != 0)
        return err_set(e, ERR_INVALID, "The state folder %s cannot be reached: %m.", state);
    if (sd.st_dev == ss.st_dev)
        return err_set(e, ERR_INVALID,
                       "The spool of last resort %s is on the same disk as the state %s, so one broken disk would take "
                       "both. Name a folder on "
                       "another disk, or leave the setting empty: mail is then answered 451 while a cell is broken.",
                       dir, state);
    if ((er = probe(dir)) != 0)
        return err_set(e, ERR_INVALID,
                       "The spool of last resort %s cannot be written: %s. Give it to the user that owns %s and see "
                       "that its disk has room.",
                       dir, strerror(er), state);
    return 0;
}

/* tmp, fsync, rename, fsync of the folder: only then do both the bytes and the name survive a power cut. 0 or an errno.
 */
static int put_file(const char *dir, const char *tmp, const char *final, struct iovec *iov)
{
    AUTO(fd) int fd = pack_io()->open(tmp, O_WRONLY | O_CREAT | O_EXCL, 0600);
    int er;

    if (fd < 0)
        return errno;
    (void)flock(fd,
                LOCK_EX | LOCK_NB); /* marks the file as in the making: spool_drain removes only unlocked leftovers */
    er = fault_point("spool.write") ? EIO : pack_io_write(fd, iov, 4, 0);
    if (!er && fault_point("spool.write.after"))
        er = EIO;
    if (!er && (fault_point("spool.fsync") || pack_io()->fsync(fd) != 0))
        er = errno ? errno : EIO;
    if (!er && fault_point("spool.fsync.after"))
        er = EIO;
    if (!er && (fault_point("spool.rename") || pack_io()->rename(tmp, final) != 0))
        er = errno ? errno : EIO;
    if (er) {
        (void)unlink(tmp);
        return er;
    }
    (void)fault_point("spool.rename.after");
    if ((er = pack_io_sync_dir(dir)) != 0)
        (void)unlink(final); /* not promised: the sender will come again */
    return er;
}

static bool id_ok(struct str id) /* it is part of a file's name */
{
    for (size_t i = 0; i < id.n; i++)
        if (!isalnum((unsigned char)id.p[i]) && (id.p[i] != '.' || i == 0))
            return false;
    return id.n > 0 && id.n <= SPOOL_ID_MAX;
}

int spool_replied(const char *dir, struct str id)
{
    char path[PATH_MAX];

    if (!id_ok(id) || snprintf(path, sizeof path, "%s/%.*s" SPOOL_REPLIED, dir, STRF(id)) >= (int)sizeof path)
        return ERR_INVALID;
    AUTO(fd) int fd = pack_io()->open(path, O_WRONLY | O_CREAT, 0600);
    return fd < 0 ? err_from_errno(errno) : 0;
}

int spool_put(const char *dir, const struct spool_entry *s)
{
    AUTO(buf) struct buf envelope = {0};
    uint8_t head[SPOOL_HEAD_LEN], tail[SPOOL_TAIL_LEN];
    char tmp[PATH_MAX], final[PATH_MAX];
    struct iovec iov[4];
    int rc, n;

    if (!id_ok(s->id))
        return ERR_INVALID;
    buf_init(&envelope, SPOOL_ENVELOPE_MAX);
    if ((rc = spool_head_put(s, &envelope, head, tail)) != 0)
        return rc;
    n = snprintf(final, sizeof final, "%s/%016llx-%.*s" SPOOL_SUFFIX, dir, (unsigned long long)order_next(s->at_ms),
                 STRF(s->id));
    if (n >= (int)sizeof final ||
        snprintf(tmp, sizeof tmp, "%s/" SPOOL_TMP_PREFIX "%.*s", dir, STRF(s->id)) >= (int)sizeof tmp)
        return ERR_INVALID;
    iov[0] = (struct iovec){head, sizeof head};
    iov[1] = (struct iovec){envelope.p, envelope.n};
    iov[2] = (struct iovec){(char *)(uintptr_t)s->data.p, s->data.n};
    iov[3] = (struct iovec){tail, sizeof tail};
    errno = 0;
    if ((rc = put_file(dir, tmp, final, iov)) == 0)
        return 0;
    rc = err_from_errno(rc);
    return rc == ERR_FULL ? rc : ERR_IO;
}

int spool_count(const char *dir, int64_t *n, int64_t *oldest_ms)
{
    DIR *d = opendir(dir);
    uint64_t order, least = UINT64_MAX;

    if (!d)
        return err_from_errno(errno);
    *n = 0;
    for (struct dirent *it; (it = readdir(d));)
        if (spool_name_get(it->d_name, &order)) {
            ++*n;
            least = order < least ? order : least;
        }
    (void)closedir(d);
    *oldest_ms = *n ? (int64_t)(least >> SPOOL_ORDER_SHIFT) : 0;
    return 0;
}
