#include "admin/control.h"
#include "os/listen.h"
#include "os/role_table.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int send_all(int fd, struct str s);
static int receive_all(int fd, struct buf *b);

static bool field_ok(struct str v)
{
    return str_utf8_valid(v) == v.n && str_chr(v, '\n', 0) < 0 && str_chr(v, '\r', 0) < 0 && str_chr(v, 0, 0) < 0;
}

static int send_all(int fd, struct str s)
{
    while (s.n) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_GONE;
        s = str_from(s, (size_t)n);
    }
    return 0;
}

static int receive_all(int fd, struct buf *b)
{
    for (;;) {
        char *room = buf_room(b, 4096);
        if (!room)
            return ERR_LIMIT;
        ssize_t n = recv(fd, room, 4096, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? 0 : ERR_GONE;
        b->n += (size_t)n;
    }
}

int control_ask(struct arena *a, const char *state, const char *verb, const struct control_field *fields, size_t n,
                struct str *reply, struct err *e)
{
    AUTO(buf) struct buf b;
    buf_init(&b, CONTROL_REPLY_MAX);
    buf_printf(&b, "sigillo %d %s\n", CONTROL_VERSION, verb);
    for (size_t i = 0; i < n; i++) {
        if (!field_ok(fields[i].value))
            return err_set(e, ERR_INVALID, "%s: must be one line of UTF-8 text", fields[i].key);
        buf_printf(&b, "%s %.*s\n", fields[i].key, STRF(fields[i].value));
    }
    buf_addc(&b, '\n');
    if (b.err || b.n > CONTROL_REQUEST_MAX)
        return err_set(e, ERR_LIMIT, "the request is too long");
    AUTO(fd) int fd = -1;
    int r = listen_unix_connect(state, CONTROL_SOCKET, &fd, e);
    if (r)
        return r;
    r = send_all(fd, buf_str(&b));
    buf_clear(&b);
    if (r == 0)
        r = receive_all(fd, &b);
    struct str text = arena_str(a, buf_str(&b)), first, rest;
    if (r || text.n == 0)
        return err_set(e, ERR_UNKNOWN,
                       "the server ended before it answered; look whether it was done, then run the command again");
    str_cut(text, '\n', &first, &rest);
    if (str_eq(first, STR("ok"))) {
        *reply = rest;
        return 0;
    }
    struct str code, sentence;
    int64_t number;
    if (!str_starts(first, STR("fail ")) || !str_cut(str_from(first, 5), ' ', &code, &sentence) ||
        !str_i64(code, &number) || number >= 0)
        return err_set(e, ERR_CORRUPT,
                       "the server answered in a way this binary does not know: is it another release?");
    return err_set(e, (int)number, "%.*s", STRF(sentence));
}

struct str control_value(struct str reply, const char *key)
{
    struct str line, k, v;
    while (str_token(&reply, '\n', &line))
        if (str_cut(line, ' ', &k, &v) && str_eq(k, str_c(key)))
            return v;
    return STR_NULL;
}
