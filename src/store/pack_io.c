#include "store/pack_io.h"
#include "core/fault.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* One pwritev moves at most this much, so that a huge group is not one call of seconds. */
#define WRITE_STEP_IOV 1024

static int system_open(const char *path, int flags, mode_t mode);
static int write_some(int fd, struct iovec **iov, int *n, off_t *at);

const struct pack_io pack_io_system = {
    .open = system_open,
    .pwritev = pwritev,
    .pread = pread,
    .fdatasync = fdatasync,
    .fsync = fsync,
    .ftruncate = ftruncate,
    .rename = rename,
};
static const struct pack_io *io_now = &pack_io_system;

const struct pack_io *pack_io(void) { return io_now; }

void pack_io_use(const struct pack_io *io) { io_now = io ? io : &pack_io_system; }

static int system_open(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }

static int write_some(int fd, struct iovec **iov, int *n, off_t *at)
{
    int step = *n < WRITE_STEP_IOV ? *n : WRITE_STEP_IOV;
    ssize_t put = io_now->pwritev(fd, *iov, step, *at);

    if (put < 0)
        return errno == EINTR ? 0 : errno;
    if (put == 0)
        return EIO; /* a regular file never answers 0 for a non-empty write */
    *at += put;
    while (*n > 0 && (size_t)put >= (*iov)->iov_len) {
        put -= (ssize_t)(*iov)->iov_len;
        (*iov)++;
        (*n)--;
    }
    if (put > 0) {
        (*iov)->iov_base = (char *)(*iov)->iov_base + put;
        (*iov)->iov_len -= (size_t)put;
    }
    return 0;
}

int pack_io_write(int fd, struct iovec *iov, int n, off_t at)
{
    while (n > 0 && iov->iov_len == 0) {
        iov++;
        n--;
    }
    while (n > 0) {
        int er = write_some(fd, &iov, &n, &at);

        if (er)
            return er;
        while (n > 0 && iov->iov_len == 0) {
            iov++;
            n--;
        }
    }
    return 0;
}

ssize_t pack_io_read(int fd, void *p, size_t n, off_t at)
{
    size_t have = 0;

    while (have < n) {
        ssize_t got = io_now->pread(fd, (char *)p + have, n - have, at + (off_t)have);

        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

int pack_io_sync_dir(const char *dir)
{
    AUTO(fd) int fd = io_now->open(dir, O_RDONLY | O_DIRECTORY, 0);

    if (fd < 0)
        return errno;
    if (fault_point("dir.fsync"))
        return EIO;
    if (io_now->fsync(fd) != 0)
        return errno;
    (void)fault_point("dir.fsync.after");
    return 0;
}
