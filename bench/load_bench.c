/* An SMTP client with many sessions, for any server: each session sends its next message as soon as the last one is
 * answered. Prints one line of key=value on stdout: rate, percentiles from the final dot to its reply, own CPU.
 * load_bench --port N --rcpt u%d@firm.example [--host 127.0.0.1] [--users 1] [--sessions 10] [--size 2048] [--count 1000]
 *            [--per-conn 0 (no limit)] [--seconds 300] [--tag TEXT (makes messages of two runs differ)]
 *            [--messages DIR: these files in turn, with a field of their number in front, instead of made-up text of --size]
 * Exit 1: a message was not answered 250, or the time ran out. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SESSIONS_MAX 20000u
#define SIZE_MIN 512u
#define SIZE_MAX_ (1u << 20)
#define HEADER_MAX 512u
#define ID_DIGITS 7 /* of a Message-ID that become the message's number: else all would be one conversation */

enum step { GREETING, EHLO, MAIL, RCPT, DATA, BODY, QUIT, GONE };
struct session {
    int fd;
    enum step step;
    unsigned number;
    size_t sent_here, message; /* messages on this connection; number of the one in hand */
    int64_t dot_ns;            /* when the last byte of the message left; 0: it has not */
    char in[2048];
    size_t n_in;
    char *out;
    size_t n_out, at_out;
    bool waits_to_write;
};
struct options {
    const char *host, *rcpt, *tag, *messages;
    size_t port, users, sessions, size, count, per_conn, seconds;
};

static struct options O = {
    .host = "127.0.0.1", .tag = "1", .users = 1, .sessions = 10, .size = 2048, .count = 1000, .seconds = 300};
static struct sockaddr_in server;
static int epoll_fd;
static size_t started, accepted, failed, alive;
static double *reply_ms;
static char first_refusal[256];
static struct file {
    char *bytes;  /* CRLF, dots doubled, without the final dot */
    size_t n, id; /* where ID_DIGITS of its Message-ID begin; 0: none that long */
} * files;
static size_t n_files, largest;

static void session_begin(struct session *s);
static void on_reply(struct session *s, const char *line);

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "load_bench: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void session_end(struct session *s)
{
    if (s->step == GONE)
        return;
    close(s->fd);
    s->step = GONE;
    alive--;
}

/* A message in hand when its connection breaks is lost for the count: the caller must see it. */
static void session_lost(struct session *s, const char *why)
{
    if (s->step >= MAIL && s->step <= BODY) {
        if (!first_refusal[0])
            snprintf(first_refusal, sizeof first_refusal, "%s", why);
        failed++;
    }
    session_end(s);
}

static void want_write(struct session *s, bool want)
{
    struct epoll_event e = {.events = EPOLLIN | (want ? (uint32_t)EPOLLOUT : 0u), .data.ptr = s};
    if (s->waits_to_write != want && epoll_ctl(epoll_fd, EPOLL_CTL_MOD, s->fd, &e) != 0)
        die("epoll_ctl");
    s->waits_to_write = want;
}

static void flush(struct session *s)
{
    while (s->at_out < s->n_out) {
        ssize_t n = send(s->fd, s->out + s->at_out, s->n_out - s->at_out, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            want_write(s, true);
            return;
        }
        if (n < 0) {
            session_lost(s, strerror(errno));
            return;
        }
        s->at_out += (size_t)n;
    }
    s->n_out = s->at_out = 0;
    if (s->step == BODY && s->dot_ns == 0)
        s->dot_ns = now_ns();
    want_write(s, false);
}

/* verb ">" CR LF, when there is an address. */
static void say(struct session *s, enum step next, const char *verb, const char *address)
{
    s->step = next;
    s->n_out = (size_t)snprintf(s->out, HEADER_MAX, "%s%s%s\r\n", verb, address, address[0] ? ">" : "");
    s->at_out = 0;
    flush(s);
}

/* Words and numbers: compresses about as well as a letter does, and no two messages are equal. */
static void put_message(struct session *s, size_t number)
{
    static const char *const words[] = {"fattura",  "pagamento", "ordine",     "cordiali", "saluti",   "allegato",
                                        "consegna", "lastre",    "preventivo", "bonifico", "scadenza", "materiale"};
    char date[64];
    time_t t = time(NULL);
    struct tm tm;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&t, &tm));
    size_t n = (size_t)snprintf(
        s->out, HEADER_MAX,
        "From: Cliente %u <c%u@cliente.example>\r\nTo: <info@azienda.example>\r\nSubject: Ordine %s/%zu\r\nDate: %s\r\n"
        "Message-ID: <%s.%zu@cliente.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
        s->number, s->number, O.tag, number, date, O.tag, number);
    uint32_t x = (uint32_t)(number * 2654435761u + 12345u);
    for (size_t column = 0; n < O.size;) {
        char word[24];
        x = x * 1664525u + 1013904223u;
        int w = x >> 30 ? snprintf(word, sizeof word, "%s", words[(x >> 16) % (sizeof words / sizeof *words)])
                        : snprintf(word, sizeof word, "%u", x >> 12);
        const char *gap = column + (size_t)w > 70 ? "\r\n" : " ";
        memcpy(s->out + n, word, (size_t)w);
        memcpy(s->out + n + w, gap, strlen(gap));
        n += (size_t)w + strlen(gap);
        column = gap[0] == '\r' ? 0 : column + (size_t)w + 1;
    }
    memcpy(s->out + n, "\r\n.\r\n", 5);
    s->n_out = n + 5;
    s->at_out = 0;
    s->dot_ns = 0;
    s->step = BODY;
    flush(s);
}

/* One of the files; the field in front makes each sending a message of its own and breaks no signature. */
static void put_file(struct session *s, size_t number)
{
    const struct file *f = &files[number % n_files];
    size_t n = (size_t)snprintf(s->out, HEADER_MAX, "X-Bench: %s.%zu\r\n", O.tag, number);
    memcpy(s->out + n, f->bytes, f->n);
    if (f->id) {
        char digits[ID_DIGITS + 1];
        snprintf(digits, sizeof digits, "%0*zu", ID_DIGITS, number % 10000000);
        memcpy(s->out + n + f->id, digits, ID_DIGITS);
    }
    memcpy(s->out + n + f->n, ".\r\n", 3);
    s->n_out = n + f->n + 3;
    s->at_out = 0;
    s->dot_ns = 0;
    s->step = BODY;
    flush(s);
}

static void next_message(struct session *s)
{
    char from[64];
    if (started >= O.count || (O.per_conn && s->sent_here == O.per_conn)) {
        say(s, QUIT, "QUIT", "");
        return;
    }
    s->message = ++started;
    s->sent_here++;
    snprintf(from, sizeof from, "c%u@cliente.example", s->number);
    say(s, MAIL, "MAIL FROM:<", from);
}

static void say_rcpt(struct session *s)
{
    char rcpt[256];
    unsigned user = (unsigned)(s->message % O.users + 1);
    const char *d = strstr(O.rcpt, "%d");
    if (d)
        snprintf(rcpt, sizeof rcpt, "%.*s%u%s", (int)(d - O.rcpt), O.rcpt, user, d + 2);
    else
        snprintf(rcpt, sizeof rcpt, "%s", O.rcpt);
    say(s, RCPT, "RCPT TO:<", rcpt);
}

static void message_done(struct session *s, bool good)
{
    if (good)
        reply_ms[accepted++] = (double)(now_ns() - s->dot_ns) / 1e6;
    else
        failed++;
    next_message(s);
}

static void refused(struct session *s, const char *line)
{
    if (!first_refusal[0])
        snprintf(first_refusal, sizeof first_refusal, "%s", line);
    if (s->step == BODY) {
        message_done(s, false);
        return;
    }
    session_lost(s, line);
}

static void on_reply(struct session *s, const char *line)
{
    char kind = s->step == DATA ? '3' : '2';
    if (s->step != QUIT && line[0] != kind) {
        refused(s, line);
        return;
    }
    switch (s->step) {
    case GREETING: say(s, EHLO, "EHLO client.example", ""); break;
    case EHLO: next_message(s); break;
    case MAIL: say_rcpt(s); break;
    case RCPT: say(s, DATA, "DATA", ""); break;
    case DATA: n_files ? put_file(s, s->message) : put_message(s, s->message); break;
    case BODY: message_done(s, true); break;
    case QUIT:
        session_end(s);
        if (started < O.count)
            session_begin(s);
        break;
    case GONE: break;
    }
}

static void on_readable(struct session *s)
{
    ssize_t n = recv(s->fd, s->in + s->n_in, sizeof s->in - s->n_in - 1, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return;
    if (n <= 0) {
        session_lost(s, n == 0 ? "connection closed" : strerror(errno));
        return;
    }
    s->n_in += (size_t)n;
    s->in[s->n_in] = '\0';
    char *at = s->in, *end;
    while (s->step != GONE && (end = memchr(at, '\n', (size_t)(s->in + s->n_in - at)))) {
        *end = '\0';
        char *line = at;
        at = end + 1;
        bool last = end - line < 4 || line[3] != '-';
        if (last) {
            size_t rest = (size_t)(s->in + s->n_in - at);
            char copy[256];
            snprintf(copy, sizeof copy, "%.250s", line);
            memmove(s->in, at, rest);
            s->n_in = rest;
            at = s->in;
            on_reply(s, copy);
        }
    }
    if (s->step != GONE && at != s->in) {
        s->n_in -= (size_t)(at - s->in);
        memmove(s->in, at, s->n_in);
    }
    if (s->n_in + 1 >= sizeof s->in)
        session_lost(s, "a reply line is too long");
}

static void session_begin(struct session *s)
{
    int one = 1;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        die("socket");
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(s->fd, (struct sockaddr *)&server, sizeof server) != 0 && errno != EINPROGRESS)
        die("connect");
    s->step = GREETING;
    s->n_in = s->n_out = s->at_out = s->sent_here = 0;
    s->waits_to_write = false;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = s};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, s->fd, &e) != 0)
        die("epoll_ctl");
    alive++;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(double p) { return accepted ? reply_ms[(size_t)(p * (double)(accepted - 1) + 0.5)] : -1; }

static int run(void)
{
    struct session *sessions = calloc(O.sessions, sizeof *sessions);
    int64_t from = now_ns();
    for (size_t i = 0; i < O.sessions; i++) {
        sessions[i].number = (unsigned)i;
        sessions[i].out = malloc((O.size > largest ? O.size : largest) + HEADER_MAX + 128);
        session_begin(&sessions[i]);
    }
    while (alive > 0 && now_ns() - from < (int64_t)O.seconds * 1000000000) {
        struct epoll_event ev[256];
        int n = epoll_wait(epoll_fd, ev, 256, 500);
        for (int i = 0; i < n; i++) {
            struct session *s = ev[i].data.ptr;
            if (s->step != GONE && (ev[i].events & EPOLLOUT))
                flush(s);
            if (s->step != GONE && (ev[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
                on_readable(s);
        }
    }
    double took = (double)(now_ns() - from) / 1e9;
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    double cpu_us =
        (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
    qsort(reply_ms, accepted, sizeof *reply_ms, by_value);
    printf("sessions=%zu size=%zu accepted=%zu failed=%zu seconds=%.3f per_second=%.1f p50_ms=%.2f p99_ms=%.2f "
           "max_ms=%.2f "
           "client_cpu_us=%.1f\n",
           O.sessions, O.size, accepted, failed, took, (double)accepted / took, percentile(.5), percentile(.99),
           percentile(1), cpu_us / (double)(accepted ? accepted : 1));
    if (first_refusal[0])
        fprintf(stderr, "load_bench: first refusal: %s\n", first_refusal);
    return failed > 0 || accepted < O.count;
}

static bool option(const char *k, const char *v)
{
    const struct {
        const char *name;
        size_t *out;
    } numbers[] = {{"--port", &O.port},   {"--users", &O.users},       {"--sessions", &O.sessions}, {"--size", &O.size},
                   {"--count", &O.count}, {"--per-conn", &O.per_conn}, {"--seconds", &O.seconds}};
    const struct {
        const char *name, **out;
    } texts[] = {{"--host", &O.host}, {"--rcpt", &O.rcpt}, {"--tag", &O.tag}, {"--messages", &O.messages}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(k, numbers[i].name) == 0)
            return *numbers[i].out = strtoul(v, NULL, 10), true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(k, texts[i].name) == 0)
            return *texts[i].out = v, true;
    return false;
}

static void read_file(const char *path, struct file *f)
{
    FILE *in = fopen(path, "rb");
    size_t cap = 0;
    int before = '\n';
    if (!in)
        die(path);
    for (int c = getc(in); c != EOF; before = c, c = getc(in)) {
        if (f->n + 4 > cap && !(f->bytes = realloc(f->bytes, cap = cap * 2 + 8192)))
            die("realloc");
        if (c == '\n' && before != '\r')
            f->bytes[f->n++] = '\r';
        if (c == '.' && before == '\n')
            f->bytes[f->n++] = '.';
        f->bytes[f->n++] = (char)c;
    }
    fclose(in);
    if (before != '\n') {
        memcpy(f->bytes + f->n, "\r\n", 2);
        f->n += 2;
    }
    if (f->n > largest)
        largest = f->n;
}

static void find_id(struct file *f)
{
    static const char name[] = "\r\nMessage-ID: <";
    for (size_t i = 0; i + sizeof name + ID_DIGITS < f->n; i++) {
        if (f->bytes[i] != '\r' || strncasecmp(f->bytes + i, name, sizeof name - 1) != 0)
            continue;
        size_t at = i + sizeof name - 1, n = strcspn(f->bytes + at, "@> \r\n");
        f->id = n >= ID_DIGITS ? at : 0;
        return;
    }
}

static void read_folder(void)
{
    struct dirent **names;
    int n = scandir(O.messages, &names, NULL, alphasort);
    if (n < 0 || !(files = calloc((size_t)n, sizeof *files)))
        die(O.messages);
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", O.messages, names[i]->d_name);
        if (names[i]->d_name[0] != '.') {
            read_file(path, &files[n_files]);
            find_id(&files[n_files++]);
        }
        free(names[i]);
    }
    free(names);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2)
        if (i + 1 == argc || !option(argv[i], argv[i + 1])) {
            fprintf(stderr, "load_bench: unknown option or no value: %s\n", argv[i]);
            return 2;
        }
    if (!O.port || O.port > 65535 || !O.rcpt || !O.users || !O.sessions || O.sessions > SESSIONS_MAX ||
        O.size < SIZE_MIN || O.size > SIZE_MAX_ || !O.count || strlen(O.tag) > 32) {
        fprintf(stderr, "load_bench: --port and --rcpt are needed; size %u to %u\n", SIZE_MIN, SIZE_MAX_);
        return 2;
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    signal(SIGPIPE, SIG_IGN);
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)O.port)};
    if (inet_pton(AF_INET, O.host, &server.sin_addr) != 1 || (epoll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0)
        die(O.host);
    if (O.messages)
        read_folder();
    reply_ms = calloc(O.count, sizeof *reply_ms);
    return run();
}
