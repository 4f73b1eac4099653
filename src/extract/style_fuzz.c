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
    struct style important;
    struct style_names path[3];
    style_init(&important);
    for (size_t i = 0; i < N_ELEMENTS(path); i++)
        style_names_of(i == 2 ? STR("p") : STR("td"), str_upto(str_from(css, i), 40), STR("x"), &path[i]);
    style_sheet_apply(&sheet, path, N_ELEMENTS(path), &s, &important);
    style_read(css, &s, &important);
    (void)style_hides(&s);
    arena_free(&a);
    return 0;
}
