#include "auth/tags.h"
#include "core/arena.h"

static bool tag_name_valid(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(ascii_is_alpha(s.p[i]) || (i > 0 && (ascii_is_digit(s.p[i]) || s.p[i] == '_'))))
            return false;
    return s.n > 0;
}

/* VALCHAR, FWS, and UTF-8 (RFC 8616). */
static bool tag_value_valid(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7F)
            return false;
    }
    return true;
}

/* tag-list = tag-spec *( ";" tag-spec ) [ ";" ] */
bool auth_tags_parse(struct str text, struct auth_tags *out)
{
    struct str rest = text, one;
    out->n = 0;
    while (str_token(&rest, ';', &one)) {
        struct auth_tag tag;
        struct str trimmed = str_trim(one);
        if (trimmed.n == 0) {
            /* only after the last ";" */
            if (str_trim(rest).n || out->n == 0)
                return false;
            continue;
        }
        if (!str_cut(one, '=', &tag.name, &tag.span))
            return false;
        tag.name = str_trim(tag.name);
        tag.value = str_trim(tag.span);
        if (!tag_name_valid(tag.name) || !tag_value_valid(tag.value) || out->n == AUTH_TAGS_MAX ||
            auth_tag_find(out, tag.name))
            return false;
        out->v[out->n++] = tag;
    }
    return out->n > 0;
}

const struct auth_tag *auth_tag_find(const struct auth_tags *t, struct str name)
{
    for (size_t i = 0; i < t->n; i++)
        if (str_eq(t->v[i].name, name))
            return &t->v[i];
    return NULL;
}

struct str auth_tag_value(const struct auth_tags *t, struct str name)
{
    const struct auth_tag *tag = auth_tag_find(t, name);
    return tag ? tag->value : STR_NULL;
}

bool auth_list_has(struct str list, char separator, struct str word)
{
    struct str one;
    while (str_token(&list, separator, &one))
        if (str_ieq(str_trim(one), word))
            return true;
    return false;
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

struct str auth_squeeze(struct arena *a, struct str s)
{
    size_t i = 0, n;
    while (i < s.n && !is_space(s.p[i]))
        i++;
    if (i == s.n)
        return s;
    char *p = arena_alloc(a, s.n);
    memcpy(p, s.p, i);
    for (n = i; i < s.n; i++)
        if (!is_space(s.p[i]))
            p[n++] = s.p[i];
    return str_n(p, n);
}
