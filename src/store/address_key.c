/* Canonical addresses of what an operator typed. mime/ is the one reader of addresses. */
#include "mime/path.h"
#include "store/account.h"

int address_key(struct arena *a, struct str text, struct str *key, struct str *domain, struct err *e)
{
    struct mime_path path;
    struct str angled = arena_printf(a, "<%.*s>", STRF(str_trim(text)));
    enum mime_path_result r = mime_path_parse(a, NULL, angled, MIME_PATH_UTF8, &path, NULL);
    if (r != MIME_PATH_OK || path.null || path.addr.domain.n == 0 ||
        (path.addr.flags & (MIME_ADDR_LITERAL | MIME_ADDR_NO_DOMAIN)))
        return err_set(e, ERR_INVALID, "\"%.*s\" is not a mail address like name@azienda.example",
                       STRF(str_upto(text, 200)));
    *key = mime_addr_key(a, &path.addr);
    *domain = path.addr.domain;
    return 0;
}

int domain_key(struct arena *a, struct str text, struct str *key, struct err *e)
{
    struct mime_domain d;
    mime_domain_read(a, NULL, str_trim(text), &d);
    if (d.ascii.n == 0 || (d.flags & (MIME_DOMAIN_BAD | MIME_DOMAIN_LITERAL)) || str_chr(d.ascii, '.', 0) < 0)
        return err_set(e, ERR_INVALID, "\"%.*s\" is not a domain like azienda.example", STRF(str_upto(text, 200)));
    *key = d.ascii;
    return 0;
}
