/* Email/set (RFC 8621 4.6): keywords and mailboxes of what is there; drafts are made in email_create.c. */
#include "jmap/email_set.h"
#include "jmap/types.h"
#include "core/err.h"
#include "core/hash.h"

static int patch_keyword(struct jmap_obj *o, struct email_patch *p, struct str name, const json_t *value)
{
    if (!keyword_valid(name))
        return jmap_obj_property(o, "keywords",
                                 "A keyword is 1 to 255 printable ASCII characters without ( ) { ] % * \" \\.");
    if (!json_is_true(value) && !json_is_null(value))
        return jmap_obj_property(o, "keywords", "The value of a keyword is true, or null in a patch.");
    if (p->n_words == EMAIL_WORDS_MAX)
        return jmap_obj_refuse(o, "tooManyKeywords", NULL);
    p->word[p->n_words++] = (struct email_word){name, json_is_true(value)};
    return 0;
}

static int patch_mailbox(struct jmap_set *s, struct jmap_obj *o, struct email_patch *p, struct str text,
                         const json_t *value)
{
    struct email_box box = {.text = text, .on = json_is_true(value)};
    if (!box.on && !json_is_null(value))
        return jmap_obj_property(o, "mailboxIds", "The value of a mailbox is true, or null in a patch.");
    if (!jmap_set_id(s, text, &box.id))
        return jmap_obj_property(o, "mailboxIds", "There is no such mailbox.");
    if (p->n_boxes == EMAIL_MAILBOXES_MAX)
        return jmap_obj_refuse(o, "tooManyMailboxes", NULL);
    p->box[p->n_boxes++] = box;
    return 0;
}

int email_patch_words(struct jmap_obj *o, struct email_patch *p, json_t *value)
{
    const char *key;
    json_t *v;
    p->all_words = true;
    if (!json_is_object(value))
        return jmap_obj_property(o, "keywords", "keywords is a map.");
    json_object_foreach(value, key, v)
    {
        if (!json_is_true(v))
            return jmap_obj_property(o, "keywords", "The value of a keyword is true.");
        int r = patch_keyword(o, p, str_c(key), v);
        if (r)
            return r;
    }
    return 0;
}

int email_patch_boxes(struct jmap_set *s, struct jmap_obj *o, struct email_patch *p, json_t *value)
{
    const char *key;
    json_t *v;
    p->all_boxes = true;
    if (!json_is_object(value) || json_object_size(value) == 0)
        return jmap_obj_property(o, "mailboxIds", "An Email is in one mailbox at least.");
    json_object_foreach(value, key, v)
    {
        if (!json_is_true(v))
            return jmap_obj_property(o, "mailboxIds", "The value of a mailbox is true.");
        int r = patch_mailbox(s, o, p, str_c(key), v);
        if (r)
            return r;
    }
    return 0;
}

struct email_patch *email_patch_new(struct arena *a)
{
    struct email_patch *p = arena_new(a, struct email_patch);
    p->word = arena_array(a, struct email_word, EMAIL_WORDS_MAX);
    p->box = arena_array(a, struct email_box, EMAIL_MAILBOXES_MAX);
    return p;
}

/* One member of a patch object (RFC 8620 5.3). */
static int patch_one(struct jmap_set *s, struct jmap_obj *o, struct email_patch *p, struct str path, json_t *value)
{
    struct str head, rest;
    bool deep = str_cut(path, '/', &head, &rest);
    bool words = str_eq(head, STR("keywords")), boxes = str_eq(head, STR("mailboxIds"));
    if (!words && !boxes)
        return jmap_obj_property(o, arena_z(s->c->arena, head), "Only keywords and mailboxIds of an Email can change.");
    if (deep && (json_object_get(o->value, words ? "keywords" : "mailboxIds") || rest.n == 0))
        return jmap_obj_refuse(o, "invalidPatch", NULL);
    if (deep) {
        struct str plain = jmap_pointer_token(s->c->arena, rest);
        if (str_chr(rest, '/', 0) >= 0)
            return jmap_obj_refuse(o, "invalidPatch", NULL);
        return words ? patch_keyword(o, p, plain, value) : patch_mailbox(s, o, p, plain, value);
    }
    return words ? email_patch_words(o, p, value) : email_patch_boxes(s, o, p, value);
}

static int prepare(struct jmap_set *s, struct jmap_obj *o)
{
    const char *key;
    json_t *value;
    if (o->op == JMAP_CREATE)
        return email_create_prepare(s, o);
    if (o->op == JMAP_DESTROY)
        return 0;
    struct email_patch *p = email_patch_new(s->c->arena);
    o->data = p;
    json_object_foreach(o->value, key, value)
    {
        if (patch_one(s, o, p, str_c(key), value))
            return 0;
    }
    o->cost = 1 + (unsigned)p->n_boxes;
    return 0;
}

/* ---- under the fence ---- */

int email_words_flags(struct txn *t, struct jmap_set *s, struct jmap_obj *o, const struct email_patch *p, uint32_t *set,
                      uint32_t *clear)
{
    const struct jmap_person *me = s->c->person;
    struct keywords k;
    *set = *clear = 0;
    int r = keyword_load(t, t->arena, me->org, me->account, &k);
    for (size_t i = 0; i < p->n_words && r == 0; i++) {
        uint32_t flag = keyword_flag(&k, p->word[i].name);
        if (!flag && p->word[i].on) {
            r = keyword_make(t, me->org, me->account, &k, p->word[i].name, &flag);
            s->dirty = true;
        }
        if (r == MAIL_KEYWORDS_MANY)
            return jmap_obj_refuse(o, "tooManyKeywords", "This account has as many keywords as there can be.");
        if (r > 0)
            return jmap_obj_property(o, "keywords", NULL);
        *(p->word[i].on ? set : clear) |= flag;
    }
    if (p->all_words) /* \Deleted is IMAP's own and stays */
        *clear = ~*set & ~(uint32_t)FLAG_DELETED;
    return r;
}

static bool has(const int64_t *list, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == id)
            return true;
    return false;
}

/* Adds first: an Email without any place is destroyed. */
static int move(struct txn *t, struct jmap_set *s, struct jmap_obj *o, const struct email_patch *p,
                const struct read_email *e)
{
    const struct jmap_person *me = s->c->person;
    size_t left = p->all_boxes ? 0 : e->n_mailboxes;
    int r = 0;
    for (size_t i = 0; i < p->n_boxes; i++) {
        bool there = has(e->mailboxes, e->n_mailboxes, p->box[i].id);
        if (p->all_boxes)
            left++;
        else if (p->box[i].on != there)
            left += p->box[i].on ? 1 : (size_t)-1;
    }
    if (left == 0)
        return jmap_obj_property(o, "mailboxIds", "An Email is in one mailbox at least.");
    for (size_t i = 0; i < p->n_boxes && r == 0; i++)
        if (p->box[i].on && !has(e->mailboxes, e->n_mailboxes, p->box[i].id)) {
            s->dirty = true;
            r = mail_email_move(t, me->org, me->account, o->id, 0, p->box[i].id);
        }
    for (size_t i = 0; i < e->n_mailboxes && r == 0; i++) {
        bool stays = !p->all_boxes;
        for (size_t k = 0; k < p->n_boxes; k++)
            if (p->box[k].id == e->mailboxes[i])
                stays = p->box[k].on;
        if (stays)
            continue;
        s->dirty = true;
        r = mail_email_move(t, me->org, me->account, o->id, e->mailboxes[i], 0);
    }
    return r;
}

static int update(struct txn *t, struct jmap_set *s, struct jmap_obj *o)
{
    const struct jmap_person *me = s->c->person;
    const struct email_patch *p = o->data;
    struct read_email *e;
    size_t n;
    uint32_t set, clear;
    int r = read_emails(t, t->arena, me->org, me->account, &o->id, 1, &e, &n);
    if (r || n == 0)
        return r ? r : MAIL_NO_MESSAGE;
    if (e->held)
        return MAIL_HELD;
    if ((p->n_words || p->all_words) && (r = email_words_flags(t, s, o, p, &set, &clear)) == 0) {
        s->dirty = true;
        r = mail_email_flags(t, me->org, me->account, o->id, set, clear);
    }
    return r || !p->n_boxes ? r : move(t, s, o, p, e);
}

static int apply(struct txn *t, struct jmap_set *s, struct jmap_obj *o)
{
    const struct jmap_person *me = s->c->person;
    struct read_email *e;
    size_t n;
    if (o->op == JMAP_CREATE)
        return email_create_apply(t, s, o);
    if (o->op == JMAP_UPDATE)
        return update(t, s, o);
    int r = read_emails(t, t->arena, me->org, me->account, &o->id, 1, &e, &n);
    if (r || n == 0)
        return r ? r : MAIL_NO_MESSAGE;
    if (e->held)
        return MAIL_HELD;
    s->dirty = true;
    return mail_email_destroy(t, me->org, me->account, o->id);
}

int jmap_email_set(struct jmap_call *c)
{
    static const struct jmap_set_type type = {
        .sync = SYNC_EMAIL, .prepare = prepare, .apply = apply, .made = email_create_made};
    return jmap_set(c, &type, arena_zalloc(c->arena, sizeof(uint64_t))); /* bytes of all drafts of this call */
}
