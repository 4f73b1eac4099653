#include "core/hash.h"

static uint64_t rotl(uint64_t x, unsigned k) { return x << k | x >> (64 - k); }

static uint64_t le64(const unsigned char *p)
{
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

/* SipHash-1-3 (Aumasson, Bernstein): one round a word, three to finish. Enough against flooding of hash tables. */
uint64_t siphash13(const uint64_t seed[2], const void *p, size_t n)
{
    const unsigned char *at = p;
    uint64_t v[4] = {seed[0] ^ 0x736f6d6570736575ull, seed[1] ^ 0x646f72616e646f6dull, seed[0] ^ 0x6c7967656e657261ull,
                     seed[1] ^ 0x7465646279746573ull};
    uint64_t last = (uint64_t)n << 56;
    for (; n >= 8; n -= 8, at += 8) {
        uint64_t w = le64(at);
        v[3] ^= w;
        sip_round(v);
        v[0] ^= w;
    }
    for (size_t i = 0; i < n; i++)
        last |= (uint64_t)at[i] << (8 * i);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xFF;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t hash64(struct str s)
{
    uint64_t h = 0xcbf29ce484222325ull;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3ull;
    /* FNV leaves the high bits weak for short keys. */
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93ull;
    return h ^ h >> 32;
}

void hex_put(struct buf *b, struct str bytes)
{
    static const char digit[] = "0123456789abcdef";
    char *at = bytes.n <= SIZE_MAX / 2 ? buf_room(b, bytes.n * 2) : NULL;
    if (!at)
        return;
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        at[2 * i] = digit[c >> 4];
        at[2 * i + 1] = digit[c & 15];
    }
    b->n += bytes.n * 2;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_get(struct str hex, void *out, size_t n)
{
    unsigned char *to = out;
    if (hex.n / 2 != n || hex.n % 2)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_value(hex.p[2 * i]), low = hex_value(hex.p[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        to[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static const char base64_digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_put(struct buf *b, struct str bytes)
{
    char *at = bytes.n <= SIZE_MAX / 2 ? buf_room(b, (bytes.n + 2) / 3 * 4) : NULL;
    if (!at)
        return;
    const unsigned char *p = (const unsigned char *)bytes.p;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t left = bytes.n - i;
        unsigned v = (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);
        *at++ = base64_digit[v >> 18];
        *at++ = base64_digit[v >> 12 & 63];
        *at++ = left > 1 ? base64_digit[v >> 6 & 63] : '=';
        *at++ = left > 2 ? base64_digit[v & 63] : '=';
    }
    b->n = (size_t)(at - b->p);
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_get(struct arena *a, struct str text, struct str *out)
{
    *out = (struct str){NULL, (size_t)-1};
    if (text.n % 4)
        return false;
    size_t pad = 0;
    while (pad < 2 && pad < text.n && text.p[text.n - 1 - pad] == '=')
        pad++;
    unsigned char *to = arena_try(a, text.n / 4 * 3 + 1);
    if (!to)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < text.n; i += 4) {
        size_t digits = i + 4 == text.n ? 4 - pad : 4;
        unsigned v = 0;
        for (size_t k = 0; k < 4; k++) {
            int d = k < digits ? base64_value(text.p[i + k]) : 0;
            if (d < 0)
                return false;
            v = v << 6 | (unsigned)d;
        }
        /* RFC 4648 3.5: bits that fall off must be zero, or two texts would mean one value. */
        if ((digits == 2 && (v & 0xFFFF)) || (digits == 3 && (v & 0xFF)))
            return false;
        to[n++] = (unsigned char)(v >> 16);
        if (digits > 2)
            to[n++] = (unsigned char)(v >> 8);
        if (digits > 3)
            to[n++] = (unsigned char)v;
    }
    to[n] = 0;
    *out = str_n(to, n);
    return true;
}

static const char base32_digit[] = "abcdefghijklmnopqrstuvwxyz234567";

size_t id_text(int64_t id, char out[ID_TEXT_MAX + 1])
{
    char rev[ID_TEXT_MAX];
    size_t n = 0, k = 0;
    uint64_t v = id > 0 ? (uint64_t)id : 0;
    do {
        rev[n++] = base32_digit[v & 31];
        v >>= 5;
    } while (v);
    out[k++] = 'a';
    while (n)
        out[k++] = rev[--n];
    out[k] = 0;
    return k;
}

bool id_parse(struct str s, int64_t *id)
{
    uint64_t v = 0;
    /* A leading zero digit is refused: every id has exactly one text. */
    if (s.n < 2 || s.n > ID_TEXT_MAX || s.p[0] != 'a' || s.p[1] == 'a')
        return false;
    for (size_t i = 1; i < s.n; i++) {
        char c = s.p[i];
        unsigned d;
        if (c >= 'a' && c <= 'z')
            d = (unsigned)(c - 'a');
        else if (c >= '2' && c <= '7')
            d = (unsigned)(c - '2') + 26;
        else
            return false;
        if (v >> 58)
            return false;
        v = v << 5 | d;
    }
    if (v > INT64_MAX)
        return false;
    *id = (int64_t)v;
    return true;
}
