/* The dns role: the only libunbound, with the one cache. It answers questions of net and jobs (os/dns_msg.h) and speaks
 * with the world's name servers; it sees no file once it serves. Tests put their zone here (dns.test_zone), and then
 * nothing is asked of the network.
 *
 * The test zone: one record a line in master form with absolute names ("example.test. 300 IN MX 10
 * mail.example.test."), ";" and "#" begin comments, and two directives for what no record can say: "$servfail NAME" and
 * "$timeout NAME" (that name and all below it). */
#include "core/log.h"
#include "os/dns_msg.h"
#include "os/role.h"
#include "os/role_table.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unbound.h>
#include <unistd.h>

#define DNS_ROOT_KEY "/usr/share/dns/root.key" /* package dns-root-data */
#define DNS_FLIGHT_MAX 1024
#define DNS_CHAIN_MAX 8 /* aliases followed in the test zone; the resolver follows the world's itself */
#define DNS_LINE_MAX 4096
#define DNS_PATIENCE_MS 200 /* a reader that does not read for so long loses the answer */
#define DNS_CLASS_IN 1

enum forced { FORCED_NONE, FORCED_SERVFAIL, FORCED_TIMEOUT };
struct rule {
    struct rule *next;
    enum forced forced;
    char name[DNS_NAME_MAX + 2]; /* without last dot */
};
struct query {
    struct query *prev, *next; /* in order of deadline */
    uint64_t id;
    int peer;
    unsigned generation; /* of the peer's channel: an answer for its earlier life is dropped */
    int64_t deadline_ms;
    int async; /* -1: no question to the resolver is open (a forced timeout) */
    unsigned type;
    unsigned aliases;
};
struct peer {
    int fd;
    unsigned generation;
};

static const struct sandbox_spec dns_sandbox = {
    .calls = SANDBOX_SERVICE,
    .flags = SANDBOX_NO_FORK,
    .files = 8192,
};
static struct peer peers[ROLE_PEERS_MAX];
static struct ub_ctx *ub;
static struct rule *rules;
static struct query flight = {.prev = &flight, .next = &flight};
static size_t n_flight;
static const struct env *env;
static char *msg;

static int ub_check(int r, const char *what);
static int resolver_open(const struct conf *c);
static int servers_add(struct str list);
static int zone_load(const char *path);
static int zone_line(char *line);
static int rule_add(enum forced forced, struct str name);
static enum forced forced_of(struct str name);
static int dns_init(struct role_ctx *r);
static int dns_run(struct role_ctx *r);
static void reply(const struct query *q, const struct dns_answer *a);
static void query_end(struct query *q, enum dns_status status);
static int ask(struct query *q, const char *name);
static void on_result(void *arg, int err, struct ub_result *res);
static bool name_possible(struct str name);
static void on_query(int peer, const struct channel_msg *m);
static void peer_read(int peer);
static int64_t expire(void);
static int control_event(struct role_ctx *r);

static int ub_check(int r, const char *what)
{
    if (r != 0)
        log_error("dns.setup.failed", L_Z("step", what), L_Z("why", ub_strerror(r)));
    return r;
}

static int servers_add(struct str list)
{
    struct str one;
    char text[128];
    while (list.n && str_token(&list, ',', &one)) {
        one = str_trim(one);
        if (one.n == 0 || one.n >= sizeof(text))
            continue;
        memcpy(text, one.p, one.n);
        text[one.n] = '\0';
        /* libunbound writes the port after @; people write it after a colon. An address with two colons is IPv6. */
        char *colon = strchr(text, ':');
        if (colon && !strchr(colon + 1, ':'))
            *colon = '@';
        if (ub_check(ub_ctx_set_fwd(ub, text), "dns.servers") != 0)
            return ROLE_EXIT_CONFIG;
    }
    return 0;
}

static int rule_add(enum forced forced, struct str name)
{
    struct rule *rule = calloc(1, sizeof(*rule));
    if (str_ends(name, STR(".")))
        name.n--;
    if (!rule || name.n == 0 || name.n >= sizeof(rule->name)) {
        free(rule);
        return 1;
    }
    memcpy(rule->name, name.p, name.n);
    rule->forced = forced;
    rule->next = rules;
    rules = rule;
    return 0;
}

static int zone_line(char *line)
{
    static const struct {
        struct str word;
        enum forced forced;
    } directives[] = {{{"$servfail ", 10}, FORCED_SERVFAIL}, {{"$timeout ", 9}, FORCED_TIMEOUT}};
    struct str s = str_trim(str_c(line));
    if (s.n == 0 || s.p[0] == ';' || s.p[0] == '#')
        return 0;
    line[(size_t)(s.p - line) + s.n] = '\0';
    for (size_t i = 0; i < N_ELEMENTS(directives); i++)
        if (str_starts(s, directives[i].word))
            return rule_add(directives[i].forced, str_trim(str_from(s, directives[i].word.n)));
    return ub_check(ub_ctx_data_add(ub, s.p), s.p);
}

static int zone_load(const char *path)
{
    char line[DNS_LINE_MAX];
    int r = 0;
    FILE *f = fopen(path, "re");
    if (!f) {
        log_error("dns.test_zone.unreadable", L_Z("path", path), L_Z("why", strerror(errno)));
        return ROLE_EXIT_CONFIG;
    }
    while (r == 0 && fgets(line, sizeof(line), f))
        r = zone_line(line);
    fclose(f);
    return r ? ROLE_EXIT_CONFIG : 0;
}

/* Order matters: the first zone_add finalises the context, after which options are refused. It also makes libunbound
 * read all its files now, while it still may. */
static int resolver_open(const struct conf *c)
{
    static const struct {
        const char *name, *value;
    } options[] = {{"msg-cache-size:", "4m"},   {"rrset-cache-size:", "8m"},
                   {"outgoing-range:", "512"},  {"num-queries-per-thread:", "1024"},
                   {"cache-max-ttl:", "86400"}, {"cache-max-negative-ttl:", "300"},
                   {"use-syslog:", "no"}};
    struct str servers = conf_s(c, CONF_DNS_SERVERS), zone = conf_s(c, CONF_DNS_ZONE);
    struct arena a;
    int r = 0;

    ub = ub_ctx_create();
    if (!ub)
        return 1;
    for (size_t i = 0; i < N_ELEMENTS(options) && r == 0; i++)
        r = ub_check(ub_ctx_set_option(ub, options[i].name, options[i].value), options[i].name);
    /* One thread of libunbound's own instead of a forked process. */
    if (r == 0)
        r = ub_check(ub_ctx_async(ub, 1), "thread");
    if (r != 0)
        return 1;
    if ((r = servers_add(servers)) != 0)
        return r;
    /* Forwarders are taken at their word: many strip what validation needs. */
    if (servers.n == 0 && zone.n == 0 && ub_check(ub_ctx_add_ta_file(ub, DNS_ROOT_KEY), DNS_ROOT_KEY) != 0)
        log_warn("dns.dnssec.off", L_Z("cure", "install the package dns-root-data"));
    if (ub_check(ub_ctx_zone_add(ub, zone.n ? "." : "invalid.", "static"), "zone") != 0)
        return 1;
    arena_init(&a, ARENA_NO_LIMIT);
    r = zone.n ? zone_load(arena_z(&a, zone)) : 0;
    arena_free(&a);
    return r;
}

static int dns_init(struct role_ctx *r)
{
    env = r->env;
    msg = malloc(CHANNEL_MSG_MAX);
    return msg ? resolver_open(&r->conf) : 1;
}

static enum forced forced_of(struct str name)
{
    for (const struct rule *rule = rules; rule; rule = rule->next) {
        struct str end = str_c(rule->name);
        if (name.n < end.n || !str_ieq(str_from(name, name.n - end.n), end))
            continue;
        if (name.n == end.n || name.p[name.n - end.n - 1] == '.')
            return rule->forced;
    }
    return FORCED_NONE;
}

static void reply(const struct query *q, const struct dns_answer *a)
{
    const struct peer *p = &peers[q->peer];
    if (p->fd < 0 || p->generation != q->generation)
        return;
    int r = dns_answer_send(p->fd, q->id, a);
    if (r == ERR_BUSY) {
        struct pollfd w = {p->fd, POLLOUT, 0};
        poll(&w, 1, DNS_PATIENCE_MS);
        r = dns_answer_send(p->fd, q->id, a);
    }
    if (r == ERR_LIMIT) {
        const struct dns_answer too_large = {.status = DNS_SERVFAIL};
        r = dns_answer_send(p->fd, q->id, &too_large);
    }
    if (r == ERR_BUSY)
        log_warn("dns.answer.dropped", L_Z("peer", role_peer_name((size_t)q->peer)));
}

static void query_end(struct query *q, enum dns_status status)
{
    const struct dns_answer a = {.status = status};
    if (status != DNS_OK)
        reply(q, &a);
    q->prev->next = q->next;
    q->next->prev = q->prev;
    n_flight--;
    free(q);
}

static int ask(struct query *q, const char *name)
{
    int r = ub_resolve_async(ub, name, (int)q->type, DNS_CLASS_IN, q, on_result, &q->async);
    if (r != 0)
        q->async = -1;
    return r;
}

static void on_result(void *arg, int err, struct ub_result *res)
{
    struct query *q = arg;
    struct dns_answer a = {.status = DNS_OK};
    q->async = -1;
    if (err != 0 || !res || res->bogus || (res->rcode != 0 && !res->nxdomain)) {
        query_end(q, DNS_SERVFAIL);
        ub_resolve_free(res);
        return;
    }
    bool alias =
        !res->havedata && res->canonname && q->type != DNS_CNAME && strcasecmp(res->canonname, res->qname) != 0;
    if (alias && !res->nxdomain && q->aliases++ < DNS_CHAIN_MAX && ask(q, res->canonname) == 0) {
        ub_resolve_free(res);
        return;
    }
    if (res->nxdomain) {
        query_end(q, DNS_NXDOMAIN);
        ub_resolve_free(res);
        return;
    }
    a.secure = res->secure;
    a.ttl = res->ttl > 0 ? (uint32_t)res->ttl : 0;
    for (size_t i = 0; res->havedata && res->data[i] && a.n < DNS_RECORDS_MAX; i++)
        a.rdata[a.n++] = str_n(res->data[i], (size_t)res->len[i]);
    reply(q, &a);
    query_end(q, DNS_OK);
    ub_resolve_free(res);
}

/* RFC 1035 2.3.4. Such a name is wrong for ever: asking again later, as SERVFAIL would invite to, is of no use. */
static bool name_possible(struct str name)
{
    struct str label;
    if (name.n == 0 || name.n > DNS_NAME_MAX)
        return false;
    while (name.n) {
        bool more = str_cut(name, '.', &label, &name);
        if (label.n == 0 || label.n > 63 || (more && name.n == 0))
            return false;
    }
    return true;
}

static void on_query(int peer, const struct channel_msg *m)
{
    char name[DNS_NAME_MAX + 2];
    struct str asked;
    struct query *q = calloc(1, sizeof(*q));
    unsigned type;
    if (!q || dns_query_read(m, &type, &asked) != 0) {
        free(q);
        log_warn("dns.query.bad", L_Z("peer", role_peer_name((size_t)peer)));
        return;
    }
    memcpy(name, asked.p, asked.n);
    name[asked.n] = '\0';
    if (asked.p[asked.n - 1] == '.')
        asked.n--;
    *q = (struct query){.id = m->id,
                        .peer = peer,
                        .generation = peers[peer].generation,
                        .type = type,
                        .async = -1,
                        .prev = flight.prev,
                        .next = &flight,
                        .deadline_ms = env_mono_ms(env) + DNS_LIMIT_MS};
    flight.prev->next = q;
    flight.prev = q;
    n_flight++;
    enum forced forced = forced_of(asked);
    if (!name_possible(asked)) {
        query_end(q, DNS_NXDOMAIN);
    } else if (forced == FORCED_TIMEOUT) {
        /* Tests need not wait for real. */
        query_end(q, DNS_TIMEOUT);
    } else if (forced == FORCED_SERVFAIL || n_flight > DNS_FLIGHT_MAX) {
        query_end(q, DNS_SERVFAIL);
    } else {
        if (ask(q, name) != 0)
            query_end(q, DNS_SERVFAIL);
    }
}

static void peer_read(int ix)
{
    struct peer *p = &peers[ix];
    struct channel_msg m;
    int r;
    while ((r = channel_recv(p->fd, msg, CHANNEL_MSG_MAX, &m)) == 0) {
        on_query(ix, &m);
        channel_msg_close(&m);
    }
    if (r == ERR_BUSY)
        return;
    if (r != ERR_GONE)
        log_error("dns.peer.bad", L_Z("peer", role_peer_name((size_t)ix)), L_Z("code", err_name(r)));
    close(p->fd);
    p->fd = -1;
    p->generation++;
}

/* Answers what is late; milliseconds until the next deadline, -1 none. */
static int64_t expire(void)
{
    int64_t now = env_mono_ms(env);
    while (flight.next != &flight && flight.next->deadline_ms <= now) {
        struct query *q = flight.next;
        if (q->async >= 0)
            ub_cancel(ub, q->async);
        query_end(q, DNS_TIMEOUT);
    }
    return flight.next == &flight ? -1 : flight.next->deadline_ms - now;
}

/* 1: stop. */
static int control_event(struct role_ctx *r)
{
    struct role_event ev;
    while (role_control(r, &ev) == 0) {
        if (ev.kind == ROLE_STOP)
            return 1;
        if (ev.kind != ROLE_PEER)
            continue;
        bool placed = false;
        for (size_t i = 0; i < ROLE_PEERS_MAX; i++)
            if (str_eq(ev.name, str_c(role_peer_name(i)))) {
                if (peers[i].fd >= 0)
                    close(peers[i].fd);
                peers[i].fd = ev.fd;
                peers[i].generation++;
                placed = true;
            }
        if (!placed)
            close(ev.fd);
    }
    return 0;
}

static int dns_run(struct role_ctx *r)
{
    for (size_t i = 0; i < ROLE_PEERS_MAX; i++)
        peers[i].fd = role_take(r, "channel", role_peer_name(i), 0);
    if (role_ready(r) != 0)
        return 1;
    for (;;) {
        struct pollfd p[2 + ROLE_PEERS_MAX] = {{r->control, POLLIN, 0}, {ub_fd(ub), POLLIN, 0}};
        for (size_t i = 0; i < ROLE_PEERS_MAX; i++)
            p[2 + i] = (struct pollfd){peers[i].fd, POLLIN, 0};
        if (poll(p, N_ELEMENTS(p), (int)expire()) < 0 && errno != EINTR)
            return 1;
        if (p[1].revents && ub_check(ub_process(ub), "process") != 0)
            return 1;
        for (size_t i = 0; i < ROLE_PEERS_MAX; i++)
            if (p[2 + i].revents && peers[i].fd >= 0)
                peer_read((int)i);
        if (p[0].revents && control_event(r))
            return 0;
    }
}

int main(void)
{
    static const struct role role = {"dns", &dns_sandbox, dns_init, dns_run};
    return role_main(&role);
}
