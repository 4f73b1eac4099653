/* SearchSnippet/get (RFC 8621 5): where the words of a filter stand in subject and text, marked. The result is HTML: everything else is escaped. */
#include "core/err.h"
#include "core/hash.h"
#include "jmap/query.h"
#include "jmap/types.h"

#define SNIPPET_BYTES 200u /* of text around the first hit */
#define SNIPPET_WORDS 16u

struct needles {
    struct str v[SNIPPET_WORDS];
    size_t n;
};

static void add_words(struct needles *to, const struct filter *f)
{
    struct str rest = f->text, word;
    if (f->phrase) {
        if (to->n < SNIPPET_WORDS && f->text.n)
            to->v[to->n++] = f->text;
        return;
    }
    while (rest.n && str_token(&rest, ' ', &word))
        if (word.n && to->n < SNIPPET_WORDS)
            to->v[to->n++] = word;
}

/* What is looked for, not what is ruled out. */
static void collect(const struct filter *f, unsigned columns, struct needles *to)
{
    if (!f || f->kind == FILTER_NOT)
        return;
    if (f->kind == FILTER_WORDS && (f->columns & columns))
        add_words(to, f);
    for (size_t i = 0; i < f->n_sub; i++)
        collect(f->sub[i], columns, to);
}

static bool next_hit(const struct needles *n, struct str text, size_t from, size_t *at, size_t *len)
{
    bool any = false;
    for (size_t i = 0; i < n->n; i++) {
        ptrdiff_t p = str_ifind(text, n->v[i], from);
        if (p >= 0 && (!any || (size_t)p < *at)) {
            *at = (size_t)p;
            *len = n->v[i].n;
            any = true;
        }
    }
    return any;
}

static void escape(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        switch (s.p[i]) {
        case '<': buf_addz(b, "&lt;"); break;
        case '>': buf_addz(b, "&gt;"); break;
        case '&': buf_addz(b, "&amp;"); break;
        case '"': buf_addz(b, "&quot;"); break;
        case '\n':
        case '\r': buf_addc(b, ' '); break;
        default: buf_addc(b, s.p[i]);
        }
}

static void put_marked(struct json_w *w, const char *key, const struct needles *n, struct str text)
{
    AUTO(buf) struct buf b = {0};
    size_t at = 0, len = 0, from = 0;
    json_keyz(w, key);
    if (!next_hit(n, text, 0, &at, &len)) {
        json_none(w);
        return;
    }
    buf_init(&b, 16 * SNIPPET_BYTES + 8192);
    while (next_hit(n, text, from, &at, &len)) {
        escape(&b, str_n(text.p + from, at - from));
        buf_addz(&b, "<mark>");
        escape(&b, str_n(text.p + at, len));
        buf_addz(&b, "</mark>");
        from = at + len;
    }
    escape(&b, str_from(text, from));
    json_str(w, b.err ? STR("") : buf_str(&b));
}

/* A piece of the text around the first hit, not cut inside a character. */
static struct str around(const struct needles *n, struct str text)
{
    size_t at = 0, len = 0;
    if (!next_hit(n, text, 0, &at, &len))
        return STR("");
    size_t from = at > SNIPPET_BYTES / 3 ? at - SNIPPET_BYTES / 3 : 0;
    while (from < at && ((unsigned char)text.p[from] & 0xC0) == 0x80)
        from++;
    return str_utf8_cut(str_from(text, from), len > SNIPPET_BYTES ? len : SNIPPET_BYTES);
}

static int put_one(struct jmap_call *c, const struct needles *subject, const struct needles *body, int64_t id)
{
    struct read_email *e;
    struct read_facts f;
    struct facts_insight in = {0};
    const struct jmap_person *me = c->person;
    size_t n;
    int r = read_emails(c->t, c->arena, me->org, me->account, &id, 1, &e, &n);
    if (r < 0 || n == 0)
        return r;
    if (!e->held && body->n && (r = read_facts(c->t, c->arena, me->org, me->account, id, &f)) < 0)
        return r;
    if (r == 1 && !e->held && facts_insight_get(c->arena, f.insight, &in) != 0)
        in = (struct facts_insight){0};
    json_obj(c->w);
    json_keyz(c->w, "emailId");
    jmap_put_id(c->w, id);
    put_marked(c->w, "subject", subject, e->subject);
    struct str piece = around(body, in.text);
    put_marked(c->w, "preview", body, piece.n ? piece : around(body, in.attached));
    json_obj_end(c->w);
    return 1;
}

int jmap_snippet_get(struct jmap_call *c)
{
    static const char *const args[] = {"filter", "emailIds", NULL};
    struct filter_ctx x = {.c = c};
    struct filter *f = NULL;
    struct needles subject = {.n = 0}, body = {.n = 0};
    struct jmap_ids ids;
    size_t n_missing = 0;
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err)
        err = jmap_arg_ids(c, "emailIds", &ids);
    if (!err && ids.all)
        err = jmap_invalid(c, "emailIds is a list");
    if (!err)
        err = keyword_load(c->t, c->arena, c->person->org, c->person->account, &x.keywords);
    if (!err)
        err = filter_parse(&x, json_object_get(c->args, "filter"), &f);
    if (err)
        return err;
    collect(f, SEARCH_SUBJECT, &subject);
    collect(f, SEARCH_BODY, &body);
    int64_t *missing = arena_array(c->arena, int64_t, ids.n + 1);
    json_obj(c->w);
    jmap_put_account(c);
    json_keyz(c->w, "list");
    json_arr(c->w);
    for (size_t i = 0; i < ids.n; i++) {
        struct arena_mark mark = arena_mark(c->arena);
        err = put_one(c, &subject, &body, ids.id[i]);
        arena_reset(c->arena, mark);
        if (err < 0)
            return err;
        if (err == 0)
            missing[n_missing++] = ids.id[i];
    }
    json_arr_end(c->w);
    jmap_put_not_found(c, &ids, missing, n_missing);
    json_obj_end(c->w);
    return 0;
}
