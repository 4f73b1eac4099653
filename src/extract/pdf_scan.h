#pragma once
/* A PDF's own words, read without building its objects: names that make it act, and whether it was changed after it was
 * made. Streams are passed over, except object streams, which are unpacked within the budget. */
#include "extract/job.h"

struct pdf_scan {
    bool javascript, launch, submit, rich, open_uri, embedded, encrypted, xfa;
    unsigned revisions; /* ends of file; a changed file has one more than it was made with */
    bool linearized;
    uint32_t objects;
};
void pdf_scan(struct extract_job *j, struct str bytes, struct pdf_scan *out);
/* Bytes of a zlib stream, at most max, into out. false: nothing came out. */
bool extract_inflate(struct extract_job *j, struct str packed, size_t max, struct buf *out);
