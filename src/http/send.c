/* Sending a body as the peer takes it: from memory or a source, compressed, in chunks. */
#include "http/serve.h"
#include "core/log.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SPILL_LEAST (128u * 1024) /* less may wait in memory for a slow reader */
#define PULL_FAILED (-1)

static ssize_t piece(struct http_txn *t, char *p, size_t n);
static ssize_t put_plain(struct http_txn *t, struct buf *out);
static ssize_t put_framed(struct http_txn *t, struct buf *out);
static void spill(struct http_txn *t);

/* At most n bytes of the body into p: how many, 0 at its end, HTTP_PULL_LATER, PULL_FAILED. */
static ssize_t piece(struct http_txn *t, char *p, size_t n)
{
    const struct http_answer *a = &t->answer;
    if (t->end != HTTP_SIZE_UNKNOWN && n > t->end - t->at)
        n = (size_t)(t->end - t->at);
    if (n == 0)
        return 0;
    ssize_t got = (ssize_t)n;
    if (a->source.pull)
        got = a->source.pull(a->source.arg, p, n);
    else
        memcpy(p, (a->body.p ? a->body.p : a->view.p) + t->at, n);
    if (got == HTTP_PULL_LATER)
        return got;
    if (got < 0 || (size_t)got > n || (got == 0 && t->end != HTTP_SIZE_UNKNOWN)) {
        log_error("http.answer_cut", L_S("path", t->req.head.path), L_I("code", got), L_I("at", t->at));
        return PULL_FAILED; /* the length was promised: only the end of the connection can say that it is not all */
    }
    t->at += (uint64_t)got;
    return got;
}

static bool at_end(const struct http_txn *t, ssize_t got) { return got == 0 || t->at == t->end; }

static ssize_t put_plain(struct http_txn *t, struct buf *out)
{
    char *p = buf_room(out, HTTP_PULL_STEP);
    if (!p)
        return PULL_FAILED;
    ssize_t got = piece(t, p, HTTP_PULL_STEP);
    if (got > 0)
        out->n += (size_t)got;
    t->ended = got >= 0 && at_end(t, got);
    return got;
}

/* Through gzip, into one chunk, or both. */
static ssize_t put_framed(struct http_txn *t, struct buf *out)
{
    char *p = net_scratch(t->req.server->loop);
    ssize_t got = piece(t, p, HTTP_PULL_STEP);
    if (got < 0)
        return got;
    AUTO(buf) struct buf packed;
    buf_init(&packed, 8 * HTTP_PULL_STEP);
    struct str bytes = str_n(p, (size_t)got);
    t->ended = at_end(t, got);
    if (t->gzip) {
        http_gzip_add(t->gzip, bytes, t->ended, &packed);
        bytes = buf_str(&packed);
    }
    if (t->in_chunks && bytes.n > 0)
        buf_printf(out, "%zx\r\n", bytes.n);
    buf_adds(out, bytes);
    if (t->in_chunks && bytes.n > 0)
        buf_addz(out, "\r\n");
    if (t->in_chunks && t->ended)
        buf_addz(out, "0\r\n\r\n");
    return got;
}

bool http_answer_more(struct http_txn *t)
{
    struct conn *c = t->hc->conn;
    struct buf *out = conn_out(c);
    bool framed = t->gzip || t->in_chunks;
    while (!t->ended && conn_out_pending(c) < CONN_OUT_HIGH) {
        size_t before = out->n;
        ssize_t got = framed ? put_framed(t, out) : put_plain(t, out);
        t->taken += out->n - before;
        if (got == HTTP_PULL_LATER) {
            t->pull_waits = true;
            break;
        }
        if (got < 0) {
            conn_drop(c);
            return false;
        }
    }
    conn_written(c);
    return t->ended;
}

/* What the peer has not taken yet goes to a file without a name: a slow reader costs us disk, not memory. */
static void spill(struct http_txn *t)
{
    struct http_answer *a = &t->answer;
    struct http_server *s = t->req.server;
    if (a->source.pull || t->end - t->at < SPILL_LEAST || !s->conf.tmp_dir)
        return;
    int fd = open(s->conf.tmp_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return; /* then it stays in memory, and the deadline ends it */
    struct str left = str_n((a->body.p ? a->body.p : a->view.p) + t->at, (size_t)(t->end - t->at));
    uint64_t size = left.n;
    while (left.n > 0) {
        ssize_t n = write(fd, left.p, left.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            close(fd);
            return;
        }
        left = str_from(left, (size_t)n);
    }
    if (lseek(fd, 0, SEEK_SET) != 0) {
        close(fd);
        return;
    }
    if (a->body.p)
        buf_free(&a->body);
    buf_init(&a->body, 0);
    a->view = STR_NULL;
    a->source = http_source_file(&t->arena, fd, size);
    t->at = 0;
    t->end = size;
    s->counts.spilled++;
}

bool http_send_alive(struct http_txn *t)
{
    struct conn *c = t->hc->conn;
    uint64_t sent = t->taken - conn_out_pending(c);
    if (!t->looked) {
        t->looked = true;
        spill(t);
    } else if (t->pull_waits && conn_out_pending(c) == 0) {
        if (++t->pull_looks > HTTP_HANDLE_MS / HTTP_SEND_MS)
            return false; /* not the peer's fault: ours */
    } else if (sent - t->mark < HTTP_SEND_LEAST) {
        t->req.server->counts.slow_dropped++;
        return false;
    }
    t->mark = sent;
    conn_deadline(c, HTTP_SEND_MS);
    return true;
}

/* --- a file as a source --- */

struct file_source {
    int fd;
    uint64_t at;
};

static ssize_t file_pull(void *arg, char *p, size_t n)
{
    struct file_source *f = arg;
    ssize_t got;
    do
        got = pread(f->fd, p, n, (off_t)f->at);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        f->at += (uint64_t)got;
    return got < 0 ? ERR_IO : got;
}

static int file_seek(void *arg, uint64_t at)
{
    ((struct file_source *)arg)->at = at;
    return 0;
}

static void file_free(void *arg) { close(((struct file_source *)arg)->fd); }

struct http_source http_source_file(struct arena *a, int fd, uint64_t size)
{
    struct file_source *f = arena_new(a, struct file_source);
    f->fd = fd;
    return (struct http_source){.pull = file_pull, .seek = file_seek, .free = file_free, .arg = f, .size = size};
}
