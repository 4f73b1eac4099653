#pragma once
/* The net role: what its files share. net.c joins the rooms; each other file is one of its ends. */
#include "intake/intake.h"
#include "jmap/routes.h"
#include "net/listen.h"
#include "os/role.h"
#include "smtp/smtp.h"

#include <pthread.h>

#define NET_LISTEN_MAX 32u
#define NET_TLS_RETRY_MS 5000 /* keys is restarting */
#define NET_TLS_LOOK_MS 5000  /* has a certificate been renewed? One question over the channel */
#define NET_NAMES_MAX 64u     /* names of TLS clients whose certificate is at hand */
#define NET_LOGIN_RETRY_MS 1000
#define NET_STOP_MS 7000  /* sessions that have not ended by then are cut; the supervisor kills after ten seconds */
#define NET_WAKE_MS 100   /* a search may lag behind a delivery by so much */
#define NET_WAKES_MAX 64u /* firms in one round of wake-ups */
#define NET_HEARD_MAX 256u
#define NET_PASSWORD_THREADS 2
#define NET_CONTROL_MAX 16u    /* requests of the command line at once */
#define NET_PASSWORD_QUEUE 64u /* more at once: 503 */

struct net_heard { /* of the store, on its way to the loop */
    struct store_wake w;
    bool elsewhere;
};
enum net_cert_use { NET_CERT_MAIL, NET_CERT_WEB, NET_CERTS };
struct net_cert {
    struct net_role *net;
    struct net_tls *tls;
    uint32_t handle;
    uint64_t mark; /* of the chain in use; 0: ask again */
};
struct net_lapsed { /* net_domains.c */
    int64_t known, sum, next_ms;
    size_t asked; /* cells that have not answered */
    bool failed;
};
struct net_role {
    struct role_ctx *ctx;
    struct net_loop *loop;
    struct store *store;
    struct intake *intake;
    struct smtp_server *smtp;
    struct http_server *http;
    struct jmap_ctx jmap;
    struct net_listener *listener[NET_LISTEN_MAX];
    size_t n_listener;
    struct net_cert cert[NET_CERTS];
    struct net_names *names; /* net_tls.c: certificates of further names */
    struct net_timer tls_timer, drain_timer, login_timer;
    struct http_logins logins;
    bool login_key; /* http has the key of log-ins */
    struct net_passwords *passwords;
    struct net_control *control;
    struct net_timer wake_timer;
    struct store_wake wakes[NET_WAKES_MAX]; /* not sent to jobs yet */
    size_t n_wakes;
    pthread_mutex_t heard_lock;
    struct net_heard heard[NET_HEARD_MAX];
    size_t n_heard;
    char wake_msg[CHANNEL_MSG_MAX];
    void *jobs_watch;
    struct buf health; /* body of the last HEALTH */
    struct net_lapsed lapsed;
    int keys_fd, jobs_fd;
    void *control_watch;
    char hostname[256];
    bool stopping, smtp_stopped, http_stopped;
    int64_t stop_ms;
};

/* net_io.c: watching descriptors and waiting, for rooms that do not know net/. */
struct intake_io net_io_of(struct net_loop *l);
/* net_tls.c: certificate and signatures from the keys role. */
void net_keys_open(struct net_role *n, int fd); /* takes fd; also after keys was restarted */
void net_keys_close(struct net_role *n);
/* net_login.c: sessions and app tokens in the store, and the sealed key under which they are hashed. */
void net_login_init(struct net_role *n); /* before http_server_new: fills n->logins */
void net_login_key(struct net_role *n);  /* after it; waits for the directory; tries again by itself */
/* net_metrics.c: what is measured of the rooms that do not know http. */
void net_metrics_add(struct net_role *n);
/* net_domains.c: fits http_metric.read. */
int64_t net_domains_lapsed(void *net_role, int what);
/* net_password.c */
int net_password_hash(struct str password, struct buf *out); /* argon2id; 100 ms; fits jmap_ctx.hash */
struct net_passwords *net_passwords_new(struct net_role *n);
void net_passwords_free(struct net_passwords **p); /* before the store is closed */
void net_passwords_verify(void *passwords, uint64_t id, struct str address, struct str password,
                          const struct http_try *tries);
/* net_wake.c */
void net_wake_init(struct net_role *n, int fd);
void net_wake_channel(struct net_role *n, int fd); /* to jobs, which was restarted; takes fd */
void net_wake_store(void *net_role, const struct store_wake *list, size_t count,
                    bool elsewhere);                                       /* fits store_conf.wake */
void net_wake(void *net_role, int64_t cell, int64_t org, int64_t account); /* fits intake_conf.wake */
void net_wake_flush(struct net_role *n);
/* net_control.c */
struct net_control *net_control_new(struct net_role *n, int fd); /* takes fd; NULL when it is -1 */
void net_control_stop(struct net_control *k);
bool net_control_busy(const struct net_control *k); /* a verb is being done: the store must stay open */
void net_control_free(struct net_control **k);
/* net_health.c */
extern const struct http_route net_health_routes[];
extern const size_t net_health_routes_n;
void net_health_keep(struct net_role *n, struct str body);
bool net_ready(struct net_role *n);                     /* mail can be kept */
void net_health_json(void *net_role, struct buf *json); /* roles, cells, SMTP: fits jmap_ctx.health */
