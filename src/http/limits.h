#pragma once
/* Limits of a route's class: how many requests at once and a minute, of one person (or network address) and of all. A slot is held from the head of a
 * request to its last byte, of an event stream to its end, of a connection while it is open.
 *
 * A table of fixed size without pointers, so that a flood from many addresses makes the oldest rows be forgotten. Where several processes serve
 * (net.processes) it lies in their shared memory and a limit is one for all of them; what is held is counted in a column for each process, which begins
 * anew with it. Where all rows of a set hold something, further ones are not counted, and not refused. */
#include "http/http.h"

#define HTTP_LIMIT_SETS 4096u
#define HTTP_LIMIT_WAYS 8u
#define HTTP_CONNECTION 2048u /* flags of no route: HTTP_PER_PEER_MAX connections of one address, ... */

struct http_limits;
struct http_limit_entry;
struct http_slot { /* zeroed: none held */
    struct http_limit_entry *entry;
    uint8_t class;
};
/* counters: as in http_conf. */
struct http_limits *http_limits_new(struct net_loop *l, int counters, unsigned unit);
void http_limits_free(struct http_limits **l);
/* flags: of the route. person may be NULL: then the network address counts. 0 and the slot is held (or the route has no class); else seconds to wait. */
int64_t http_limits_enter(struct http_limits *l, unsigned flags, const struct http_person *person,
                          const struct net_peer *peer, struct http_slot *slot) MUST_USE;
void http_limits_leave(struct http_limits *l, struct http_slot *slot);
