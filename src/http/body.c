#include "http/serve.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int write_all(int fd, struct str s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_from_errno(errno) == ERR_FULL ? 507 : 500;
        s = str_from(s, (size_t)n);
    }
    return 0;
}

/* From memory to a file without a name: nothing to clean up after a crash. */
static int to_file(struct http_txn *t)
{
    const char *dir = t->req.server->conf.tmp_dir;
    t->req.body_fd = dir ? open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
    if (t->req.body_fd < 0)
        return 500;
    int status = write_all(t->req.body_fd, buf_str(&t->mem));
    buf_free(&t->mem);
    return status;
}

void http_body_add(void *txn, struct str bytes)
{
    struct http_txn *t = txn;
    if (t->body_status)
        return;
    if (bytes.n > t->body_max - t->req.body_size) {
        t->body_status = 413;
        return;
    }
    t->req.body_size += bytes.n;
    if (t->req.body_fd < 0 && t->req.body_size <= HTTP_BODY_MEMORY) {
        buf_adds(&t->mem, bytes);
        return;
    }
    if (t->req.body_fd < 0)
        t->body_status = to_file(t);
    if (!t->body_status)
        t->body_status = write_all(t->req.body_fd, bytes);
}

ssize_t http_body_read(const struct http_req *r, uint64_t at, void *p, size_t n)
{
    if (at >= r->body_size)
        return 0;
    if (n > r->body_size - at)
        n = (size_t)(r->body_size - at);
    if (r->body_fd < 0) {
        memcpy(p, r->body.p + at, n);
        return (ssize_t)n;
    }
    ssize_t got;
    do
        got = pread(r->body_fd, p, n, (off_t)at);
    while (got < 0 && errno == EINTR);
    return got > 0 ? got : ERR_IO; /* the end before body_size: the file lost something */
}

int http_body(struct http_req *r, struct str *out)
{
    if (r->body_fd < 0) {
        *out = r->body;
        return 0;
    }
    char *p = arena_try(r->arena, r->body_size + 1);
    if (!p)
        return ERR_NOMEM;
    for (uint64_t at = 0; at < r->body_size;) {
        ssize_t n = http_body_read(r, at, p + at, (size_t)(r->body_size - at));
        if (n <= 0)
            return ERR_IO;
        at += (uint64_t)n;
    }
    *out = str_n(p, (size_t)r->body_size);
    return 0;
}
