#pragma once
/* Which records of a cell's packs were committed. Every group end names the group that was committed before it, so the
 * ancestors of the last committed group are the committed ones; what is left were attempts that were rolled back, or
 * came after. Memory: 56 bytes a group. Use: for each pack in order of id pack_groups_file, then pack_groups_seen for
 * all that pack_walk gives; then pack_groups_finish. */
#include "store/pack.h"

struct pack_group {
    uint64_t id, last;   /* first 8 bytes of the random uuids */
    int64_t pack, start; /* its records: from start to its end record */
    int64_t end;
    uint32_t depth;        /* ancestors known, itself included; 0: not computed */
    bool committed, child; /* child: another group names it as committed before itself */
    bool continued;        /* a committed group follows it */
};
struct pack_groups {
    struct pack_group *all; /* in order of place */
    uint32_t *by_id;
    size_t n, cap;
    uint64_t head;    /* the last committed group, 0: none */
    uint64_t missing; /* a committed group whose end is in no pack, 0: none */
    bool head_known;  /* from the database */
    int64_t *records; /* offsets in the segment since the last end */
    size_t n_records, cap_records;
    int64_t pack;
};
void pack_groups_free(struct pack_groups *g);
void pack_groups_file(struct pack_groups *g, int64_t pack);
int pack_groups_seen(struct pack_groups *g, const struct pack_seen *seen) MUST_USE; /* ERR_NOMEM */
uint64_t pack_group_id(const struct pack_uuid *group);
/* last: from the database; NULL when it cannot be read: then the head is the deepest group that another one names. Without
 * it, or where the chain is broken (missing is set), every group that any other names counts as committed: the name was
 * read from the database under the fence. The one before a gap may be named by nobody: it is uncertain. */
int pack_groups_finish(struct pack_groups *g, const struct pack_uuid *last) MUST_USE;
enum pack_fate {
    FATE_DROPPED,   /* its transaction was rolled back, or came after the head */
    FATE_UNCERTAIN, /* written, not known whether committed: the last groups without a database, or of a group whose end
                       is damaged */
    FATE_COMMITTED
};
enum pack_fate pack_groups_fate(const struct pack_groups *g, int64_t pack, int64_t offset);
/* Groups that another names as committed, yet that lead neither to the head nor to `now` (the last committed one as the database says after the
 * packs were read; a live server goes on meanwhile): commits that the database has lost. They count as committed from then on. Returns how many;
 * *first: the first of them in order of place. */
size_t pack_groups_lost(struct pack_groups *g, const struct pack_uuid *now, const struct pack_group **first);
void pack_groups_again(struct pack_groups *g); /* before another pack_groups_finish */
/* Where the last committed group of a pack ends (behind its end record); the header's length when there is none. */
int64_t pack_groups_cut(const struct pack_groups *g, int64_t pack);
/* Pack ids of a folder in order. ERR_NOENT: no folder. The caller frees. */
int pack_list(const char *dir, int64_t **ids, size_t *n) MUST_USE;
