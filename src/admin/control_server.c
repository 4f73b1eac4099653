#include "admin/control.h"
#include "admin/held.h"
#include "admin/people.h"
#include "core/log.h"

#include <unistd.h>

static int read_fields(struct str body, struct people_args *p, struct err *e);
static int status(struct store *s, const struct people_args *p, struct err *e);

static const struct control_verb {
    const char *name;
    int (*run)(struct store *s, const struct people_args *p, struct err *e);
} verbs[] = {
    {"status", status},
    {"user.add", people_add_user},
    {"user.password", people_set_password},
    {"user.quota", people_set_quota},
    {"user.role", people_set_role},
    {"held.release", held_release},
    {"firm.add", people_add_firm},
    {"domain.add", people_add_domain},
    {"domain.remove", people_remove_domain},
    {"counterparty.add", people_add_party},
};
static const struct {
    const char *key;
    size_t at;
} keys[] = {
    {"address", offsetof(struct people_args, address)}, {"name", offsetof(struct people_args, name)},
    {"hash", offsetof(struct people_args, hash)},       {"firm", offsetof(struct people_args, firm)},
    {"domain", offsetof(struct people_args, domain)},   {"party", offsetof(struct people_args, party)},
    {"iban", offsetof(struct people_args, iban)},       {"who", offsetof(struct people_args, who)},
    {"quota", offsetof(struct people_args, quota)},     {"id", offsetof(struct people_args, id)},
    {"role", offsetof(struct people_args, role)},       {"tokens", offsetof(struct people_args, tokens)},
};

static int status(struct store *s UNUSED, const struct people_args *p UNUSED, struct err *e UNUSED) { return 0; }

ptrdiff_t control_complete(struct str bytes)
{
    ptrdiff_t end = str_find(bytes, STR("\n\n"), 0);
    if (end >= 0)
        return end + 2;
    return bytes.n >= CONTROL_REQUEST_MAX ? -1 : 0;
}

static int read_fields(struct str body, struct people_args *p, struct err *e)
{
    struct str line, key, value;
    unsigned seen = 0;
    while (str_token(&body, '\n', &line)) {
        if (line.n == 0)
            continue;
        size_t i = 0;
        str_cut(line, ' ', &key, &value);
        while (i < N_ELEMENTS(keys) && !str_eq(key, str_c(keys[i].key)))
            i++;
        if (i == N_ELEMENTS(keys) || (seen & 1u << i))
            return err_set(e, ERR_INVALID, "control: unknown or doubled key %.*s", STRF(str_upto(key, 40)));
        seen |= 1u << i;
        *(struct str *)(void *)((char *)p + keys[i].at) = value;
    }
    return 0;
}

int control_parse(struct str request, struct str *verb, struct people_args *p, struct err *e)
{
    struct str head, body, word, version;
    str_cut(request, '\n', &head, &body);
    if (!str_cut(head, ' ', &word, &head) || !str_eq(word, STR("sigillo")) || !str_cut(head, ' ', &version, verb))
        return err_set(e, ERR_INVALID, "control: this is not a request");
    if (!str_eq(version, STR("1")))
        return err_set(e, ERR_VERSION, "the server and this binary are of different releases: restart the server");
    if (str_utf8_valid(request) != request.n || (request.n && memchr(request.p, 0, request.n)))
        return err_set(e, ERR_INVALID, "control: the request is not UTF-8 text");
    return read_fields(body, p, e);
}

static int dispatch(struct store *s, struct str request, struct err *e)
{
    struct str verb;
    struct people_args p = {0};
    int r = control_parse(request, &verb, &p, e);
    if (r)
        return r;
    for (size_t i = 0; i < N_ELEMENTS(verbs); i++)
        if (str_eq(verb, str_c(verbs[i].name)))
            return verbs[i].run(s, &p, e);
    return err_set(e, ERR_INVALID, "control: the server knows no verb %.*s", STRF(str_upto(verb, 40)));
}

int control_handle(struct store *s, uid_t peer, struct str request, struct buf *reply)
{
    struct err e = {0};
    int r = peer != 0 && peer != geteuid() ? err_set(&e, ERR_PERM, "only root and the owner of the state may do this")
                                           : dispatch(s, request, &e);
    if (r == 0) {
        buf_addz(reply, "ok\n");
        return 0;
    }
    log_warn("control.refused", L_I("peer", peer), L_Z("reason", e.text));
    for (char *p = e.text; *p; p++)
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    buf_printf(reply, "fail %d %s\n", r < 0 ? r : ERR_INVALID, e.text);
    return r < 0 ? r : ERR_INVALID;
}
