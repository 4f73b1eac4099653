#include "extract/image_file.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>
#include <png.h>

void image_free(struct image *m)
{
    free(m->grey);
    *m = (struct image){0};
}

bool image_size_ok(struct extract_job *j, uint64_t w, uint64_t h, bool *refused)
{
    if (w < IMAGE_SIDE_LEAST || h < IMAGE_SIDE_LEAST)
        return false;
    if (w > IMAGE_SIDE_MOST || h > IMAGE_SIDE_MOST || w * h > IMAGE_PIXELS_MAX || w * h > j->budget.pixels) {
        *refused = true;
        return false;
    }
    j->budget.pixels -= w * h;
    return true;
}

/* Halves until it is small enough: each grey is the mean of four. */
static void shrink(struct image *m)
{
    while ((uint64_t)m->w * m->h > IMAGE_GREY_MAX) {
        uint32_t w = m->w / 2, h = m->h / 2;
        for (uint32_t y = 0; y < h; y++)
            for (uint32_t x = 0; x < w; x++) {
                const uint8_t *p = m->grey + (size_t)2 * y * m->w + 2 * x;
                m->grey[(size_t)y * w + x] = (uint8_t)((p[0] + p[1] + p[m->w] + p[m->w + 1]) / 4);
            }
        m->w = w;
        m->h = h;
    }
}

bool image_from_rgb(struct extract_job *j, const uint8_t *rows, uint32_t w, uint32_t h, size_t stride, bool alpha,
                    struct image *out)
{
    bool refused = false;
    if (!image_size_ok(j, w, h, &refused))
        return false;
    struct image m = {.grey = malloc((size_t)w * h), .w = w, .h = h};
    if (!m.grey)
        return false;
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            uint32_t v;
            memcpy(&v, rows + y * stride + (size_t)x * 4, 4);
            unsigned g = image_grey(v >> 16 & 255, v >> 8 & 255, v & 255);
            if (alpha)
                g += 255 - (v >> 24);
            m.grey[(size_t)y * w + x] = (uint8_t)(g > 255 ? 255 : g);
        }
    shrink(&m);
    *out = m;
    return true;
}

struct source {
    struct str bytes;
    size_t at;
};

static void png_from_memory(png_structp png, png_bytep out, size_t n)
{
    struct source *s = png_get_io_ptr(png);
    if (n > s->bytes.n - s->at)
        png_error(png, "short");
    memcpy(out, s->bytes.p + s->at, n);
    s->at += n;
}

static void png_quiet(png_structp png, png_const_charp what)
{
    (void)png;
    (void)what;
}

static void png_stop(png_structp png, png_const_charp what)
{
    (void)what;
    longjmp(png_jmpbuf(png), 1);
}

struct png_work {
    png_structp png;
    png_infop info;
    png_bytep *rows;
    uint8_t *rgba;
};

static void png_work_free(struct png_work *w)
{
    png_destroy_read_struct(&w->png, &w->info, NULL);
    free(w->rows);
    free(w->rgba);
}

static bool png_pixels(struct extract_job *j, struct png_work *k, struct image *out, bool *refused)
{
    png_read_info(k->png, k->info);
    uint32_t w = png_get_image_width(k->png, k->info), h = png_get_image_height(k->png, k->info);
    if (!image_size_ok(j, w, h, refused))
        return false;
    png_set_expand(k->png);
    png_set_scale_16(k->png);
    png_set_gray_to_rgb(k->png);
    png_set_add_alpha(k->png, 0xFF, PNG_FILLER_AFTER);
    png_set_interlace_handling(k->png);
    png_read_update_info(k->png, k->info);
    if (png_get_rowbytes(k->png, k->info) != (size_t)w * 4)
        return false;
    k->rgba = malloc((size_t)w * h * 4);
    k->rows = malloc(h * sizeof *k->rows);
    if (!k->rgba || !k->rows)
        return false;
    for (uint32_t y = 0; y < h; y++)
        k->rows[y] = k->rgba + (size_t)y * w * 4;
    png_read_image(k->png, k->rows);
    for (size_t i = 0; i < (size_t)w * h; i++) {
        const uint8_t *p = k->rgba + i * 4;
        unsigned a = p[3], g = (unsigned)image_grey(p[0], p[1], p[2]) * a + 255u * (255 - a);
        k->rgba[i] = (uint8_t)(g / 255); /* in place: the fourth part of the bytes is enough */
    }
    *out = (struct image){.grey = STEAL(k->rgba), .w = w, .h = h};
    return true;
}

static bool png_read(struct extract_job *j, struct str bytes, struct image *out, bool *refused)
{
    struct source s = {bytes, 0};
    struct png_work k = {0};
    volatile bool ok = false;
    k.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, png_stop, png_quiet);
    k.info = k.png ? png_create_info_struct(k.png) : NULL;
    if (k.info && setjmp(png_jmpbuf(k.png)) == 0) {
        png_set_user_limits(k.png, IMAGE_SIDE_MOST, IMAGE_SIDE_MOST);
        png_set_chunk_malloc_max(k.png, 1u << 20);
        png_set_read_fn(k.png, &s, png_from_memory);
        ok = png_pixels(j, &k, out, refused);
    }
    png_work_free(&k);
    return ok;
}

struct jpeg_stop {
    struct jpeg_error_mgr mgr;
    jmp_buf jump;
};

static void jpeg_stop(j_common_ptr c)
{
    struct jpeg_stop *s = (struct jpeg_stop *)c->err;
    longjmp(s->jump, 1);
}

/* Too many warnings come from a picture that is made to be slow: each costs, none is shown. */
static void jpeg_warn(j_common_ptr c, int level)
{
    if (level < 0 && ++c->err->num_warnings > 100)
        jpeg_stop(c);
}

static void jpeg_silent(j_common_ptr c) { (void)c; }

static bool jpeg_pixels(struct extract_job *j, j_decompress_ptr c, struct image *volatile out, bool *refused)
{
    if (jpeg_read_header(c, TRUE) != JPEG_HEADER_OK || !image_size_ok(j, c->image_width, c->image_height, refused))
        return false;
    c->out_color_space = JCS_GRAYSCALE;
    c->scale_num = 1;
    c->scale_denom = 1;
    while ((uint64_t)c->image_width * c->image_height / (c->scale_denom * c->scale_denom) > IMAGE_GREY_MAX &&
           c->scale_denom < 8)
        c->scale_denom *= 2;
    jpeg_start_decompress(c);
    out->w = c->output_width;
    out->h = c->output_height;
    out->grey = malloc((size_t)out->w * out->h);
    if (!out->grey || c->output_components != 1)
        return false;
    while (c->output_scanline < c->output_height) {
        JSAMPROW row = out->grey + (size_t)c->output_scanline * out->w;
        if (jpeg_read_scanlines(c, &row, 1) != 1)
            return false;
    }
    return true;
}

static bool jpeg_read(struct extract_job *j, struct str bytes, struct image *out, bool *refused)
{
    struct jpeg_decompress_struct c;
    struct jpeg_stop stop;
    struct image m = {0};
    struct image *volatile got = &m;
    volatile bool ok = false;
    c.err = jpeg_std_error(&stop.mgr);
    stop.mgr.error_exit = jpeg_stop;
    stop.mgr.emit_message = jpeg_warn;
    stop.mgr.output_message = jpeg_silent;
    if (setjmp(stop.jump) == 0) {
        jpeg_create_decompress(&c);
        c.mem->max_memory_to_use = 64L << 20;
        jpeg_mem_src(&c, (const unsigned char *)bytes.p, (unsigned long)bytes.n);
        ok = jpeg_pixels(j, &c, got, refused);
    }
    jpeg_destroy_decompress(&c);
    if (ok)
        *out = *got;
    else
        image_free(got);
    return ok;
}

bool image_read(struct extract_job *j, struct str bytes, unsigned frames, struct image *out, bool *refused)
{
    *refused = false;
    *out = (struct image){0};
    bool png = bytes.n > 24 && str_starts(bytes, STR("\x89PNG\r\n\x1A\n")),
         jpeg = str_starts(bytes, STR("\xFF\xD8\xFF"));
    /* The first chunk is always IHDR: width and height, before libpng refuses them without a word. */
    struct rd size = rd_of(str_from(bytes, 16));
    if (png && (rd_u32(&size) > IMAGE_SIDE_MOST || rd_u32(&size) > IMAGE_SIDE_MOST)) {
        *refused = true;
        return false;
    }
    bool got = png                              ? png_read(j, bytes, out, refused)
               : jpeg                           ? jpeg_read(j, bytes, out, refused)
               : str_starts(bytes, STR("GIF8")) ? image_gif(j, bytes, frames, out, refused)
               : str_starts(bytes, STR("BM"))   ? image_bmp(j, bytes, out, refused)
               : str_starts(bytes, STR("RIFF")) ? image_webp(j, bytes, out, refused)
                                                : false;
    if (!got)
        return false;
    shrink(out);
    return true;
}
