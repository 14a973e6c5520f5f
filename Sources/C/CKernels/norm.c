// Layer norm over rows, forward and back.
#include "kernels.h"
#include "vector.h"

CK_KERNEL void ck_layer_norm(const float *restrict x, const float *restrict scale, const float *restrict shift,
                             struct ck_numbers y, float *restrict statistics, size_t rows, size_t width, float epsilon) {
    float block[BLOCK];
    for (size_t r = 0; r < rows; r++, x += width) {
        float mean = ck_sum(x, width) / (float)width;
        float variance = ck_dot(x, mean, x, mean, width) / (float)width;
        float inverse = 1 / sqrtf(variance + epsilon);
        for (size_t c = 0; c < width; c += BLOCK) {
            size_t n = width - c < BLOCK ? width - c : BLOCK;
            for (size_t i = 0; i < n; i++) block[i] = (x[c + i] - mean) * inverse * scale[c + i] + shift[c + i];
            ck_store(block, y, r * width + c, n);
        }
        statistics[2 * r] = mean;
        statistics[2 * r + 1] = inverse;
    }
}

CK_KERNEL void ck_layer_norm_gradient(struct ck_numbers dy, const float *restrict x, const float *restrict scale,
                                      const float *restrict statistics, float *restrict dx, int accumulating,
                                      float *restrict dscale, float *restrict dshift, size_t rows, size_t width) {
    memset(dscale, 0, width * sizeof *dscale);
    memset(dshift, 0, width * sizeof *dshift);
    float block[BLOCK];
    for (size_t r = 0; r < rows; r++, x += width, dx += width) {
        float mean = statistics[2 * r], inverse = statistics[2 * r + 1];
        // With d = dy · scale and n the normalised x: dx = (d − mean(d) − n mean(d n)) · inverse.
        float sum = 0, along = 0;
        ck_lanes sums = 0, alongs = 0, d, factor, next;
        for (size_t c = 0; c < width; c += BLOCK) {
            size_t n = width - c < BLOCK ? width - c : BLOCK, i = 0;
            const float *from = ck_load(dy, r * width + c, n, block);
            for (; i + LANES <= n; i += LANES) {
                ck_take(&d, from + i);
                ck_take(&factor, scale + c + i);
                ck_take(&next, x + c + i);
                d *= factor;
                sums += d;
                alongs += d * (next - mean);
            }
            for (; i < n; i++) {
                float last = from[i] * scale[c + i];
                sum += last;
                along += last * (x[c + i] - mean);
            }
        }
        sum += ck_fold(&sums);
        along += ck_fold(&alongs);
        float mean_d = sum / (float)width, slope = along * inverse / (float)width;
        for (size_t c = 0; c < width; c += BLOCK) {
            size_t n = width - c < BLOCK ? width - c : BLOCK;
            const float *from = ck_load(dy, r * width + c, n, block);
            for (size_t i = c; i < c + n; i++) {
                float normal = (x[i] - mean) * inverse;
                float d = (from[i - c] * scale[i] - mean_d - normal * slope) * inverse;
                dx[i] = accumulating ? dx[i] + d : d;
                dscale[i] += from[i - c] * normal;
                dshift[i] += from[i - c];
            }
        }
    }
}
