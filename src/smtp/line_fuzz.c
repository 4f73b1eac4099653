/* Command lines: a taken line is clean, parameters stay inside it. */
#include "smtp/line.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = str_n(data, size), line, verb, args;
    while (in.n > 0) {
        size_t used = 0;
        enum smtp_line_fault fault;
        enum parse r = smtp_line_take(in, &line, &used, &fault);
        if (r == PARSE_MORE)
            break;
        if (used == 0 || used > in.n)
            abort();
        if (r == PARSE_OK) {
            if (line.n > SMTP_LINE_MAX || memchr(line.p, '\n', line.n) || memchr(line.p, '\r', line.n) ||
                memchr(line.p, 0, line.n))
                abort();
            smtp_line_verb(line, &verb, &args);
            struct smtp_param v[SMTP_PARAMS_MAX];
            int n = smtp_params(args, v, SMTP_PARAMS_MAX);
            for (int i = 0; i < n; i++)
                if (v[i].key.n == 0 || v[i].key.p < args.p || v[i].key.p + v[i].key.n > args.p + args.n)
                    abort();
        }
        in = str_from(in, used);
    }
    return 0;
}
