#pragma once
/* The HTTP side of JMAP: role/net joins these routes to the server. */
#include "http/http.h"
#include "store/store.h"

extern const struct http_route jmap_routes[];
extern const size_t jmap_n_routes;
/* ctx of the routes. */
struct jmap_ctx {
    struct store *store;
};
