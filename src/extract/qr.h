#pragma once
/* QR codes: what they say about payments and where they lead. */
#include "extract/image.h"

#define QR_IMAGES_MAX 48u /* of one message; the pixels of large ones end before */

/* Looks for codes in the picture; coordinates, links and text go into the insight, flags into a (may be NULL). Returns
 * how many were read. */
unsigned qr_scan(struct extract_job *j, const struct image *m, uint32_t part, struct facts_attachment *a);
/* What one code says (pure; for tests and the fuzz target). */
void qr_payload(struct extract_job *j, struct str data, uint32_t part, struct facts_attachment *a);
