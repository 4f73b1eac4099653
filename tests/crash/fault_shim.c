/* Preloaded: lets the n-th call of a kind fail. CRASH_FAULT="kind:n:errno:mode", counted from crash_shim_arm(1) on:
 *   kind   write fsync open mmap trunc name (rename, unlink) read: on files below CRASH_STATE; malloc: any
 *   errno  EIO ENOSPC ENOMEM EMFILE
 *   mode   once | on (every one from the n-th on) | short (a write of half its bytes, then the error at the next)
 * CRASH_FAULT_LOG gets the line "hit KIND PHASE" for the first hit, PHASE being what was last given to crash_shim_arm(), and "calls N" at the end. Threads that called crash_shim_spare() keep their memory: they stand for the outside world. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define FD_MAX 4096

enum kind { K_NONE, K_WRITE, K_FSYNC, K_OPEN, K_MMAP, K_TRUNC, K_NAME, K_READ, K_MALLOC };
static const char *const kinds[] = {"", "write", "fsync", "open", "mmap", "trunc", "name", "read", "malloc"};
enum mode { ONCE, ON, SHORT };

static enum kind kind;
static enum mode mode;
static int error;
static unsigned long nth;
static char state[PATH_MAX];
static size_t state_n;
static atomic_ulong seen;
static atomic_bool said;
static atomic_int armed;
static bool ours[FD_MAX];
static __thread bool spared __attribute__((tls_model("initial-exec")));

__attribute__((constructor)) static void setup(void)
{
    const char *at = getenv("CRASH_FAULT"), *below = getenv("CRASH_STATE");
    char k[16], e[16], m[16];
    if (!at || !below || !realpath(below, state) || sscanf(at, "%15[^:]:%lu:%15[^:]:%15s", k, &nth, e, m) != 4)
        return;
    state_n = strlen(state);
    for (size_t i = 1; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i], k) == 0)
            kind = (enum kind)i;
    error = strcmp(e, "ENOSPC") == 0   ? ENOSPC
            : strcmp(e, "ENOMEM") == 0 ? ENOMEM
            : strcmp(e, "EMFILE") == 0 ? EMFILE
                                       : EIO;
    mode = strcmp(m, "on") == 0 ? ON : strcmp(m, "short") == 0 ? SHORT : ONCE;
}

EXPORT void crash_shim_arm(int on);
EXPORT void crash_shim_spare(void);
EXPORT void crash_shim_arm(int on) { atomic_store(&armed, on); }
EXPORT void crash_shim_spare(void) { spared = true; }

static void tell(const char *word, const char *what, unsigned long n)
{
    const char *log = getenv("CRASH_FAULT_LOG");
    int fd = log ? (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (fd < 0)
        return;
    char line[64];
    int k = snprintf(line, sizeof line, "%s %s %lu\n", word, what, n);
    (void)!syscall(SYS_write, fd, line, k);
    syscall(SYS_close, fd);
}

__attribute__((destructor)) static void count(void)
{
    if (kind)
        tell("calls", kinds[kind], atomic_load(&seen));
}

/* True: this call fails. */
static bool hit(enum kind k, const char *what)
{
    if (k != kind || !atomic_load_explicit(&armed, memory_order_relaxed))
        return false;
    unsigned long n = atomic_fetch_add(&seen, 1) + 1;
    if (n < nth || (n > nth && mode == ONCE) || (n > nth + 1 && mode == SHORT))
        return false;
    if (!atomic_exchange(&said, true))
        tell("hit", what, (unsigned long)atomic_load(&armed));
    errno = error;
    return true;
}

static bool below(const char *path) { return kind && strncmp(path, state, state_n) == 0 && path[state_n] == '/'; }
static bool is_ours(int fd) { return fd >= 0 && fd < FD_MAX && ours[fd]; }

/* ---- open ---- */

static int do_open(int dir, const char *path, int flags, mode_t m)
{
    bool mine = below(path);
    if (mine && hit(K_OPEN, "open"))
        return -1;
    int fd = (int)syscall(SYS_openat, dir, path, flags, m);
    if (fd >= 0 && fd < FD_MAX)
        ours[fd] = mine;
    return fd;
}

#define MODE_OF(flags)                     \
    mode_t m = 0;                          \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list ap;                        \
        va_start(ap, flags);               \
        m = va_arg(ap, mode_t);            \
        va_end(ap);                        \
    }

EXPORT int open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return do_open(AT_FDCWD, path, flags, m);
}
EXPORT int open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return do_open(AT_FDCWD, path, flags, m);
}
EXPORT int openat(int dir, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return do_open(dir, path, flags, m);
}
EXPORT int openat64(int dir, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return do_open(dir, path, flags, m);
}
EXPORT int __open_2(const char *path, int flags);
EXPORT int __open64_2(const char *path, int flags);
EXPORT int __open_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
EXPORT int __open64_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }

/* ---- write, sync, resize ---- */

static ssize_t do_write(int fd, const struct iovec *iov, int n, off_t at, bool here)
{
    if (is_ours(fd) && hit(K_WRITE, "write")) {
        if (mode != SHORT || atomic_load(&seen) != nth)
            return -1;
        struct iovec half = {iov->iov_base, (iov->iov_len + 1) / 2};
        return here ? syscall(SYS_writev, fd, &half, 1) : syscall(SYS_pwritev, fd, &half, 1, at, 0);
    }
    return here ? syscall(SYS_writev, fd, iov, n) : syscall(SYS_pwritev, fd, iov, n, at, 0);
}

EXPORT ssize_t write(int fd, const void *p, size_t n)
{
    struct iovec iov = {(void *)(uintptr_t)p, n};
    return do_write(fd, &iov, 1, 0, true);
}
EXPORT ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    struct iovec iov = {(void *)(uintptr_t)p, n};
    return do_write(fd, &iov, 1, at, false);
}
EXPORT ssize_t pwrite64(int fd, const void *p, size_t n, off_t at) { return pwrite(fd, p, n, at); }
EXPORT ssize_t writev(int fd, const struct iovec *iov, int n) { return do_write(fd, iov, n, 0, true); }
EXPORT ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t at) { return do_write(fd, iov, n, at, false); }
EXPORT ssize_t pwritev64(int fd, const struct iovec *iov, int n, off_t at) { return pwritev(fd, iov, n, at); }

EXPORT int fsync(int fd) { return is_ours(fd) && hit(K_FSYNC, "fsync") ? -1 : (int)syscall(SYS_fsync, fd); }

/* SQLite syncs a folder by fdatasync and takes no notice of the result; the store does it before, by fsync, and that one counts. */
static bool is_folder(int fd)
{
    struct stat sb;
    return fstat(fd, &sb) == 0 && S_ISDIR(sb.st_mode);
}
EXPORT int fdatasync(int fd)
{
    return is_ours(fd) && !is_folder(fd) && hit(K_FSYNC, "fdatasync") ? -1 : (int)syscall(SYS_fdatasync, fd);
}
EXPORT int ftruncate(int fd, off_t n)
{
    return is_ours(fd) && hit(K_TRUNC, "ftruncate") ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}
EXPORT int ftruncate64(int fd, off_t n) { return ftruncate(fd, n); }
EXPORT int posix_fallocate(int fd, off_t at, off_t n)
{
    return is_ours(fd) && hit(K_TRUNC, "fallocate") ? error : syscall(SYS_fallocate, fd, 0, at, n) == 0 ? 0 : errno;
}
EXPORT int posix_fallocate64(int fd, off_t at, off_t n) { return posix_fallocate(fd, at, n); }
EXPORT int rename(const char *from, const char *to)
{
    return below(to) && hit(K_NAME, "rename") ? -1 : (int)syscall(SYS_rename, from, to);
}
EXPORT int unlink(const char *path)
{
    return below(path) && hit(K_NAME, "unlink") ? -1 : (int)syscall(SYS_unlink, path);
}

/* ---- read ---- */

EXPORT ssize_t read(int fd, void *p, size_t n)
{
    return is_ours(fd) && hit(K_READ, "read") ? -1 : syscall(SYS_read, fd, p, n);
}
EXPORT ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    return is_ours(fd) && hit(K_READ, "pread") ? -1 : syscall(SYS_pread64, fd, p, n, at);
}
EXPORT ssize_t pread64(int fd, void *p, size_t n, off_t at) { return pread(fd, p, n, at); }

EXPORT void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
    return is_ours(fd) && hit(K_MMAP, "mmap") ? MAP_FAILED : (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
}
EXPORT void *mmap64(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
    return mmap(at, n, prot, flags, fd, offset);
}

/* ---- memory ---- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t to, size_t n);

static bool no_memory(void) { return kind == K_MALLOC && !spared && hit(K_MALLOC, "malloc"); }

EXPORT void *malloc(size_t n) { return no_memory() ? NULL : __libc_malloc(n); }
EXPORT void *calloc(size_t n, size_t size) { return no_memory() ? NULL : __libc_calloc(n, size); }
EXPORT void *realloc(void *p, size_t n) { return no_memory() ? NULL : __libc_realloc(p, n); }
EXPORT void *aligned_alloc(size_t to, size_t n) { return no_memory() ? NULL : __libc_memalign(to, n); }
EXPORT int posix_memalign(void **p, size_t to, size_t n)
{
    *p = no_memory() ? NULL : __libc_memalign(to, n);
    return *p ? 0 : ENOMEM;
}
