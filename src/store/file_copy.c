#include "store/file_copy.h"
#include "store/pack_io.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (1u << 20)

static int pump(int in, int out, int64_t from, int64_t to, EVP_MD_CTX *md, int64_t *end);
static int stream(const char *src, const char *dst, int64_t from, int64_t to, int64_t *end, uint8_t sha256[SHA256_LEN],
                  struct err *e);

int path_join(char out[PATH_BYTES], const char *dir, const char *name, struct err *e)
{
    return (size_t)snprintf(out, PATH_BYTES, "%s/%s", dir, name) < PATH_BYTES
               ? 0
               : err_set(e, ERR_LIMIT, "The path %s is too long.", dir);
}

int dir_make(const char *path, struct err *e)
{
    char part[PATH_BYTES];
    size_t n = strlen(path);

    if (n == 0 || n >= sizeof part)
        return err_set(e, ERR_LIMIT, "The path %s is too long.", path);
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++)
        if (i == n || part[i] == '/') {
            part[i] = 0;
            if (mkdir(part, 0700) != 0 && errno != EEXIST)
                return err_set(e, err_from_errno(errno), "Cannot create the folder %s: %m.", part);
            part[i] = i == n ? 0 : '/';
        }
    return 0;
}

int dir_sync(const char *path, struct err *e)
{
    int er = pack_io_sync_dir(path);

    return er ? err_set(e, err_from_errno(er), "The folder %s could not be made durable: %s.", path, strerror(er)) : 0;
}

/* Reads [from, to), to -1 to the end, into md and (out >= 0) into the same place of out. 0 or an errno; *end: how far
 * it came. */
static int pump(int in, int out, int64_t from, int64_t to, EVP_MD_CTX *md, int64_t *end)
{
    AUTO(heap) char *chunk = malloc(CHUNK);
    int er = chunk ? 0 : ENOMEM;

    *end = from;
    while (!er && (to < 0 || *end < to)) {
        size_t want = to < 0 || to - *end > (int64_t)CHUNK ? CHUNK : (size_t)(to - *end);
        ssize_t n = pack_io_read(in, chunk, want, *end);
        struct iovec iov;

        if (n <= 0) {
            er = n < 0 ? (int)-n : 0;
            break;
        }
        if (EVP_DigestUpdate(md, chunk, (size_t)n) != 1)
            er = ENOMEM;
        iov = (struct iovec){chunk, (size_t)n};
        if (!er && out >= 0)
            er = pack_io_write(out, &iov, 1, *end);
        *end += n;
    }
    return er;
}

static int stream(const char *src, const char *dst, int64_t from, int64_t to, int64_t *end, uint8_t sha256[SHA256_LEN],
                  struct err *e)
{
    AUTO(fd) int in = -1;
    AUTO(fd) int out = -1;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    int er = 0;

    if (!md || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(md);
        return err_set(e, ERR_NOMEM, "No memory to copy %s.", src);
    }
    if ((in = pack_io()->open(src, O_RDONLY, 0)) < 0)
        er = errno;
    if (!er && dst &&
        ((out = pack_io()->open(dst, O_RDWR | O_CREAT, 0600)) < 0 || pack_io()->ftruncate(out, from) != 0))
        er = errno;
    if (!er)
        er = pump(in, out, from, to, md, end);
    if (!er && dst && pack_io()->fsync(out) != 0)
        er = errno;
    if (!er && EVP_DigestFinal_ex(md, sha256, NULL) != 1)
        er = ENOMEM;
    EVP_MD_CTX_free(md);
    if (er && dst)
        return err_set(e, err_from_errno(er), "Copying %s to %s failed: %s.", src, dst, strerror(er));
    if (er)
        return err_set(e, err_from_errno(er), "Reading %s failed: %s.", src, strerror(er));
    if (to >= 0 && *end < to)
        return err_set(e, ERR_CORRUPT, "%s is shorter than it must be: %lld bytes instead of %lld.", src,
                       (long long)*end, (long long)to);
    return 0;
}

int file_copy(const char *src, const char *dst, int64_t from, int64_t to, int64_t *to_out, uint8_t sha256[SHA256_LEN],
              struct err *e)
{
    return stream(src, dst, from, to, to_out, sha256, e);
}

int file_hash(const char *path, int64_t from, int64_t to, uint8_t sha256[SHA256_LEN], struct err *e)
{
    int64_t end;

    return stream(path, NULL, from, to, &end, sha256, e);
}

int file_put(const char *path, struct str bytes, struct err *e)
{
    char tmp[PATH_BYTES], dir[PATH_BYTES], *slash;
    struct iovec iov = {(char *)(uintptr_t)bytes.p, bytes.n};
    AUTO(fd) int fd = -1;
    int er = 0;

    if ((size_t)snprintf(tmp, sizeof tmp, "%s.new", path) >= sizeof tmp)
        return err_set(e, ERR_LIMIT, "The path %s is too long.", path);
    memcpy(dir, path, strlen(path) + 1);
    if ((slash = strrchr(dir, '/')))
        *slash = 0;
    if ((fd = pack_io()->open(tmp, O_WRONLY | O_CREAT | O_TRUNC, 0600)) < 0)
        er = errno;
    if (!er)
        er = pack_io_write(fd, &iov, 1, 0);
    if (!er && (pack_io()->fsync(fd) != 0 || pack_io()->rename(tmp, path) != 0))
        er = errno;
    if (!er)
        er = pack_io_sync_dir(slash ? dir : ".");
    return er ? err_set(e, err_from_errno(er), "Writing %s failed: %s.", path, strerror(er)) : 0;
}

int file_get(const char *path, size_t max, struct buf *out, struct err *e)
{
    AUTO(fd) int fd = pack_io()->open(path, O_RDONLY, 0);
    struct stat st;
    char *p;

    if (fd < 0 || fstat(fd, &st) != 0)
        return err_set(e, err_from_errno(errno), "Cannot read %s: %m.", path);
    if (st.st_size < 0 || (size_t)st.st_size > max || !(p = buf_room(out, (size_t)st.st_size + 1)))
        return err_set(e, ERR_LIMIT, "%s is larger than such a file can be.", path);
    if (pack_io_read(fd, p, (size_t)st.st_size, 0) != st.st_size)
        return err_set(e, ERR_IO, "Reading %s failed.", path);
    out->n += (size_t)st.st_size;
    return 0;
}
