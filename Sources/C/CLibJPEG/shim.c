#include "shim.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf escape;
    char message[ECHOPREP_JPEG_MESSAGE];
} error_manager;

struct echoprep_jpeg_decoder {
    struct jpeg_decompress_struct info;
    error_manager error;
    struct jpeg_source_mgr source;
    // Rows that do not fit into the caller's planes: padding to whole blocks, and below the picture.
    uint8_t *scratch;
    size_t scratch_count;
    // The bytes of the picture that is read.
    const uint8_t *picture;
    size_t picture_count;
};

static void leave(j_common_ptr info) {
    error_manager *error = (error_manager *)info->err;
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    snprintf(error->message, sizeof error->message, "%s", text);
    longjmp(error->escape, 1);
}

// Up to this many bytes between the last block and the end are padding, not the rest of blocks that were lost.
#define PADDING 7

// Whether the bytes that a search for a marker has passed are zeros: padding, however much of it.
static int passed_zeros(const struct jpeg_decompress_struct *info, size_t count) {
    const echoprep_jpeg_decoder *decoder = info->client_data;
    const uint8_t *end = info->src->next_input_byte;
    if (count > decoder->picture_count || (size_t)(end - decoder->picture) > decoder->picture_count) return 0;
    if ((size_t)(end - decoder->picture) < count) return 0;
    for (const uint8_t *byte = end - count; byte < end; byte++)
        if (*byte) return 0;
    return 1;
}

// Of libjpeg's warnings only those that touch the entropy-coded data are faults: there it makes up what is missing or
// wrong. Oddities of headers change no sample.
static void note(j_common_ptr info, int level) {
    if (level >= 0) return;
    switch (info->err->msg_code) {
    case JWRN_ADOBE_XFORM: case JWRN_JFIF_MAJOR: case JWRN_NOT_SEQUENTIAL: case JWRN_BOGUS_ICC: return;
    case JWRN_EXTRANEOUS_DATA: {
        const size_t count = (size_t)info->err->msg_parm.i[0];
        if (count <= PADDING) return;
        if (info->is_decompressor && passed_zeros((j_decompress_ptr)info, count)) return;
        break;
    }
    default: break;
    }
    leave(info);
}

static void stay_quiet(j_common_ptr info) { (void)info; }

static struct jpeg_error_mgr *prepare(error_manager *error) {
    jpeg_std_error(&error->base);
    error->base.error_exit = leave;
    error->base.emit_message = note;
    error->base.output_message = stay_quiet;
    error->message[0] = 0;
    return &error->base;
}

static void begin(j_decompress_ptr info) { (void)info; }

// The end of the bytes reads as the end of the picture; libjpeg warns if blocks are still to come.
static boolean refill(j_decompress_ptr info) {
    static const JOCTET end[2] = {0xFF, JPEG_EOI};
    info->src->next_input_byte = end;
    info->src->bytes_in_buffer = 2;
    return TRUE;
}

static void skip(j_decompress_ptr info, long count) {
    if (count <= 0) return;
    if ((size_t)count > info->src->bytes_in_buffer) {
        refill(info);
        return;
    }
    info->src->next_input_byte += count;
    info->src->bytes_in_buffer -= (size_t)count;
}

echoprep_jpeg_decoder *echoprep_jpeg_decoder_new(void) {
    echoprep_jpeg_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder) return NULL;
    decoder->info.err = prepare(&decoder->error);
    if (setjmp(decoder->error.escape)) {
        echoprep_jpeg_decoder_free(decoder);
        return NULL;
    }
    jpeg_create_decompress(&decoder->info);
    decoder->source = (struct jpeg_source_mgr){
        .init_source = begin, .fill_input_buffer = refill, .skip_input_data = skip,
        .resync_to_restart = jpeg_resync_to_restart, .term_source = begin};
    decoder->info.src = &decoder->source;
    decoder->info.client_data = decoder;
    return decoder;
}

void echoprep_jpeg_decoder_free(echoprep_jpeg_decoder *decoder) {
    if (!decoder) return;
    jpeg_destroy_decompress(&decoder->info);
    free(decoder->scratch);
    free(decoder);
}

const char *echoprep_jpeg_message(const echoprep_jpeg_decoder *decoder) { return decoder->error.message; }

static int fail(echoprep_jpeg_decoder *decoder, const char *message) {
    snprintf(decoder->error.message, sizeof decoder->error.message, "%s", message);
    jpeg_abort_decompress(&decoder->info);
    return 0;
}

// Whether the planes can be had without upsampling: luma at full size, both chroma planes whole or halved.
static int is_plain(const struct jpeg_decompress_struct *info, int *across, int *down) {
    const jpeg_component_info *c = info->comp_info;
    *across = *down = 1;
    if (c[0].h_samp_factor != info->max_h_samp_factor || c[0].v_samp_factor != info->max_v_samp_factor) return 0;
    if (info->num_components == 1) return 1;
    if (c[1].h_samp_factor != c[2].h_samp_factor || c[1].v_samp_factor != c[2].v_samp_factor) return 0;
    if (info->max_h_samp_factor % c[1].h_samp_factor || info->max_v_samp_factor % c[1].v_samp_factor) return 0;
    *across = info->max_h_samp_factor / c[1].h_samp_factor;
    *down = info->max_v_samp_factor / c[1].v_samp_factor;
    return (*across == 1 && *down == 1) || (*across == 2 && *down <= 2);
}

int echoprep_jpeg_read_head(
    echoprep_jpeg_decoder *decoder, const uint8_t *bytes, size_t count, echoprep_jpeg_head *head) {
    struct jpeg_decompress_struct *info = &decoder->info;
    if (setjmp(decoder->error.escape)) {
        jpeg_abort_decompress(info);
        return 0;
    }
    jpeg_abort_decompress(info);
    decoder->error.base.num_warnings = 0;
    decoder->picture = bytes;
    decoder->picture_count = count;
    decoder->source.next_input_byte = bytes;
    decoder->source.bytes_in_buffer = count;
    if (jpeg_read_header(info, TRUE) != JPEG_HEADER_OK) return fail(decoder, "no picture in it");
    if (info->num_components != 1 && info->num_components != 3) return fail(decoder, "not one or three components");
    *head = (echoprep_jpeg_head){
        .width = (int)info->image_width, .height = (int)info->image_height, .components = info->num_components};
    info->raw_data_out = is_plain(info, &head->across, &head->down);
    info->do_fancy_upsampling = TRUE;
    info->dct_method = JDCT_ISLOW;
    if (!info->raw_data_out) head->across = head->down = 1;
    head->is_rgb = info->jpeg_color_space == JCS_RGB;
    head->is_rgb_unsaid = !info->saw_JFIF_marker && !info->saw_Adobe_marker && !head->is_rgb;
    // No conversion of colours, whatever they are.
    info->out_color_space = info->jpeg_color_space;
    return 1;
}

static uint8_t *borrow(echoprep_jpeg_decoder *decoder, size_t count) {
    if (count > decoder->scratch_count) {
        free(decoder->scratch);
        decoder->scratch = malloc(count);
        decoder->scratch_count = decoder->scratch ? count : 0;
    }
    return decoder->scratch;
}

typedef uint8_t lap __attribute__((vector_size(32), aligned(1)));

// Sets a bit where samples are not neutral. Bits that are set stay set, so the last lap may overlap the one before it.
static void mark(uint8_t *marks, const uint8_t *samples, size_t count, uint8_t neutral, uint8_t bit) {
    const size_t length = sizeof(lap);
    for (size_t x = 0; count >= length && x < count; x += length) {
        const size_t start = x + length <= count ? x : count - length;
        *(lap *)(marks + start) |= (lap)(*(const lap *)(samples + start) != neutral) & bit;
    }
    for (size_t x = 0; count < length && x < count; x++) marks[x] |= samples[x] != neutral ? bit : 0;
}

// Sets the bits of one row of a plane in the marks of luma or of chroma, while it lies in the cache.
static void note_row(uint8_t *const marks[2], int plane, const uint8_t *samples, size_t row, size_t width) {
    uint8_t *of_plane = marks[plane > 0];
    if (of_plane) mark(of_plane + row / 8 * width, samples, width, plane > 0 ? 128 : 0, (uint8_t)(1 << row % 8));
}

// Lines of whole blocks, straight into the planes where rows have the same length there.
static int read_raw(echoprep_jpeg_decoder *decoder, uint8_t *const planes[3], uint8_t *const marks[2]) {
    struct jpeg_decompress_struct *info = &decoder->info;
    const int lines = info->max_v_samp_factor * DCTSIZE;
    JSAMPROW rows[3][MAX_SAMP_FACTOR * DCTSIZE];
    JSAMPARRAY arrays[3] = {rows[0], rows[1], rows[2]};
    size_t needed = 0, offsets[3], strides[3];
    for (int c = 0; c < info->num_components; c++) {
        const jpeg_component_info *component = &info->comp_info[c];
        offsets[c] = needed;
        strides[c] = (size_t)component->width_in_blocks * DCTSIZE;
        needed += strides[c] * (size_t)component->v_samp_factor * DCTSIZE;
    }
    uint8_t *scratch = borrow(decoder, needed);
    if (!scratch) return fail(decoder, "memory is short");
    while (info->output_scanline < info->output_height) {
        const size_t first = info->output_scanline;
        for (int c = 0; c < info->num_components; c++) {
            const jpeg_component_info *component = &info->comp_info[c];
            const size_t width = component->downsampled_width, height = component->downsampled_height;
            const int count = component->v_samp_factor * DCTSIZE;
            const size_t top = first / (size_t)lines * (size_t)count;
            for (int r = 0; r < count; r++) {
                const int fits = strides[c] == width && top + (size_t)r < height;
                rows[c][r] = fits ? planes[c] + (top + (size_t)r) * width : scratch + offsets[c] + (size_t)r * strides[c];
            }
        }
        if (jpeg_read_raw_data(info, arrays, (JDIMENSION)lines) == 0) return fail(decoder, "it ends early");
        for (int c = 0; c < info->num_components; c++) {
            const jpeg_component_info *component = &info->comp_info[c];
            const size_t width = component->downsampled_width, height = component->downsampled_height;
            const int count = component->v_samp_factor * DCTSIZE;
            const size_t top = first / (size_t)lines * (size_t)count;
            for (int r = 0; r < count && top + (size_t)r < height; r++) {
                note_row(marks, c, rows[c][r], top + (size_t)r, width);
                if (strides[c] != width) memcpy(planes[c] + (top + (size_t)r) * width, rows[c][r], width);
            }
        }
    }
    return 1;
}

// Any other sampling: libjpeg brings all planes to full size, interleaved.
static int read_upsampled(
    echoprep_jpeg_decoder *decoder, uint8_t *const planes[3], uint8_t *const marks[2]) {
    struct jpeg_decompress_struct *info = &decoder->info;
    const size_t width = info->output_width;
    uint8_t *row = borrow(decoder, width * (size_t)info->output_components);
    if (!row) return fail(decoder, "memory is short");
    while (info->output_scanline < info->output_height) {
        const size_t y = info->output_scanline, at = y * width;
        if (jpeg_read_scanlines(info, &row, 1) != 1) return fail(decoder, "it ends early");
        for (int c = 0; c < info->output_components; c++) {
            for (size_t x = 0; x < width; x++) planes[c][at + x] = row[x * (size_t)info->output_components + (size_t)c];
            note_row(marks, c, planes[c] + at, y, width);
        }
    }
    return 1;
}

int echoprep_jpeg_read_planes(
    echoprep_jpeg_decoder *decoder, uint8_t *const planes[3], uint8_t *const marks[2]) {
    struct jpeg_decompress_struct *info = &decoder->info;
    if (setjmp(decoder->error.escape)) {
        jpeg_abort_decompress(info);
        return 0;
    }
    jpeg_start_decompress(info);
    if (!(info->raw_data_out ? read_raw(decoder, planes, marks) : read_upsampled(decoder, planes, marks))) return 0;
    jpeg_finish_decompress(info);
    return 1;
}

// One plane's rows for a line of blocks, the last column and row repeated up to whole blocks.
static void pad(
    uint8_t *to, size_t stride, const uint8_t *plane, size_t width, size_t height, size_t top, size_t count) {
    for (size_t r = 0; r < count; r++, to += stride) {
        const uint8_t *from = plane + (top + r < height ? top + r : height - 1) * width;
        memcpy(to, from, width);
        memset(to + width, from[width - 1], stride - width);
    }
}

uint8_t *echoprep_jpeg_encode(
    const uint8_t *const planes[3], int width, int height, int components, int across, int down, int quality,
    size_t *count, char message[ECHOPREP_JPEG_MESSAGE]) {
    struct jpeg_compress_struct info;
    error_manager error;
    unsigned char *out = NULL;
    unsigned long out_count = 0;
    uint8_t *volatile scratch = NULL;
    info.err = prepare(&error);
    if (setjmp(error.escape)) {
        memcpy(message, error.message, ECHOPREP_JPEG_MESSAGE);
        jpeg_destroy_compress(&info);
        // What libjpeg has written so far stays behind: it alone knows where that is. Memory was short anyway.
        free(scratch);
        return NULL;
    }
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &out, &out_count);
    info.image_width = (JDIMENSION)width;
    info.image_height = (JDIMENSION)height;
    info.input_components = components;
    info.in_color_space = components == 1 ? JCS_GRAYSCALE : JCS_YCbCr;
    jpeg_set_defaults(&info);
    jpeg_set_colorspace(&info, info.in_color_space);
    jpeg_set_quality(&info, quality, TRUE);
    info.dct_method = JDCT_ISLOW;
    info.write_JFIF_header = FALSE;
    info.raw_data_in = TRUE;
    for (int c = 0; c < components; c++) {
        info.comp_info[c].h_samp_factor = c == 0 ? across : 1;
        info.comp_info[c].v_samp_factor = c == 0 ? down : 1;
    }
    jpeg_start_compress(&info, TRUE);

    const size_t lines = (size_t)down * DCTSIZE;
    const size_t block = (size_t)across * DCTSIZE, stride = ((size_t)width + block - 1) / block * block;
    scratch = malloc(stride * lines * 3);
    if (!scratch) ERREXIT1(&info, JERR_OUT_OF_MEMORY, 0);
    JSAMPROW rows[3][2 * DCTSIZE];
    JSAMPARRAY arrays[3] = {rows[0], rows[1], rows[2]};
    while (info.next_scanline < info.image_height) {
        const size_t line = info.next_scanline / lines;
        for (int c = 0; c < components; c++) {
            const size_t h = c == 0 ? 1 : (size_t)across, v = c == 0 ? 1 : (size_t)down;
            const size_t w = ((size_t)width + h - 1) / h, height_c = ((size_t)height + v - 1) / v;
            uint8_t *to = scratch + (size_t)c * stride * lines;
            pad(to, stride / h, planes[c], w, height_c, line * (lines / v), lines / v);
            for (size_t r = 0; r < lines / v; r++) rows[c][r] = to + r * (stride / h);
        }
        jpeg_write_raw_data(&info, arrays, (JDIMENSION)lines);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    free(scratch);
    *count = out_count;
    return out;
}

void echoprep_jpeg_free(uint8_t *bytes) { free(bytes); }
