#pragma once
/* Questions to the dns role over its channel, for roads under way: by id, in any number, with a small cache in front (a
 * sender who writes often costs no message between processes). Never blocks; when the role is gone for a moment,
 * questions wait for the next channel, and the road's own time limit ends the waiting. */
#include "auth/auth.h"
#include "intake/intake.h"

#define RESOLVE_CACHE_SLOTS 4096u
#define RESOLVE_CACHE_ANSWER_MAX 4096u /* bytes of an answer that is kept */
#define RESOLVE_CACHE_MS 60000         /* longest; the dns role keeps answers for their full time */
#define RESOLVE_CACHE_ABSENT_MS 10000
#define RESOLVE_OPEN_MAX 65536u
#define RESOLVE_RETRY_MS 5 /* the channel was full */

struct resolver;
struct resolve_answer {
    enum auth_rr_status status;
    size_t n;
    const struct str *rdata; /* views until the next call of the resolver or the end of the callback */
};
/* road and question as given to resolver_ask. */
typedef void resolve_done_fn(void *ctx, uint64_t road, unsigned question, const struct resolve_answer *a);
int resolver_create(struct resolver **r, const struct intake_conf *conf, resolve_done_fn *done, void *ctx) MUST_USE;
void resolver_free(struct resolver **r);
/* Takes fd; open questions are asked again there. -1: there is no dns role. */
void resolver_channel(struct resolver *r, int fd);
/* true: *now is the answer, done is not called. */
bool resolver_ask(struct resolver *r, uint64_t road, const struct auth_question *q,
                  struct resolve_answer *now) MUST_USE;
