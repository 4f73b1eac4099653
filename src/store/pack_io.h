#pragma once
/* The system calls by which packs and the spool touch the disk, as a table, so that tests can fail any one of them
 * (EIO, ENOSPC, short write) without a shim around the process. Production never replaces it. */
#include "core/err.h"
#include <sys/types.h>
#include <sys/uio.h>

struct pack_io {
    int (*open)(const char *path, int flags, mode_t mode);
    ssize_t (*pwritev)(int fd, const struct iovec *iov, int n, off_t at);
    ssize_t (*pread)(int fd, void *p, size_t n, off_t at);
    int (*fdatasync)(int fd);
    int (*fsync)(int fd);
    int (*ftruncate)(int fd, off_t n);
    int (*rename)(const char *from, const char *to);
};
extern const struct pack_io pack_io_system;
const struct pack_io *pack_io(void);
void pack_io_use(const struct pack_io *io); /* NULL: the system's. Not thread-safe: before the threads start */

/* All of iov at offset at; short writes and EINTR are carried on. 0 or an errno. iov is used up. */
int pack_io_write(int fd, struct iovec *iov, int n, off_t at) MUST_USE;
/* Up to n bytes: fewer only at the end of the file. Count, or -errno. */
ssize_t pack_io_read(int fd, void *p, size_t n, off_t at) MUST_USE;
int pack_io_sync_dir(const char *dir) MUST_USE; /* fsync of a folder; 0 or an errno */
