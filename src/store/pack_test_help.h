#pragma once
/* For the tests of packs and spool: scratch folders, whole files, and a pack_io that fails where it is told. Only
 * included by *_test.c and *_fuzz.c. */
#include "store/pack_format.h"
#include "store/pack_io.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* In memory where that is: these tests are about bytes and order, not about the disk; tests/crash is about the disk. */
static inline char *scratch_make(void)
{
    static char dir[64];

    (void)snprintf(dir, sizeof dir, "%s/sigillo-test-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    return mkdtemp(dir);
}

static inline void scratch_remove(const char *dir)
{
    DIR *d = opendir(dir);
    char path[1024];

    for (struct dirent *it; d && (it = readdir(d));) {
        if (strcmp(it->d_name, ".") == 0 || strcmp(it->d_name, "..") == 0)
            continue;
        if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, it->d_name) >= sizeof path)
            continue;
        if (unlink(path) != 0)
            scratch_remove(path);
    }
    if (d)
        (void)closedir(d);
    (void)rmdir(dir);
}

static inline size_t file_load(const char *path, uint8_t *out, size_t max)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, out, max);

    if (fd >= 0)
        (void)close(fd);
    return n < 0 ? 0 : (size_t)n;
}

static inline bool file_save(const char *path, const uint8_t *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    bool ok = fd >= 0 && write(fd, p, n) == (ssize_t)n;

    if (fd >= 0)
        (void)close(fd);
    return ok;
}

/* Fails the nth call of a kind (from 1; 0 never) with er. */
static struct {
    int writes, syncs, truncates, opens, renames, reads, file_syncs;
    int fail_write, fail_sync, fail_truncate, fail_open, fail_rename, fail_read, fail_file_sync;
    bool always; /* and all later ones */
    bool short_writes;
    int er;
} io_test UNUSED;

static inline bool io_hits(int *count, int nth)
{
    ++*count;
    if (nth == 0 || *count < nth || (*count > nth && !io_test.always))
        return false;
    errno = io_test.er;
    return true;
}

static inline int io_test_open(const char *path, int flags, mode_t mode)
{
    return io_hits(&io_test.opens, io_test.fail_open) ? -1 : pack_io_system.open(path, flags, mode);
}

static inline ssize_t io_test_pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
    if (io_hits(&io_test.writes, io_test.fail_write))
        return -1;
    if (io_test.short_writes && iov->iov_len > 1)
        return pwrite(fd, iov->iov_base, (iov->iov_len + 1) / 2, at);
    return pwritev(fd, iov, n, at);
}

static inline ssize_t io_test_pread(int fd, void *p, size_t n, off_t at)
{
    return io_hits(&io_test.reads, io_test.fail_read) ? -1 : pread(fd, p, n, at);
}

static inline int io_test_fdatasync(int fd) { return io_hits(&io_test.syncs, io_test.fail_sync) ? -1 : fdatasync(fd); }

static inline int io_test_fsync(int fd)
{
    return io_hits(&io_test.file_syncs, io_test.fail_file_sync) ? -1 : fsync(fd);
}

static inline int io_test_ftruncate(int fd, off_t n)
{
    return io_hits(&io_test.truncates, io_test.fail_truncate) ? -1 : ftruncate(fd, n);
}

static inline int io_test_rename(const char *from, const char *to)
{
    return io_hits(&io_test.renames, io_test.fail_rename) ? -1 : rename(from, to);
}

static const struct pack_io io_failing UNUSED = {io_test_open,  io_test_pwritev,   io_test_pread, io_test_fdatasync,
                                                 io_test_fsync, io_test_ftruncate, io_test_rename};

static inline void io_reset(void)
{
    memset(&io_test, 0, sizeof io_test);
    pack_io_use(NULL);
}
