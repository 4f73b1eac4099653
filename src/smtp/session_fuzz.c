/* A whole session against the pretended main road. First byte: size of the pieces fed; second: bit 0 intake answers late, bit 1 it says 451, bit 2 a
 * stranger (bound by network limits and greylisting) with small limits, bit 3 tarpit, bit 4 a delayed greeting. */
#include "core/log.h"
#include "smtp/testing_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool quiet;
    if (!quiet) {
        log_setup("fuzz", -1, LOG_TEXT, LOG_BUG);
        quiet = true;
    }
    if (size < 2)
        return 0;
    static const struct net_peer stranger = {.addr = {192, 0, 2, 9}, .family = AF_INET};
    bool strange = data[1] & 4;
    struct fake_road f;
    struct smtp_conf conf;
    fake_conf(&conf, 100000);
    if (strange) {
        conf.max_size = 200;
        conf.max_commands = 100;
        conf.max_transactions = 3;
        conf.network_messages = conf.network_unknown = conf.firm_messages = 2;
        conf.greylist = true;
        conf.grey_ms = 1000;
    }
    conf.tarpit_ms = data[1] & 8 ? 1 : 0;
    conf.greeting_ms = data[1] & 16 ? 1 : 0;
    fake_road_open_conf(&f, env_system(), conf.max_size, &conf);
    f.hold = data[1] & 1;
    f.answer_code = data[1] & 2 ? 451 : 0;
    struct conn *c = smtp_session_new(f.server, -1, strange ? &stranger : NULL);
    conn_settle(c);
    struct str in = str_n(data + 2, size - 2);
    size_t piece = (size_t)data[0] + 1;
    while (in.n > 0 && !conn_closing(c)) {
        conn_feed(c, str_upto(in, piece));
        in = str_from(in, piece);
        net_loop_turn(f.loop, false);
        if (f.hold && (in.n & 3) == 0)
            fake_road_answer(&f);
        net_loop_turn(f.loop, false);
        if (smtp_server_counts(f.server).in_data > 1)
            abort();
        /* Replies are lines of 3 digits; nothing the client chose may break out of one. */
        struct str out = buf_str(conn_out(c)), line;
        while (out.n > 0 && str_cut(out, '\n', &line, &out))
            if (line.n < 5 || line.p[line.n - 1] != '\r' || !ascii_is_digit(line.p[0]) ||
                (line.p[3] != ' ' && line.p[3] != '-'))
                abort();
        buf_clear(conn_out(c));
    }
    fake_road_close(&f);
    return 0;
}
