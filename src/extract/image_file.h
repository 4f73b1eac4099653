#pragma once
/* Readers of single picture formats, for image.c. Each refuses by the header, before anything is unpacked; *refused: for
 * its size or because the budget is spent. What is cut short gives what there was. */
#include "extract/image.h"

bool image_size_ok(struct extract_job *j, uint64_t w, uint64_t h, bool *refused);
static inline uint8_t image_grey(unsigned r, unsigned g, unsigned b)
{
    return (uint8_t)((r * 77 + g * 151 + b * 28) >> 8);
}
/* The first pictures of it, at most so many, painted over each other. */
bool image_gif(struct extract_job *j, struct str bytes, unsigned frames, struct image *out, bool *refused);
bool image_bmp(struct extract_job *j, struct str bytes, struct image *out, bool *refused);
bool image_webp(struct extract_job *j, struct str bytes, struct image *out, bool *refused);
