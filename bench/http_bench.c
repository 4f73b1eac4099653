/* An HTTP client with many kept-alive connections, for any server: each sends its request again as soon as the answer is read. Prints one line of key=value:
 * rate, percentiles from the request's first byte to the answer's last, own CPU.
 * http_bench --port N [--path /api/status] [--user NAME --password TEXT] [--body TEXT (then POST of JSON)] [--connections 16] [--seconds 5] [--users 1]
 *            (with users > 1 the name holds %d)
 * http_bench --fill DIR --firm NUMBER --users N   makes people u<i>@... of that firm's first domain, password "bench", whose hash costs almost nothing
 * Exit 1: an answer was not 2xx, or a connection ended. */
#include "core/hash.h"
#include "store/account.h"
#include "store/firm.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 10000u
#define SAMPLES_MAX 4000000u
#define FILL_STEP 500u

struct options {
    const char *path, *user, *password, *body, *fill;
    size_t port, connections, seconds, users, firm;
};
struct client {
    int fd;
    struct buf request;
    size_t at;
    int64_t begun_ns;
    struct buf in;
};
static struct options O = {.path = "/api/status", .connections = 16, .seconds = 5, .users = 1, .firm = 1};
static int epoll_fd;
static float *sample_ms;
static size_t n_samples, bad;
static uint64_t bytes;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "http_bench: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void request_make(struct client *c, size_t i)
{
    AUTO(buf) struct buf plain;
    char name[200];
    buf_init(&plain, 1024);
    buf_init(&c->request, 1u << 20);
    buf_printf(&c->request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%zu\r\n", O.body ? "POST" : "GET", O.path, O.port);
    if (O.user) {
        const char *mark = strstr(O.user, "%d");
        if (mark)
            snprintf(name, sizeof name, "%.*s%zu%s", (int)(mark - O.user), O.user, i % O.users, mark + 2);
        else
            snprintf(name, sizeof name, "%s", O.user);
        buf_printf(&plain, "%s:%s", name, O.password ? O.password : "bench");
        buf_addz(&c->request, "Authorization: Basic ");
        base64_put(&c->request, buf_str(&plain));
        buf_addz(&c->request, "\r\n");
    }
    if (O.body)
        buf_printf(&c->request, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(O.body),
                   O.body);
    else
        buf_addz(&c->request, "\r\n");
}

static void client_send(struct client *c)
{
    if (c->at == 0)
        c->begun_ns = now_ns();
    while (c->at < c->request.n) {
        ssize_t n = send(c->fd, c->request.p + c->at, c->request.n - c->at, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0)
            die("send");
        c->at += (size_t)n;
    }
    struct epoll_event ev = {.events = EPOLLIN | (c->at < c->request.n ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
}

static void client_open(struct client *c, size_t i)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)O.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    request_make(c, i);
    buf_init(&c->in, 64u << 20);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &ev);
}

/* Bytes of a whole answer with Content-Length at the front of in; 0: more must come. */
static size_t answer_whole(struct str in)
{
    ptrdiff_t end = str_find(in, STR("\r\n\r\n"), 0);
    ptrdiff_t at = end < 0 ? -1 : str_ifind(str_upto(in, (size_t)end), STR("Content-Length: "), 0);
    if (at < 0)
        return 0;
    size_t n = strtoul(in.p + at + 16, NULL, 10);
    return in.n >= (size_t)end + 4 + n ? (size_t)end + 4 + n : 0;
}

static void client_read(struct client *c)
{
    char part[65536];
    ssize_t n;
    while ((n = recv(c->fd, part, sizeof part, 0)) > 0)
        buf_add(&c->in, part, (size_t)n);
    if (n == 0 || errno != EAGAIN)
        die("a connection ended");
    size_t whole = answer_whole(buf_str(&c->in));
    if (!whole)
        return;
    if (c->in.p[9] != '2' && bad++ == 0)
        fprintf(stderr, "http_bench: %.*s\n", (int)(whole < 600 ? whole : 600), c->in.p);
    bytes += whole;
    buf_drop(&c->in, whole);
    if (n_samples < SAMPLES_MAX)
        sample_ms[n_samples] = (float)(now_ns() - c->begun_ns) / 1e6f;
    n_samples++;
    c->at = 0;
    client_send(c);
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static int load(void)
{
    struct client *all = calloc(O.connections, sizeof *all);
    struct epoll_event ev[256];
    struct rusage u;
    sample_ms = malloc(SAMPLES_MAX * sizeof *sample_ms);
    epoll_fd = epoll_create1(0);
    if (!all || !sample_ms)
        die("memory");
    for (size_t i = 0; i < O.connections; i++)
        client_open(&all[i], i);
    for (size_t i = 0; i < O.connections; i++)
        client_send(&all[i]);
    int64_t begun = now_ns(), end = begun + (int64_t)O.seconds * 1000000000;
    while (now_ns() < end) {
        int n = epoll_wait(epoll_fd, ev, 256, 1000);
        for (int i = 0; i < n; i++) {
            struct client *c = ev[i].data.ptr;
            if (ev[i].events & EPOLLOUT)
                client_send(c);
            if (ev[i].events & ~(uint32_t)EPOLLOUT)
                client_read(c);
        }
    }
    double seconds = (double)(now_ns() - begun) / 1e9;
    size_t kept = n_samples < SAMPLES_MAX ? n_samples : SAMPLES_MAX;
    qsort(sample_ms, kept, sizeof *sample_ms, by_size);
    getrusage(RUSAGE_SELF, &u);
    if (kept == 0)
        return 1;
    printf("rate=%.0f answers=%zu bad=%zu p50_ms=%.3f p99_ms=%.3f max_ms=%.3f mb=%.1f own_cpu_s=%.2f\n",
           (double)n_samples / seconds, n_samples, bad, (double)sample_ms[kept / 2], (double)sample_ms[kept * 99 / 100],
           (double)sample_ms[kept - 1], (double)bytes / 1e6,
           (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
    return bad > 0;
}

static int first_domain(struct txn *t, void *arg)
{
    struct str *v, *out = arg;
    size_t n = 0;
    int r = firm_domains(t, (int64_t)O.firm, &v, &n);
    if (r == 0 && n > 0)
        snprintf((char *)(uintptr_t)out->p, out->n, "%.*s", STRF(v[0]));
    return r;
}

static int fill(void)
{
    struct store_conf conf = {.state = O.fill, .engine = DB_SQLITE, .writers = 1, .readers = 1};
    struct store *s;
    struct cell *c;
    struct err e = {0};
    char hash[crypto_pwhash_STRBYTES], domain[256] = "";
    struct new_user u[FILL_STEP];
    if (sodium_init() < 0 || crypto_pwhash_str_alg(hash, "bench", 5, 1, 8192, crypto_pwhash_ALG_ARGON2ID13) != 0)
        die("hash");
    if (store_open(&s, &conf, env_system(), &e) != 0 || store_cell(s, 1, &c, &e) != 0 ||
        cell_read_wait(c, first_domain, &(struct str){domain, sizeof domain}) != 0) {
        fprintf(stderr, "http_bench: %s\n", e.text);
        return 2;
    }
    int r = 0;
    for (size_t i = 0; i < O.users && r == 0; i += FILL_STEP) {
        struct arena a;
        size_t n = 0;
        arena_init(&a, ARENA_NO_LIMIT);
        for (; n < FILL_STEP && i + n < O.users; n++)
            u[n] = (struct new_user){arena_printf(&a, "u%zu@%s", i + n, domain), STR("Bench"), str_c(hash)};
        r = users_create(s, (int64_t)O.firm, u, n, &e);
        arena_free(&a);
    }
    store_close(&s);
    if (r != 0)
        fprintf(stderr, "http_bench: %s\n", e.text);
    return r != 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        const char **text;
        size_t *number;
    } words[] = {{"--path", &O.path, NULL},   {"--user", &O.user, NULL},       {"--password", &O.password, NULL},
                 {"--body", &O.body, NULL},   {"--fill", &O.fill, NULL},       {"--port", NULL, &O.port},
                 {"--users", NULL, &O.users}, {"--seconds", NULL, &O.seconds}, {"--connections", NULL, &O.connections},
                 {"--firm", NULL, &O.firm}};
    for (int i = 1; i + 1 < argc; i += 2) {
        size_t k = 0;
        while (k < N_ELEMENTS(words) && strcmp(argv[i], words[k].name) != 0)
            k++;
        if (k == N_ELEMENTS(words))
            return fprintf(stderr, "http_bench: unknown option %s\n", argv[i]), 2;
        if (words[k].text)
            *words[k].text = argv[i + 1];
        else
            *words[k].number = strtoul(argv[i + 1], NULL, 10);
    }
    if (O.fill)
        return fill();
    if (O.port == 0 || O.connections == 0 || O.connections > CONNECTIONS_MAX)
        return fprintf(stderr, "http_bench: --port and 1 to %u --connections\n", CONNECTIONS_MAX), 2;
    return load();
}
