#pragma once
/* What init, `user add`, `firm add` and `counterparty add` do to a store: called by the verb itself when no server runs, by control_handle inside the
 * server. Addresses and domains are checked and made canonical here. */
#include "core/err.h"
#include "store/account.h"

struct people_args {
    struct str address, name, hash; /* user */
    struct str firm,
        domain; /* firm: its name and domain; domain: one of the firm's, and the new one; counterparty: domain of the firm that asks, or empty */
    struct str party, iban; /* counterparty: its domain; name in `name` */
    struct str quota;       /* bytes in digits */
    struct str id, role;    /* held message; "admin" or "member" */
    struct str tokens;      /* "keep": a new password leaves the app tokens */
    struct str who;         /* for the audit */
};
int people_add_firm(struct store *s, const struct people_args *p, struct err *e) MUST_USE;
/* domain for the firm that has the domain `firm`; no proof is asked of who runs the server. remove: of the firm that has it. */
int people_add_domain(struct store *s, const struct people_args *p, struct err *e) MUST_USE;
int people_remove_domain(struct store *s, const struct people_args *p, struct err *e) MUST_USE;
int people_add_user(struct store *s, const struct people_args *p, struct err *e) MUST_USE;
int people_set_password(struct store *s, const struct people_args *p, struct err *e) MUST_USE;
int people_set_quota(struct store *s, const struct people_args *p, struct err *e) MUST_USE;
int people_add_party(struct store *s, const struct people_args *p, struct err *e) MUST_USE;
/* A whole request of control.sock (admin/control.h) taken apart, nothing looked up: views into it. */
int control_parse(struct str request, struct str *verb, struct people_args *p, struct err *e) MUST_USE;
