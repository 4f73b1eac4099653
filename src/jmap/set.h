#pragma once
/* Inside jmap/: what every /set method does alike (RFC 8620 5.3): reading its arguments, one result per object, the steps that write, the answer.
 * An object is done whole or not at all. */
#include "jmap/method.h"

#define JMAP_SET_STEP 25u    /* cost of the objects of one write job: its rows stay under CELL_FN_ROWS_MAX */
#define JMAP_OBJ_AGAIN 898   /* of apply: a part is done; called again in the next job */
#define JMAP_OBJ_REFUSED 899 /* of apply: error and why of the object are set already */

enum jmap_op { JMAP_CREATE, JMAP_UPDATE, JMAP_DESTROY };
struct jmap_obj {
    enum jmap_op op;
    struct str key;       /* creation id, or the id as the client wrote it */
    int64_t id;           /* of what is changed; of what was created, once it is */
    json_t *value;        /* what to create, or the patch */
    const char *error;    /* type of its SetError; NULL: done */
    const char *why;      /* description, or NULL */
    const char *why_it;   /* the same in Italian, or NULL: descriptionIt, ours */
    const char *property; /* the first of `properties`, or NULL */
    struct str existing;  /* existingId of alreadyExists; the blobId of blobNotFound */
    void *data;           /* of the type */
    unsigned cost;        /* in some ten rows written; 0 counts as 1 */
    bool applied;         /* durable already, while a later object of its step is done in parts */
    struct blob_draft *draft[2];
    size_t n_drafts;
};
struct jmap_set;
struct jmap_set_type {
    enum sync_type sync;              /* 0: no state (ours) */
    const char *const *args;          /* further arguments, ends with NULL; may be NULL */
    int (*begin)(struct jmap_set *s); /* reads them; may be NULL. 0 or an error of the method */
    /* In the reading half: checks what needs no lock, makes drafts. 0 or < 0; a refusal is set in o. */
    int (*prepare)(struct jmap_set *s, struct jmap_obj *o);
    /* In the writing half. 0; > 0: mail_refusal or JMAP_OBJ_REFUSED; < 0. Sets s->dirty before it writes. */
    int (*apply)(struct txn *t, struct jmap_set *s, struct jmap_obj *o);
    /* Further members of the created object behind its id; the value of an updated one. May be NULL. */
    void (*made)(struct jmap_set *s, const struct jmap_obj *o, struct json_w *w);
    void (*updated)(struct jmap_set *s, const struct jmap_obj *o, struct json_w *w);
    const char *create_key; /* "create"; Email/import says "emails" */
    bool only_create;
};
struct jmap_set {
    struct jmap_call *c;
    const struct jmap_set_type *type;
    struct jmap_obj *obj;
    size_t n;
    struct read_state old;
    bool has_if;
    bool dirty;    /* within apply: something was written */
    size_t failed; /* object that the running step was rolled back for */
    size_t again;  /* object that the running step has done in part; n: none */
    void *arg;     /* of the type */
    size_t *step;  /* first object of each step, and n behind the last */
    size_t n_steps;
};
/* A whole /set method: reads, prepares, plans. 0, JMAP_WRITES, an error. */
int jmap_set(struct jmap_call *c, const struct jmap_set_type *type, void *arg) MUST_USE;
/* Refuses an object; the first reason stays. Returns JMAP_OBJ_REFUSED. */
int jmap_obj_refuse(struct jmap_obj *o, const char *error, const char *why);
int jmap_obj_property(struct jmap_obj *o, const char *property, const char *why); /* invalidProperties */
/* In both languages; property: of invalidProperties, or NULL. */
int jmap_obj_say(struct jmap_obj *o, const char *error, const char *property, const char *en, const char *it);
/* SetError of a refusal of the store (enum mail_refusal). */
void jmap_obj_mail(struct jmap_obj *o, int refusal);
void jmap_put_set_error(struct json_w *w, const struct jmap_obj *o);
/* An id that may name an object created earlier in this very call. */
bool jmap_set_id(const struct jmap_set *s, struct str text, int64_t *id);
