#include "os/role_table.h"

static void roles_put(struct buf *out);
static void channels_put(struct buf *out);
static void messages_put(struct buf *out);

static void roles_put(struct buf *out)
{
    buf_addz(out, "## Roles\n\n| role | processes | executable | ready within | told to stop | listens "
                  "|\n|---|---|---|---|---|---|\n");
    for (int i = 0; i < ROLE_COUNT; i++) {
        const struct role_row *r = &role_table[i];
        buf_printf(out, "| %s | %s%s%s | `%s` | %d s | ", r->name, r->count < 0 ? "" : "`",
                   r->count < 0 ? "1" : conf_table[r->count].key, r->count < 0 ? "" : "`", r->exe, r->start_ms / 1000);
        if (r->once)
            buf_addz(out, "runs once, first |");
        else
            buf_printf(out, "turn %d |", r->stop_turn + 1);
        for (int l = 0; l < LISTEN_COUNT; l++)
            if (listen_table[l].role == i)
                buf_printf(out, " %s",
                           listen_table[l].conf < 0 ? "`" CONTROL_SOCKET "`" : conf_table[listen_table[l].conf].key);
        buf_addz(out, " |\n");
    }
}

static void channels_put(struct buf *out)
{
    buf_addz(
        out,
        "\n## Channels\n\nEach process has one to the supervisor. Besides there are these, and no others; where a role "
        "has several "
        "processes (net, net2 ...) each has its own. Listening sockets are shared by all of them, and so is one memfd "
        "with counters by network and firm.\n\n");
    for (int i = 0; i < CHANNEL_COUNT; i++)
        buf_printf(out, "- %s - %s\n", role_table[channel_table[i].a].name, role_table[channel_table[i].b].name);
}

static void messages_put(struct buf *out)
{
    static const struct {
        const char *name;
        int number;
        const char *from, *to, *help;
    } messages[] = {
#define MSG(id, num, from, to, help) {#id, num, from, to, help},
#include "os/msg.def"
#undef MSG
    };
    buf_addz(out, "\n## Messages\n\n| number | name | from | to | meaning |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < N_ELEMENTS(messages); i++) {
        buf_printf(out, "| %d | %s | %s | %s | ", messages[i].number, messages[i].name, messages[i].from,
                   messages[i].to);
        for (const char *c = messages[i].help; *c; c++)
            if (*c == '|')
                buf_addz(out, "\\|");
            else
                buf_addc(out, *c);
        buf_addz(out, " |\n");
    }
}

void role_table_picture(struct buf *out)
{
    buf_addz(out, "# Who talks to whom\n\nMade from `src/os/role_table.c` and `src/os/msg.def` by `sigillo-supervisor "
                  "--picture`; change it there.\n"
                  "One datagram is one message: u16 version, u16 type, u64 id, body; numbers are big-endian, a `vstr` "
                  "is a u32 length and "
                  "bytes. Descriptors travel beside it.\n\n");
    roles_put(out);
    channels_put(out);
    messages_put(out);
}
