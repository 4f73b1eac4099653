#pragma once
/* `sigillo trace ID`: where a mail that got 250 is now, and why. ID is the one in the reply. */
#include "store/mail.h"
#include "store/read.h"

struct trace_place {
    struct str mailbox;
    int64_t uid;
    uint32_t flags;
    bool stub; /* stands in for the held message */
};
struct trace_message {
    int64_t message;
    struct read_email email;
    struct trace_place *places;
    size_t n_places;
};
struct trace_recipient {
    struct str address;
    bool known; /* an account of the firm now */
    int64_t account;
    struct trace_message *messages; /* none: removed since */
    size_t n_messages;
};
struct trace {
    int64_t cell, org;
    struct read_accepted accepted;
    struct trace_recipient *recipients;
    size_t n_recipients;
    struct str authentication; /* what Authentication-Results of ours says, on one line; empty when there is none */
};
/* 1 found, 0 no cell knows it, < 0. *down: a cell could not be asked (its number), 0 none. All in the arena. */
int store_trace(struct store *s, struct arena *a, struct str id, struct trace *out, int64_t *down) MUST_USE;
/* A file of that id in the spool of last resort: 1 waits there, 2 was damaged and moved aside, 0 none, < 0. */
int spool_find(const char *dir, struct str id, int64_t *at_ms) MUST_USE;
