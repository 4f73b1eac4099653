/* The main() of a fuzz target in the normal test run: feeds every file of its corpus, whole and cut short at many
 * places. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (4u << 20)
#define CUTS_MAX 512u /* of one file: all lengths of a small one, evenly spread lengths of a large one */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

/* Each input lies in a block of exactly its size, so that AddressSanitizer sees the first byte read too far. */
static void feed(const uint8_t *data, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy)
        abort();
    if (n)
        memcpy(copy, data, n);
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static size_t replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = malloc(FILE_MAX);
    if (!f || !data) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    size_t n = fread(data, 1, FILE_MAX, f), fed = 1;
    fclose(f);
    feed(data, n);
    size_t step = n / CUTS_MAX + 1;
    for (size_t cut = 0; cut < n; cut += step, fed++)
        feed(data, cut);
    free(data);
    return fed;
}

static int visible(const struct dirent *d) { return d->d_name[0] != '.'; }

int main(int argc, char **argv)
{
    size_t files = 0, fed = 0;
    if (argc < 2)
        return 2;
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    struct dirent **names;
    int n = scandir(argv[1], &names, visible, alphasort);
    for (int i = 0; i < n; i++, files++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], names[i]->d_name);
        fed += replay(path);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    printf("%zu files, %zu inputs\n", files, fed);
    if (files == 0) {
        fprintf(stderr, "%s: no corpus: a fuzz target needs seeds in this folder\n", argv[1]);
        return 1;
    }
    return 0;
}
