/* WebP by libwebp, which poppler brings along anyway: the first picture, as lightness. */
#include "extract/image_file.h"
#include <stdlib.h>
#include <webp/decode.h>

/* Of a moving picture its first one, which lies behind 16 bytes of its own ("ANMF"). */
static struct str webp_first(struct str in)
{
    for (size_t at = 12; at + 8 <= in.n;) {
        const unsigned char *p = (const unsigned char *)in.p + at;
        size_t n = (size_t)p[4] | (size_t)p[5] << 8 | (size_t)p[6] << 16 | (size_t)p[7] << 24;
        struct str chunk = str_upto(str_from(in, at + 8), n);
        if (memcmp(p, "ANMF", 4) == 0)
            return str_from(chunk, 16);
        at += 8 + n + n % 2;
    }
    return STR("");
}

bool image_webp(struct extract_job *j, struct str bytes, struct image *out, bool *refused)
{
    WebPDecoderConfig c;
    if (!WebPInitDecoderConfig(&c) || WebPGetFeatures((const uint8_t *)bytes.p, bytes.n, &c.input) != VP8_STATUS_OK)
        return false;
    if (c.input.has_animation)
        bytes = webp_first(bytes);
    const uint8_t *p = (const uint8_t *)bytes.p;
    if (WebPGetFeatures(p, bytes.n, &c.input) != VP8_STATUS_OK || c.input.has_animation || c.input.width <= 0 ||
        c.input.height <= 0 || !image_size_ok(j, (uint32_t)c.input.width, (uint32_t)c.input.height, refused))
        return false;
    size_t w = (size_t)c.input.width, h = (size_t)c.input.height;
    struct image m = {.w = (uint32_t)w, .h = (uint32_t)h};
    uint8_t *rgba = calloc(w * h, 4);
    c.output.colorspace = MODE_RGBA;
    c.output.is_external_memory = 1;
    c.output.u.RGBA = (WebPRGBABuffer){.rgba = rgba, .stride = (int)(w * 4), .size = w * h * 4};
    c.options.use_threads = 0;
    VP8StatusCode got = rgba ? WebPDecode(p, bytes.n, &c) : VP8_STATUS_OUT_OF_MEMORY;
    if (got != VP8_STATUS_OK && got != VP8_STATUS_NOT_ENOUGH_DATA && got != VP8_STATUS_SUSPENDED) {
        free(rgba);
        return false;
    }
    for (size_t i = 0; i < w * h; i++) {
        unsigned a = rgba[i * 4 + 3], g = image_grey(rgba[i * 4], rgba[i * 4 + 1], rgba[i * 4 + 2]) * a;
        rgba[i] = (uint8_t)((g + 255u * (255 - a)) / 255); /* in place: the fourth part of the bytes is enough */
    }
    m.grey = rgba;
    *out = m;
    return true;
}
