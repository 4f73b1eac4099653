#include "intake/input.h"

#define INPUT_REFERENCES_MAX 20u

static struct guard_party party(struct arena *a, const struct mime_addr *m)
{
    if (!m->local.p)
        return (struct guard_party){STR(""), STR(""), STR("")};
    return (struct guard_party){m->name, m->domain.n ? mime_addr_key(a, m) : STR(""), m->domain};
}

static size_t parties(struct arena *a, const struct mime_addrs *list, const struct guard_party **out)
{
    size_t n = list->n < GUARD_PARTIES_MAX ? list->n : GUARD_PARTIES_MAX;
    struct guard_party *v = arena_array(a, struct guard_party, n + 1);
    for (size_t i = 0; i < n; i++)
        v[i] = party(a, &list->v[i]);
    *out = v;
    return n;
}

static size_t references(struct arena *a, const struct mime_identity *who, const struct str **out)
{
    struct str *v = arena_array(a, struct str, INPUT_REFERENCES_MAX + 1);
    size_t n = 0;
    for (size_t i = 0; i < who->n_in_reply_to && n < INPUT_REFERENCES_MAX; i++)
        v[n++] = who->in_reply_to[i];
    for (size_t i = who->n_references; i > 0 && n < INPUT_REFERENCES_MAX; i--) {
        bool twice = false;
        for (size_t k = 0; k < n && !twice; k++)
            twice = str_eq(v[k], who->references[i - 1]);
        if (!twice)
            v[n++] = who->references[i - 1];
    }
    *out = v;
    return n;
}

static struct str field(struct str raw, struct str name)
{
    struct mime_header h;
    struct mime_field f;
    mime_header_init(&h, raw);
    return mime_header_find(&h, name, &f) ? str_trim(f.value) : STR("");
}

static struct str agent(struct str raw)
{
    struct str a = field(raw, STR("User-Agent"));
    return a.n ? a : field(raw, STR("X-Mailer"));
}

/* "<a@b>" of Return-Path; empty for <> and for what is no path. */
static struct str envelope(struct arena *a, const struct mime_identity *who)
{
    struct mime_addrs list = {0};
    if (who->return_path.n)
        mime_addrs_parse(a, NULL, who->return_path, &list);
    return list.n == 1 && list.v[0].domain.n ? mime_addr_key(a, &list.v[0]) : STR("");
}

void intake_input(struct arena *a, struct str raw, const struct mime_identity *who, struct guard_input *in)
{
    bool ok = who->from_state == MIME_FROM_OK;
    *in = (struct guard_input){
        .from_name = ok ? who->from.name : STR(""),
        .from_addr = ok ? who->from_key : STR(""),
        .from_domain = ok ? who->from.domain : STR(""),
        .from_ambiguous = who->from_state == MIME_FROM_FIELDS || who->from_state == MIME_FROM_AMBIGUOUS,
        .from_broken = !ok && who->from_state != MIME_FROM_MISSING && who->from_state != MIME_FROM_DOMAIN,
        .report = str_istarts(str_trim(who->content_type), STR("multipart/report")),
        .sender = party(a, &who->sender),
        .subject = who->subject,
        .message_id = who->message_id,
        .list_id = who->list_id,
        .agent = agent(str_upto(raw, who->body)),
        .envelope = envelope(a, who),
        .unsubscribe = who->list_unsubscribe.n > 0,
        .automatic = (who->flags & MIME_ID_AUTOMATIC) != 0,
        .duplicate_fields = (who->flags & MIME_ID_DUPLICATE) != 0,
        .has_date = who->has_date,
        .date_ms = who->date_ms,
        .date_zone = who->date_zone,
    };
    in->n_reply_to = parties(a, &who->reply_to, &in->reply_to);
    in->n_to = parties(a, &who->to, &in->to);
    in->n_cc = parties(a, &who->cc, &in->cc);
    in->n_references = references(a, who, &in->references);
}
