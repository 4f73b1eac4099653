/* header:{name} properties (RFC 8621 4.1.2, 4.1.3): the field in the form asked for, where that form is allowed. */
#include "jmap/email.h"
#include "mime/date.h"
#include "mime/param.h"
#include "mime/word.h"

#define FIELD_NAME_MAX 128u
#define INSTANCES_MAX 200u /* of one field with :all */
#define URLS_MAX 50u

#define F(form) (1u << (form))
static const char *const forms[AS_FORMS] = {
    [AS_RAW] = "asRaw",
    [AS_TEXT] = "asText",
    [AS_ADDRESSES] = "asAddresses",
    [AS_GROUPED] = "asGroupedAddresses",
    [AS_MESSAGE_IDS] = "asMessageIds",
    [AS_DATE] = "asDate",
    [AS_URLS] = "asURLs",
};

/* Fields of RFC 5322 and RFC 2369 and the forms they have beside raw; any other field has all forms. */
static const struct {
    const char *name;
    unsigned may;
} fields[] = {
    {"subject", F(AS_TEXT)},
    {"comments", F(AS_TEXT)},
    {"keywords", F(AS_TEXT)},
    {"list-id", F(AS_TEXT)},
    {"from", F(AS_ADDRESSES) | F(AS_GROUPED)},
    {"sender", F(AS_ADDRESSES) | F(AS_GROUPED)},
    {"reply-to", F(AS_ADDRESSES) | F(AS_GROUPED)},
    {"to", F(AS_ADDRESSES) | F(AS_GROUPED)},
    {"cc", F(AS_ADDRESSES) | F(AS_GROUPED)},
    {"bcc", F(AS_ADDRESSES) | F(AS_GROUPED)},
    {"resent-from", F(AS_ADDRESSES) | F(AS_GROUPED)},
    {"resent-sender", F(AS_ADDRESSES) | F(AS_GROUPED)},
    {"resent-reply-to", F(AS_ADDRESSES) | F(AS_GROUPED)},
    {"resent-to", F(AS_ADDRESSES) | F(AS_GROUPED)},
    {"resent-cc", F(AS_ADDRESSES) | F(AS_GROUPED)},
    {"resent-bcc", F(AS_ADDRESSES) | F(AS_GROUPED)},
    {"message-id", F(AS_MESSAGE_IDS)},
    {"in-reply-to", F(AS_MESSAGE_IDS)},
    {"references", F(AS_MESSAGE_IDS)},
    {"resent-message-id", F(AS_MESSAGE_IDS)},
    {"date", F(AS_DATE)},
    {"resent-date", F(AS_DATE)},
    {"list-help", F(AS_URLS)},
    {"list-unsubscribe", F(AS_URLS)},
    {"list-subscribe", F(AS_URLS)},
    {"list-post", F(AS_URLS)},
    {"list-owner", F(AS_URLS)},
    {"list-archive", F(AS_URLS)},
    {"return-path", 0},
    {"received", 0},
};

static bool form_allowed(struct str field, enum header_form form)
{
    for (size_t i = 0; i < N_ELEMENTS(fields); i++)
        if (str_ieq(field, str_c(fields[i].name)))
            return form == AS_RAW || (fields[i].may & F(form));
    return true;
}

int header_ask_parse(struct jmap_call *c, struct str prop, struct header_ask *out)
{
    struct str rest, tok;
    *out = (struct header_ask){.prop = arena_str(c->arena, prop)};
    if (!str_starts(prop, STR("header:")))
        return jmap_invalid(c, "a property is not known");
    rest = str_from(out->prop, 7);
    str_cut(rest, ':', &out->field, &rest);
    for (size_t i = 0; i < out->field.n; i++)
        if (out->field.p[i] <= ' ' || out->field.p[i] >= 127)
            return jmap_invalid(c, "a header field's name is not one");
    if (out->field.n == 0 || out->field.n > FIELD_NAME_MAX)
        return jmap_invalid(c, "a header field's name is not one");
    if (rest.n && str_starts(rest, STR("as"))) {
        str_cut(rest, ':', &tok, &rest);
        int form = 0;
        while (form < AS_FORMS && !str_eq(tok, str_c(forms[form])))
            form++;
        if (form == AS_FORMS)
            return jmap_invalid(c, "there is no such form of a header field");
        out->form = (enum header_form)form;
    }
    out->all = str_eq(rest, STR("all"));
    if (rest.n && !out->all)
        return jmap_invalid(c, "a header property ends in :all or in its form");
    return form_allowed(out->field, out->form) ? 0 : jmap_invalid(c, "this header field does not have that form");
}

/* ---- forms ---- */

static void put_text(struct json_w *w, struct arena *a, struct mime_charsets *cs, struct str value)
{
    json_str(w, str_trim(mime_words_decode(a, cs, value, NULL)));
}

static void put_groups(struct json_w *w, struct arena *a, const struct mime_addrs *list)
{
    json_arr(w);
    for (size_t i = 0; i < list->n;) {
        size_t k = i + 1;
        struct str group = list->v[i].group;
        while (k < list->n && list->v[k].group.p == group.p && str_eq(list->v[k].group, group))
            k++;
        json_obj(w);
        json_keyz(w, "name");
        if (group.p)
            json_str(w, group);
        else
            json_none(w);
        json_keyz(w, "addresses");
        email_put_addrs(w, a, list->v + i, k - i);
        json_obj_end(w);
        i = k;
    }
    json_arr_end(w);
}

/* What stands in angle brackets, at most `most`: Message-IDs and URLs alike; null when there is none (RFC 8621 4.1.2.5, 4.1.2.7). */
static void put_bracketed(struct json_w *w, struct arena *a, struct str value, size_t most)
{
    struct str text = mime_unfold(a, value);
    size_t n = 0;
    for (size_t at = 0; n < most;) {
        ptrdiff_t from = str_chr(text, '<', at), to = from < 0 ? -1 : str_chr(text, '>', (size_t)from);
        if (to < 0)
            break;
        if (n++ == 0)
            json_arr(w);
        json_str(w, str_trim(str_n(text.p + from + 1, (size_t)(to - from - 1))));
        at = (size_t)to + 1;
    }
    if (n)
        json_arr_end(w);
    else
        json_none(w);
}

static void put_date(struct json_w *w, struct str value)
{
    int64_t ms;
    int zone;
    if (mime_date_parse(value, &ms, &zone))
        json_time(w, ms);
    else
        json_none(w);
}

static void put_form(struct json_w *w, struct arena *a, struct mime_charsets *cs, struct str value,
                     enum header_form form)
{
    struct mime_addrs list = {0};
    switch (form) {
    case AS_RAW: json_str(w, mime_charset_guess(a, value, NULL)); break;
    case AS_TEXT: put_text(w, a, cs, value); break;
    case AS_ADDRESSES:
    case AS_GROUPED:
        mime_addrs_parse(a, cs, value, &list);
        if (form == AS_GROUPED)
            put_groups(w, a, &list);
        else
            email_put_addrs(w, a, list.v, list.n);
        break;
    case AS_MESSAGE_IDS: put_bracketed(w, a, value, value.n); break;
    case AS_DATE: put_date(w, value); break;
    case AS_URLS: put_bracketed(w, a, value, URLS_MAX); break;
    case AS_FORMS: break;
    }
}

/* The last instance, or all of them in order. */
void header_put(struct json_w *w, struct arena *a, struct mime_charsets *cs, struct str block,
                const struct header_ask *ask)
{
    struct mime_header h;
    struct mime_field f;
    struct str last = STR_NULL;
    size_t n = 0;
    mime_header_init(&h, block);
    if (ask->all)
        json_arr(w);
    while (mime_header_next(&h, &f)) {
        if (!str_ieq(f.name, ask->field))
            continue;
        last = f.value;
        if (ask->all && n++ < INSTANCES_MAX)
            put_form(w, a, cs, f.value, ask->form);
    }
    if (ask->all)
        json_arr_end(w);
    else if (last.p)
        put_form(w, a, cs, last, ask->form);
    else
        json_none(w);
}

void header_put_all(struct json_w *w, struct arena *a, struct str block)
{
    struct mime_header h;
    struct mime_field f;
    mime_header_init(&h, block);
    json_arr(w);
    while (mime_header_next(&h, &f)) {
        if (f.name.n == 0)
            continue;
        json_obj(w);
        json_kstr(w, "name", mime_charset_guess(a, f.name, NULL));
        json_kstr(w, "value", mime_charset_guess(a, f.value, NULL));
        json_obj_end(w);
    }
    json_arr_end(w);
}
