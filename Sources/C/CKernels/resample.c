// Crop, turn, resize and normalise frames in one pass, so many frames side by side as fill a vector.
#include "kernels.h"
#include "vector.h"

typedef uint8_t u8x8 __attribute__((vector_size(8), aligned(1)));
typedef uint8_t u8x16 __attribute__((vector_size(16), aligned(1)));
typedef float f32x8 __attribute__((vector_size(32)));
typedef float f32x16 __attribute__((vector_size(64)));

enum { WIDE = CK_RESAMPLE_LANES, NARROW = WIDE / 2, CHUNK = 64 };

#define LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

/// Interleaves sixteen pixels of four planes.
CK_INLINE void zip4(const u8x16 *x, u8x16 *y) {
    u8x16 even[2] = {LOW(x[0], x[2]), HIGH(x[0], x[2])}, odd[2] = {LOW(x[1], x[3]), HIGH(x[1], x[3])};
    for (int h = 0; h < 2; h++) {
        y[2 * h] = LOW(even[h], odd[h]);
        y[2 * h + 1] = HIGH(even[h], odd[h]);
    }
}

/// Interleaves sixteen pixels of eight planes.
CK_INLINE void zip8(const u8x16 *x, u8x16 *y) {
    u8x16 even[4], odd[4];
    zip4((const u8x16[]){x[0], x[2], x[4], x[6]}, even);
    zip4((const u8x16[]){x[1], x[3], x[5], x[7]}, odd);
    for (int q = 0; q < 4; q++) {
        y[2 * q] = LOW(even[q], odd[q]);
        y[2 * q + 1] = HIGH(even[q], odd[q]);
    }
}

/// Lays the lanes of each pixel side by side, `width` of them, in rows of side + 1 pixels: the last one is repeated,
/// and the last row too, so that every pixel has one to its right and one below. Unused lanes repeat the last.
CK_INLINE void interleave(const uint8_t *const *lanes, size_t step, size_t used, size_t side, size_t width, uint8_t *y) {
    const uint8_t *all[WIDE];
    for (size_t l = 0; l < WIDE; l++) all[l] = lanes[l < used ? l : used - 1];
    size_t line = (side + 1) * width;
    for (size_t row = 0; row < side; row++) {
        uint8_t *out = y + row * line;
        size_t column = 0;
        for (; step == 1 && column + 16 <= side; column += 16) {
            u8x16 x[WIDE], zipped[WIDE];
            for (size_t l = 0; l < width; l++) memcpy(&x[l], all[l] + row * side + column, sizeof x[l]);
            if (width == WIDE) zip8(x, zipped);
            else zip4(x, zipped);
            memcpy(out + column * width, zipped, 16 * width);
        }
        for (; column < side; column++)
            for (size_t l = 0; l < width; l++) out[column * width + l] = all[l][(row * side + column) * step];
        memcpy(out + side * width, out + (side - 1) * width, width);
    }
    memcpy(y + side * line, y + (side - 1) * line, line);
}

/// Where samples fall between four pixels: the place of the top left one, how far to the right of it, and the weights
/// of the upper and the lower row, both 0 outside of the picture.
struct places {
    int32_t at[CHUNK];
    float right[CHUNK], upper[CHUNK], lower[CHUNK];
};

CK_INLINE void find(struct places *found, float x, float y, float dx, float dy, size_t side, size_t n) {
    float last = (float)(side - 1);
    for (size_t i = 0; i < n; i++) {
        float u = x + (float)(int32_t)i * dx, v = y + (float)(int32_t)i * dy;
        float inside = (u >= -0.5f) & (u <= last + 0.5f) & (v >= -0.5f) & (v <= last + 0.5f);
        u = u < 0 ? 0 : u > last ? last : u;
        v = v < 0 ? 0 : v > last ? last : v;
        int32_t left = (int32_t)u, top = (int32_t)v;
        float below = v - (float)top;
        found->at[i] = top * (int32_t)(side + 1) + left;
        found->right[i] = u - (float)left;
        found->upper[i] = inside * (1 - below);
        found->lower[i] = inside * below;
    }
}

/// sum [n] += the bilinear samples at `found`, the left and the right pixels' shares in the two halves of a vector.
#define ACCUMULATE(name, width, U8, F32)                                                                            \
    CK_INLINE void name(F32 *sum, const struct places *found, const uint8_t *packed, size_t side, size_t n) {       \
        F32 sign, base;                                                                                             \
        for (size_t l = 0; l < 2 * width; l++) sign[l] = l < width ? -1 : 1, base[l] = l < width;                   \
        for (size_t i = 0; i < n; i++) {                                                                            \
            const uint8_t *pixel = packed + (size_t)found->at[i] * width;                                           \
            U8 above, below;                                                                                        \
            memcpy(&above, pixel, sizeof above);                                                                    \
            memcpy(&below, pixel + (side + 1) * width, sizeof below);                                               \
            F32 pair = __builtin_convertvector(above, F32) * found->upper[i];                                       \
            pair += __builtin_convertvector(below, F32) * found->lower[i];                                          \
            sum[i] += pair * (found->right[i] * sign + base);                                                       \
        }                                                                                                           \
    }
ACCUMULATE(accumulate_wide, WIDE, u8x16, f32x16)
ACCUMULATE(accumulate_narrow, NARROW, u8x8, f32x8)

CK_KERNEL void ck_resample(const uint8_t *const *lanes, size_t step, size_t used, size_t side,
                           const struct ck_view *view, uint8_t *scratch, float *y, size_t image, const float *scale,
                           const float *shift) {
    int wide = used > NARROW;
    size_t width = wide ? WIDE : NARROW;
    interleave(lanes, step, used, side, width, scratch);
    struct places found;
    float sum[CHUNK * 2 * WIDE] __attribute__((aligned(64)));
    for (size_t row = 0; row < image; row++)
        for (size_t start = 0; start < image; start += CHUNK) {
            size_t n = image - start < CHUNK ? image - start : CHUNK;
            memset(sum, 0, n * 2 * width * sizeof *sum);
            for (size_t r = 0; r < view->rows; r++)
                for (size_t c = 0; c < view->columns; c++) {
                    double across = (double)(start * view->columns + c), down = (double)(row * view->rows + r);
                    float u = (float)(view->x + across * view->across_x + down * view->down_x);
                    float v = (float)(view->y + across * view->across_y + down * view->down_y);
                    float du = (float)((double)view->columns * view->across_x);
                    float dv = (float)((double)view->columns * view->across_y);
                    find(&found, u, v, du, dv, side, n);
                    if (wide) accumulate_wide((f32x16 *)sum, &found, scratch, side, n);
                    else accumulate_narrow((f32x8 *)sum, &found, scratch, side, n);
                }
            for (size_t l = 0; l < used; l++) {
                float *out = y + (l * image + row) * image + start;
                for (size_t i = 0; i < n; i++) {
                    const float *both = sum + i * 2 * width + l;
                    out[i] = (both[0] + both[width]) * scale[l] + shift[l];
                }
            }
        }
}
