#pragma once
/* Typed, versioned messages between roles over AF_UNIX SOCK_SEQPACKET pairs, with file descriptors. One datagram = one
 * message: u16 version, u16 type, u64 id, body. A body is read with rd_* and must be consumed whole (rd_done), else the
 * message is bad. Trust runs one way: a bad message from a less trusted peer closes that channel and is logged; from a
 * more trusted one the reader exits. Requests carry an id; the reply repeats it. Late replies find nothing and are
 * dropped. No pointer is ever in a message. */
#include "core/buf.h"
#include "core/err.h"

#define CHANNEL_VERSION 1u
#define CHANNEL_MSG_MAX (128u * 1024) /* larger payloads travel as memfd */
#define CHANNEL_FDS_MAX 4u
#define CHANNEL_HEADER 12u

enum channel_type {
#define MSG(id, num, from, to, help) MSG_##id = num,
#include "os/msg.def"
#undef MSG
};
struct channel_msg {
    enum channel_type type;
    uint64_t id;
    struct str body;          /* view into the receive buffer */
    int fds[CHANNEL_FDS_MAX]; /* owned by the receiver; -1 where absent */
    size_t n_fds;
};
int channel_pair(int fds[2]) MUST_USE;
/* 0; ERR_BUSY when the peer's queue is full (non-blocking fd), ERR_GONE when it is closed. fds stay the caller's. */
int channel_send(int fd, enum channel_type type, uint64_t id, struct str body, const int *fds, size_t n_fds) MUST_USE;
/* Receives into buf (at least CHANNEL_MSG_MAX bytes). 0; ERR_BUSY nothing there (non-blocking), ERR_GONE closed,
 * ERR_CORRUPT bad framing. */
int channel_recv(int fd, char *buf, size_t cap, struct channel_msg *m) MUST_USE;
void channel_msg_close(struct channel_msg *m); /* closes fds that were not taken (taken ones are set to -1) */
const char *channel_type_name(unsigned type);
