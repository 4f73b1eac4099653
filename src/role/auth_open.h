#pragma once
/* What net and jobs both need to judge who sent a mail. */
#include "intake/intake.h"
#include "os/role.h"

/* Before the sandbox: reads the Public Suffix List. Nothing is opened where auth.check is off. */
int role_auth_init(const struct role_ctx *r) MUST_USE;
/* Fills auth_kit, auth_timeout_ms, auth_sealers and dns_fd (taken). */
void role_auth_conf(struct role_ctx *r, struct intake_conf *c);
/* smtp.hostname, else mail.<first domain of the first firm>, else localhost: the name in Received and
 * Authentication-Results, the same in every role. */
void role_hostname(const struct role_ctx *r, struct store *s, char *out, size_t cap);
