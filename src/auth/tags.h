#pragma once
/* tag=value lists of DKIM, ARC and DMARC (RFC 6376 3.2). Views into the text; nothing is copied. */
#include "core/str.h"

#define AUTH_TAGS_MAX 64u

struct auth_tag {
    struct str name;
    struct str value; /* without white space at its ends */
    struct str span;  /* all between "=" and ";" */
};
struct auth_tags {
    struct auth_tag v[AUTH_TAGS_MAX];
    size_t n;
};
/* false: not a tag list, a name twice, or more than AUTH_TAGS_MAX. */
bool auth_tags_parse(struct str text, struct auth_tags *out) MUST_USE;
const struct auth_tag *auth_tag_find(const struct auth_tags *t, struct str name);
/* p == NULL when absent. */
struct str auth_tag_value(const struct auth_tags *t, struct str name);
/* Is word one of the values between the given separator, white space around ignored, case ignored? */
bool auth_list_has(struct str list, char separator, struct str word);
/* s without white space; a view when there is none. */
struct arena;
struct str auth_squeeze(struct arena *a, struct str s);
