#include "pixels.h"

#include <string.h>

// Compiled for AVX-512, AVX2 and any processor; the loader picks one when the program starts, which is before the thread
// sanitizer can watch it.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNEL
#endif

// A product that is not rounded before it is added would give other pixels on other processors.
#pragma STDC FP_CONTRACT OFF

// Bytes of a line of the cache, and the rows that the next sums need.
enum { LINE = 64, ROWS_AHEAD = 3 };

KERNEL void px_combine_rows(
    const uint8_t *picture, const uint8_t *masks, const px_rows *rows, float *restrict sums) {
    const uint8_t *a = picture + rows->rows[0], *b = picture + rows->rows[1];
    const uint8_t *c = picture + rows->rows[2], *d = picture + rows->rows[3];
    const uint8_t *in_a = masks + rows->masks[0], *in_b = masks + rows->masks[1];
    const uint8_t *in_c = masks + rows->masks[2], *in_d = masks + rows->masks[3];
    const float p = rows->weights[0], q = rows->weights[1], r = rows->weights[2], s = rows->weights[3];
    const size_t count = rows->count;
    for (size_t row = 1; row <= ROWS_AHEAD; row++)
        for (size_t i = 0; i < count; i += LINE) __builtin_prefetch(d + row * rows->stride + i);
    for (size_t i = 0; i < count; i++)
        sums[i] = p * (float)(a[i] & in_a[i]) + q * (float)(b[i] & in_b[i]) + r * (float)(c[i] & in_c[i])
            + s * (float)(d[i] & in_d[i]);
}

typedef uint8_t lanes __attribute__((vector_size(LINE), aligned(1)));
typedef uint16_t wide_lanes __attribute__((vector_size(2 * LINE)));

KERNEL size_t px_count(const uint8_t *samples, const uint8_t *mask, size_t count, uint8_t bound) {
    size_t total = 0;
    while (count >= LINE) {
        // As many laps as bytes can count.
        lanes found = {0};
        for (int lap = 0; lap < 255 && count >= LINE; lap++, samples += LINE, mask += LINE, count -= LINE)
            found -= (lanes)((*(const lanes *)samples & *(const lanes *)mask) >= bound);
        total += __builtin_reduce_add(__builtin_convertvector(found, wide_lanes));
    }
    // What is left is filled up with samples outside.
    lanes rest = {0}, inside = {0};
    memcpy(&rest, samples, count);
    memcpy(&inside, mask, count);
    const lanes found = (lanes)((rest & inside) >= bound) & 1;
    return total + __builtin_reduce_add(__builtin_convertvector(found, wide_lanes));
}

typedef float four __attribute__((vector_size(16), aligned(4)));
typedef float eight __attribute__((vector_size(32), aligned(4)));
typedef uint32_t eight_words __attribute__((vector_size(32)));
typedef uint8_t eight_bytes __attribute__((vector_size(8)));

// The taps of a column and of the one four further on, in two halves.
#define TAPS(x) \
    __builtin_shufflevector( \
        *(const four *)(sums + firsts[x]), *(const four *)(sums + firsts[(x) + 4]), 0, 1, 2, 3, 4, 5, 6, 7)

KERNEL void px_combine_columns(
    const float *restrict sums, const int32_t *restrict firsts, const float *restrict weights, size_t count,
    uint8_t *restrict out, size_t stride) {
    for (size_t x = 0; x < count; x += PX_COLUMNS, firsts += PX_COLUMNS, weights += 4 * PX_COLUMNS) {
        // Four by four transposed in both halves: a the first taps of eight columns, b the second, and so on.
        const eight r0 = TAPS(0), r1 = TAPS(1), r2 = TAPS(2), r3 = TAPS(3);
        const eight low01 = __builtin_shufflevector(r0, r1, 0, 8, 1, 9, 4, 12, 5, 13);
        const eight low23 = __builtin_shufflevector(r2, r3, 0, 8, 1, 9, 4, 12, 5, 13);
        const eight high01 = __builtin_shufflevector(r0, r1, 2, 10, 3, 11, 6, 14, 7, 15);
        const eight high23 = __builtin_shufflevector(r2, r3, 2, 10, 3, 11, 6, 14, 7, 15);
        const eight a = __builtin_shufflevector(low01, low23, 0, 1, 8, 9, 4, 5, 12, 13);
        const eight b = __builtin_shufflevector(low01, low23, 2, 3, 10, 11, 6, 7, 14, 15);
        const eight c = __builtin_shufflevector(high01, high23, 0, 1, 8, 9, 4, 5, 12, 13);
        const eight d = __builtin_shufflevector(high01, high23, 2, 3, 10, 11, 6, 7, 14, 15);
        const eight *weight = (const eight *)weights;
        eight sum = weight[0] * a;
        sum += weight[1] * b;
        sum += weight[2] * c;
        sum += weight[3] * d;
        for (int i = 0; i < PX_COLUMNS; i++) sum[i] = sum[i] < 0 ? 0 : sum[i] > 255 ? 255 : sum[i];
        // A float above 2²³ has no fraction: its lowest bits are the rounded number.
        sum += 0x1p23f;
        eight_words bits;
        memcpy(&bits, &sum, sizeof bits);
        const eight_bytes samples = __builtin_convertvector(bits & 255, eight_bytes);
        if (stride == 1 && count - x >= PX_COLUMNS) {
            memcpy(out + x, &samples, sizeof samples);
        } else {
            for (size_t i = 0; i < PX_COLUMNS && x + i < count; i++) out[(x + i) * stride] = samples[i];
        }
    }
}
