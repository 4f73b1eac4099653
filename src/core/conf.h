#pragma once
/* Configuration: every key stands once in conf.def: CONF(key, KIND, default, min, max, roles, "help"). Read from
 * STATE/sigillo.conf (INI by inih: [section] name = value is key "section.name"), then --set key=value. An unknown, doubled or
 * out-of-bounds key is an error with the line and the cure. Only the supervisor and the CLI read the file; a role gets its slice
 * (rows whose `roles` mask has it) as text "key=value\n" over its channel and loads it with conf_parse.
 * docs/configuration.md and `sigillo config explain` are generated from the table. */
#include "core/arena.h"
#include "core/err.h"
#include "core/buf.h"

enum conf_kind {
    CONF_STR,
    CONF_INT,
    CONF_BOOL,
    CONF_ADDRS /* "host:port,host:port" or empty */,
    CONF_PATH,
    CONF_SIZE /* 64K, 25M */,
    CONF_MS /* 500ms, 10s, 5m */,
    CONF_ENUM
};
enum {
    ROLE_SUP = 1,
    ROLE_NET = 2,
    ROLE_SCAN = 4,
    ROLE_DNS = 8,
    ROLE_KEYS = 16,
    ROLE_JOBS = 32,
    ROLE_MIGRATE = 64,
    ROLE_CLI = 128,
    ROLE_ALL = 255
};

enum conf_id {
#define CONF(id, key, kind, def, min, max, roles, help) CONF_##id,
#include "core/conf.def"
#undef CONF
    CONF_COUNT
};
struct conf_row {
    const char *key;
    enum conf_kind kind;
    const char *def;  /* CONF_ENUM: choices are "a|b|c", first is the default */
    int64_t min, max; /* of numbers, after units */
    unsigned roles;
    const char *help;
};
extern const struct conf_row conf_table[CONF_COUNT];
struct conf {
    struct arena arena;
    struct str value[CONF_COUNT];
    bool set[CONF_COUNT]; /* given by file or --set */
};
void conf_init(struct conf *c); /* all defaults */
void conf_free(struct conf *c);
int conf_file(struct conf *c, const char *path, struct err *e) MUST_USE; /* ERR_NOENT when absent */
int conf_parse(struct conf *c, struct str text, const char *where,
               struct err *e) MUST_USE; /* "key=value\n"; INI is conf_file's */
int conf_put(struct conf *c, struct str key, struct str value, const char *where, struct err *e) MUST_USE;
void conf_dump(const struct conf *c, unsigned roles, struct buf *out); /* key=value\n of every row in the mask */
const struct conf_row *conf_find(struct str key);
struct str conf_s(const struct conf *c, enum conf_id id);
int64_t conf_i(const struct conf *c, enum conf_id id);
bool conf_b(const struct conf *c, enum conf_id id);
