#pragma once
/* What the parts of salvage share. Way of a record: packs -> by UID (what stands, what is gone) -> by content (where its bytes are) -> by message. */
#include "store/account_priv.h"
#include "store/mail_priv.h"
#include "store/salvage.h"
#include "store/verify_priv.h" /* key_put, key_get, scan */

#define SALVAGE_SORT_BYTES (64u << 20)

enum salvage_verdict { V_NONE, V_HOLD, V_STUB, V_GONE };
struct by_uid {
    uint8_t org[8], account[8], mailbox[8], uid[8], source, message[8], sha256[SHA256_LEN], date[8], flags[4], verdict,
        pack[8], offset[8];
};
enum content_source { BYTES /* where they are */, WANTED /* by whom */, NOBODY /* its place was removed */ };
struct by_content {
    uint8_t org[8], sha256[SHA256_LEN], source; /* enum content_source */
    union {
        struct {
            uint8_t pack[8], offset[8], length[8];
        } at;
        struct {
            uint8_t account[8], message[8], mailbox[8], uid[8], date[8], flags[4], verdict, fate;
        } want;
    };
};
struct by_message {
    uint8_t org[8], account[8], message[8], mailbox[8], uid[8], date[8], flags[4], verdict, fate, pack[8], offset[8],
        length[8], sha256[SHA256_LEN];
};

/* A group with bytes that do not check: records of it may be missing. */
struct damaged_span {
    int64_t pack, from, to;
};
/* A content of such a group that no place record asks for. */
struct orphan {
    int64_t org;
    struct pack_loc loc;
    uint8_t sha256[SHA256_LEN];
};
#define SALVAGE_ORPHANS_MAX 10000u

struct box {
    int64_t id, seq, uid_max, uidvalidity;
    enum mail_role role;
    struct str name;
    struct box *next;
};
struct person {
    int64_t org, account, seq;
    struct str address, name, hash;
    struct box *boxes, *recovered;
    bool uncertain, made;
    struct person *next;
};
struct firm {
    int64_t org, id_max, seq_max;
    struct str name;
    struct str *domains;
    size_t n_domains;
    struct firm *next;
};
struct salvage {
    struct store old_store; /* bare */
    struct cell *old;
    struct db *db, *dir; /* NULL when they cannot be read */
    bool rows_whole;     /* all placement rows were read, and the database is not behind the packs */
    uint64_t fold;
    struct pack_groups groups;
    struct sorter *uids, *contents, *messages;
    struct pack_set *packs;
    struct damaged_span span, *spans; /* span: of the group that is being read */
    size_t n_spans, cap_spans;
    struct orphan *orphans;
    size_t n_orphans, cap_orphans;
    struct arena arena; /* firms and people */
    struct map people;  /* key: org, account as 16 bytes */
    struct imap firms;
    struct person *first_person, **last_person;
    struct firm *first_firm, **last_firm;
    struct store *store; /* the new one */
    struct cell *cell;
    salvage_fn *say;
    void *say_arg;
    struct salvage_result *r;
};
void salvage_say(struct salvage *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct person *salvage_person(struct salvage *s, int64_t org, int64_t account); /* made when absent */
struct firm *salvage_firm(struct salvage *s, int64_t org);
struct box *salvage_box(struct salvage *s, struct person *p, int64_t id);
struct box *salvage_role(const struct person *p, enum mail_role role);

/* salvage_orphan.c */
void salvage_span_begin(struct salvage *s, int64_t pack);
void salvage_span_seen(struct salvage *s, const struct pack_seen *seen);
bool salvage_near_damage(const struct salvage *s, int64_t pack, int64_t offset); /* records of its group do not check */
void salvage_orphan(struct salvage *s,
                    const struct by_content *k); /* nobody asks for it: kept when its place may be what is damaged */
/* The account that the content was for: the only one of its firm, or the one our own trace field names. NULL: not known. */
struct person *salvage_orphan_owner(struct salvage *s, int64_t org, struct str raw);

int salvage_scan(struct salvage *s, struct err *e) MUST_USE;   /* salvage_scan.c: packs into sorters */
int salvage_sift(struct salvage *s, struct err *e) MUST_USE;   /* salvage_sift.c: sorters into messages */
int salvage_ask(struct salvage *s, struct err *e) MUST_USE;    /* salvage_people.c: what the old databases still know */
int salvage_people(struct salvage *s, struct err *e) MUST_USE; /* firms, accounts, mailboxes written */
int salvage_mail(struct salvage *s, struct err *e) MUST_USE;   /* salvage_mail.c */
int salvage_rest(struct salvage *s, struct err *e) MUST_USE;   /* salvage_rest.c: what no pack holds, behind the mail */
int salvage_uids(struct salvage *s, struct err *e) MUST_USE;   /* next UIDs behind all that were ever given */
