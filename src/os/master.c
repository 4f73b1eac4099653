#include "os/master.h"
#include "core/buf.h"
#include "core/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MASTER_FILE_MAX 8192u

static uint32_t check_of(const struct master_key *k);
static bool line_parse(struct str line, struct master_key *k);
static int text_parse(struct str text, struct master *m, const char *path, struct err *e);
static int folder_open(const char *state, bool create, struct err *e);
static int text_write(int folder, const struct master *m, const char *path, struct err *e);
static void key_new(struct master *m, const struct env *env);

static uint32_t check_of(const struct master_key *k)
{
    const uint8_t id[4] = {(uint8_t)(k->id >> 24), (uint8_t)(k->id >> 16), (uint8_t)(k->id >> 8), (uint8_t)k->id};
    return crc32c(crc32c(0, id, sizeof(id)), k->key, sizeof(k->key));
}

void master_line(const struct master_key *k, char out[MASTER_LINE_MAX + 1])
{
    int n = snprintf(out, MASTER_LINE_MAX + 1, "%08x ", k->id);
    for (size_t i = 0; i < sizeof(k->key); i++)
        n += snprintf(out + n, MASTER_LINE_MAX + 1 - (size_t)n, "%02x", k->key[i]);
    snprintf(out + n, MASTER_LINE_MAX + 1 - (size_t)n, " %08x", check_of(k));
}

static bool line_parse(struct str line, struct master_key *k)
{
    struct str id, key, check;
    uint8_t raw[4];
    if (!str_cut(line, ' ', &id, &line) || !str_cut(line, ' ', &key, &check) || !hex_get(id, raw, 4))
        return false;
    k->id = (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 | (uint32_t)raw[2] << 8 | raw[3];
    if (!hex_get(key, k->key, sizeof(k->key)) || !hex_get(check, raw, 4) || k->id == 0)
        return false;
    return check_of(k) == ((uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 | (uint32_t)raw[2] << 8 | raw[3]);
}

static int text_parse(struct str text, struct master *m, const char *path, struct err *e)
{
    struct str line;
    unsigned number = 0;
    m->n = 0;
    while (str_token(&text, '\n', &line)) {
        number++;
        line = str_trim(line);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (m->n == MASTER_KEYS_MAX || !line_parse(line, &m->keys[m->n]) || master_find(m, m->keys[m->n].id))
            return err_set(
                e, ERR_CORRUPT,
                "%s line %u is not a key of ours (a digit may be wrong); nothing was changed: type the line anew "
                "from the recovery sheet",
                path, number);
        m->n++;
    }
    return m->n ? 0 : err_set(e, ERR_CORRUPT, "%s holds no key; restore it from the recovery sheet", path);
}

const struct master_key *master_find(const struct master *m, uint32_t id)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->keys[i].id == id)
            return &m->keys[i];
    return NULL;
}

void master_wipe(struct master *m) { explicit_bzero(m, sizeof(*m)); }

static int folder_open(const char *state, bool create, struct err *e)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof(path), "%s/keys", state) >= (int)sizeof(path))
        return err_set(e, ERR_LIMIT, "path too long: %s/keys", state);
    if (create && mkdir(path, 0700) != 0 && errno != EEXIST)
        return err_set(e, err_from_errno(errno), "cannot make %s: %s", path, strerror(errno));
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : err_set(e, err_from_errno(errno), "cannot open %s: %s", path, strerror(errno));
}

static void key_new(struct master *m, const struct env *env)
{
    struct master_key *k = &m->keys[m->n];
    do
        env_random(env, &k->id, sizeof(k->id));
    while (k->id == 0 || master_find(m, k->id));
    env_random(env, k->key, sizeof(k->key));
    m->n++;
}

/* Beside it, then renamed over it: there is always one whole file. */
static int text_write(int folder, const struct master *m, const char *path, struct err *e)
{
    AUTO(buf) struct buf b = {0};
    char line[MASTER_LINE_MAX + 1];
    buf_init(&b, MASTER_FILE_MAX);
    buf_addz(&b, "# Master keys: id, key, check. Never copy this into a backup; the recovery sheet is the copy.\n");
    for (size_t i = 0; i < m->n; i++) {
        master_line(&m->keys[i], line);
        buf_printf(&b, "%s\n", line);
    }
    explicit_bzero(line, sizeof(line));
    AUTO(fd) int fd = openat(folder, "master.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, b.p, b.n) == (ssize_t)b.n && fsync(fd) == 0 &&
              renameat(folder, "master.new", folder, "master") == 0 && fsync(folder) == 0;
    int why = errno;
    if (b.p)
        explicit_bzero(b.p, b.n);
    return ok ? 0 : err_set(e, err_from_errno(why), "cannot write %s: %s", path, strerror(why));
}

int master_create(const char *state, const struct env *env, struct err *e)
{
    struct master m = {.n = 0};
    AUTO(fd) int folder = folder_open(state, true, e);
    if (folder < 0)
        return folder;
    if (faccessat(folder, "master", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return err_set(e, ERR_EXIST, "%s/" MASTER_FILE " exists already and was left alone", state);
    key_new(&m, env);
    int r = text_write(folder, &m, MASTER_FILE, e);
    master_wipe(&m);
    return r;
}

int master_rotate(const char *state, const struct env *env, struct err *e)
{
    struct master m;
    int r = master_load(state, &m, e);
    if (r == 0 && m.n == MASTER_KEYS_MAX)
        r = err_set(e, ERR_LIMIT, "%s/" MASTER_FILE " already holds %u keys", state, MASTER_KEYS_MAX);
    AUTO(fd) int folder = r == 0 ? folder_open(state, false, e) : -1;
    if (r == 0 && folder < 0)
        r = folder;
    if (r == 0) {
        key_new(&m, env);
        r = text_write(folder, &m, MASTER_FILE, e);
    }
    master_wipe(&m);
    return r;
}

int master_load(const char *state, struct master *m, struct err *e)
{
    char path[PATH_MAX], text[MASTER_FILE_MAX];
    struct stat st;
    if (snprintf(path, sizeof(path), "%s/" MASTER_FILE, state) >= (int)sizeof(path))
        return err_set(e, ERR_LIMIT, "path too long: %s", state);
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return err_set(e, ERR_NOENT, "%s is missing; put it back from the recovery sheet that `sigillo init` printed",
                       path);
    if (fd < 0 || fstat(fd, &st) != 0)
        return err_set(e, err_from_errno(errno), "cannot read %s: %s", path, strerror(errno));
    if ((st.st_mode & 077) != 0)
        return err_set(e, ERR_PERM,
                       "%s can be read by others; nothing was started: chmod 600 %s, and then rotate the master key",
                       path, path);
    ssize_t n = read(fd, text, sizeof(text));
    if (n < 0 || (size_t)n == sizeof(text))
        return err_set(e, n < 0 ? ERR_IO : ERR_CORRUPT, "cannot read %s: %s", path,
                       n < 0 ? strerror(errno) : "too large");
    int r = text_parse(str_n(text, (size_t)n), m, path, e);
    explicit_bzero(text, sizeof(text));
    return r;
}
