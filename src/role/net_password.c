/* The password pool: argon2id takes tens of milliseconds, so it runs on threads of its own, few and with a bounded
 * queue. An unknown address costs the same as a wrong password: it is checked against a hash of random bytes. */
#include "role/net.h"
#include "admin/password.h"
#include "core/log.h"
#include "mime/path.h"
#include "store/account.h"
#include "store/login_try.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#define JOB_ARENA_MAX (1u << 20)
#define DOWN_FOR_MS 5000 /* a queue that is full so shortly after is full because the store did not answer */

struct job {
    struct list node;
    struct net_role *net;
    uint64_t id;
    struct arena arena;
    struct str address, password;
    struct http_person person;
    enum http_verdict verdict;
    struct login_try tries[HTTP_TRIES];
    size_t n_tries;  /* 0: not counted in the store */
    int64_t wait_ms; /* too many wrong ones: nothing was checked */
};
struct net_passwords {
    struct net_role *net;
    pthread_t thread[NET_PASSWORD_THREADS];
    size_t n_threads;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct list queue;
    size_t n_queue;
    bool ending;
    int64_t down_ms; /* when the store last did not answer; 0: it did since */
};

static void *thread_main(void *arg);
static void on_done(void *arg);

struct net_passwords *net_passwords_new(struct net_role *n)
{
    struct net_passwords *p = calloc(1, sizeof *p);
    if (!p || sodium_init() < 0)
        abort();
    p->net = n;
    list_init(&p->queue);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->more, NULL);
    for (; p->n_threads < NET_PASSWORD_THREADS; p->n_threads++)
        if (pthread_create(&p->thread[p->n_threads], NULL, thread_main, p) != 0)
            abort();
    return p;
}

static void job_free(struct job *j)
{
    explicit_bzero((void *)(uintptr_t)j->password.p, j->password.n);
    arena_free(&j->arena);
    free(j);
}

void net_passwords_free(struct net_passwords **pp)
{
    struct net_passwords *p = *pp;
    if (!p)
        return;
    *pp = NULL;
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->more);
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < p->n_threads; i++)
        pthread_join(p->thread[i], NULL);
    while (!list_empty(&p->queue)) {
        struct job *j = LIST_ITEM(p->queue.next, struct job, node);
        list_del(&j->node);
        job_free(j);
    }
    pthread_cond_destroy(&p->more);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void net_passwords_verify(void *passwords, uint64_t id, struct str address, struct str password,
                          const struct http_try *tries)
{
    struct net_passwords *p = passwords;
    pthread_mutex_lock(&p->lock);
    bool full = p->n_queue >= NET_PASSWORD_QUEUE || p->ending;
    pthread_mutex_unlock(&p->lock);
    bool down = p->down_ms && net_now_ms(p->net->loop) - p->down_ms < DOWN_FOR_MS;
    if (full) { /* never "too many log-ins" to people who wait for a database that comes back */
        http_verified(p->net->http, id, down ? HTTP_VERIFY_DOWN : HTTP_VERIFY_BUSY, NULL);
        return;
    }
    struct job *j = calloc(1, sizeof *j);
    if (!j)
        abort();
    arena_init(&j->arena, JOB_ARENA_MAX);
    j->net = p->net;
    j->id = id;
    j->address = arena_str(&j->arena, address);
    j->password = arena_str(&j->arena, password);
    for (size_t i = 0; tries && i < HTTP_TRIES; i++) {
        memcpy(j->tries[i].mark, tries[i].mark, LOGIN_TRY_MARK);
        j->tries[i].most = tries[i].most;
        j->n_tries++;
    }
    pthread_mutex_lock(&p->lock);
    list_add(&p->queue, &j->node);
    p->n_queue++;
    pthread_cond_signal(&p->more);
    pthread_mutex_unlock(&p->lock);
}

static bool canonical(struct job *j, struct str *key)
{
    struct mime_path path;
    struct str text = arena_printf(&j->arena, "<%.*s>", STRF(j->address));
    if (mime_path_parse(&j->arena, NULL, text, MIME_PATH_UTF8, &path, NULL) != MIME_PATH_OK)
        return false;
    *key = mime_addr_key(&j->arena, &path.addr);
    return true;
}

/* The counts of all processes. What cannot be counted is only logged: each process counts for itself too. */
static bool may_try(struct net_passwords *p, struct job *j)
{
    return j->n_tries == 0 || login_tries_wait(p->net->store, j->tries, j->n_tries, &j->wait_ms) != 0 ||
           j->wait_ms == 0;
}

static void count(struct net_passwords *p, const struct job *j)
{
    int r = 0;
    if (j->n_tries && j->verdict == HTTP_VERIFY_NO)
        r = login_tries_note(p->net->store, j->tries, j->n_tries);
    else if (j->n_tries && j->verdict == HTTP_VERIFY_OK && j->tries[HTTP_TRIES_PAIR].n > 0)
        r = login_tries_clear(p->net->store, &j->tries[HTTP_TRIES_PAIR]);
    if (r)
        log_warn("net.tries_uncounted", L_Z("code", err_name(r)));
}

static void check(struct net_passwords *p, struct job *j, const char *decoy)
{
    struct login l = {0};
    struct str key;
    int found = canonical(j, &key) ? login_find(p->net->store, &j->arena, key, &l) : DIR_UNKNOWN;
    if (found < 0) {
        j->verdict = HTTP_VERIFY_DOWN;
        return;
    }
    bool known = found == 0 && l.hash.n > 0 && l.hash.n < crypto_pwhash_STRBYTES;
    const char *hash = known ? arena_z(&j->arena, l.hash) : decoy;
    bool right = crypto_pwhash_str_verify(hash, j->password.p, j->password.n) == 0;
    j->verdict = right && known ? HTTP_VERIFY_OK : HTTP_VERIFY_NO;
    if (j->verdict == HTTP_VERIFY_OK)
        j->person = (struct http_person){.cell = l.at.cell,
                                         .org = l.at.org,
                                         .account = l.at.account,
                                         .address = key,
                                         .name = l.name,
                                         .firm = l.firm,
                                         .password_ms = l.set_ms};
}

static void run(struct net_passwords *p, struct job *j, const char *decoy)
{
    if (!may_try(p, j))
        return;
    check(p, j, decoy);
    count(p, j);
}

/* A hash that costs what ours cost, of a password that nobody knows. */
static void decoy_make(char decoy[crypto_pwhash_STRBYTES])
{
    char secret[32];
    randombytes_buf(secret, sizeof secret);
    if (crypto_pwhash_str(decoy, secret, sizeof secret, PASSWORD_HASH_OPS, PASSWORD_HASH_MEMORY) != 0)
        decoy[0] = 0; /* no memory: tried again before the next job */
}

static void *thread_main(void *arg)
{
    struct net_passwords *p = arg;
    char decoy[crypto_pwhash_STRBYTES] = "";
    decoy_make(decoy);
    pthread_mutex_lock(&p->lock);
    while (!p->ending) {
        if (list_empty(&p->queue)) {
            pthread_cond_wait(&p->more, &p->lock);
            continue;
        }
        struct job *j = LIST_ITEM(p->queue.next, struct job, node);
        list_del(&j->node);
        p->n_queue--;
        pthread_mutex_unlock(&p->lock);
        if (!decoy[0])
            decoy_make(decoy);
        run(p, j, decoy);
        net_post(p->net->loop, on_done, j);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void on_done(void *arg)
{
    struct job *j = arg;
    if (j->net->passwords)
        j->net->passwords->down_ms = j->verdict == HTTP_VERIFY_DOWN ? net_now_ms(j->net->loop) : 0;
    if (j->net->http && j->wait_ms)
        http_verify_limited(j->net->http, j->id, j->wait_ms / 1000 + 1);
    else if (j->net->http)
        http_verified(j->net->http, j->id, j->verdict, &j->person);
    job_free(j);
}

int net_password_hash(struct str password, struct buf *out)
{
    char hash[PASSWORD_HASH_TEXT];
    int r = password_hash(password, hash, NULL);
    if (r == 0)
        buf_addz(out, hash);
    return r ? r : out->err ? ERR_LIMIT : 0;
}
