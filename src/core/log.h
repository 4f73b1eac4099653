#pragma once
/* Structured log: one line an event, "event.name" plus fields; JSON lines or a readable form on stderr (or a given fd).
 * Text from the network is escaped in both forms. Thread-safe: one write(2) a line, at most LOG_LINE_MAX bytes (then cut and marked).
 * Severity: info, warn, error (environment: something outside must be mended), bug (our own fault; core dump in debug builds). */
#include "core/str.h"

#define LOG_LINE_MAX 4096u
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_BUG };
enum log_format { LOG_JSON, LOG_TEXT };
enum log_kind { LOG_F_END, LOG_F_STR, LOG_F_INT, LOG_F_ID }; /* ID prints as hex */
struct log_field {
    enum log_kind kind;
    const char *key;
    struct str s;
    int64_t i;
};
#define L_S(k, v) ((struct log_field){LOG_F_STR, k, v, 0})        /* struct str */
#define L_Z(k, v) ((struct log_field){LOG_F_STR, k, str_c(v), 0}) /* char * */
#define L_I(k, v) ((struct log_field){LOG_F_INT, k, STR_NULL, (int64_t)(v)})
#define L_ID(k, v) ((struct log_field){LOG_F_ID, k, STR_NULL, (int64_t)(v)})

void log_setup(const char *role, int fd, enum log_format format, enum log_level least);
void log_event(enum log_level level, const char *event, const struct log_field *fields, size_t n);
#define LOG_(level, event, ...)                                      \
    log_event(level, event, (const struct log_field[]){__VA_ARGS__}, \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
#define log_info(event, ...) LOG_(LOG_INFO, event, __VA_ARGS__)
#define log_warn(event, ...) LOG_(LOG_WARN, event, __VA_ARGS__)
#define log_error(event, ...) LOG_(LOG_ERROR, event, __VA_ARGS__)
#define log_debug(event, ...) LOG_(LOG_DEBUG, event, __VA_ARGS__)
#define log_bug(event, ...) LOG_(LOG_BUG, event, __VA_ARGS__)
