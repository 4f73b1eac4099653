#include "http/range.h"

enum http_range http_range_parse(struct str value, uint64_t size, uint64_t *from, uint64_t *to)
{
    struct str a, b;
    uint64_t first = 0, last = 0;
    if (!str_istarts(value, STR("bytes=")))
        return HTTP_RANGE_NONE;
    value = str_trim(str_from(value, 6));
    if (str_chr(value, ',', 0) >= 0 || !str_cut(value, '-', &a, &b))
        return HTTP_RANGE_NONE;
    if (a.n == 0) { /* the last n bytes */
        if (!str_u64(b, &last))
            return HTTP_RANGE_NONE;
        if (last == 0 || size == 0)
            return HTTP_RANGE_BEYOND;
        *from = last < size ? size - last : 0;
        *to = size;
        return HTTP_RANGE_PART;
    }
    if (!str_u64(a, &first) || (b.n && (!str_u64(b, &last) || last < first)))
        return HTTP_RANGE_NONE;
    if (first >= size)
        return HTTP_RANGE_BEYOND;
    *from = first;
    *to = b.n == 0 || last >= size ? size : last + 1;
    return HTTP_RANGE_PART;
}

bool http_etag_is(struct str value, struct str etag) { return etag.n > 0 && str_eq(str_trim(value), etag); }

/* Tags are compared whole, so a comma inside of one does no harm: its halves equal no tag of ours. */
bool http_etag_in(struct str list, struct str etag)
{
    struct str item;
    if (etag.n == 0)
        return false;
    while (list.n > 0) {
        if (!str_cut(list, ',', &item, &list))
            list = STR_NULL;
        item = str_trim(item);
        if (str_eq(item, STR("*")))
            return true;
        if (str_starts(item, STR("W/")))
            item = str_from(item, 2);
        if (str_eq(item, etag))
            return true;
    }
    return false;
}

/* weight = OWS ";" OWS "q=" qvalue; 0, 0.0, 0.00 and 0.000 mean no. */
static bool refused(struct str params)
{
    params = str_trim(params);
    if (!str_istarts(params, STR("q=0")))
        return false;
    struct str rest = str_trim(str_from(params, 3));
    if (rest.n > 0 && rest.p[0] == '.')
        rest = str_from(rest, 1);
    for (size_t i = 0; i < rest.n; i++)
        if (rest.p[i] != '0')
            return false;
    return true;
}

bool http_accepts_gzip(struct str list)
{
    struct str item, name, params;
    bool any = false;
    while (list.n > 0) {
        if (!str_cut(list, ',', &item, &list))
            list = STR_NULL;
        str_cut(item, ';', &name, &params);
        name = str_trim(name);
        if (str_ieq(name, STR("gzip")) || str_ieq(name, STR("x-gzip")))
            return !refused(params);
        if (str_eq(name, STR("*")))
            any = !refused(params);
    }
    return any;
}
