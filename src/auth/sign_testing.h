#pragma once
/* Signs messages for tests, with keys made on the spot. The hashes are the room's own: that they are right is shown by
 * the published examples, not by this. */
#include "auth/dkim.h"
#include "core/hash.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

struct sign_key {
    EVP_PKEY *pkey;
    bool rsa;
    char record[2048]; /* key record */
};

static inline void sign_key_new(struct sign_key *k, unsigned rsa_bits)
{
    AUTO(buf) struct buf b;
    unsigned char *der = NULL, raw[32];
    size_t n = sizeof raw;
    buf_init(&b, sizeof k->record - 1);
    k->rsa = rsa_bits > 0;
    k->pkey =
        k->rsa ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)rsa_bits) : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!k->pkey)
        abort();
    buf_addz(&b, k->rsa ? "v=DKIM1; k=rsa; p=" : "v=DKIM1; k=ed25519; p=");
    if (k->rsa) {
        int length = i2d_PUBKEY(k->pkey, &der);
        base64_put(&b, str_n(der, (size_t)length));
        OPENSSL_free(der);
    } else if (EVP_PKEY_get_raw_public_key(k->pkey, raw, &n) == 1) {
        base64_put(&b, str_n(raw, n));
    }
    memcpy(k->record, b.p, b.n);
    k->record[b.n] = '\0';
}

static inline void sign_digest(const struct sign_key *k, const uint8_t digest[AUTH_SHA256_BYTES], struct buf *out)
{
    unsigned char sig[1024];
    size_t n = sizeof sig;
    bool ok;
    if (k->rsa) {
        EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k->pkey, NULL);
        ok = EVP_PKEY_sign_init(c) > 0 && EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) > 0 &&
             EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) > 0 &&
             EVP_PKEY_sign(c, sig, &n, digest, AUTH_SHA256_BYTES) > 0;
        EVP_PKEY_CTX_free(c);
    } else {
        EVP_MD_CTX *c = EVP_MD_CTX_new();
        ok = EVP_DigestSignInit(c, NULL, NULL, NULL, k->pkey) > 0 &&
             EVP_DigestSign(c, sig, &n, digest, AUTH_SHA256_BYTES) > 0;
        EVP_MD_CTX_free(c);
    }
    if (!ok)
        abort();
    base64_put(out, str_n(sig, n));
}

/* tags: all but bh= and b=. Field name, tags and both values are put on top of the message. */
static inline struct str sign_message(struct arena *a, const struct auth_kit *kit, const struct sign_key *k,
                                      const char *field, const char *tags, struct str message)
{
    static const char zeros[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    AUTO(buf) struct buf bh, b;
    struct auth_message m;
    struct auth_sig sig;
    uint8_t digest[AUTH_SHA256_BYTES];
    const char *why;
    uint64_t total;
    enum auth_signature_kind kind = strcmp(field, "DKIM-Signature") == 0 ? AUTH_SIG_DKIM : AUTH_SIG_MESSAGE;
    struct str draft = arena_printf(a, "%s: %s; bh=%s; b=AAAA\r\n%.*s", field, tags, zeros, STRF(message));
    buf_init(&bh, 1024);
    buf_init(&b, 2048);
    auth_message_read(a, draft, &m);
    if (auth_sig_parse(a, kind, m.field[0].value, &sig, &why) != AUTHRES_NONE)
        abort();
    struct auth_body_hash body = {.relaxed = sig.body_relaxed,
                                  .limit = sig.has_length ? sig.length : AUTH_BODY_NO_LIMIT};
    auth_canon_body(kit, m.body, sig.body_relaxed, &body, 1, &total);
    base64_put(&bh, str_n(body.digest, AUTH_SHA256_BYTES));
    struct str field_text = arena_printf(a, "%s: %s; bh=%.*s; b=AAAA\r\n", field, tags, STRF(buf_str(&bh)));
    draft = arena_printf(a, "%.*s%.*s", STRF(field_text), STRF(message));
    auth_message_read(a, draft, &m);
    if (auth_sig_parse(a, kind, m.field[0].value, &sig, &why) != AUTHRES_NONE)
        abort();
    auth_sig_header_hash(kit, &m, &sig, &m.field[0], a, digest);
    sign_digest(k, digest, &b);
    return arena_printf(a, "%.*s%.*s\r\n%.*s", (int)field_text.n - 6, field_text.p, STRF(buf_str(&b)), STRF(message));
}

/* One more ARC set of example.org; cv as given, "pass" or "none". results: after "i=N; ". */
static inline struct str sign_arc(struct arena *a, const struct auth_kit *kit, const struct sign_key *k, unsigned i,
                                  const char *domain, const char *cv, const char *results, struct str message)
{
    AUTO(buf) struct buf b;
    struct auth_message m;
    struct auth_hash h;
    uint8_t digest[AUTH_SHA256_BYTES];
    const char *alg = k->rsa ? "rsa-sha256" : "ed25519-sha256";
    const struct str order[] = {STR("ARC-Authentication-Results"), STR("ARC-Message-Signature"), STR("ARC-Seal")};
    buf_init(&b, 2048);
    message = arena_printf(a, "ARC-Authentication-Results: i=%u; %s\r\n%.*s", i, results, STRF(message));
    message = sign_message(
        a, kit, k, "ARC-Message-Signature",
        arena_printf(a, "i=%u; a=%s; c=relaxed/relaxed; d=%s; s=sel; h=from:subject", i, alg, domain).p, message);
    struct str seal = arena_printf(a, "ARC-Seal: i=%u; a=%s; d=%s; s=sel; cv=%s; b=", i, alg, domain, cv);
    struct str draft = arena_printf(a, "%.*s\r\n%.*s", STRF(seal), STRF(message));
    auth_message_read(a, draft, &m);
    auth_hash_begin(&h, kit);
    for (unsigned set = 1; set <= i; set++)
        for (size_t n = 0; n < N_ELEMENTS(order); n++)
            for (size_t f = 0; f < m.n; f++) {
                struct str want = arena_printf(a, "i=%u;", set);
                if (str_eq(m.field[f].name, order[n]) && str_starts(str_trim(m.field[f].value), want))
                    auth_canon_field(&h, m.field[f].whole, true, STR_NULL, !(set == i && n == 2));
            }
    auth_hash_end(&h, digest);
    sign_digest(k, digest, &b);
    return arena_printf(a, "%.*s%.*s\r\n%.*s", STRF(seal), STRF(buf_str(&b)), STRF(message));
}
