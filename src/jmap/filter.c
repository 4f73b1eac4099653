/* The filter of Email/query as the RFC writes it, and judging one row. */
#include "jmap/filter.h"
#include "core/err.h"
#include "core/hash.h"
#include "mime/header.h"

#include <stdlib.h>

static int unsupported(struct filter_ctx *x, const char *why)
{
    x->c->why = why;
    return JMAP_UNSUPPORTED_FILTER;
}

struct filter *filter_new(struct filter_ctx *x, enum filter_kind kind)
{
    if (x->nodes == FILTER_NODES_MAX)
        return NULL;
    x->nodes++;
    struct filter *f = arena_new(x->c->arena, struct filter);
    f->kind = kind;
    f->yes = true;
    return f;
}

int filter_add(struct filter_ctx *x, struct filter *to, struct filter *part)
{
    if (!to || !part)
        return unsupported(x, "The filter has too many parts.");
    if (to->n_sub % 8 == 0) {
        struct filter **more = arena_array(x->c->arena, struct filter *, to->n_sub + 8);
        if (to->n_sub)
            memcpy(more, to->sub, to->n_sub * sizeof(struct filter *));
        to->sub = more;
    }
    to->sub[to->n_sub++] = part;
    return 0;
}

/* ---- conditions ---- */

static int read_id(struct filter_ctx *x, const json_t *v, struct filter *f)
{
    return id_parse(jmap_json_str(v), &f->number) ? 0 : jmap_invalid(x->c, "a mailbox is not an id");
}

static int read_ids(struct filter_ctx *x, const json_t *v, struct filter *f)
{
    size_t n = json_array_size(v);
    if (!json_is_array(v) || n > JMAP_OBJECTS_MAX)
        return jmap_invalid(x->c, "inMailboxOtherThan is a list of ids");
    f->ids = arena_array(x->c->arena, int64_t, n + 1);
    for (size_t i = 0; i < n; i++)
        if (!id_parse(jmap_json_str(json_array_get(v, i)), &f->ids[f->n_ids++]))
            return jmap_invalid(x->c, "a mailbox is not an id");
    return 0;
}

static int read_time(struct filter_ctx *x, const json_t *v, struct filter *f)
{
    return jmap_utc(jmap_json_str(v), &f->number) ? 0 : jmap_invalid(x->c, "a time is a UTCDate");
}

static int read_size(struct filter_ctx *x, const json_t *v, struct filter *f)
{
    f->number = json_integer_value(v);
    return json_is_integer(v) && f->number >= 0 ? 0 : jmap_invalid(x->c, "a size is a number");
}

static int read_yes(struct filter_ctx *x, const json_t *v, struct filter *f)
{
    f->yes = json_is_true(v);
    return json_is_boolean(v) ? 0 : jmap_invalid(x->c, "true or false is expected");
}

static int read_keyword(struct filter_ctx *x, const json_t *v, struct filter *f)
{
    f->text = jmap_json_str(v);
    if (!keyword_valid(f->text))
        return jmap_invalid(x->c, "a keyword is not one");
    f->flag = keyword_flag(&x->keywords, f->text);
    return 0;
}

static int read_thread_keyword(struct filter_ctx *x, const json_t *v, struct filter *f)
{
    x->threads = true;
    return read_keyword(x, v, f);
}

static int read_words(struct filter_ctx *x, const json_t *v, struct filter *f)
{
    f->text = jmap_json_str(v);
    if (!json_is_string(v) || f->text.n > FILTER_TEXT_MAX)
        return jmap_invalid(x->c, "a text to look for is a string of at most 1000 bytes");
    struct str inside = str_trim(f->text);
    if (inside.n > 2 && inside.p[0] == '"' && inside.p[inside.n - 1] == '"') {
        f->text = str_n(inside.p + 1, inside.n - 2);
        f->phrase = true;
    }
    x->words = true;
    return 0;
}

static int read_header(struct filter_ctx *x, const json_t *v, struct filter *f)
{
    size_t n = json_array_size(v);
    f->name = jmap_json_str(json_array_get(v, 0));
    f->text = jmap_json_str(json_array_get(v, 1));
    f->has_value = n == 2;
    if (!json_is_array(v) || n < 1 || n > 2 || f->name.n == 0 || (n == 2 && !json_is_string(json_array_get(v, 1))))
        return jmap_invalid(x->c, "header is [name] or [name, text]");
    return 0;
}

static const struct condition {
    const char *name;
    enum filter_kind kind;
    bool yes;
    unsigned columns;
    int (*read)(struct filter_ctx *x, const json_t *v, struct filter *f);
} conditions[] = {
    {"inMailbox", FILTER_IN, true, 0, read_id},
    {"inMailboxOtherThan", FILTER_NOT_IN, true, 0, read_ids},
    {"before", FILTER_BEFORE, true, 0, read_time},
    {"after", FILTER_AFTER, true, 0, read_time},
    {"minSize", FILTER_MIN_SIZE, true, 0, read_size},
    {"maxSize", FILTER_MAX_SIZE, true, 0, read_size},
    {"allInThreadHaveKeyword", FILTER_THREAD_ALL, true, 0, read_thread_keyword},
    {"someInThreadHaveKeyword", FILTER_THREAD_SOME, true, 0, read_thread_keyword},
    {"noneInThreadHaveKeyword", FILTER_THREAD_SOME, false, 0, read_thread_keyword},
    {"hasKeyword", FILTER_KEYWORD, true, 0, read_keyword},
    {"notKeyword", FILTER_KEYWORD, false, 0, read_keyword},
    {"hasAttachment", FILTER_ATTACHMENT, true, 0, read_yes},
    {"text", FILTER_WORDS, true, SEARCH_ALL, NULL}, /* as typed: filter_typed */
    {"from", FILTER_WORDS, true, SEARCH_FROM, read_words},
    {"to", FILTER_WORDS, true, SEARCH_TO, read_words},
    {"cc", FILTER_WORDS, true, SEARCH_TO, read_words},
    {"bcc", FILTER_WORDS, true, SEARCH_TO, read_words},
    {"subject", FILTER_WORDS, true, SEARCH_SUBJECT, read_words},
    {"body", FILTER_WORDS, true, SEARCH_BODY, read_words},
    {"header", FILTER_HEADER, true, 0, read_header},
    {"guardHeld", FILTER_HELD, true, 0, read_yes},
};

const char *filter_condition_name(size_t i) { return i < N_ELEMENTS(conditions) ? conditions[i].name : NULL; }

static int read_condition(struct filter_ctx *x, const char *key, const json_t *v, struct filter *all)
{
    for (size_t i = 0; i < N_ELEMENTS(conditions); i++) {
        const struct condition *k = &conditions[i];
        if (strcmp(k->name, key) != 0)
            continue;
        struct filter *f = NULL;
        int err = 0;
        if (!k->read) {
            if (!json_is_string(v) || json_string_length(v) > FILTER_TEXT_MAX)
                return jmap_invalid(x->c, "a text to look for is a string of at most 1000 bytes");
            err = filter_typed(x, jmap_json_str(v), &f);
        } else if ((f = filter_new(x, k->kind)) != NULL) {
            f->yes = k->yes;
            f->columns = k->columns;
            err = k->read(x, v, f);
        }
        return err ? err : filter_add(x, all, f);
    }
    return unsupported(x, "This condition is not offered here.");
}

static int parse(struct filter_ctx *x, const json_t *json, struct filter **out)
{
    const json_t *op = json_object_get(json, "operator"), *list = json_object_get(json, "conditions");
    const char *key;
    json_t *v;
    int err = 0;
    if (!json_is_object(json))
        return jmap_invalid(x->c, "a filter is an object");
    if (!op) {
        if (!(*out = filter_new(x, FILTER_AND)))
            return unsupported(x, "The filter has too many parts.");
        json_object_foreach((json_t *)(uintptr_t)json, key, v)
        {
            if (!err && !json_is_null(v))
                err = read_condition(x, key, v, *out);
        }
        return err;
    }
    struct str word = jmap_json_str(op);
    bool and = str_eq(word, STR("AND")), or = str_eq(word, STR("OR")), not = str_eq(word, STR("NOT"));
    if (!(and || or || not ) || !json_is_array(list) || json_object_size(json) != 2)
        return jmap_invalid(x->c, "a filter operator is {operator: AND, OR or NOT, conditions: [...]}");
    if (!(*out = filter_new(x, and? FILTER_AND : or ? FILTER_OR : FILTER_NOT)))
        return unsupported(x, "The filter has too many parts.");
    for (size_t i = 0; i < json_array_size(list) && !err; i++) {
        struct filter *part;
        err = parse(x, json_array_get(list, i), &part);
        if (!err)
            err = filter_add(x, *out, part);
    }
    return err;
}

int filter_parse(struct filter_ctx *x, const json_t *json, struct filter **out)
{
    *out = NULL;
    return !json || json_is_null(json) ? 0 : parse(x, json, out);
}

/* ---- words ---- */

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

int filter_look_up(struct filter_ctx *x, struct filter *f)
{
    int err = 0;
    for (size_t i = 0; i < f->n_sub && !err; i++)
        err = filter_look_up(x, f->sub[i]);
    if (err || f->kind != FILTER_WORDS || !x->search)
        return err;
    const struct jmap_person *me = x->c->person;
    struct search_words w = {.text = f->text, .columns = f->columns, .phrase = f->phrase, .prefix = !f->phrase};
    err = search_words(x->search, x->c->arena, me->org, me->account, &w, 1, 0, &f->ids, &f->n_ids);
    if (err < 0) { /* being made anew by the jobs role: rows are looked through instead */
        f->n_ids = 0;
        return 0;
    }
    f->found = true;
    f->capped = f->n_ids == SEARCH_RESULTS_MAX;
    if (f->n_ids)
        qsort(f->ids, f->n_ids, sizeof *f->ids, by_id);
    return 0;
}

/* ---- a row ---- */

int filter_row_light(struct filter_ctx *x, struct filter_row *row)
{
    if (row->has_light)
        return 1;
    int r = list_light(x->c->t, x->c->person->org, x->c->person->account, row->id, &row->light);
    row->has_light = r == 1;
    if (r == 1)
        row->thread = row->light.thread;
    return r;
}

int filter_row_email(struct filter_ctx *x, struct filter_row *row)
{
    size_t n;
    if (row->email)
        return 1;
    int r = read_emails(x->c->t, x->c->arena, x->c->person->org, x->c->person->account, &row->id, 1, &row->email, &n);
    if (r < 0 || n == 0) {
        row->email = NULL;
        return r < 0 ? r : 0;
    }
    row->flags = row->email->flags;
    row->has_flags = true;
    return 1;
}

static int in_mailboxes(struct filter_ctx *x, const struct filter *f, struct filter_row *row)
{
    if (f->kind == FILTER_IN && row->mailbox == f->number)
        return 1;
    int r = filter_row_email(x, row);
    for (size_t i = 0; r == 1 && i < row->email->n_mailboxes; i++) {
        int64_t box = row->email->mailboxes[i];
        if (f->kind == FILTER_IN && box == f->number)
            return 1;
        bool listed = false;
        for (size_t k = 0; k < f->n_ids && !listed; k++)
            listed = f->ids[k] == box;
        if (f->kind == FILTER_NOT_IN && !listed)
            return 1;
    }
    return r < 0 ? r : 0;
}

static int of_light(struct filter_ctx *x, const struct filter *f, struct filter_row *row)
{
    int r = filter_row_light(x, row);
    if (r != 1)
        return r;
    const struct list_light *l = &row->light;
    switch (f->kind) {
    case FILTER_AFTER: return l->received_ms >= f->number;
    case FILTER_BEFORE: return l->received_ms < f->number;
    case FILTER_MIN_SIZE: return l->size >= f->number;
    case FILTER_MAX_SIZE: return l->size < f->number;
    case FILTER_ATTACHMENT: return l->has_attachment == f->yes;
    default: return l->held == f->yes;
    }
}

static int of_thread(struct filter_ctx *x, const struct filter *f, struct filter_row *row)
{
    const struct jmap_person *me = x->c->person;
    struct read_email *e;
    int64_t *ids;
    size_t n, rows, have = 0;
    int r = row->thread ? 1 : filter_row_light(x, row);
    if (r == 1)
        r = read_thread(x->c->t, x->c->arena, me->org, me->account, row->thread, &ids, &n);
    if (r != 1)
        return r;
    if ((r = read_emails(x->c->t, x->c->arena, me->org, me->account, ids, n, &e, &rows)) != 0)
        return r;
    for (size_t i = 0; i < rows; i++)
        have += f->flag && (e[i].flags & f->flag) != 0;
    return f->kind == FILTER_THREAD_ALL ? have == rows : (have > 0) == f->yes;
}

/* Without an index: the words in what the row itself holds, then in its text. */
static bool has_words(const struct filter *f, struct str hay)
{
    struct str rest = f->text, word;
    if (f->phrase)
        return str_ifind(hay, f->text, 0) >= 0;
    while (rest.n && str_token(&rest, ' ', &word))
        if (word.n && str_ifind(hay, word, 0) < 0)
            return false;
    return str_trim(f->text).n > 0;
}

static int of_words(struct filter_ctx *x, const struct filter *f, struct filter_row *row)
{
    struct arena *a = x->c->arena;
    if (f->found)
        return f->n_ids && bsearch(&row->id, f->ids, f->n_ids, sizeof *f->ids, by_id) != NULL;
    int r = filter_row_email(x, row);
    if (r != 1 || (row->email->held && !x->held))
        return r < 0 ? r : 0;
    struct str hay = STR("");
    if (f->columns & SEARCH_SUBJECT)
        hay = row->email->subject;
    if (f->columns & SEARCH_FROM)
        hay = arena_printf(a, "%.*s\n%.*s %.*s", STRF(hay), STRF(row->email->from.name), STRF(row->email->from.addr));
    if (f->columns & SEARCH_BODY) {
        struct read_facts facts;
        struct facts_insight in;
        r = read_facts(x->c->t, a, x->c->person->org, x->c->person->account, row->id, &facts);
        if (r < 0)
            return r;
        if (r == 1 && facts_insight_get(a, facts.insight, &in) == 0)
            hay = arena_printf(a, "%.*s\n%.*s\n%.*s", STRF(hay), STRF(in.text), STRF(in.attached));
    }
    return has_words(f, hay);
}

static int of_header(struct filter_ctx *x, const struct filter *f, struct filter_row *row)
{
    struct mail_loc at;
    struct str raw;
    struct mime_header h;
    struct mime_field field;
    const struct jmap_person *me = x->c->person;
    int r = mail_blob(x->c->t, me->org, me->account, row->id, &at);
    if (r != 1)
        return r;
    if ((r = pack_read_blob(cell_packs(x->c->t->cell), at.loc, at.sha256, x->c->arena, &raw)) != 0)
        return r;
    mime_header_init(&h, raw);
    while (mime_header_next(&h, &field))
        if (str_ieq(field.name, f->name) && (!f->has_value || str_ifind(field.value, f->text, 0) >= 0))
            return 1;
    return 0;
}

static int of_list(struct filter_ctx *x, const struct filter *f, struct filter_row *row)
{
    for (size_t i = 0; i < f->n_sub; i++) {
        int r = filter_fits(x, f->sub[i], row);
        if (r < 0)
            return r;
        if (f->kind == FILTER_AND ? r == 0 : r == 1)
            return f->kind == FILTER_OR;
    }
    return f->kind != FILTER_OR;
}

int filter_fits(struct filter_ctx *x, const struct filter *f, struct filter_row *row)
{
    int r;
    if (!f)
        return 1;
    switch (f->kind) {
    case FILTER_AND:
    case FILTER_OR:
    case FILTER_NOT: return of_list(x, f, row);
    case FILTER_IN:
    case FILTER_NOT_IN: return in_mailboxes(x, f, row);
    case FILTER_KEYWORD:
        r = row->has_flags ? 1 : filter_row_email(x, row);
        return r != 1 ? r : (f->flag && (row->flags & f->flag)) == f->yes;
    case FILTER_THREAD_ALL:
    case FILTER_THREAD_SOME: return of_thread(x, f, row);
    case FILTER_WORDS: return of_words(x, f, row);
    case FILTER_HEADER: return of_header(x, f, row);
    default: return of_light(x, f, row);
    }
}
