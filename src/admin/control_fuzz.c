/* Requests of control.sock. */
#include "admin/control.h"
#include "admin/people.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = str_n(data, size), verb;
    struct people_args p = {0};
    struct err e = {0};
    ptrdiff_t n = control_complete(in);
    if (n > 0 && ((size_t)n > size || control_complete(str_upto(in, (size_t)n - 1)) != 0))
        __builtin_trap();
    if (n > 0 && control_parse(str_upto(in, (size_t)n), &verb, &p, &e) == 0) {
        if (p.address.n > size || verb.n > size || str_chr(p.name, '\n', 0) >= 0)
            __builtin_trap();
    }
    (void)control_value(in, "id");
    return 0;
}
