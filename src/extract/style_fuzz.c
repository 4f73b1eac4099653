#include "extract/style.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct style_sheet sheet = {0};
    struct style s;
    struct arena a;
    struct str css = str_n(data, size);
    arena_init(&a, 64u << 20);
    style_sheet_read(&a, css, &sheet);
    style_init(&s);
    style_sheet_apply(&sheet, STR("p"), str_upto(css, 40), STR("x"), &s);
    style_read(css, &s);
    (void)style_hides(&s);
    arena_free(&a);
    return 0;
}
