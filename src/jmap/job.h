#pragma once
/* Inside jmap/: what the HTTP handlers share. */
#include "jmap/jmap.h"
#include "jmap/routes.h"

struct jmap_person jmap_person_of(const struct http_person *p);
void jmap_refuse(struct http_server *s, uint64_t id);      /* 503 */
void jmap_too_many(struct http_req *r, const char *limit); /* 400 with the problem of RFC 8620 3.6.1 */
void jmap_gone(struct http_server *s, uint64_t id);        /* 404 */
/* One more request of the account: false when `most` are under way. */
bool jmap_enter(struct jmap_ctx *c, const struct jmap_person *p, size_t most);
void jmap_leave(struct jmap_ctx *c, const struct jmap_person *p);
http_handler jmap_download, jmap_upload; /* transfer.c */
