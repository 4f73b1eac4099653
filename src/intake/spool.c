#include "intake/spool.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void intake_spool_init(struct intake_spool *s, const char *dir, uint64_t max)
{
    *s = (struct intake_spool){.fd = -1, .max = max, .dir = dir};
    buf_init(&s->mem, INTAKE_SPOOL_MEMORY);
}

void intake_spool_free(struct intake_spool *s)
{
    buf_free(&s->mem);
    if (s->fd >= 0)
        close(s->fd);
    free(s->map);
    s->fd = -1;
    s->map = NULL;
    s->size = 0;
}

static int write_all(int fd, struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_from_errno(errno);
        bytes = str_from(bytes, (size_t)n);
    }
    return 0;
}

/* From memory to a file without a name: nothing to clean up after a crash. */
static int to_file(struct intake_spool *s)
{
    s->fd = open(s->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (s->fd < 0)
        return err_from_errno(errno);
    int r = write_all(s->fd, buf_str(&s->mem));
    buf_free(&s->mem);
    return r;
}

void intake_spool_add(struct intake_spool *s, struct str bytes)
{
    if (s->failed)
        return;
    if (bytes.n > s->max - s->size) {
        s->failed = ERR_LIMIT;
        return;
    }
    s->size += bytes.n;
    if (s->fd < 0 && s->mem.n + bytes.n <= INTAKE_SPOOL_MEMORY) {
        buf_adds(&s->mem, bytes);
        return;
    }
    if (s->fd < 0)
        s->failed = to_file(s);
    if (!s->failed)
        s->failed = write_all(s->fd, bytes);
}

int intake_spool_view(struct intake_spool *s, struct str *view)
{
    if (s->fd < 0) {
        *view = buf_str(&s->mem);
        return 0;
    }
    if (!s->map && !(s->map = malloc(s->size + 1)))
        return ERR_NOMEM;
    for (uint64_t at = 0; at < s->size;) {
        ssize_t n = pread(s->fd, s->map + at, s->size - at, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? err_from_errno(errno) : ERR_IO;
        at += (uint64_t)n;
    }
    *view = str_n(s->map, s->size);
    return 0;
}
