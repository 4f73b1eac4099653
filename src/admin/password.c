#include "admin/password.h"

#include <assert.h>
#include <sodium.h>

static_assert(PASSWORD_HASH_TEXT >= crypto_pwhash_STRBYTES, "libsodium's text fits");

int password_hash(struct str password, char out[PASSWORD_HASH_TEXT], struct err *e)
{
    if (password.n < PASSWORD_MIN)
        return err_set(e, ERR_INVALID, "the password is too short: at least %u characters", PASSWORD_MIN);
    if (password.n > PASSWORD_MAX)
        return err_set(e, ERR_INVALID, "the password is too long: at most %u bytes", PASSWORD_MAX);
    if (sodium_init() < 0 || crypto_pwhash_str_alg(out, password.p, password.n, PASSWORD_HASH_OPS, PASSWORD_HASH_MEMORY,
                                                   crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_set(e, ERR_NOMEM, "not enough memory to hash the password (%u MB are needed)",
                       PASSWORD_HASH_MEMORY >> 20);
    return 0;
}

bool password_check(struct str hash, struct str password)
{
    char text[PASSWORD_HASH_TEXT] = {0};
    if (sodium_init() < 0 || password.n > PASSWORD_MAX)
        return false;
    if (hash.n > 0 && hash.n < sizeof text) {
        memcpy(text, hash.p, hash.n);
        return crypto_pwhash_str_verify(text, password.p, password.n) == 0;
    }
    /* Making a hash is the same work as checking one. */
    int r UNUSED = crypto_pwhash_str_alg(text, password.p, password.n, PASSWORD_HASH_OPS, PASSWORD_HASH_MEMORY,
                                         crypto_pwhash_ALG_ARGON2ID13);
    return false;
}
