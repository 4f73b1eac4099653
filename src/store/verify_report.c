#include "store/verify_priv.h"
#include <stdarg.h>
#include <stdio.h>

#define WHAT_MAX 900

static const struct {
    const char *name;
    bool damage;
    const char *means, *cure;
} kinds[VERIFY_KINDS] = {
    [VERIFY_DIRECTORY_DOWN] =
        {"directory-down", true,
         "No address and no log-in can be found: mail is answered 451 and waits at its senders. The mail of all cells "
         "is not touched.",
         "Stop the server and restore the folder directory/ from the last backup (`sigillo restore`)."},
    [VERIFY_DATABASE_DOWN] =
        {"database-down", true,
         "The people of this cell cannot read their mail until it is mended. The bytes in its packs are not touched.",
         "Restore this cell from the last backup, or build it anew from its packs: `sigillo salvage --cell N --out "
         "NEWSTATE`."},
    [VERIFY_DATABASE_DAMAGED] = {"database-damaged", true,
                                 "Rows of this cell cannot be trusted; the bytes in its packs are not touched by this.",
                                 "Stop the server, keep a copy of the cell's folder, then restore it from the last "
                                 "backup or run `sigillo salvage`."},
    [VERIFY_PACK_REFUSED] = {"pack-refused", true, "None of the messages in this file can be read from it.",
                             "Put this cell's own file of that name back, from the backup if need be."},
    [VERIFY_PACK_MISSING] =
        {"pack-missing", true,
         "Every message whose bytes are in this file cannot be read; its subject, sender and findings still can.",
         "Put the file back from the backup; then run verify again."},
    [VERIFY_PACK_DAMAGED] =
        {"pack-damaged", true,
         "What stood in these bytes is lost here; all records before and behind them were read and are sound.",
         "Restore the file from the backup (it holds the same bytes at the same place); then run verify again."},
    [VERIFY_PACK_TORN] = {"pack-torn-tail", false,
                          "A write was cut off by a crash or a full disk. Nothing in it was ever promised to anybody.",
                          "Nothing: the file is not written any more."},
    [VERIFY_PACK_UNLISTED] =
        {"pack-unlisted", false,
         "No row knows this file: it was begun and its transaction was rolled back, or it belongs to a later backup.",
         "Nothing, unless you copied it here yourself."},
    [VERIFY_PACK_UNUSED] = {"pack-unused", false,
                            "Its number was given and the server ended, or the disk failed, before the file was begun.",
                            "Nothing."},
    [VERIFY_BLOB_LOST] =
        {"message-bytes-lost", true, "The message named cannot be opened; its subject, sender and findings still can.",
         "Restore the pack from the backup, then run verify again. Without a backup ask the sender to send it again."},
    [VERIFY_GROUP_LOST] = {"group-end-lost", true,
                           "A committed group's closing record is damaged. No message is lost by that, but salvage "
                           "would file this group under \"Recovered, uncertain\".",
                           "Restore the pack from the backup."},
    [VERIFY_COMMITS_LOST] = {"commits-lost", true,
                             "The database has gone back behind what was committed: mail that was accepted does not "
                             "show, what was removed may show again. The bytes are in the packs.",
                             "Stop the server and keep a copy of the cell's folder. Then run `sigillo salvage`: it "
                             "brings these messages back; or restore the database from the backup."},
    [VERIFY_PLACE_LOST] =
        {"message-row-lost", true,
         "A message that was accepted does not show in its mailbox; its bytes are in the packs.",
         "Restore the cell's database from the backup, or run `sigillo salvage`: it brings this message back."},
    [VERIFY_PLACE_BACK] =
        {"removed-message-back", true, "A message that was removed shows again: the database is older than the packs.",
         "If the database was put back by hand, use `sigillo restore` instead: it begins a new epoch."},
    [VERIFY_PLACE_UNBACKED] =
        {"place-record-lost", true,
         "The message can be read now, but salvage could not bring it back to its mailbox if the database were lost.",
         "Restore the pack from the backup."},
    [VERIFY_ROW_DANGLING] = {"row-dangling", true,
                             "The row refers to another one that is not there, so the message cannot be shown whole.",
                             "Restore the cell's database from the backup, or run `sigillo salvage`."},
    [VERIFY_THREAD] = {"thread-wrong", true,
                       "The message shows in another conversation than its own, or in none. Nothing is lost.",
                       "Run `sigillo salvage`, or restore the database."},
    [VERIFY_HOLD] = {"hold-broken", true, "A held message may be read and answered as if it had been released.",
                     "Stop the server. Tell the mailbox's owner not to act on that message, then restore the database "
                     "from the backup."},
    [VERIFY_SEQ] = {"sequence-wrong", true, "Clients that keep a copy of the mailbox may miss this change for ever.",
                    "Run `sigillo restore` from the last backup: its new epoch makes all clients read again."},
    [VERIFY_COUNTER] = {"counter-wrong", true,
                        "Totals, unread marks or the next UID shown to clients are wrong. No message is lost.",
                        "Run `sigillo verify --fix`: it counts again."},
    [VERIFY_AUDIT] = {"audit-broken", true,
                      "The audit list was altered or damaged at this entry: what it and later ones say proves nothing.",
                      "Compare with the audit list in the backup and keep both."},
    [VERIFY_ADDRESS] = {"address-wrong", true, "Mail and log-in of this address go nowhere or to another mailbox.",
                        "Run `sigillo user add` for the address again, or restore directory/ from the backup."},
    [VERIFY_ADDRESS_PENDING] = {"address-pending", false,
                                "The address was begun to be made and a crash came between; it takes no mail yet.",
                                "Run the same `sigillo user add` or `sigillo init` again."},
    [VERIFY_SEARCH] =
        {"search-missing", false, "A search does not find these messages. They are in their mailboxes.",
         "Run `sigillo verify --fix`: the indexer reads them again, within the hour or at the next start."},
    [VERIFY_READONLY] = {"read-only", false,
                         "While the mark stands the cell takes no mail and no change; mail goes to the spool of last "
                         "resort or waits at its senders.",
                         ""},
};

void verify_report(struct verify *v, enum verify_kind kind, struct verify_at at, const char *fmt, ...)
{
    struct verify_finding f = {.kind = kind,
                               .name = kinds[kind].name,
                               .damage = kinds[kind].damage,
                               .fixed = at.fixed,
                               .cell = v->cell ? v->cell->id : 0};
    char what[WHAT_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    f.file = str_c(at.file ? at.file : "");
    f.offset = at.offset;
    f.length = at.length;
    f.what = str_c(what);
    f.means = at.means.n ? at.means : str_c(kinds[kind].means);
    f.cure = str_c(kinds[kind].cure);
    if (f.fixed)
        v->result->fixed++;
    else if (f.damage)
        v->result->damage++;
    else
        v->result->notes++;
    if (v->conf->found && v->result->damage + v->result->notes + v->result->fixed <= VERIFY_REPORT_MAX)
        v->conf->found(v->conf->arg, &f);
}
