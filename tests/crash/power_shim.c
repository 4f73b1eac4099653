/* Preloaded: writes down what a program does to the files below POWER_STATE, in order and with the data, into the
 * journal POWER_JOURNAL; also every line it writes to standard output, so that promises stand in the same order as what
 * they rest on. power.py plays it back up to a power cut.
 *
 * Record, little-endian: u8 op, u64 file (inode), i64 offset, u32 length of data, u16 length of path, path, data. Ops:
 *   C created (path)   W written at offset   T cut or grown to offset   R renamed (path -> data)   U unlinked (path) M
 * folder made (path) s sync began, S sync ended well (offset: number of the call)   d, D the same of a folder (path) A
 * line on standard output A sync covers what was written before it began. Maps are not followed: only SQLite's -shm is
 * written through one, and that file dies with the power. */
#undef _FILE_OFFSET_BITS /* else the headers rename open() to open64(), which is defined here as well */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FD_MAX 4096
#define IOV_STEP 64 /* pieces of one write; a short write is allowed, the caller carries on */
#define EXPORT __attribute__((visibility("default")))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int journal = -2;
static char state[PATH_MAX];
static size_t state_n;
static uint64_t inode_of[FD_MAX]; /* 0: not ours */
static atomic_ullong syncs;

__attribute__((constructor)) static void setup(void)
{
    const char *at = getenv("POWER_JOURNAL"), *below = getenv("POWER_STATE");
    if (!at || !below || !realpath(below, state))
        return;
    state_n = strlen(state);
    journal = (int)syscall(SYS_openat, AT_FDCWD, at, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static bool below(const char *path)
{
    return journal >= 0 && strncmp(path, state, state_n) == 0 && path[state_n] == '/';
}

static void note(char op, uint64_t file, int64_t offset, const char *path, const struct iovec *iov, int n, size_t bytes)
{
    uint8_t head[23];
    uint32_t len = (uint32_t)bytes;
    uint16_t path_n = path ? (uint16_t)strlen(path) : 0;
    head[0] = (uint8_t)op;
    memcpy(head + 1, &file, 8);
    memcpy(head + 9, &offset, 8);
    memcpy(head + 17, &len, 4);
    memcpy(head + 21, &path_n, 2);
    struct iovec out[2 + IOV_STEP] = {{head, sizeof head}, {(char *)(uintptr_t)path, path_n}};
    int k = 2;
    for (int i = 0; i < n && bytes > 0; i++) {
        size_t take = iov[i].iov_len < bytes ? iov[i].iov_len : bytes;
        out[k++] = (struct iovec){iov[i].iov_base, take};
        bytes -= take;
    }
    if (syscall(SYS_writev, journal, out, k) < 0)
        abort();
}

static void note_data(char op, uint64_t file, int64_t offset, const char *path, const void *p, size_t n)
{
    struct iovec iov = {(void *)(uintptr_t)p, n};
    note(op, file, offset, path, &iov, 1, n);
}

static bool path_of(int fd, char out[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, PATH_MAX - 1);
    out[n > 0 ? n : 0] = 0;
    return n > 0;
}

/* ---- names ---- */

static int opened(int fd, int flags, bool was_there)
{
    char path[PATH_MAX];
    struct stat sb;
    if (fd < 0 || fd >= FD_MAX || journal < 0)
        return fd;
    inode_of[fd] = 0;
    if (!path_of(fd, path) || !below(path) || fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode))
        return fd;
    inode_of[fd] = sb.st_ino;
    if ((flags & O_CREAT) && !was_there)
        note_data('C', sb.st_ino, 0, path, NULL, 0);
    else if (flags & O_TRUNC)
        note_data('T', sb.st_ino, 0, NULL, NULL, 0);
    return fd;
}

static int do_open(int dir, const char *path, int flags, mode_t mode)
{
    pthread_mutex_lock(&lock);
    bool was_there = faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    int fd = opened((int)syscall(SYS_openat, dir, path, flags, mode), flags, was_there), er = errno;
    pthread_mutex_unlock(&lock);
    errno = er;
    return fd;
}

#define MODE_OF(flags)                     \
    mode_t mode = 0;                       \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list ap;                        \
        va_start(ap, flags);               \
        mode = va_arg(ap, mode_t);         \
        va_end(ap);                        \
    }

EXPORT int open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return do_open(AT_FDCWD, path, flags, mode);
}
EXPORT int open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return do_open(AT_FDCWD, path, flags, mode);
}
EXPORT int openat(int dir, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return do_open(dir, path, flags, mode);
}
EXPORT int openat64(int dir, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return do_open(dir, path, flags, mode);
}

/* What fortified programs call when there is no mode. */
EXPORT int __open_2(const char *path, int flags);
EXPORT int __open64_2(const char *path, int flags);
EXPORT int __open_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
EXPORT int __open64_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }

EXPORT int close(int fd)
{
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < FD_MAX)
        inode_of[fd] = 0;
    int r = (int)syscall(SYS_close, fd), er = errno;
    pthread_mutex_unlock(&lock);
    errno = er;
    return r;
}

EXPORT int rename(const char *from, const char *to)
{
    pthread_mutex_lock(&lock);
    int r = (int)syscall(SYS_rename, from, to), er = errno;
    if (r == 0 && below(to))
        note_data('R', 0, 0, from, to, strlen(to));
    pthread_mutex_unlock(&lock);
    errno = er;
    return r;
}

EXPORT int unlink(const char *path)
{
    pthread_mutex_lock(&lock);
    int r = (int)syscall(SYS_unlink, path), er = errno;
    if (r == 0 && below(path))
        note_data('U', 0, 0, path, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = er;
    return r;
}

EXPORT int mkdir(const char *path, mode_t mode)
{
    pthread_mutex_lock(&lock);
    int r = (int)syscall(SYS_mkdir, path, mode), er = errno;
    if (r == 0 && below(path))
        note_data('M', 0, 0, path, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = er;
    return r;
}

/* A hard link would need names and files apart in the player as well: nothing in the store makes one. */
EXPORT int link(const char *from, const char *to)
{
    if (below(to))
        abort();
    return (int)syscall(SYS_link, from, to);
}

/* ---- contents ---- */

static uint64_t file_of(int fd) { return fd >= 0 && fd < FD_MAX && journal >= 0 ? inode_of[fd] : 0; }

static ssize_t put(int fd, const struct iovec *iov, int n, off_t at, bool here)
{
    bool line = fd == STDOUT_FILENO && journal >= 0 && here;
    uint64_t file = file_of(fd);
    if (!file && !line)
        return here ? syscall(SYS_writev, fd, iov, n) : syscall(SYS_pwritev, fd, iov, n, at, 0);
    pthread_mutex_lock(&lock);
    if (here && file)
        at = fcntl(fd, F_GETFL) & O_APPEND ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
    ssize_t r = here ? syscall(SYS_writev, fd, iov, n) : syscall(SYS_pwritev, fd, iov, n, at, 0);
    int er = errno;
    if (r > 0)
        note(line ? 'A' : 'W', file, at, NULL, iov, n, (size_t)r);
    pthread_mutex_unlock(&lock);
    errno = er;
    return r;
}

EXPORT ssize_t write(int fd, const void *p, size_t n)
{
    struct iovec iov = {(void *)(uintptr_t)p, n};
    return put(fd, &iov, 1, 0, true);
}
EXPORT ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    struct iovec iov = {(void *)(uintptr_t)p, n};
    return put(fd, &iov, 1, at, false);
}
EXPORT ssize_t pwrite64(int fd, const void *p, size_t n, off_t at) { return pwrite(fd, p, n, at); }

EXPORT ssize_t writev(int fd, const struct iovec *iov, int n)
{
    return put(fd, iov, n < IOV_STEP ? n : IOV_STEP, 0, true);
}
EXPORT ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
    return put(fd, iov, n < IOV_STEP ? n : IOV_STEP, at, false);
}
EXPORT ssize_t pwritev64(int fd, const struct iovec *iov, int n, off_t at) { return pwritev(fd, iov, n, at); }

static int resize(int fd, off_t size, int (*how)(int fd, off_t size))
{
    uint64_t file = file_of(fd);
    if (!file)
        return how(fd, size);
    pthread_mutex_lock(&lock);
    int r = how(fd, size), er = errno;
    if (r == 0)
        note_data('T', file, size, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = er;
    return r;
}
static int real_truncate(int fd, off_t size) { return (int)syscall(SYS_ftruncate, fd, size); }
EXPORT int ftruncate(int fd, off_t size) { return resize(fd, size, real_truncate); }
EXPORT int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

static int grow(int fd, off_t at, off_t n)
{
    struct stat sb;
    if (fstat(fd, &sb) != 0)
        return -1;
    return sb.st_size >= at + n ? 0 : ftruncate(fd, at + n);
}
EXPORT int fallocate(int fd, int mode, off_t at, off_t n)
{
    return file_of(fd) && mode == 0 ? grow(fd, at, n) : (int)syscall(SYS_fallocate, fd, mode, at, n);
}
EXPORT int fallocate64(int fd, int mode, off_t at, off_t n) { return fallocate(fd, mode, at, n); }
EXPORT int posix_fallocate(int fd, off_t at, off_t n) { return fallocate(fd, 0, at, n) == 0 ? 0 : errno; }
EXPORT int posix_fallocate64(int fd, off_t at, off_t n) { return posix_fallocate(fd, at, n); }

/* ---- syncs ---- */

static int sync_with(int fd, long call)
{
    char path[PATH_MAX] = "";
    uint64_t file = file_of(fd);
    struct stat sb;
    bool folder = !file && journal >= 0 && fstat(fd, &sb) == 0 && S_ISDIR(sb.st_mode) && path_of(fd, path) &&
                  (below(path) || strcmp(path, state) == 0);
    if (!file && !folder)
        return (int)syscall(call, fd);
    int64_t number = (int64_t)atomic_fetch_add(&syncs, 1);
    pthread_mutex_lock(&lock);
    note_data(folder ? 'd' : 's', file, number, path, NULL, 0);
    pthread_mutex_unlock(&lock);
    int r = (int)syscall(call, fd), er = errno;
    pthread_mutex_lock(&lock);
    if (r == 0)
        note_data(folder ? 'D' : 'S', file, number, path, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = er;
    return r;
}
EXPORT int fsync(int fd) { return sync_with(fd, SYS_fsync); }
EXPORT int fdatasync(int fd) { return sync_with(fd, SYS_fdatasync); }
