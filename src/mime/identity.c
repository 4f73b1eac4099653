#include "mime/identity.h"
#include "mime/date.h"
#include "mime/word.h"

enum field {
    F_NONE,
    F_DATE,
    F_FROM,
    F_SENDER,
    F_REPLY_TO,
    F_TO,
    F_CC,
    F_BCC,
    F_MESSAGE_ID,
    F_IN_REPLY_TO,
    F_REFERENCES,
    F_SUBJECT,
    F_CONTENT_TYPE,
    F_MIME_VERSION,
    F_ENCODING,
    F_DISPOSITION,
    F_RECEIVED,
    F_RETURN_PATH,
    F_LIST_ID,
    F_LIST_OTHER,
    F_LIST_UNSUBSCRIBE,
    F_AUTO_SUBMITTED,
    F_PRECEDENCE,
    F_AUTO_SUPPRESS,
    F_RESENT,
    F_COUNT
};

static const struct {
    struct str name; /* lower case */
    enum field id;
    unsigned once;
} fields[] = {
    {{"to", 2}, F_TO, MIME_ONCE_TO},
    {{"cc", 2}, F_CC, MIME_ONCE_CC},
    {{"bcc", 3}, F_BCC, MIME_ONCE_BCC},
    {{"date", 4}, F_DATE, MIME_ONCE_DATE},
    {{"from", 4}, F_FROM, MIME_ONCE_FROM},
    {{"sender", 6}, F_SENDER, MIME_ONCE_SENDER},
    {{"list-id", 7}, F_LIST_ID, 0},
    {{"subject", 7}, F_SUBJECT, MIME_ONCE_SUBJECT},
    {{"reply-to", 8}, F_REPLY_TO, MIME_ONCE_REPLY_TO},
    {{"received", 8}, F_RECEIVED, 0},
    {{"list-post", 9}, F_LIST_OTHER, 0},
    {{"resent-to", 9}, F_RESENT, 0},
    {{"message-id", 10}, F_MESSAGE_ID, MIME_ONCE_MESSAGE_ID},
    {{"references", 10}, F_REFERENCES, MIME_ONCE_REFERENCES},
    {{"precedence", 10}, F_PRECEDENCE, 0},
    {{"return-path", 11}, F_RETURN_PATH, 0},
    {{"resent-from", 11}, F_RESENT, 0},
    {{"in-reply-to", 11}, F_IN_REPLY_TO, MIME_ONCE_IN_REPLY_TO},
    {{"resent-date", 11}, F_RESENT, 0},
    {{"content-type", 12}, F_CONTENT_TYPE, MIME_ONCE_CONTENT_TYPE},
    {{"mime-version", 12}, F_MIME_VERSION, MIME_ONCE_MIME_VERSION},
    {{"auto-submitted", 14}, F_AUTO_SUBMITTED, 0},
    {{"list-unsubscribe", 16}, F_LIST_UNSUBSCRIBE, 0},
    {{"content-disposition", 19}, F_DISPOSITION, 0},
    {{"content-transfer-encoding", 25}, F_ENCODING, MIME_ONCE_ENCODING},
    {{"x-auto-response-suppress", 24}, F_AUTO_SUPPRESS, 0},
};

struct reader {
    struct arena *a;
    struct mime_charsets *cs;
    struct mime_identity *id;
    unsigned seen; /* mime_once */
    size_t count[F_COUNT];
    bool from_odd; /* control bytes or entries without address in From */
};

static size_t lookup(struct str name)
{
    for (size_t i = 0; i < N_ELEMENTS(fields); i++)
        if (fields[i].name.n == name.n && str_ieq(fields[i].name, name))
            return i;
    return N_ELEMENTS(fields);
}

static bool is_blank(char c) { return (unsigned char)c <= ' '; }

/* "From" WSP* ":" with control bytes let through, as careless readers do. */
static bool looks_from(struct str s)
{
    size_t i = 0;
    while (i < s.n && is_blank(s.p[i]))
        i++;
    if (!str_istarts(str_from(s, i), STR("from")))
        return false;
    for (i += 4; i < s.n && is_blank(s.p[i]);)
        i++;
    return i < s.n && s.p[i] == ':';
}

/* A reader that takes a bare CR as line end sees fields where we see text. */
static bool hidden_from(struct str value)
{
    for (ptrdiff_t at = 0; (at = str_chr(value, '\r', (size_t)at)) >= 0; at++)
        if ((size_t)at + 1 < value.n && value.p[at + 1] != '\n' &&
            looks_from(str_upto(str_from(value, (size_t)at + 1), 64)))
            return true;
    return false;
}

static void addresses(struct reader *r, struct mime_addrs *list, enum field f, struct str value)
{
    if (r->count[f] <= MIME_IDENTITY_FIELDS_MAX)
        mime_addrs_parse(r->a, r->cs, value, list);
    else
        list->flags |= MIME_ADDRS_MANY;
}

static void on_from(struct reader *r, struct str value)
{
    addresses(r, &r->id->from_all, F_FROM, value);
    if (r->count[F_FROM] == 1)
        r->id->from_text = mime_words_decode(r->a, r->cs, value, NULL);
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        bool folding = c == '\t' || c == '\n' || (c == '\r' && i + 1 < value.n && value.p[i + 1] == '\n');
        if ((unsigned char)c < ' ' && !folding)
            r->from_odd = true;
    }
}

static void on_sender(struct reader *r, struct str value)
{
    struct mime_addrs list = {0};
    mime_addrs_parse(r->a, r->cs, value, &list);
    if (list.n == 1)
        r->id->sender = list.v[0];
}

static size_t on_ids(struct reader *r, struct str value, struct str **out)
{
    struct str all[MIME_MSGIDS_MAX + 1];
    size_t n = mime_msgids(r->a, value, all, MIME_MSGIDS_MAX + 1);
    if (n > MIME_MSGIDS_MAX) { /* one over: known to be too many; drop the second oldest */
        r->id->flags |= MIME_ID_MANY_REFERENCES;
        memmove(all + 1, all + 2, (n - 2) * sizeof *all);
        n = MIME_MSGIDS_MAX;
    }
    *out = NULL;
    if (n) {
        *out = arena_alloc(r->a, n * sizeof **out);
        memcpy(*out, all, n * sizeof **out);
    }
    return n;
}

static void on_message_id(struct reader *r, struct str value)
{
    struct str ids[2];
    if (mime_msgids(r->a, value, ids, 2))
        r->id->message_id = ids[0];
}

static void on_subject(struct reader *r, struct str value)
{
    unsigned odd = 0;
    struct mime_identity *id = r->id;
    id->subject = mime_words_decode(r->a, r->cs, value, &odd);
    id->subject_base = mime_subject_base(r->a, id->subject, &id->subject_flags);
    if (odd)
        id->flags |= MIME_ID_CHARSET_ODD;
}

static void on_list_id(struct reader *r, struct str value)
{
    ptrdiff_t from = str_rchr(value, '<'), to = str_rchr(value, '>');
    struct str s = from >= 0 && to > from ? str_n(value.p + from + 1, (size_t)(to - from - 1)) : value;
    s = str_trim(mime_text_clean(r->a, s, NULL));
    char *p = arena_alloc(r->a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = ascii_lower(s.p[i]);
    r->id->list_id = str_n(p, s.n);
}

static void on_date(struct reader *r, struct str value)
{
    struct mime_identity *id = r->id;
    id->has_date = mime_date_parse(value, &id->date_ms, &id->date_zone);
    if (!id->has_date)
        id->flags |= MIME_ID_BAD_DATE;
}

/* Fields of which only the first counts. */
static void on_first(struct reader *r, enum field f, struct str value)
{
    struct mime_identity *id = r->id;
    switch (f) {
    case F_DATE: on_date(r, value); break;
    case F_SENDER: on_sender(r, value); break;
    case F_MESSAGE_ID: on_message_id(r, value); break;
    case F_IN_REPLY_TO: id->n_in_reply_to = on_ids(r, value, &id->in_reply_to); break;
    case F_REFERENCES: id->n_references = on_ids(r, value, &id->references); break;
    case F_SUBJECT: on_subject(r, value); break;
    case F_CONTENT_TYPE: id->content_type = value; break;
    case F_ENCODING: id->transfer_encoding = value; break;
    case F_DISPOSITION: id->disposition = value; break;
    case F_RECEIVED: id->received_first = value; break;
    case F_RETURN_PATH: id->return_path = value; break;
    case F_LIST_ID: on_list_id(r, value); break;
    case F_LIST_UNSUBSCRIBE: id->list_unsubscribe = mime_unfold(r->a, value); break;
    case F_AUTO_SUBMITTED: id->auto_submitted = mime_unfold(r->a, value); break;
    case F_PRECEDENCE: id->precedence = mime_unfold(r->a, value); break;
    default: break;
    }
}

static void on_field(struct reader *r, const struct mime_field *field)
{
    size_t i = lookup(field->name);
    if (i == N_ELEMENTS(fields))
        return;
    enum field f = fields[i].id;
    r->count[f]++;
    if (r->seen & fields[i].once) {
        r->id->flags |= MIME_ID_DUPLICATE;
        r->id->duplicates |= fields[i].once;
    }
    r->seen |= fields[i].once;
    switch (f) {
    case F_FROM: on_from(r, field->value); break;
    case F_TO: addresses(r, &r->id->to, f, field->value); break;
    case F_CC: addresses(r, &r->id->cc, f, field->value); break;
    case F_BCC: addresses(r, &r->id->bcc, f, field->value); break;
    case F_REPLY_TO: addresses(r, &r->id->reply_to, f, field->value); break;
    default:
        if (r->count[f] == 1)
            on_first(r, f, field->value);
    }
}

static enum mime_from from_judge(const struct reader *r)
{
    const struct mime_identity *id = r->id;
    const struct mime_addrs *all = &id->from_all;
    if (r->count[F_FROM] > 1 || (id->flags & MIME_ID_HIDDEN_FROM))
        return MIME_FROM_FIELDS;
    if (r->count[F_FROM] == 0)
        return MIME_FROM_MISSING;
    if (all->n > 1 || (all->flags & MIME_ADDRS_MANY))
        return MIME_FROM_ADDRESSES;
    if (all->n == 0)
        return all->flags & MIME_ADDRS_GROUPS ? MIME_FROM_GROUP : MIME_FROM_UNREADABLE;
    if (all->flags & MIME_ADDRS_GROUPS)
        return MIME_FROM_GROUP;
    /* What was not read may hold another From. */
    if (r->from_odd || (id->header_flags & (MIME_H_MANY | MIME_H_TRUNCATED)) ||
        (all->flags & (MIME_ADDRS_JUNK | MIME_ADDRS_DEEP)) || (all->v[0].flags & MIME_ADDR_AMBIGUOUS))
        return MIME_FROM_AMBIGUOUS;
    if (all->v[0].flags & (MIME_ADDR_NO_DOMAIN | MIME_ADDR_BAD_DOMAIN))
        return MIME_FROM_DOMAIN;
    return all->v[0].flags & MIME_ADDR_BAD_LOCAL ? MIME_FROM_LOCAL : MIME_FROM_OK;
}

static void classify(struct reader *r)
{
    struct mime_identity *id = r->id;
    struct str a = id->auto_submitted, p = id->precedence;
    if (r->count[F_FROM] > 1)
        id->flags |= MIME_ID_MANY_FROM;
    if (r->count[F_RESENT])
        id->flags |= MIME_ID_RESENT;
    if (r->count[F_LIST_ID] || r->count[F_LIST_OTHER] || r->count[F_LIST_UNSUBSCRIBE])
        id->flags |= MIME_ID_LIST;
    /* RFC 3834 5: "no" may be followed by parameters or a comment. */
    bool no =
        str_istarts(a, STR("no")) && (a.n == 2 || a.p[2] == ' ' || a.p[2] == ';' || a.p[2] == '(' || a.p[2] == '\t');
    if ((a.n && !no) || str_ieq(p, STR("bulk")) || str_ieq(p, STR("junk")) || str_ieq(p, STR("list")) ||
        r->count[F_AUTO_SUPPRESS])
        id->flags |= MIME_ID_AUTOMATIC;
    id->received = r->count[F_RECEIVED];
}

void mime_identity_read(struct arena *a, struct mime_charsets *cs, struct str message, struct mime_identity *out)
{
    struct reader r = {.a = a, .cs = cs, .id = out};
    struct mime_header h;
    struct mime_field f;
    *out = (struct mime_identity){0};
    mime_header_init(&h, message);
    while (mime_header_next(&h, &f)) {
        out->fields++;
        if (!f.name.n ? looks_from(f.value) : (h.flags & MIME_H_BARE_CR) && hidden_from(f.value))
            out->flags |= MIME_ID_HIDDEN_FROM;
        if (f.name.n)
            on_field(&r, &f);
    }
    out->header_flags = h.flags;
    out->body = h.body;
    out->from_state = from_judge(&r);
    classify(&r);
    if (out->from_state == MIME_FROM_OK) {
        out->from = out->from_all.v[0];
        out->from_key = mime_addr_key(a, &out->from);
    }
}

const char *mime_from_name(enum mime_from state)
{
    static const char *const names[MIME_FROM_COUNT] = {
        [MIME_FROM_OK] = "ok",
        [MIME_FROM_MISSING] = "missing",
        [MIME_FROM_FIELDS] = "several-fields",
        [MIME_FROM_ADDRESSES] = "several-addresses",
        [MIME_FROM_UNREADABLE] = "unreadable",
        [MIME_FROM_GROUP] = "group",
        [MIME_FROM_AMBIGUOUS] = "ambiguous",
        [MIME_FROM_DOMAIN] = "bad-domain",
        [MIME_FROM_LOCAL] = "bad-local-part",
    };
    return (unsigned)state < MIME_FROM_COUNT ? names[state] : "?";
}
