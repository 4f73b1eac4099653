/* token.add, token.list, token.revoke of the control socket: app tokens are made here, because their key is only in this process. The id is made on the loop,
 * the rows are read and written on the request's own thread. */
#include "role/net_token.h"
#include "core/log.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/login.h"

#include <stdlib.h>
#include <unistd.h>

#define TOKEN_ARENA_MAX (1u << 20)
#define TOKEN_DAYS_MAX 3650
#define DAY_MS (24 * 3600 * 1000LL)

struct net_token {
    struct store *store;
    const struct env *env;
    struct arena arena;
    struct str verb, address;
    struct place_of at;
    struct http_login login;
    char text[HTTP_TOKEN_TEXT];
    struct login_row row, *list;
    size_t n_list;
    int64_t number;
    bool found;
    struct err e;
};

static const struct {
    struct str word;
    unsigned bit;
} scopes[] = {{{"read", 4}, HTTP_MAY_READ},
              {{"write", 5}, HTTP_MAY_WRITE},
              {{"admin", 5}, HTTP_MAY_ADMIN},
              {{"metrics", 7}, HTTP_MAY_METRICS}};

static int scope_parse(struct str text, unsigned *may, struct err *e)
{
    struct str word;
    while (text.n > 0) {
        size_t i = 0;
        if (!str_cut(text, ',', &word, &text))
            text = STR_NULL;
        while (i < N_ELEMENTS(scopes) && !str_eq(scopes[i].word, word))
            i++;
        if (i == N_ELEMENTS(scopes))
            return err_set(e, ERR_INVALID, "--may takes read, write, admin, metrics, separated by commas; not \"%.*s\"",
                           STRF(str_upto(word, 40)));
        *may |= scopes[i].bit;
    }
    return *may ? 0 : err_set(e, ERR_INVALID, "--may is empty: the token could do nothing");
}

static int find_account(struct net_token *t)
{
    struct str key, domain;
    int r = address_key(&t->arena, t->address, &key, &domain, &t->e);
    if (r)
        return r;
    r = directory_find(t->store, key, &t->at);
    if (r == DIR_UNKNOWN || (r == 0 && t->at.disabled))
        return err_set(&t->e, ERR_INVALID, "no active account has the address %.*s", STRF(key));
    if (r)
        return err_set(&t->e, r, "the directory cannot be read (%s)", err_name(r));
    t->login = (struct http_login){.cell = t->at.cell, .org = t->at.org, .account = t->at.account};
    t->address = key;
    return 0;
}

static int prepare_add(struct net_role *n, struct net_token *t, struct str request)
{
    uint64_t days = 0;
    t->row.name = arena_str(&t->arena, control_value(request, "name"));
    if (t->row.name.n == 0 || t->row.name.n > LOGIN_NAME_MAX)
        return err_set(&t->e, ERR_INVALID, "--name must have 1 to %u bytes", LOGIN_NAME_MAX);
    if (!str_u64(control_value(request, "days"), &days) || days < 1 || days > TOKEN_DAYS_MAX)
        return err_set(&t->e, ERR_INVALID, "--days must be 1 to %d", TOKEN_DAYS_MAX);
    int r = scope_parse(control_value(request, "may"), &t->row.may, &t->e);
    if (r)
        return r;
    t->row.until_ms = env_wall_ms(t->env) + (int64_t)days * DAY_MS;
    if (!http_token_new(n->http, &t->login, t->text))
        return err_set(&t->e, ERR_BUSY, "the key of log-ins is not there yet (keys role, directory): see /health");
    return 0;
}

struct net_token *net_token_take(struct net_role *n, struct str request)
{
    struct str line, rest, verb;
    str_cut(request, '\n', &line, &rest);
    ptrdiff_t at = str_rchr(line, ' ');
    verb = at < 0 ? STR_NULL : str_from(line, (size_t)at + 1);
    if (!str_starts(verb, STR("token.")))
        return NULL;
    struct net_token *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    arena_init(&t->arena, TOKEN_ARENA_MAX);
    t->store = n->store;
    t->env = n->ctx->env;
    t->verb = arena_str(&t->arena, verb);
    t->address = arena_str(&t->arena, control_value(request, "address"));
    uint64_t number = 0;
    if (str_u64(control_value(request, "number"), &number))
        t->number = (int64_t)(number & INT64_MAX);
    int r = str_utf8_valid(request) == request.n ? find_account(t)
                                                 : err_set(&t->e, ERR_INVALID, "the request is not UTF-8 text");
    if (r == 0 && str_eq(verb, STR("token.add")))
        (void)prepare_add(n, t, request);
    return t;
}

void net_token_free(struct net_token *t)
{
    if (!t)
        return;
    explicit_bzero(t->text, sizeof t->text);
    arena_free(&t->arena);
    free(t);
}

/* --- on the request's thread --- */

static struct login_key key_of(const struct net_token *t)
{
    struct login_key k = {.org = t->login.org, .account = t->login.account, .kind = LOGIN_TOKEN};
    memcpy(k.hash, t->login.hash, LOGIN_HASH_LEN);
    return k;
}

static int fn_add(struct txn *x, void *arg)
{
    struct net_token *t = arg;
    struct login_key k = key_of(t);
    int64_t seq;
    int r = login_keep(x, &k, &t->row);
    return r ? r : audit_add(x, t->at.org, STR("operator"), STR("token.add"), t->address, &seq);
}

static int fn_revoke(struct txn *x, void *arg)
{
    struct net_token *t = arg;
    int64_t seq;
    int r = login_drop_number(x, t->at.org, t->at.account, t->number, &t->found);
    return r || !t->found ? r : audit_add(x, t->at.org, STR("operator"), STR("token.revoke"), t->address, &seq);
}

static int fn_list(struct txn *x, void *arg)
{
    struct net_token *t = arg;
    return login_list(x, &t->arena, t->at.org, t->at.account, LOGIN_TOKEN, LOGIN_TOKENS_MAX, &t->list, &t->n_list);
}

static int write_row(struct net_token *t, cell_fn *fn)
{
    struct cell *c;
    int code = 0, r = store_cell(t->store, t->at.cell, &c, &t->e);
    if (r)
        return r;
    int outcome = cell_write_wait(c, fn, t, NULL, 0, &code);
    if (outcome == CELL_DURABLE)
        return 0;
    if (outcome == CELL_REFUSED && code == LOGIN_TOO_MANY)
        return err_set(&t->e, ERR_LIMIT, "this account has %d tokens: revoke one first", LOGIN_TOKENS_MAX);
    return err_set(&t->e, code < 0 ? code : ERR_INVALID, "the token cannot be written (%s)", err_name(code));
}

static void put_list(const struct net_token *t, struct buf *reply)
{
    char begun[DATE_TEXT_MAX], used[DATE_TEXT_MAX], until[DATE_TEXT_MAX];
    for (size_t i = 0; i < t->n_list; i++) {
        const struct login_row *r = &t->list[i];
        buf_printf(reply, "row %lld", (long long)r->number);
        for (size_t k = 0, first = 1; k < N_ELEMENTS(scopes); k++)
            if (r->may & scopes[k].bit) {
                buf_printf(reply, "%s%.*s", first ? " " : ",", STRF(scopes[k].word));
                first = 0;
            }
        buf_printf(reply, " made %.*s used %.*s until %.*s %.*s\n", STRF(date_text(r->begun_ms, false, begun)),
                   STRF(date_text(r->used_ms, false, used)), STRF(date_text(r->until_ms, false, until)), STRF(r->name));
    }
}

static int work(struct net_token *t, uid_t uid, struct buf *reply)
{
    struct cell *c;
    if (uid != 0 && uid != geteuid())
        return err_set(&t->e, ERR_PERM, "only root and the owner of the state may do this");
    if (t->e.code)
        return t->e.code;
    if (str_eq(t->verb, STR("token.add"))) {
        int r = write_row(t, fn_add);
        if (r == 0)
            buf_printf(reply, "ok\ntoken %s\nnumber %lld\n", t->text, (long long)t->row.number);
        return r;
    }
    if (str_eq(t->verb, STR("token.revoke"))) {
        int r = t->number > 0 ? write_row(t, fn_revoke) : 0;
        if (r == 0 && !t->found)
            r = err_set(&t->e, ERR_INVALID, "this account has no token of that number: see sigillo token list");
        if (r == 0)
            buf_addz(reply, "ok\n");
        return r;
    }
    if (!str_eq(t->verb, STR("token.list")))
        return err_set(&t->e, ERR_INVALID, "control: the server knows no verb %.*s", STRF(str_upto(t->verb, 40)));
    int r = store_cell(t->store, t->at.cell, &c, &t->e);
    if (r == 0)
        r = cell_read_wait(c, fn_list, t);
    if (r)
        return err_set(&t->e, r, "the tokens cannot be read (%s)", err_name(r));
    buf_addz(reply, "ok\n");
    put_list(t, reply);
    return 0;
}

int net_token_work(struct net_token *t, uid_t uid, struct buf *reply)
{
    int r = work(t, uid, reply);
    if (r == 0)
        return 0;
    log_warn("control.refused", L_I("peer", uid), L_Z("reason", t->e.text));
    buf_clear(reply);
    buf_printf(reply, "fail %d %s\n", r, t->e.text);
    return r;
}
