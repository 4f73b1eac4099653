/* The file form of the settings: INI read by inih. Apart from conf.c so that roles, which never read it, do not link
 * inih. */
#include "core/conf.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>

#define WHERE_MAX 300u

struct reading {
    struct conf *conf;
    struct err *e;
    const char *path;
    FILE *file;
    unsigned line;
    bool seen[CONF_COUNT];
    int rc;
};

static void auto_file(FILE **f)
{
    if (*f)
        fclose(*f);
}

/* inih cuts a line longer than its buffer in two and would read the rest as another key: such a line is an error here.
 */
static char *read_line(char *to, int size, void *ctx)
{
    struct reading *r = ctx;
    if (r->rc || !fgets(to, size, r->file))
        return NULL;
    r->line++;
    size_t n = strlen(to);
    if (n + 1 == (size_t)size && to[n - 1] != '\n' && !feof(r->file)) {
        int next = getc(r->file);
        if (next != EOF) {
            r->rc = err_set(r->e, ERR_INVALID,
                            "%s line %u is longer than %d bytes. Shorten it, or give the value by --set.", r->path,
                            r->line, size - 2);
            return NULL;
        }
    }
    return to;
}

static int on_value(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *r = ctx;
    char where[WHERE_MAX], key[160];
    if (r->rc)
        return 0;
    snprintf(where, sizeof where, "%s line %u", r->path, r->line);
    int n = snprintf(key, sizeof key, "%s%s%s", section, *section ? "." : "", name);
    struct str k = str_n(key, n < 0 ? 0 : (size_t)n < sizeof key ? (size_t)n : sizeof key - 1);
    const struct conf_row *row = conf_find(k);
    if (row && r->seen[row - conf_table])
        r->rc = err_set(r->e, ERR_INVALID, "%s: %s is given a second time. Remove one of the two.", where, row->key);
    else
        r->rc = conf_put(r->conf, k, str_c(value), where, r->e);
    if (!r->rc)
        r->seen[row - conf_table] = true;
    return r->rc == 0;
}

int conf_file(struct conf *c, const char *path, struct err *e)
{
    AUTO(file) FILE *f = fopen(path, "re");
    if (!f) {
        int code = err_from_errno(errno);
        return err_set(e, code, "cannot read %s: %m", path);
    }
    struct reading r = {.conf = c, .e = e, .path = path, .file = f};
    int bad = ini_parse_stream(read_line, &r, on_value, &r);
    if (r.rc)
        return r.rc;
    if (ferror(f))
        return err_set(e, ERR_IO, "cannot read %s to its end: %m", path);
    if (bad == 0)
        return 0;
    if (bad < 0)
        return err_set(e, ERR_NOMEM, "no memory to read %s", path);
    return err_set(e, ERR_INVALID, "%s line %d is neither [section] nor name = value. Correct or remove it.", path,
                   bad);
}
