#pragma once
/* Pictures as grey levels, for codes in them. Sizes are read from the header and refused before anything is
 * unpacked. */
#include "extract/job.h"

#define IMAGE_SIDE_LEAST 40u /* no code is smaller */
#define IMAGE_SIDE_MOST 8000u
#define IMAGE_PIXELS_MAX (24u << 20)  /* of one picture as stored */
#define IMAGE_GREY_MAX (900u * 1300u) /* looked at: larger ones are made smaller */
#define IMAGE_FRAMES_MAX 24u          /* of a picture that moves */

struct image {
    uint8_t *grey; /* malloc; w * h */
    uint32_t w, h;
    bool fine; /* every line is worth looking at */
};
/* PNG, JPEG, GIF, BMP or WebP, by its first bytes. false: not such a picture, too small, too large, broken, or the
 * budget is spent (*refused then). Of a GIF that moves: its first pictures, at most so many, over each other. */
bool image_read(struct extract_job *j, struct str bytes, unsigned frames, struct image *out, bool *refused);
/* From rows of 32-bit pixels as cairo has them (x8r8g8b8); premultiplied alpha over white when alpha. */
bool image_from_rgb(struct extract_job *j, const uint8_t *rows, uint32_t w, uint32_t h, size_t stride, bool alpha,
                    struct image *out);
void image_free(struct image *m);
