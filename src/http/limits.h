#pragma once
/* Limits of a route's class: how many requests at once and a minute, of one person (or network address) and of all. A slot is held from the head of a
 * request to its last byte, of an event stream to its end. */
#include "http/http.h"

struct http_limits;
struct http_limit_entry;
struct http_slot { /* zeroed: none held */
    struct http_limit_entry *entry;
    uint8_t class;
};
struct http_limits *http_limits_new(struct net_loop *l);
void http_limits_free(struct http_limits **l);
/* flags: of the route. person may be NULL: then the network address counts. 0 and the slot is held (or the route has no class); else seconds to wait. */
int64_t http_limits_enter(struct http_limits *l, unsigned flags, const struct http_person *person,
                          const struct net_peer *peer, struct http_slot *slot) MUST_USE;
void http_limits_leave(struct http_limits *l, struct http_slot *slot);
