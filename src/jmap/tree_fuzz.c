/* Body trees of hostile bytes: every offset stays inside, the tree is a tree, and its parts can be decoded. */
#include "jmap/tree.h"
#include "jmap/part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct facts_structure s;
    struct part_lists l;
    struct str raw = str_n(data, size), bytes;
    struct part_text text;
    arena_init(&a, ARENA_NO_LIMIT);
    tree_read(&a, NULL, raw, &s);
    if (s.n_parts == 0 || s.n_parts > FACTS_PARTS_MAX)
        __builtin_trap();
    for (size_t i = 0; i < s.n_parts; i++) {
        const struct facts_part *p = &s.parts[i];
        if (p->header_off + p->header_len > size || p->body_off + p->body_len > size || p->parent > i ||
            (i && p->depth != s.parts[p->parent].depth + 1))
            __builtin_trap();
        if (i < 16 && (part_bytes(&a, raw, p, &bytes) != 0 || bytes.n > size ||
                       part_text(&a, NULL, raw, p, &text) != 0 || str_utf8_valid(text.text) != text.text.n))
            __builtin_trap();
    }
    part_lists(&a, &s, &l);
    if (l.n_text > 2 * s.n_parts || l.n_html > 2 * s.n_parts || l.n_attached > s.n_parts)
        __builtin_trap();
    arena_free(&a);
    return 0;
}
