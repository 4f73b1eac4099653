/* What a person types into the search box, in Italian or English, as a filter. Nothing typed is an error: an operator or a value that is unknown is looked
 * for as plain words and named to the panel, which shows a hint. */
#include "core/date.h"
#include "core/err.h"
#include "jmap/filter.h"
#include "jmap/types.h"

#define DAY_MS (24 * 3600 * 1000LL)

enum op {
    OP_NONE,
    OP_FROM,
    OP_TO,
    OP_SUBJECT,
    OP_BODY,
    OP_HAS,
    OP_BEFORE,
    OP_AFTER,
    OP_IN,
    OP_IS,
    OP_LARGER,
    OP_SMALLER,
    OP_IBAN
};
static const struct {
    const char *word;
    enum op op;
} ops[] = {
    {"from", OP_FROM},       {"da", OP_FROM},         {"to", OP_TO},        {"a", OP_TO},         {"cc", OP_TO},
    {"subject", OP_SUBJECT}, {"oggetto", OP_SUBJECT}, {"body", OP_BODY},    {"testo", OP_BODY},   {"has", OP_HAS},
    {"allegato", OP_HAS},    {"before", OP_BEFORE},   {"prima", OP_BEFORE}, {"after", OP_AFTER},  {"dopo", OP_AFTER},
    {"in", OP_IN},           {"is", OP_IS},           {"\xc3\xa8", OP_IS},  {"e", OP_IS},         {"larger", OP_LARGER},
    {"smaller", OP_SMALLER}, {"iban", OP_IBAN},       {"company", OP_FROM}, {"azienda", OP_FROM},
};

const char *typed_operator_name(size_t i) { return i < N_ELEMENTS(ops) ? ops[i].word : NULL; }

static enum op op_of(struct str word)
{
    for (size_t i = 0; i < N_ELEMENTS(ops); i++)
        if (str_ieq(word, str_c(ops[i].word)))
            return ops[i].op;
    return OP_NONE;
}

static bool one_of(struct str s, const char *const *list)
{
    for (size_t i = 0; list[i]; i++)
        if (str_ieq(s, str_c(list[i])))
            return true;
    return false;
}

/* ---- values ---- */

static int64_t day_start(int64_t ms) { return ms - ms % DAY_MS; }

static bool number(struct str s, int lo, int hi, int *out)
{
    uint64_t v;
    if (!str_u64(s, &v) || v < (uint64_t)lo || v > (uint64_t)hi)
        return false;
    *out = (int)v;
    return true;
}

/* 2026-11-21, 2026-11, 2026, 21/11/2026, 21.11.26, ieri, yesterday, oggi, today, 7d, 7g */
static bool date_of(struct str s, int64_t now, int64_t *ms)
{
    static const char *const today[] = {"oggi", "today", NULL}, *const yesterday[] = {"ieri", "yesterday", NULL};
    struct str a, b, c, rest;
    struct date d = {.month = 1, .day = 1};
    int n;
    if (one_of(s, today) || one_of(s, yesterday)) {
        *ms = day_start(now) - (one_of(s, today) ? 0 : DAY_MS);
        return true;
    }
    if (s.n > 1 && (str_ends(s, STR("d")) || str_ends(s, STR("g"))) && number(str_upto(s, s.n - 1), 0, 36500, &n)) {
        *ms = day_start(now) - n * DAY_MS;
        return true;
    }
    char mark = str_chr(s, '/', 0) >= 0 ? '/' : str_chr(s, '.', 0) >= 0 ? '.' : '-';
    bool two = str_cut(s, mark, &a, &rest), three = str_cut(rest, mark, &b, &c);
    if (mark == '-' || !two) {
        if (!number(a, 1900, 2999, &d.year) || (two && !number(b, 1, 12, &d.month)) ||
            (three && !number(c, 1, 31, &d.day)))
            return false;
    } else {
        if (!three || !number(a, 1, 31, &d.day) || !number(b, 1, 12, &d.month) || !number(c, 0, 2999, &d.year))
            return false;
        if (d.year < 100)
            d.year += 2000;
    }
    *ms = date_to_ms(&d);
    return true;
}

static bool size_of(struct str s, int64_t *bytes)
{
    int64_t unit = 1;
    uint64_t v;
    if (s.n > 1 && (str_ends(s, STR("b")) || str_ends(s, STR("B"))))
        s.n--;
    if (s.n > 1 && !ascii_is_digit(s.p[s.n - 1])) {
        char u = ascii_lower(s.p[--s.n]);
        unit = u == 'k' ? 1000 : u == 'm' ? 1000000 : u == 'g' ? 1000000000 : 0;
    }
    if (!unit || !str_u64(s, &v) || v > (1u << 30))
        return false;
    *bytes = (int64_t)v * unit;
    return true;
}

static const struct {
    const char *word;
    enum mail_role role;
} role_words[] = {
    {"inbox", ROLE_INBOX},      {"arrivo", ROLE_INBOX},    {"junk", ROLE_JUNK},       {"spam", ROLE_JUNK},
    {"trash", ROLE_TRASH},      {"cestino", ROLE_TRASH},   {"sent", ROLE_SENT},       {"inviata", ROLE_SENT},
    {"inviati", ROLE_SENT},     {"drafts", ROLE_DRAFTS},   {"bozze", ROLE_DRAFTS},    {"archive", ROLE_ARCHIVE},
    {"archivio", ROLE_ARCHIVE}, {"held", ROLE_HELD},       {"trattenuti", ROLE_HELD}, {"trattenuto", ROLE_HELD},
    {"quarantine", ROLE_HELD},  {"quarantena", ROLE_HELD},
};

static int mailbox_of(struct filter_ctx *x, struct str value, int64_t *id)
{
    struct read_mailbox *m;
    size_t n;
    int r = read_mailboxes(x->c->t, x->c->arena, x->c->person->org, x->c->person->account, &m, &n);
    for (size_t i = 0; i < n && r == 0; i++)
        if (str_ieq(m[i].name, value)) {
            *id = m[i].id;
            return 1;
        }
    for (size_t k = 0; k < N_ELEMENTS(role_words); k++)
        for (size_t i = 0; i < n && r == 0; i++)
            if (str_ieq(value, str_c(role_words[k].word)) && m[i].role == role_words[k].role) {
                *id = m[i].id;
                return 1;
            }
    return r;
}

/* ---- terms ---- */

static struct filter *words(struct filter_ctx *x, struct str text, unsigned columns, bool phrase)
{
    struct filter *f = filter_new(x, FILTER_WORDS);
    if (f) {
        f->text = text;
        f->columns = columns;
        f->phrase = phrase;
        x->words = true;
    }
    return f;
}

static struct filter *numbered(struct filter_ctx *x, enum filter_kind kind, int64_t number)
{
    struct filter *f = filter_new(x, kind);
    if (f)
        f->number = number;
    return f;
}

static struct filter *is_something(struct filter_ctx *x, struct str value)
{
    static const struct {
        const char *word, *keyword;
        bool yes;
    } states[] = {
        {"unread", "$seen", false},      {"nonletto", "$seen", false},     {"nonletti", "$seen", false},
        {"read", "$seen", true},         {"letto", "$seen", true},         {"flagged", "$flagged", true},
        {"starred", "$flagged", true},   {"importante", "$flagged", true}, {"answered", "$answered", true},
        {"risposto", "$answered", true}, {"draft", "$draft", true},        {"bozza", "$draft", true},
    };
    static const char *const held[] = {"held", "trattenuto", "trattenuti", NULL};
    if (one_of(value, held))
        return filter_new(x, FILTER_HELD);
    for (size_t i = 0; i < N_ELEMENTS(states); i++) {
        if (!str_ieq(value, str_c(states[i].word)))
            continue;
        struct filter *f = filter_new(x, FILTER_KEYWORD);
        if (f) {
            f->flag = keyword_flag(&x->keywords, str_c(states[i].keyword));
            f->yes = states[i].yes;
        }
        return f;
    }
    return NULL;
}

/* "IT60X054..." as one word, or in the groups of four that people write. */
static struct filter *iban(struct filter_ctx *x, struct str value)
{
    char *plain = arena_alloc(x->c->arena, 2 * value.n + 2), *groups = arena_alloc(x->c->arena, 2 * value.n + 2);
    size_t n = 0, g = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == ' ')
            continue;
        if (n && n % 4 == 0)
            groups[g++] = ' ';
        plain[n++] = value.p[i];
        groups[g++] = value.p[i];
    }
    struct filter * or = filter_new(x, FILTER_OR);
    if (filter_add(x, or, words(x, str_n(plain, n), SEARCH_ALL, false)) != 0 ||
        filter_add(x, or, words(x, str_n(groups, g), SEARCH_ALL, true)) != 0)
        return NULL;
    return or ;
}

/* *out stays NULL when the value means nothing to the operator. */
static int operator_term(struct filter_ctx *x, enum op op, struct str v, bool phrase, struct filter **out)
{
    static const char *const attached[] = {"attachment", "attachments", "allegato", "allegati",
                                           "s\xc3\xac",  "si",          "yes",      NULL};
    static const char *const none[] = {"no", NULL};
    int64_t value;
    int r = 0;
    switch (op) {
    case OP_FROM: *out = words(x, v, SEARCH_FROM, phrase); break;
    case OP_TO: *out = words(x, v, SEARCH_TO, phrase); break;
    case OP_SUBJECT: *out = words(x, v, SEARCH_SUBJECT, phrase); break;
    case OP_BODY: *out = words(x, v, SEARCH_BODY, phrase); break;
    case OP_IBAN: *out = iban(x, v); break;
    case OP_IS: *out = is_something(x, v); break;
    case OP_HAS:
        if (one_of(v, attached) || one_of(v, none)) {
            *out = filter_new(x, FILTER_ATTACHMENT);
            if (*out)
                (*out)->yes = one_of(v, attached);
        }
        break;
    case OP_BEFORE:
    case OP_AFTER:
        if (date_of(v, x->c->t->now_ms, &value))
            *out = numbered(x, op == OP_BEFORE ? FILTER_BEFORE : FILTER_AFTER, value);
        break;
    case OP_LARGER:
    case OP_SMALLER:
        if (size_of(v, &value))
            *out = numbered(x, op == OP_LARGER ? FILTER_MIN_SIZE : FILTER_MAX_SIZE, value);
        break;
    case OP_IN:
        r = mailbox_of(x, v, &value);
        if (r == 1)
            *out = numbered(x, FILTER_IN, value);
        r = r < 0 ? r : 0;
        break;
    case OP_NONE: break;
    }
    return r;
}

struct token {
    struct str op, value, all; /* all: as typed, without "-" */
    bool not, phrase, has_op;
};

static bool next_token(struct str *rest, struct token *t)
{
    size_t i = 0, end;
    *t = (struct token){0};
    *rest = str_trim(*rest);
    if (rest->n == 0)
        return false;
    if (rest->p[0] == '-' && rest->n > 1 && rest->p[1] != ' ') {
        t->not = true;
        i = 1;
    }
    size_t from = i;
    while (i < rest->n && rest->p[i] != ' ' && rest->p[i] != '"' && rest->p[i] != ':')
        i++;
    if (i < rest->n && rest->p[i] == ':' && i > from) {
        t->op = str_n(rest->p + from, i - from);
        t->has_op = true;
        i++;
    } else {
        i = from;
    }
    size_t at = i;
    if (i < rest->n && rest->p[i] == '"') {
        ptrdiff_t close = str_chr(*rest, '"', i + 1);
        end = close < 0 ? rest->n : (size_t)close;
        t->phrase = true;
        t->value = str_n(rest->p + i + 1, end - i - 1);
        i = close < 0 ? rest->n : end + 1;
    } else {
        while (i < rest->n && rest->p[i] != ' ')
            i++;
        t->value = str_n(rest->p + at, i - at);
    }
    t->all = str_n(rest->p + from, i - from);
    *rest = str_from(*rest, i);
    return true;
}

static bool says_something(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80 || ascii_is_alpha(s.p[i]) || ascii_is_digit(s.p[i]))
            return true;
    return false;
}

static int term(struct filter_ctx *x, const struct token *t, struct filter **out)
{
    enum op op = t->has_op ? op_of(t->op) : OP_NONE;
    *out = NULL;
    int r = op != OP_NONE && t->value.n ? operator_term(x, op, t->value, t->phrase, out) : 0;
    if (r < 0)
        return r;
    if (!*out) {
        if (t->has_op && x->n_unknown < N_ELEMENTS(x->unknown))
            x->unknown[x->n_unknown++] = t->all;
        *out = words(x, t->phrase && !t->has_op ? t->value : t->all, SEARCH_ALL, t->phrase && !t->has_op);
    }
    if (*out && t->not ) {
        struct filter *not = filter_new(x, FILTER_NOT);
        r = filter_add(x, not, *out);
        *out = not ;
    }
    return *out ? r : JMAP_UNSUPPORTED_FILTER;
}

int filter_typed(struct filter_ctx *x, struct str text, struct filter **out)
{
    struct filter *all = filter_new(x, FILTER_AND), *last = NULL;
    struct token t;
    bool or = false;
    int r = all ? 0 : JMAP_UNSUPPORTED_FILTER;
    while (r == 0 && next_token(&text, &t)) {
        struct filter *f;
        if (!says_something(t.all))
            continue;
        if (!t.has_op && !t.phrase && !t.not &&(str_eq(t.value, STR("OR")) || str_eq(t.value, STR("O"))) && last) {
            or = true;
            continue;
        }
        if ((r = term(x, &t, &f)) != 0)
            break;
        if (or &&last) { /* joins the term before */
            struct filter *either = last->kind == FILTER_OR ? last : filter_new(x, FILTER_OR);
            if (either && either != last)
                r = filter_add(x, either, last);
            if (r == 0)
                r = filter_add(x, either, f);
            if (r == 0)
                all->sub[all->n_sub - 1] = last = either;
        } else {
            r = filter_add(x, all, f);
            last = f;
        }
        or = false;
    }
    if (r == 0 && all->n_sub == 0)
        r = filter_add(x, all, words(x, STR(""), SEARCH_ALL, false)); /* nothing typed: nothing found */
    *out = all;
    return r;
}

/* Search/parse: how a typed text is understood, for chips and hints. */
int jmap_search_parse(struct jmap_call *c)
{
    static const char *const args[] = {"text", NULL};
    struct filter_ctx x = {.c = c};
    struct filter *f;
    struct str text = jmap_json_str(json_object_get(c->args, "text"));
    int err = jmap_arg_account(c);
    if (!err)
        err = jmap_arg_only(c, args);
    if (!err && (!json_is_string(json_object_get(c->args, "text")) || text.n > FILTER_TEXT_MAX))
        err = jmap_invalid(c, "text is a string of at most 1000 bytes");
    if (!err)
        err = keyword_load(c->t, c->arena, c->person->org, c->person->account, &x.keywords);
    if (!err)
        err = filter_typed(&x, text, &f);
    if (err)
        return err;
    json_obj(c->w);
    jmap_put_account(c);
    json_keyz(c->w, "unknown");
    json_arr(c->w);
    for (size_t i = 0; i < x.n_unknown; i++)
        json_str(c->w, x.unknown[i]);
    json_arr_end(c->w);
    json_obj_end(c->w);
    return 0;
}
