#include "os/listen.h"
#include "core/env.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_RETRY_STEP_MS 50

static int unix_address(const char *dir, const char *name, struct sockaddr_un *sa, int *dir_fd, struct err *e);
static int try_bind(const struct sockaddr_storage *sa, socklen_t len, int *fd);

int listen_parse(struct str text, struct sockaddr_storage *sa, socklen_t *len, struct err *e)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)sa;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)sa;
    ptrdiff_t colon = str_rchr(text, ':');
    uint64_t port;
    char host[INET6_ADDRSTRLEN];

    memset(sa, 0, sizeof(*sa));
    if (colon <= 0 || !str_u64(str_from(text, (size_t)colon + 1), &port) || port > 65535)
        return err_set(e, ERR_INVALID, "\"%.*s\" is not an address; write HOST:PORT, such as 127.0.0.1:25 or [::1]:25",
                       STRF(text));
    struct str h = str_upto(text, (size_t)colon);
    bool bracket = h.n >= 2 && h.p[0] == '[' && h.p[h.n - 1] == ']';
    if (bracket)
        h = (struct str){h.p + 1, h.n - 2};
    if (str_eq(h, STR("localhost")))
        h = STR("127.0.0.1");
    if (str_eq(h, STR("*")))
        h = STR("::"), bracket = true;
    if (h.n >= sizeof(host))
        return err_set(e, ERR_INVALID, "\"%.*s\" is not an address", STRF(text));
    memcpy(host, h.p, h.n);
    host[h.n] = '\0';
    if (!bracket && inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        *len = sizeof(*v4);
        return 0;
    }
    if (bracket && inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        *len = sizeof(*v6);
        return 0;
    }
    return err_set(e, ERR_INVALID,
                   "\"%.*s\" does not begin with an IP address; names are not resolved here (write [..] round IPv6)",
                   STRF(text));
}

static int try_bind(const struct sockaddr_storage *sa, socklen_t len, int *out)
{
    const int on = 1, off = 0;
    AUTO(fd) int fd = socket(sa->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (sa->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)sa;
        bool any = IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, any ? &off : &on, sizeof(on));
    }
    if (bind(fd, (const struct sockaddr *)sa, len) != 0 || listen(fd, LISTEN_BACKLOG) != 0)
        return errno;
    *out = STEAL_FD(fd);
    return 0;
}

int listen_tcp(struct str address, const char *what, int *fd, struct err *e)
{
    struct sockaddr_storage sa;
    socklen_t len = 0;
    int r = listen_parse(address, &sa, &len, e);
    if (r != 0) {
        err_wrap(e, "%s", what);
        return r;
    }
    int64_t until = env_mono_ms(env_system()) + LISTEN_RETRY_MS;
    int why = try_bind(&sa, len, fd);
    while (why == EADDRINUSE && env_mono_ms(env_system()) < until) {
        poll(NULL, 0, LISTEN_RETRY_STEP_MS);
        why = try_bind(&sa, len, fd);
    }
    switch (why) {
    case 0: return 0;
    case EADDRINUSE:
        return err_set(
            e, ERR_EXIST,
            "%s: another program already listens on %.*s; stop it (`ss -ltnp` names it) or choose another address",
            what, STRF(address));
    case EACCES:
        return err_set(e, ERR_PERM, "%s: not allowed to listen on %.*s; ports below 1024 need a start as root", what,
                       STRF(address));
    case EADDRNOTAVAIL:
        return err_set(e, ERR_INVALID, "%s: %.*s is not an address of this machine", what, STRF(address));
    default:
        return err_set(e, err_from_errno(why), "%s: cannot listen on %.*s: %s", what, STRF(address), strerror(why));
    }
}

void listen_name(int fd, char out[64])
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof(sa);
    char host[INET6_ADDRSTRLEN] = "?";
    out[0] = '\0';
    if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0)
        return;
    if (sa.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&sa;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
        snprintf(out, 64, "%s:%u", host, ntohs(v4->sin_port));
    } else if (sa.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&sa;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
        snprintf(out, 64, "[%s]:%u", host, ntohs(v6->sin6_port));
    }
}

/* sun_path holds 107 bytes, less than many a state folder's path: go through the descriptor of the folder. */
static int unix_address(const char *dir, const char *name, struct sockaddr_un *sa, int *dir_fd, struct err *e)
{
    *dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*dir_fd < 0)
        return err_set(e, err_from_errno(errno), "cannot open %s: %s", dir, strerror(errno));
    *sa = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/%s", *dir_fd, name);
    return n > 0 && (size_t)n < sizeof(sa->sun_path) ? 0 : err_set(e, ERR_LIMIT, "%s: name too long", name);
}

int listen_unix(const char *dir, const char *name, int *out, struct err *e)
{
    struct sockaddr_un sa;
    AUTO(fd) int dir_fd = -1;
    AUTO(fd) int fd = -1;
    int r = unix_address(dir, name, &sa, &dir_fd, e);
    if (r != 0)
        return r;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_set(e, ERR_SYS, "socket: %s", strerror(errno));
    unlinkat(dir_fd, name, 0);
    mode_t old = umask(0177);
    int why = bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0 && listen(fd, LISTEN_BACKLOG) == 0 ? 0 : errno;
    umask(old);
    if (why != 0)
        return err_set(e, err_from_errno(why), "cannot make the control socket %s/%s: %s", dir, name, strerror(why));
    *out = STEAL_FD(fd);
    return 0;
}

int listen_unix_connect(const char *dir, const char *name, int *out, struct err *e)
{
    struct sockaddr_un sa;
    AUTO(fd) int dir_fd = -1;
    AUTO(fd) int fd = -1;
    int r = unix_address(dir, name, &sa, &dir_fd, e);
    if (r != 0)
        return r;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(e, ERR_SYS, "socket: %s", strerror(errno));
    if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) != 0)
        return err_set(e,
                       errno == ENOENT         ? ERR_NOENT
                       : errno == ECONNREFUSED ? ERR_GONE
                                               : err_from_errno(errno),
                       "no server answers at %s/%s: %s", dir, name, strerror(errno));
    *out = STEAL_FD(fd);
    return 0;
}
