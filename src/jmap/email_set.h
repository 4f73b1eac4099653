#pragma once
/* Inside jmap/: what Email/set, /import and /copy share: where an Email goes, with which keywords, and how a draft becomes rows. */
#include "jmap/email.h"
#include "jmap/set.h"

#define EMAIL_WORDS_MAX 64u
#define EMAIL_MAILBOXES_MAX 32u /* of one Email: a job that changes them all stays under CELL_FN_ROWS_MAX */

struct email_word {
    struct str name;
    bool on;
};
struct email_box {
    struct str text;
    int64_t id;
    bool on;
};
struct email_patch {
    struct email_word *word;
    size_t n_words;
    bool all_words; /* replaces, not patches */
    struct email_box *box;
    size_t n_boxes;
    bool all_boxes;
};
struct email_patch *email_patch_new(struct arena *a);
/* Whole values of "keywords" and "mailboxIds". 0, or JMAP_OBJ_REFUSED with o's error set. */
int email_patch_words(struct jmap_obj *o, struct email_patch *p, json_t *value) MUST_USE;
int email_patch_boxes(struct jmap_set *s, struct jmap_obj *o, struct email_patch *p, json_t *value) MUST_USE;
/* Under the fence: keywords as flags; new ones get their bit. */
int email_words_flags(struct txn *t, struct jmap_set *s, struct jmap_obj *o, const struct email_patch *p, uint32_t *set,
                      uint32_t *clear) MUST_USE;

/* A message on its way in: bytes read here, not judged. */
struct email_new {
    struct email_patch *patch;
    struct str raw;
    int64_t received_ms;
    struct mail_draft draft;
    struct blob_draft blob;
    int64_t thread;
};
/* Facts, blob and row of n->raw, in the reading half. 0, JMAP_OBJ_REFUSED, < 0. */
int email_new_prepare(struct jmap_set *s, struct jmap_obj *o, struct email_new *n) MUST_USE;
int email_new_apply(struct txn *t, struct jmap_set *s, struct jmap_obj *o, struct email_new *n) MUST_USE;
void email_new_made(struct jmap_set *s, const struct jmap_obj *o, const struct email_new *n, struct json_w *w);

int email_create_prepare(struct jmap_set *s, struct jmap_obj *o) MUST_USE;
int email_create_apply(struct txn *t, struct jmap_set *s, struct jmap_obj *o) MUST_USE;
void email_create_made(struct jmap_set *s, const struct jmap_obj *o, struct json_w *w);

/* A token of a JSON pointer (RFC 6901) without its escapes. */
struct str jmap_pointer_token(struct arena *a, struct str token);
