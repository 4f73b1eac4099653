#pragma once
/* Inside of http: who listens to which account, and what was told. push.c keeps accounts and their states, stream.c one client's connection. */
#include "http/serve.h"

#define PUSH_TYPES_TEXT_MAX 512u /* the types parameter */
#define PUSH_PING_LEAST_S 5
#define PUSH_PING_MOST_S 300
#define PUSH_QUIET_MS 120000           /* without pings: a comment so often, so that a dead peer is found */
#define PUSH_CHECK_MS 60000            /* is the session still good? */
#define PUSH_BASIC_MS (15 * 60 * 1000) /* a stream by password ends then; the client comes again by itself */
#define PUSH_SNDBUF 8192               /* what the kernel may hold for one client, doubled by it */

struct push_state {
    char type[HTTP_PUSH_STATE_MAX + 1], state[HTTP_PUSH_STATE_MAX + 1];
    uint64_t since; /* version of the account at which it became this */
};
struct push_account {
    int64_t key[3];   /* cell, org, account */
    struct list node; /* least lately looked at first */
    struct list due;  /* in push->due when woken */
    struct list clients;
    struct push_state *state;
    size_t n;
    uint64_t version; /* counts changes; 0: nothing known yet */
    uint64_t ticket;  /* asked, not answered */
    int64_t looked_ms;
    bool again; /* woken while asked */
};
struct http_stream {
    struct http_conn *hc;
    struct http_server *server;
    struct push_account *account;
    struct list node;
    struct http_login login; /* by which it came */
    struct http_slot slot;
    int64_t ping_ms, begun_ms, checked_ms;
    uint64_t told;    /* version of the account that this client knows of */
    uint64_t check;   /* ticket of a look at the session */
    uint64_t address; /* hash of the person's address */
    uint64_t last_id; /* Last-Event-ID as it came */
    bool has_last, close_after;
    bool full;     /* all states at the next telling */
    bool baseline; /* or: the states as they come first are what it knows */
    char types[];  /* "" means all; else ",Email,Thread," */
};
struct http_push {
    struct http_server *server;
    http_push_ask *ask;
    void *ask_ctx;
    struct map accounts;
    struct imap tickets, checks; /* ticket -> push_account; -> http_stream */
    struct list by_look, due;
    struct net_timer due_timer, look_timer;
    size_t n_clients;
};
/* The account of this person, made when it is new: then its states are asked for. */
struct push_account *push_account_get(struct http_push *p, const struct http_person *who);
void push_account_leave(struct http_push *p, struct push_account *a); /* frees it when nobody listens any more */
uint64_t push_account_id(const struct push_account *a);               /* of the states as they are: Last-Event-ID */
/* stream.c */
void stream_tell(struct http_stream *st); /* what it does not know yet, if its connection takes it */
void stream_end(struct http_stream *st);
