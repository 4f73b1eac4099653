#include "store/mail_set.h"
#include "store/mail_priv.h"

int mail_upload_add(struct txn *t, int64_t org, int64_t account, const struct blob_draft *blob, struct str type,
                    int64_t *upload)
{
    int64_t used = 0, id, since = t->now_ms - MAIL_UPLOAD_KEEP_MS;
    int r = db_get_int(t->db, SQL_UPLOAD_USED, DB_ARGS(db_int(org), db_int(account), db_int(since)), &used);
    if (r < 0)
        return r;
    if (used + (int64_t)blob->size > MAIL_UPLOAD_BYTES_MAX)
        return MAIL_UPLOADS_FULL;
    r = db_run(t->db, SQL_UPLOAD_PRUNE, DB_ARGS(db_int(org), db_int(account), db_int(since)), NULL);
    if (r == 0)
        r = txn_id(t, org, upload);
    if (r == 0)
        r = blob_join(t, org, blob, &id);
    return r ? no_constraint(r)
             : no_constraint(db_run(t->db, SQL_UPLOAD_INSERT,
                                    DB_ARGS(db_int(org), db_int(account), db_int(*upload), db_int(id),
                                            db_int((int64_t)blob->size), db_text(txn_text(t->arena, type, 200)),
                                            db_int(t->now_ms)),
                                    NULL));
}
