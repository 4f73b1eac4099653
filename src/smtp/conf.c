/* The keys smtp.* of core/conf.def. */
#include "smtp/smtp.h"

int smtp_conf_read(const struct conf *c, struct smtp_conf *out, struct err *e)
{
    *out = (struct smtp_conf){
        .max_size = (uint64_t)conf_i(c, CONF_SMTP_MAX_SIZE),
        .max_rcpt = conf_i(c, CONF_SMTP_MAX_RCPT),
        .max_connections = conf_i(c, CONF_SMTP_MAX_CONNECTIONS),
        .max_commands = conf_i(c, CONF_SMTP_MAX_COMMANDS),
        .max_errors = conf_i(c, CONF_SMTP_MAX_ERRORS),
        .max_unknown = conf_i(c, CONF_SMTP_MAX_UNKNOWN),
        .max_transactions = conf_i(c, CONF_SMTP_MAX_TRANSACTIONS),
        .max_header = conf_i(c, CONF_SMTP_MAX_HEADER),
        .max_header_fields = conf_i(c, CONF_SMTP_MAX_HEADER_FIELDS),
        .timeout_ms = conf_i(c, CONF_SMTP_TIMEOUT),
        .session_ms = conf_i(c, CONF_SMTP_SESSION_TIMEOUT),
        .data_ms = conf_i(c, CONF_SMTP_DATA_TIMEOUT),
        .tarpit_ms = conf_i(c, CONF_SMTP_TARPIT),
        .greeting_ms = conf_i(c, CONF_SMTP_GREETING_DELAY),
        .greylist = conf_b(c, CONF_SMTP_GREYLIST),
        .grey_ms = conf_i(c, CONF_SMTP_GREYLIST_DELAY),
        .min_rate = conf_i(c, CONF_SMTP_MIN_RATE),
        .network_connections = conf_i(c, CONF_SMTP_NETWORK_CONNECTIONS),
        .network_rate = conf_i(c, CONF_SMTP_NETWORK_RATE),
        .network_messages = conf_i(c, CONF_SMTP_NETWORK_MESSAGES),
        .network_unknown = conf_i(c, CONF_SMTP_NETWORK_UNKNOWN),
        .firm_messages = conf_i(c, CONF_SMTP_FIRM_MESSAGES),
    };
    struct err own = {0};
    if (smtp_networks_parse(conf_s(c, CONF_SMTP_EXEMPT), &out->exempt, &own) != 0)
        return err_set(e, ERR_INVALID, "smtp.exempt_networks: %s", own.text);
    return 0;
}
