#pragma once
/* Compound files ([MS-CFB]): the old Office formats, Outlook messages, installers. Read as far as their directory and
 * single streams, with every chain counted: a chain that is longer than the file has sectors is a loop. */
#include "core/buf.h"

#define CFB_ENTRIES_MAX 2048u
#define CFB_STREAM_MAX (4u << 20)

struct cfb {
    struct str bytes;
    uint32_t sector, mini; /* sizes in bytes */
    uint32_t *fat, *mini_fat;
    size_t n_fat, n_mini_fat;
    uint32_t directory, mini_cutoff;
    uint32_t root_start;
    uint64_t root_size;
};
struct cfb_entry {
    char name[33]; /* ASCII; other characters are "?" */
    uint8_t type;  /* 1 storage, 2 stream, 5 root */
    uint8_t clsid[16];
    uint32_t start;
    uint64_t size;
};
/* false: not such a file, or broken. cfb_close() in every case. */
bool cfb_open(struct cfb *c, struct str bytes);
void cfb_close(struct cfb *c);
/* Directory entry number i; false when there is none. */
bool cfb_entry(const struct cfb *c, size_t i, struct cfb_entry *e);
/* Appends at most max bytes of a stream. false: broken chain (what was read stays). */
bool cfb_stream(const struct cfb *c, const struct cfb_entry *e, size_t max, struct buf *out);
