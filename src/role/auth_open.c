#include "role/auth_open.h"
#include "auth/kit.h"
#include "core/log.h"
#include "mime/domain.h"
#include "store/firm.h"

#include <stdio.h>

#define SEALERS_MAX 200u

static struct auth_kit kit;

int role_auth_init(const struct role_ctx *r)
{
    struct err e;
    if (!conf_b(&r->conf, CONF_AUTH_CHECK))
        return 0;
    int err = auth_kit_open(&kit, NULL, &e);
    if (err != 0)
        log_error("auth.init", L_Z("why", e.text));
    else if (!kit.psl)
        log_warn("auth.no_suffix_list", L_Z("cure", "install the package publicsuffix"));
    return err;
}

static void sealers(struct role_ctx *r, struct intake_conf *c)
{
    struct arena *a = &r->conf.arena;
    struct str rest = conf_s(&r->conf, CONF_AUTH_SEALERS), one, *v = arena_array(a, struct str, SEALERS_MAX);
    while (rest.n && c->n_auth_sealers < SEALERS_MAX && str_token(&rest, ',', &one)) {
        struct mime_domain d;
        mime_domain_read(a, NULL, str_trim(one), &d);
        if (d.ascii.n && !(d.flags & (MIME_DOMAIN_BAD | MIME_DOMAIN_LITERAL)))
            v[c->n_auth_sealers++] = d.ascii;
    }
    c->auth_sealers = v;
}

void role_auth_conf(struct role_ctx *r, struct intake_conf *c)
{
    c->dns_fd = role_take(r, "channel", "dns", 0);
    c->auth_kit = kit.sha256 ? &kit : NULL;
    c->auth_timeout_ms = conf_i(&r->conf, CONF_AUTH_TIMEOUT);
    c->n_auth_sealers = 0;
    sealers(r, c);
}

struct first_domain {
    char *out;
    size_t cap;
};

static int read_first_domain(struct txn *t, void *arg)
{
    struct first_domain *f = arg;
    struct str *v;
    size_t n = 0;
    int r = firm_domains(t, 1, &v, &n);
    if (r == 0 && n > 0)
        snprintf(f->out, f->cap, "mail.%.*s", STRF(v[0]));
    return r;
}

void role_hostname(const struct role_ctx *r, struct store *s, char *out, size_t cap)
{
    struct str given = conf_s(&r->conf, CONF_SMTP_HOSTNAME);
    struct first_domain f = {out, cap};
    struct cell *c;
    snprintf(out, cap, "%.*s", STRF(given));
    if (given.n)
        return;
    snprintf(out, cap, "localhost");
    if (store_cell(s, 1, &c, NULL) != 0 || cell_read_wait(c, read_first_domain, &f) != 0)
        log_warn("role.no_domain_yet", L_Z("hostname", out));
}
