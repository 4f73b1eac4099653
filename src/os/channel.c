#include "os/channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static bool type_known(unsigned type);
static void collect_fds(struct msghdr *h, struct channel_msg *m);

static bool type_known(unsigned type)
{
    switch (type) {
#define MSG(id, num, from, to, help) case num:
#include "os/msg.def"
#undef MSG
        return true;
    default: return false;
    }
}

const char *channel_type_name(unsigned type)
{
    switch (type) {
#define MSG(id, num, from, to, help) \
    case num:                        \
        return #id;
#include "os/msg.def"
#undef MSG
    default: return "?";
    }
}

int channel_pair(int fds[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return err_from_errno(errno);
    return 0;
}

int channel_send(int fd, enum channel_type type, uint64_t id, struct str body, const int *fds, size_t n_fds)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
    } control = {0};
    uint8_t head[CHANNEL_HEADER];
    struct iovec iov[2] = {{head, sizeof(head)}, {(void *)(uintptr_t)body.p, body.n}};
    struct msghdr h = {.msg_iov = iov, .msg_iovlen = body.n ? 2 : 1};

    if (body.n > CHANNEL_MSG_MAX - CHANNEL_HEADER || n_fds > CHANNEL_FDS_MAX)
        return ERR_LIMIT;
    head[0] = CHANNEL_VERSION >> 8;
    head[1] = CHANNEL_VERSION & 0xff;
    head[2] = (uint8_t)((unsigned)type >> 8);
    head[3] = (uint8_t)((unsigned)type & 0xff);
    for (int i = 0; i < 8; i++)
        head[4 + i] = (uint8_t)(id >> (56 - 8 * i));
    if (n_fds) {
        h.msg_control = control.bytes;
        h.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&h);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
    }
    for (;;) {
        if (sendmsg(fd, &h, MSG_NOSIGNAL) >= 0)
            return 0;
        if (errno == EINTR)
            continue;
        /* ENOBUFS, ETOOMANYREFS: the kernel's own limits on queued bytes and on descriptors in flight; both pass. */
        if (errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS)
            return ERR_BUSY;
        if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
            return ERR_GONE;
        return errno == EMSGSIZE ? ERR_LIMIT : err_from_errno(errno);
    }
}

static void collect_fds(struct msghdr *h, struct channel_msg *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (m->n_fds < CHANNEL_FDS_MAX)
                m->fds[m->n_fds++] = fd;
            else
                close(fd);
        }
    }
}

int channel_recv(int fd, char *buf, size_t cap, struct channel_msg *m)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
    } control;
    struct iovec iov = {buf, cap};
    struct msghdr h = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control)};
    ssize_t n;

    *m = (struct channel_msg){.body = STR_NULL, .fds = {-1, -1, -1, -1}};
    do
        n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        if (errno == EAGAIN)
            return ERR_BUSY;
        return errno == ECONNRESET || errno == ENOTCONN ? ERR_GONE : err_from_errno(errno);
    }
    collect_fds(&h, m);
    /* We never send an empty datagram, so 0 is the end; a hostile peer that does send one is treated as gone too. */
    if (n == 0) {
        channel_msg_close(m);
        return ERR_GONE;
    }
    struct rd r = rd_of(str_n(buf, (size_t)n));
    uint16_t version = rd_u16(&r), type = rd_u16(&r);
    m->id = rd_u64(&r);
    if (r.err || version != CHANNEL_VERSION || !type_known(type) || (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
        channel_msg_close(m);
        return ERR_CORRUPT;
    }
    m->type = (enum channel_type)type;
    m->body = str_n(buf + CHANNEL_HEADER, (size_t)n - CHANNEL_HEADER);
    return 0;
}

void channel_msg_close(struct channel_msg *m)
{
    for (size_t i = 0; i < CHANNEL_FDS_MAX; i++)
        if (m->fds[i] >= 0) {
            close(m->fds[i]);
            m->fds[i] = -1;
        }
    m->n_fds = 0;
}
