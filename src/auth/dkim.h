#pragma once
/* DKIM signatures and keys (RFC 6376, 8301, 8463, 8616), and what ARC shares with them. */
#include "auth/auth.h"
#include "auth/canon.h"
#include "auth/tags.h"

#define AUTH_SIGNED_FIELDS_MAX 512u /* names in h= */
#define AUTH_SIGNATURE_BYTES_MAX 1024u
#define AUTH_KEY_TEXT_MAX 8192u

/* The header fields of a message, found once. */
struct auth_field {
    struct str name;  /* empty for a junk line */
    struct str value; /* raw */
    struct str whole; /* with its line end */
    uint32_t key;     /* hash of the lower-case name */
};
struct auth_message {
    struct auth_field *field;
    size_t n;
    struct str body;
};
void auth_message_read(struct arena *a, struct str message, struct auth_message *out);
uint32_t auth_field_key(struct str name);

enum auth_signature_kind {
    AUTH_SIG_DKIM,    /* DKIM-Signature */
    AUTH_SIG_MESSAGE, /* ARC-Message-Signature (RFC 8617 4.1.2) */
    AUTH_SIG_SEAL,    /* ARC-Seal (4.1.3): no h=, bh=, c= */
};
struct auth_sig {
    enum auth_signature_kind kind;
    enum auth_key_kind key;
    const char *algorithm;
    bool sha1;
    bool header_relaxed, body_relaxed;
    struct str domain, selector;          /* A-labels, lower case */
    struct str identity, identity_domain; /* i= */
    struct str signature, body_hash;      /* decoded */
    struct str b;                         /* the value of b= in the field: left out of the hash */
    struct str *signed_field;             /* h= */
    size_t n_signed;
    bool has_length;
    uint64_t length; /* l= */
    int64_t signed_s, expires_s;
    unsigned instance; /* ARC i= */
    struct str seal;   /* cv= */
};
/* 0, or AUTHRES_NEUTRAL / AUTHRES_PERMERROR / AUTHRES_POLICY with the reason. out is filled as far as it could be read.
 */
enum auth_result auth_sig_parse(struct arena *a, enum auth_signature_kind kind, struct str value, struct auth_sig *out,
                                const char **why) MUST_USE;

struct auth_key_record {
    bool rsa_sha256; /* h= allows SHA-256 */
    enum auth_key_kind kind;
    bool testing, strict, email;
    bool revoked;
    struct auth_public_key key;
};
/* A key record (RFC 6376 3.6.1). false with the reason. */
bool auth_key_record_parse(struct arena *a, struct str text, struct auth_key_record *out, const char **why) MUST_USE;

/* Finds the key in DNS. AUTHRES_PASS: key is there; AUTHRES_NONE: not known yet; AUTHRES_TEMPERROR, AUTHRES_PERMERROR. */
struct auth_dns;
enum auth_result auth_key_find(struct arena *a, struct auth_dns *d, const struct auth_sig *sig,
                               struct auth_key_record *out, const char **why) MUST_USE;
/* May this key sign that signature at all (length, algorithm, t=s)? AUTHRES_PASS or the result with its reason. */
enum auth_result auth_key_fits(const struct auth_sig *sig, const struct auth_key_record *key,
                               const char **why) MUST_USE;
/* The header hash of DKIM-Signature and ARC-Message-Signature (RFC 6376 3.7). field: the signature's own. */
void auth_sig_header_hash(const struct auth_kit *kit, const struct auth_message *m, const struct auth_sig *sig,
                          const struct auth_field *field, struct arena *scratch, uint8_t out[AUTH_SHA256_BYTES]);

struct auth_dkim_one {
    struct auth_sig sig;
    const struct auth_field *field;
    size_t body; /* index of its body hash */
    bool done;
};
struct auth_dkim {
    struct auth_dkim_one one[AUTH_SIGNATURES_MAX];
    size_t n;
};
/* Body hashes wanted by a job; equal ones are made once. */
struct auth_bodies {
    struct auth_body_hash v[AUTH_SIGNATURES_MAX + 1];
    size_t n;
    uint64_t total[2]; /* length of the canonical body: simple, relaxed; 0 when not made */
};
size_t auth_bodies_want(struct auth_bodies *b, const struct auth_sig *sig);

struct auth_work;
void auth_dkim_begin(struct auth_work *w, struct auth_bodies *bodies);
void auth_dkim_bodies(struct auth_work *w, const struct auth_bodies *bodies); /* when they are made */
bool auth_dkim_step(struct auth_work *w) MUST_USE;                            /* true: done */
