/* Placement rows against the committed place and gone records of the packs: what salvage would make of this cell must
 * be what it holds. */
#include "store/pack_format.h"
#include "store/verify_priv.h"
#include <stdio.h>

struct uid_state { /* all records of one UID */
    struct place_key row, place;
    bool has_row, has_place, has_gone;
};

static void judge(struct verify *v, const struct uid_state *u);
static bool same_uid(const struct place_key *a, const struct place_key *b);

static bool same_uid(const struct place_key *a, const struct place_key *b)
{
    return memcmp(a, b, offsetof(struct place_key, source)) == 0;
}

static void judge(struct verify *v, const struct uid_state *u)
{
    const struct place_key *k = u->has_row ? &u->row : &u->place;
    long long org = key_get(k->org), mailbox = key_get(k->mailbox), uid = key_get(k->uid),
              message = key_get(k->message);

    if (u->has_place && !u->has_row && !u->has_gone) {
        char path[4200];

        (void)snprintf(path, sizeof path, "%s/packs/%016llx.pack", v->cell->dir,
                       (unsigned long long)key_get(u->place.pack));
        verify_report(v, VERIFY_PLACE_LOST, (struct verify_at){path, key_get(u->place.offset), -1, false, STR_NULL},
                      "Message %lld of firm %lld was committed as UID %lld of mailbox %lld, where no row has it.",
                      message, org, uid, mailbox);
    } else if (u->has_row && u->has_gone) {
        verify_report(v, VERIFY_PLACE_BACK, VERIFY_ROW,
                      "UID %lld of mailbox %lld of firm %lld (message %lld) was removed, and its row is there.", uid,
                      mailbox, org, message);
    } else if (u->has_row && !u->has_place && v->unbacked_packs == 0) {
        verify_report(v, VERIFY_PLACE_UNBACKED, VERIFY_ROW,
                      "UID %lld of mailbox %lld of firm %lld (message %lld) has no record in the packs.", uid, mailbox,
                      org, message);
    } else if (u->has_row && u->has_place &&
               (memcmp(u->row.message, u->place.message, 8) != 0 ||
                memcmp(u->row.sha256, u->place.sha256, sizeof u->row.sha256) != 0)) {
        verify_report(v, VERIFY_ROW_DANGLING, VERIFY_ROW,
                      "UID %lld of mailbox %lld of firm %lld shows message %lld; the packs say it was message %lld "
                      "with other bytes.",
                      uid, mailbox, org, message, (long long)key_get(u->place.message));
    }
}

static void take(const struct verify *v, struct uid_state *u, const struct place_key *k)
{
    enum pack_fate fate;

    if (k->source == FROM_ROW) {
        u->row = *k;
        u->has_row = true;
        return;
    }
    fate = pack_groups_fate(&v->groups, key_get(k->pack), key_get(k->offset));
    if (fate == FATE_DROPPED || (fate == FATE_UNCERTAIN && !v->groups.missing))
        return;
    if (k->source == FROM_PLACE)
        u->place = *k;
    u->has_place |= k->source == FROM_PLACE;
    u->has_gone |= k->source == FROM_GONE;
}

/* What does not check behind the last committed group, and no row needs, is what a crash leaves. With a committed group
 * missing it may be that group: damage. */
static void report_tails(struct verify *v)
{
    for (size_t i = 0; i < v->n_tails; i++) {
        const struct tail *t = &v->tails[i];
        char path[4200];

        (void)snprintf(path, sizeof path, "%s/packs/%016llx.pack", v->cell->dir, (unsigned long long)t->pack);
        int64_t cut = pack_groups_cut(&v->groups, t->pack);
        /* Nothing committed in it: its head may be torn as well. */
        bool torn = !v->groups.missing && (t->from >= cut || cut == PACK_HEAD_LEN);
        verify_report(v, torn ? VERIFY_PACK_TORN : VERIFY_PACK_DAMAGED,
                      (struct verify_at){path, t->from, t->to - t->from, false, STR_NULL},
                      torn ? "Bytes %lld to %lld, behind the last commit of the pack, are no whole record."
                           : "Bytes %lld to %lld of the pack do not check.",
                      (long long)t->from, (long long)t->to - 1);
    }
}

/* A pack's number is committed before its file is begun: a file that no row needs, with no group missing, never was. */
static void report_missing(struct verify *v)
{
    for (size_t i = 0; i < v->n_missing; i++) {
        const struct missing *m = &v->missing[i];
        bool unused = !m->used && !v->groups.missing && v->rows_known;
        char path[4200];

        (void)snprintf(path, sizeof path, "%s/packs/%016llx.pack", v->cell->dir, (unsigned long long)m->pack);
        verify_report(v, unused ? VERIFY_PACK_UNUSED : VERIFY_PACK_MISSING,
                      (struct verify_at){path, -1, -1, false, STR_NULL}, "The pack %016llx is not there.",
                      (unsigned long long)m->pack);
        v->unbacked_packs += !unused;
    }
}

/* The database may have lost its end (a damaged write-ahead log is cut off without a word); the packs' chain of groups shows it. */
static int report_lost_commits(struct verify *v)
{
    const struct pack_group *first;
    struct cell_meta now;
    char path[4200];
    size_t lost;
    int rc = db_begin_read(v->db);

    if (rc == 0)
        rc = cell_meta_load(v->db, v->cell->sql->meta_read, &now);
    db_rollback(v->db);
    if (rc != 0) {
        verify_report(v, VERIFY_DATABASE_DAMAGED, (struct verify_at){v->cell->path, -1, -1, false, STR_NULL},
                      "The cell's own row cannot be read a second time: %s", db_error(v->db));
        return 0;
    }
    if ((lost = pack_groups_lost(&v->groups, &now.last_group, &first)) == 0)
        return 0;
    (void)snprintf(path, sizeof path, "%s/packs/%016llx.pack", v->cell->dir, (unsigned long long)first->pack);
    verify_report(v, VERIFY_COMMITS_LOST, (struct verify_at){path, first->end, PACK_END_LEN, false, STR_NULL},
                  "The packs prove %zu commits that the database does not know; the first ends at offset %lld.", lost,
                  (long long)first->end);
    return 0;
}

int verify_places(struct verify *v)
{
    struct uid_state u = {0};
    struct place_key first;
    bool any = false;
    const void *p;
    int rc;

    if ((rc = pack_groups_finish(&v->groups, v->rows_known ? &v->meta.last_group : NULL)) != 0)
        return rc;
    report_tails(v);
    report_missing(v);
    if (v->groups.missing && v->rows_known && v->unbacked_packs == 0)
        verify_report(v, VERIFY_GROUP_LOST, VERIFY_ROW, "The group %016llx was committed, and its end is in no pack.",
                      (unsigned long long)v->groups.missing);
    if (!v->rows_known)
        return 0;
    if ((rc = report_lost_commits(v)) != 0)
        return rc;
    if ((rc = sorter_sort(v->places)) != 0)
        return rc;
    while ((rc = sorter_next(v->places, &p)) == 1) {
        struct place_key k;

        memcpy(&k, p, sizeof k);
        if (any && !same_uid(&first, &k)) {
            judge(v, &u);
            u = (struct uid_state){0};
            any = false;
        }
        if (!any)
            first = k;
        any = true;
        take(v, &u, &k);
    }
    if (any)
        judge(v, &u);
    return rc;
}
