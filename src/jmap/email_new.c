/* A message that a client brings: its tree, text and row made here. Nothing of it was judged, and nothing of it teaches the guard. */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/email_set.h"
#include "jmap/tree.h"
#include "store/mail_set.h"

/* Text of HTML, roughly: for search and preview of what the person himself made. Mail of strangers is read by the scan role. */
static struct str html_text(struct arena *a, struct str html)
{
    char *out = arena_alloc(a, html.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < html.n;) {
        if (html.p[i] != '<') {
            out[n++] = html.p[i++];
            continue;
        }
        struct str rest = str_from(html, i);
        const char *skip = str_istarts(rest, STR("<style"))    ? "</style"
                           : str_istarts(rest, STR("<script")) ? "</script"
                                                               : NULL;
        ptrdiff_t end = skip ? str_ifind(html, str_c(skip), i) : (ptrdiff_t)i;
        end = end < 0 ? -1 : str_chr(html, '>', (size_t)end);
        if (end < 0)
            break;
        out[n++] = ' ';
        i = (size_t)end + 1;
    }
    return str_n(out, n);
}

static struct str all_text(struct arena *a, struct mime_charsets *cs, struct str raw, const struct facts_structure *s,
                           const struct part_lists *l)
{
    AUTO(buf) struct buf b;
    buf_init(&b, FACTS_TEXT_MAX + 16);
    for (size_t i = 0; i < l->n_text && b.n < FACTS_TEXT_MAX; i++) {
        const struct facts_part *p = &s->parts[l->text[i]];
        struct part_text t;
        if (!part_is(p, "text", NULL) || part_text(a, cs, raw, p, &t) != 0)
            continue;
        struct str text = part_is(p, "text", "html") ? html_text(a, t.text) : t.text;
        buf_adds(&b, str_utf8_cut(text, FACTS_TEXT_MAX - b.n));
        buf_addz(&b, "\n");
    }
    return arena_str(a, buf_str(&b));
}

/* First words, white space as one space. */
static struct str preview_of(struct arena *a, struct str text)
{
    char *out = arena_alloc(a, FACTS_PREVIEW_MAX + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n && n < FACTS_PREVIEW_MAX; i++) {
        char c = (unsigned char)text.p[i] <= ' ' ? ' ' : text.p[i];
        if (c != ' ' || (n && out[n - 1] != ' '))
            out[n++] = c;
    }
    return str_trim(str_upto(str_n(out, n), str_utf8_valid(str_n(out, n))));
}

static void references_of(struct arena *a, const struct mime_identity *who, struct mail_draft *d)
{
    struct str *all = arena_array(a, struct str, who->n_references + who->n_in_reply_to + 1);
    for (size_t i = 0; i < who->n_references; i++)
        all[d->n_references++] = who->references[i];
    for (size_t i = 0; i < who->n_in_reply_to; i++) {
        bool there = false;
        for (size_t k = 0; k < d->n_references && !there; k++)
            there = str_eq(all[k], who->in_reply_to[i]);
        if (!there)
            all[d->n_references++] = who->in_reply_to[i];
    }
    d->references = all;
}

static int encode(struct arena *a, const struct facts_structure *s, const struct facts_insight *in,
                  struct mail_draft *d)
{
    AUTO(buf) struct buf structure, insight;
    buf_init(&structure, FACTS_ENCODED_MAX);
    buf_init(&insight, FACTS_ENCODED_MAX);
    facts_structure_put(&structure, s);
    facts_insight_put(&insight, in);
    if (structure.err || insight.err)
        return ERR_LIMIT;
    d->structure = arena_str(a, buf_str(&structure));
    d->insight = arena_str(a, buf_str(&insight));
    d->insight_version = FACTS_INSIGHT_VERSION;
    return 0;
}

int email_new_prepare(struct jmap_set *s, struct jmap_obj *o, struct email_new *n)
{
    struct arena *a = s->c->arena;
    struct mime_charsets *cs = jmap_charsets_take();
    struct mime_identity *who = arena_new(a, struct mime_identity);
    struct facts_structure tree;
    struct facts_insight in = {0};
    struct part_lists lists;
    tree_read(a, cs, n->raw, &tree);
    part_lists(a, &tree, &lists);
    mime_identity_read(a, cs, n->raw, who);
    in.text = all_text(a, cs, n->raw, &tree, &lists);
    in.preview = preview_of(a, in.text);
    in.has_attachment = lists.n_attached > 0;
    in.attachments = arena_array(a, struct facts_attachment, lists.n_attached + 1);
    for (size_t i = 0; i < lists.n_attached; i++)
        in.attachments[in.n_attachments++] =
            (struct facts_attachment){.part = lists.attached[i], .name = tree.parts[lists.attached[i]].name};
    jmap_charsets_give(cs);
    n->draft = (struct mail_draft){.blob = &n->blob,
                                   .message_id = who->message_id,
                                   .subject = who->subject,
                                   .subject_base = who->subject_base,
                                   .from = {who->from_all.n ? who->from_all.v[0].name : STR(""),
                                            who->from_all.n ? mime_addr_key(a, &who->from_all.v[0]) : STR("")},
                                   .sent_ms = who->has_date ? who->date_ms : 0,
                                   .received_ms = n->received_ms,
                                   .preview = in.preview,
                                   .has_attachment = in.has_attachment,
                                   .verdict = VERDICT_ACCEPT,
                                   .findings = STR(""),
                                   .accepted_id = STR("")};
    references_of(a, who, &n->draft);
    int r = encode(a, &tree, &in, &n->draft);
    if (r == ERR_LIMIT)
        return jmap_obj_refuse(o, "tooLarge", NULL);
    if (r == 0)
        r = blob_prepare(a, s->c->person->org, n->raw, &n->blob);
    if (r == 0)
        r = mail_draft_prepare(a, &n->draft);
    o->draft[o->n_drafts++] = &n->blob;
    o->cost = 2 + (unsigned)n->patch->n_boxes;
    return r;
}

/* 1 there is room, 0 not, < 0. */
static int has_room(struct txn *t, const struct jmap_person *me, size_t bytes)
{
    AUTO(db_cursor) struct db_cursor c = {0};
    int r = db_query(t->db, &c, SQL_ACCOUNT_QUOTA, DB_ARGS(db_int(me->org), db_int(me->account)));
    if (r || (r = db_next(&c)) != 1)
        return r < 0 ? r : r > 0 ? ERR_INVALID : 0;
    int64_t quota = db_col_int(&c, 0);
    return quota == 0 || db_col_int(&c, 1) + (int64_t)bytes <= quota;
}

int email_new_apply(struct txn *t, struct jmap_set *s, struct jmap_obj *o, struct email_new *n)
{
    const struct jmap_person *me = s->c->person;
    uint32_t flags, clear;
    int64_t held, uid;
    if (n->received_ms == 0)
        n->draft.received_ms = t->now_ms;
    int r = has_room(t, me, n->raw.n * n->patch->n_boxes);
    if (r != 1)
        return r < 0 ? r : jmap_obj_refuse(o, "overQuota", "The account is full.");
    r = mail_role_mailbox(t, me->org, me->account, ROLE_HELD, &held);
    for (size_t i = 0; i < n->patch->n_boxes && r == 0; i++)
        if (!n->patch->box[i].on || n->patch->box[i].id == held)
            return jmap_obj_property(o, "mailboxIds", "Nothing can be put into Held.");
    if (r == 0)
        r = email_words_flags(t, s, o, n->patch, &flags, &clear);
    if (r)
        return r;
    s->dirty = true;
    r = mail_add(t, me->org, me->account, &n->draft, &o->id, &n->thread);
    for (size_t i = 0; i < n->patch->n_boxes && r == 0; i++)
        r = mail_place(t, me->org, me->account, n->patch->box[i].id, o->id, &n->blob, n->draft.received_ms, flags,
                       &uid);
    return r;
}

void email_new_made(struct jmap_set *s, const struct jmap_obj *o, const struct email_new *n, struct json_w *w)
{
    json_kstr(w, "blobId", blob_text(s->c->arena, BLOB_MESSAGE, o->id, 0));
    json_keyz(w, "threadId");
    jmap_put_id(w, n->thread);
    json_kint(w, "size", (int64_t)n->raw.n);
}
