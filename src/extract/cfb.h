#pragma once
/* Compound files ([MS-CFB]): the old Office formats, Outlook messages, installers. Read as far as their directory and
 * single streams, with every chain counted: a chain that is longer than the file has sectors is a loop. */
#include "core/buf.h"

#define CFB_ENTRIES_MAX 16384u /* a message to 500 people has 7,000 */
#define CFB_NONE 0xFFFFFFFFu   /* no such entry */
#define CFB_STREAM_MAX (4u << 20)

struct cfb {
    struct str bytes;
    uint32_t sector, mini; /* sizes in bytes */
    uint32_t *fat, *mini_fat;
    size_t n_fat, n_mini_fat;
    uint32_t mini_cutoff;
    uint32_t *directory, *root; /* sectors of the directory, and of the stream that holds the small ones */
    size_t n_directory, n_root;
    uint64_t root_size;
};
struct cfb_entry {
    char name[33]; /* ASCII; other characters are "?" */
    uint8_t type;  /* 1 storage, 2 stream, 5 root */
    uint8_t clsid[16];
    uint32_t left, right, child; /* numbers of entries, CFB_NONE: siblings in the tree of a storage, and its root */
    uint32_t start;
    uint64_t size;
};
/* false: not such a file, or broken. cfb_close() in every case. */
bool cfb_open(struct cfb *c, struct str bytes);
void cfb_close(struct cfb *c);
/* Directory entry number i; false when there is none. */
bool cfb_entry(const struct cfb *c, size_t i, struct cfb_entry *e);
/* Numbers of the entries in a storage, at most max. false: its tree loops, leads out of the directory or is larger. */
bool cfb_children(const struct cfb *c, uint32_t storage, uint32_t *out, size_t max, size_t *n);
/* The directory has more entries than are read. */
bool cfb_cut(const struct cfb *c);
/* Appends at most max bytes of a stream. false: broken chain (what was read stays). */
bool cfb_stream(const struct cfb *c, const struct cfb_entry *e, size_t max, struct buf *out);
