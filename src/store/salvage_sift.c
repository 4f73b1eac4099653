/* What stands, what is gone, what is uncertain; where its bytes are; all of one message together. */
#include "store/salvage_priv.h"
#include <stdio.h>

struct uid_state {
    struct by_uid place, row;
    bool committed, uncertain, gone, maybe_gone, has_row;
    bool moved; /* gone, and beside the record that says so another is damaged: where it went to, perhaps */
};

static int judge(struct salvage *s, struct uid_state *u);
static void take(const struct salvage *s, struct uid_state *u, const struct by_uid *k);
static int sift_uids(struct salvage *s);
static int join_contents(struct salvage *s);

static enum pack_fate fate_of(const struct salvage *s, const struct by_uid *k)
{
    return pack_groups_fate(&s->groups, key_get(k->pack), key_get(k->offset));
}

static void take(const struct salvage *s, struct uid_state *u, const struct by_uid *k)
{
    enum pack_fate fate;

    if (k->source == FROM_ROW) {
        u->row = *k;
        u->has_row = true;
        return;
    }
    if ((fate = fate_of(s, k)) == FATE_DROPPED)
        return;
    if (k->source == FROM_GONE) {
        u->gone |= fate == FATE_COMMITTED;
        u->moved |= fate == FATE_COMMITTED && salvage_near_damage(s, key_get(k->pack), key_get(k->offset));
        u->maybe_gone |= fate == FATE_UNCERTAIN;
        return;
    }
    if (u->committed && fate != FATE_COMMITTED)
        return;
    u->place = *k;
    u->committed |= fate == FATE_COMMITTED;
    u->uncertain |= fate == FATE_UNCERTAIN;
}

/* What the old database showed was committed, and has the flags of its last day; what stands in the packs wins where they
 * differ. */
static void add_row(struct uid_state *u)
{
    bool placed = u->committed || u->uncertain;

    if (!u->has_row || (placed && memcmp(u->row.message, u->place.message, sizeof u->row.message) != 0))
        return;
    if (!placed)
        u->place = u->row;
    memcpy(u->place.flags, u->row.flags, sizeof u->place.flags);
    u->committed = true;
}

static int judge(struct salvage *s, struct uid_state *u)
{
    const struct by_uid *p = &u->place;
    struct by_content k = {.source = WANTED};
    enum pack_fate fate;

    /* An uncertain removal brings back what may have been removed, keeping is the safe side, unless the rows know better. */
    u->gone |= u->maybe_gone && !u->has_row && s->rows_whole;
    if (!u->gone)
        add_row(u);
    fate = u->committed ? FATE_COMMITTED : FATE_UNCERTAIN;
    if (!u->committed && !u->uncertain)
        return 0;
    memcpy(k.org, p->org, sizeof k.org);
    memcpy(k.sha256, p->sha256, SHA256_LEN);
    if (u->gone && u->moved && !s->rows_whole)
        fate = FATE_UNCERTAIN;
    else if (u->gone) {
        s->r->removed++;
        k.source = NOBODY; /* its content is no orphan */
        return sorter_add(s->contents, &k);
    }
    memcpy(k.want.account, p->account, 8);
    memcpy(k.want.message, p->message, 8);
    memcpy(k.want.mailbox, p->mailbox, 8);
    memcpy(k.want.uid, p->uid, 8);
    memcpy(k.want.date, p->date, 8);
    memcpy(k.want.flags, p->flags, 4);
    k.want.verdict = p->verdict;
    k.want.fate = (uint8_t)fate;
    return sorter_add(s->contents, &k);
}

/* The whole message was removed: in case the record of one of its places is damaged. */
static int message_gone(struct salvage *s, const struct by_uid *k)
{
    struct by_message m = {.verdict = V_GONE};

    if (fate_of(s, k) != FATE_COMMITTED)
        return 0;
    memcpy(m.org, k->org, 8);
    memcpy(m.account, k->account, 8);
    memcpy(m.message, k->message, 8);
    return sorter_add(s->messages, &m);
}

static int sift_uids(struct salvage *s)
{
    struct uid_state u = {0};
    struct by_uid first = {{0}}, k;
    bool any = false;
    const void *p;
    int rc = sorter_sort(s->uids), got = 0;

    while (rc == 0 && (got = sorter_next(s->uids, &p)) == 1) {
        memcpy(&k, p, sizeof k);
        if (any && memcmp(&k, &first, offsetof(struct by_uid, source)) != 0) {
            rc = judge(s, &u);
            u = (struct uid_state){0};
            any = false;
        }
        if (rc == 0 && key_get(k.uid) == 0) {
            rc = message_gone(s, &k);
            continue;
        }
        first = any ? first : k;
        any = true;
        take(s, &u, &k);
    }
    if (rc == 0 && any)
        rc = judge(s, &u);
    return rc ? rc : got < 0 ? got : 0;
}

static bool same_content(const struct by_content *a, const struct by_content *b)
{
    return memcmp(a->org, b->org, 8) == 0 && memcmp(a->sha256, b->sha256, SHA256_LEN) == 0;
}

static int join_contents(struct salvage *s)
{
    struct by_content at = {{0}}, k;
    bool have = false, wanted = false;
    const void *p;
    int rc = sorter_sort(s->contents), got = 0;

    while (rc == 0 && (got = sorter_next(s->contents, &p)) == 1) {
        struct by_message m = {{0}};

        memcpy(&k, p, sizeof k);
        if (k.source == BYTES) { /* any of several equal ones serves */
            if (have && !wanted && !same_content(&at, &k))
                salvage_orphan(s, &at);
            at = k;
            have = true;
            wanted = false;
            continue;
        }
        if (have && same_content(&at, &k))
            wanted = true;
        if (k.source == NOBODY)
            continue;
        memcpy(m.org, k.org, 8);
        memcpy(m.account, k.want.account, 8);
        memcpy(m.message, k.want.message, 8);
        memcpy(m.mailbox, k.want.mailbox, 8);
        memcpy(m.uid, k.want.uid, 8);
        memcpy(m.date, k.want.date, 8);
        memcpy(m.flags, k.want.flags, 4);
        memcpy(m.sha256, k.sha256, SHA256_LEN);
        m.verdict = k.want.verdict;
        m.fate = k.want.fate;
        if (have && same_content(&at, &k)) {
            memcpy(m.pack, at.at.pack, 8);
            memcpy(m.offset, at.at.offset, 8);
            memcpy(m.length, at.at.length, 8);
        } /* else pack 0: its bytes are lost; salvage_mail says whose */
        if (m.fate == FATE_UNCERTAIN)
            salvage_person(s, key_get(m.org), key_get(m.account))->uncertain = true;
        rc = sorter_add(s->messages, &m);
    }
    if (rc == 0 && have && !wanted)
        salvage_orphan(s, &at);
    return rc ? rc : got < 0 ? got : 0;
}

int salvage_sift(struct salvage *s, struct err *e)
{
    int rc = sift_uids(s);

    if (rc == 0)
        rc = join_contents(s);
    if (rc == 0)
        rc = sorter_sort(s->messages);
    return rc ? err_set(e, rc,
                        "Sorting what the packs hold failed (%s). Nothing was changed in the old state; see that its "
                        "disk has room.",
                        err_name(rc))
              : 0;
}
