#include "os/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int memfd_of(const char *name, const struct str *parts, size_t n_parts, int *out)
{
    AUTO(fd) int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return err_from_errno(errno);
    for (size_t i = 0; i < n_parts; i++)
        for (size_t at = 0; at < parts[i].n;) {
            ssize_t n = write(fd, parts[i].p + at, parts[i].n - at);
            if (n < 0 && errno != EINTR)
                return err_from_errno(errno);
            at += n > 0 ? (size_t)n : 0;
        }
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        return err_from_errno(errno);
    *out = STEAL_FD(fd);
    return 0;
}

int memfd_read(int fd, size_t n, struct buf *out)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0 || (uint64_t)st.st_size < n)
        return ERR_CORRUPT;
    char *p = buf_room(out, n);
    if (!p)
        return ERR_LIMIT;
    for (size_t at = 0; at < n;) {
        ssize_t got = pread(fd, p + at, n - at, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_from_errno(errno);
        if (got == 0)
            return ERR_CORRUPT;
        at += (size_t)got;
    }
    out->n += n;
    return 0;
}

int memfd_map(int fd, size_t n, const char **p)
{
    /* lseek, not fstat: libc makes the latter a look-up of a path, which a sealed worker may not do. */
    off_t size = lseek(fd, 0, SEEK_END);
    if (n == 0 || size < 0 || (uint64_t)size < n)
        return ERR_CORRUPT;
    void *m = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (m == MAP_FAILED)
        return err_from_errno(errno);
    *p = m;
    return 0;
}
