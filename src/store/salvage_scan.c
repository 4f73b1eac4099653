/* All packs, once: groups, contents, places, and the people they name; then the rows that the old database still shows. */
#include "store/pack_format.h"
#include "store/salvage_priv.h"
#include <stdio.h>
#include <stdlib.h>

struct vote { /* which cell most files say they are of */
    uint64_t fold;
    size_t n;
};

static int choose_cell(struct salvage *s, const char *dir, const int64_t *ids, size_t n, struct err *e);
static int on_place(struct salvage *s, const struct pack_seen *seen);
static int on_record(void *arg, const struct pack_seen *seen);

/* The database names the cell; without it the packs vote: a stray file of another cell is left out. */
static int choose_cell(struct salvage *s, const char *dir, const int64_t *ids, size_t n, struct err *e)
{
    struct vote best = {0};
    struct vote *votes = calloc(n + 1, sizeof *votes);
    size_t n_votes = 0;

    if (!votes)
        return err_set(e, ERR_NOMEM, "No memory to read %zu packs.", n);
    for (size_t i = 0; i < n && s->fold == 0; i++) {
        char path[4300];
        struct pack_head h;
        size_t at = 0;

        (void)snprintf(path, sizeof path, "%s/%016llx.pack", dir, (unsigned long long)ids[i]);
        if (pack_head_read(path, &h, NULL) != 0)
            continue;
        while (at < n_votes && votes[at].fold != h.cell_fold)
            at++;
        n_votes += at == n_votes;
        votes[at].fold = h.cell_fold;
        if (++votes[at].n > best.n)
            best = votes[at];
    }
    free(votes);
    if (s->fold == 0)
        s->fold = best.fold;
    return 0;
}

static enum salvage_verdict verdict_of(struct str v)
{
    return str_eq(v, STR("hold")) ? V_HOLD : str_eq(v, STR("stub")) ? V_STUB : V_NONE;
}

static void learn_person(struct salvage *s, const struct pack_place *p)
{
    struct person *who = salvage_person(s, p->org, p->account);
    struct box *box = salvage_box(s, who, p->mailbox);
    struct firm *firm = salvage_firm(s, p->org);
    int64_t ids[] = {p->account, p->mailbox, p->message, p->thread};

    if (p->seq >= who->seq && p->address.n) {
        who->seq = p->seq;
        if (!str_eq(who->address, p->address))
            who->address = arena_str(&s->arena, p->address);
    }
    if (p->seq >= box->seq && p->mailbox_name.n) {
        box->seq = p->seq;
        if (!str_eq(box->name, p->mailbox_name))
            box->name = arena_str(&s->arena, p->mailbox_name);
    }
    if (verdict_of(p->verdict) == V_HOLD)
        box->role = ROLE_HELD;
    box->uid_max = p->uid > box->uid_max ? p->uid : box->uid_max;
    firm->seq_max = p->seq > firm->seq_max ? p->seq : firm->seq_max;
    for (size_t i = 0; i < N_ELEMENTS(ids); i++)
        firm->id_max = ids[i] > firm->id_max ? ids[i] : firm->id_max;
}

static int on_place(struct salvage *s, const struct pack_seen *seen)
{
    const struct pack_place *p = &seen->place;
    struct by_uid k = {.source = FROM_PLACE, .verdict = (uint8_t)verdict_of(p->verdict)};

    if (p->org <= 0 || p->account <= 0 || p->mailbox <= 0 || p->uid <= 0 || p->message <= 0)
        return 0; /* a record that checks and makes no sense: not one of ours */
    learn_person(s, p);
    key_put(k.org, p->org);
    key_put(k.account, p->account);
    key_put(k.mailbox, p->mailbox);
    key_put(k.uid, p->uid);
    key_put(k.message, p->message);
    memcpy(k.sha256, p->blob_sha256, SHA256_LEN);
    key_put(k.date, p->date_ms);
    memcpy(k.flags, &p->flags, sizeof k.flags);
    key_put(k.pack, seen->loc.pack);
    key_put(k.offset, seen->loc.offset);
    return sorter_add(s->uids, &k);
}

static int on_gone(struct salvage *s, const struct pack_seen *seen)
{
    struct by_uid k = {.source = FROM_GONE};

    key_put(k.org, seen->gone.org);
    key_put(k.account, seen->gone.account);
    key_put(k.mailbox, seen->gone.mailbox);
    key_put(k.uid, seen->gone.uid);
    key_put(k.message, seen->gone.message);
    key_put(k.pack, seen->loc.pack);
    key_put(k.offset, seen->loc.offset);
    return sorter_add(s->uids, &k);
}

static int on_blob(struct salvage *s, const struct pack_seen *seen)
{
    struct by_content k = {.source = BYTES};

    key_put(k.org, seen->blob.org);
    memcpy(k.sha256, seen->blob.sha256, SHA256_LEN);
    key_put(k.at.pack, seen->loc.pack);
    key_put(k.at.offset, seen->loc.offset);
    key_put(k.at.length, seen->loc.length);
    return sorter_add(s->contents, &k);
}

static int on_record(void *arg, const struct pack_seen *seen)
{
    struct salvage *s = arg;
    int rc = pack_groups_seen(&s->groups, seen);

    s->r->damaged += seen->damaged;
    salvage_span_seen(s, seen);
    if (rc != 0 || seen->damaged)
        return rc;
    switch (seen->kind) {
    case PACK_BLOB: return on_blob(s, seen);
    case PACK_PLACE: return on_place(s, seen);
    case PACK_GONE: return on_gone(s, seen);
    case PACK_GROUP_END: break;
    }
    return 0;
}

static int on_row(struct salvage *s, struct db_cursor *c)
{
    struct str sha256 = db_col_str(c, 9);
    bool stub = db_col_int(c, 7) != 0, held = db_col_int(c, 8) != 0;
    struct pack_place p = {.org = db_col_int(c, 0),
                           .account = db_col_int(c, 1),
                           .mailbox = db_col_int(c, 2),
                           .uid = db_col_int(c, 3),
                           .message = db_col_int(c, 4),
                           .verdict = stub   ? STR("stub")
                                      : held ? STR("hold")
                                             : STR("")};
    struct by_uid k = {.source = FROM_ROW, .verdict = (uint8_t)verdict_of(p.verdict)};
    uint32_t flags = (uint32_t)db_col_int(c, 6);

    if (sha256.n != SHA256_LEN || p.org <= 0 || p.account <= 0 || p.mailbox <= 0 || p.uid <= 0 || p.message <= 0)
        return 0;
    learn_person(s, &p); /* seq 0: names of the packs are not overwritten */
    key_put(k.org, p.org);
    key_put(k.account, p.account);
    key_put(k.mailbox, p.mailbox);
    key_put(k.uid, p.uid);
    key_put(k.message, p.message);
    memcpy(k.sha256, sha256.p, SHA256_LEN);
    key_put(k.date, db_col_int(c, 5));
    memcpy(k.flags, &flags, sizeof k.flags);
    return sorter_add(s->uids, &k);
}

/* Flags as they were last, places whose record is damaged. A database that breaks off here has helped that far. */
static int read_rows(struct salvage *s)
{
    struct scan rows = scan_of(s->db, SQL_SALVAGE_PLACEMENT, 4);
    int rc = 0, got = 0;

    if (!s->db || db_begin_read(s->db) != 0)
        return 0;
    while (rc == 0 && (got = scan_next(&rows)) == 1)
        rc = on_row(s, &rows.c);
    scan_end(&rows);
    db_rollback(s->db);
    s->rows_whole = rc == 0 && got == 0;
    if (got < 0)
        salvage_say(s, "The old rows could be read only in part: other messages have the flags they had on arrival.");
    return rc;
}

int salvage_scan(struct salvage *s, struct err *e)
{
    AUTO(heap) int64_t *ids = NULL;
    char dir[4200];
    size_t n = 0;
    int rc;

    (void)snprintf(dir, sizeof dir, "%s/packs", s->old->dir);
    if ((rc = pack_list(dir, &ids, &n)) != 0)
        return err_set(e, rc,
                       "The packs in %s cannot be listed: without them nothing can be built. Put that folder back from "
                       "a backup or another disk.",
                       dir);
    if ((rc = choose_cell(s, dir, ids, n, e)) != 0)
        return rc;
    for (size_t i = 0; i < n && rc == 0; i++) {
        char path[4300];
        struct err own = {0};

        (void)snprintf(path, sizeof path, "%s/%016llx.pack", dir, (unsigned long long)ids[i]);
        pack_groups_file(&s->groups, ids[i]);
        salvage_span_begin(s, ids[i]);
        rc = pack_walk_fold(path, s->fold, on_record, s, &own);
        s->r->packs += rc == 0;
        if (rc == ERR_CORRUPT || rc == ERR_VERSION || rc == ERR_IO ||
            rc == ERR_PERM) { /* one bad file does not keep back the others */
            salvage_say(s, "A pack was left out: %s", own.text);
            s->r->damaged++;
            rc = 0;
        }
    }
    rc = rc ? rc : read_rows(s);
    return rc ? err_set(e, rc,
                        "Reading the packs stopped (%s). Nothing was changed in the old state; see that the disk of %s "
                        "has room.",
                        err_name(rc), dir)
              : 0;
}
