#include "core/json.h"
#include "core/err.h"

#include <jansson.h>

/* jansson's own bound is 2048 levels of recursion; ours is checked before it sees a byte. */
static bool too_deep(struct str s)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
            continue;
        }
        if (c == '"')
            quoted = true;
        else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return true;
        } else if (c == '}' || c == ']')
            depth--;
    }
    return false;
}

json_t *json_read(struct str text, struct err *e)
{
    json_error_t why;
    if (too_deep(text)) {
        err_set(e, ERR_LIMIT, "JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
        return NULL;
    }
    json_t *j = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!j)
        err_set(e, ERR_INVALID, "JSON, line %d column %d: %s", why.line, why.column, why.text);
    return j;
}
