#include "auth/crypto.h"

#include <libpsl.h>
#include <openssl/evp.h>

#define NAME_MAX_BYTES 255u

int auth_kit_open(struct auth_kit *kit, const char *psl_file, struct err *e)
{
    *kit = (struct auth_kit){.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)};
    if (!kit->sha256)
        return err_set(e, ERR_SYS, "OpenSSL has no SHA-256. Nothing was lost. Check openssl.cnf and start again.");
    /* psl_latest falls back to the built-in list, which is as old as the package. */
    kit->psl = psl_latest(psl_file);
    kit->keys = auth_keys_new();
    return 0;
}

void auth_kit_close(struct auth_kit *kit)
{
    EVP_MD_free(kit->sha256);
    psl_free(kit->psl);
    auth_keys_free(kit->keys);
    *kit = (struct auth_kit){0};
}

static struct str last_two(struct str s)
{
    ptrdiff_t dot = str_rchr(s, '.');
    ptrdiff_t before = dot > 0 ? str_rchr(str_upto(s, (size_t)dot), '.') : -1;
    return before < 0 ? s : str_from(s, (size_t)before + 1);
}

struct str auth_org_domain(const struct auth_kit *kit, struct str domain)
{
    char name[NAME_MAX_BYTES + 1];
    if (domain.n == 0 || domain.n > NAME_MAX_BYTES)
        return domain;
    if (!kit->psl)
        return last_two(domain);
    memcpy(name, domain.p, domain.n);
    name[domain.n] = '\0';
    const char *org = psl_registrable_domain(kit->psl, name);
    return org ? str_from(domain, (size_t)(org - name)) : domain;
}
