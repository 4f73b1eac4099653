#include "guard/model.h"
#include <stdint.h>

#define SCALE_UNIT 1000000 /* the unit of a weight is millionths of a nat */

#define MODEL(version, unit, bias)                \
    const unsigned guard_model_version = version; \
    static const int32_t weight_unit = unit, model_bias = bias;
#define WEIGHTS(...)
#include "guard/text_model.def"
#undef MODEL
#undef WEIGHTS

static const int8_t weights[GUARD_MODEL_BUCKETS] = {
#define MODEL(version, unit, bias)
#define WEIGHTS(...) __VA_ARGS__,
#include "guard/text_model.def"
#undef MODEL
#undef WEIGHTS
};

/* The hashes of tools/train/train: a change here is a change there. */
static uint64_t word_hash(struct str w)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < w.n; i++)
        h = (h ^ (unsigned char)w.p[i]) * 0x100000001b3u;
    return h ^ h >> 29;
}

static uint32_t bucket(uint64_t h) { return (uint32_t)(h * 0x9e3779b97f4a7c15u >> 51); }

static bool has_digit(struct str w)
{
    for (size_t i = 0; i < w.n; i++)
        if (ascii_is_digit(w.p[i]))
            return true;
    return false;
}

static uint32_t root(uint32_t n)
{
    uint32_t r = 0;
    while ((r + 1) * (r + 1) <= n)
        r++;
    return r;
}

struct sum {
    uint8_t seen[GUARD_MODEL_BUCKETS / 8];
    int32_t weight;
    uint32_t features;
};

static void count(struct sum *s, uint32_t b)
{
    if (s->seen[b / 8] & 1u << b % 8)
        return;
    s->seen[b / 8] |= (uint8_t)(1u << b % 8);
    s->weight += weights[b];
    s->features++;
}

int32_t guard_model_score(struct str folded)
{
    struct sum s = {.weight = 0};
    struct str rest = folded, w;
    uint64_t before = 0;
    size_t words = 0;
    while (words < GUARD_MODEL_WORDS && str_token(&rest, ' ', &w)) {
        if (w.n == 0)
            continue;
        uint64_t h = word_hash(has_digit(w) ? STR("0") : w);
        count(&s, bucket(h));
        if (words++ > 0)
            count(&s, bucket((before * 31) ^ h));
        before = h;
    }
    if (words < GUARD_MODEL_LEAST)
        return 0;
    /* The root in hundredths, so that short texts are not rounded away. */
    int64_t top = (int64_t)s.weight * weight_unit * 100,
            under = (int64_t)root(s.features * 10000u) * (SCALE_UNIT / 1000);
    return model_bias + (int32_t)(top / (under ? under : 1));
}
