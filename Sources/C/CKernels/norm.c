// Layer norm over rows, forward and back.
#include "kernels.h"
#include "vector.h"

CK_KERNEL void ck_layer_norm(const float *restrict x, const float *restrict scale, const float *restrict shift,
                             float *restrict y, float *restrict statistics, size_t rows, size_t width, float epsilon) {
    for (size_t r = 0; r < rows; r++, x += width, y += width) {
        float mean = ck_sum(x, width) / (float)width;
        float variance = ck_dot(x, mean, x, mean, width) / (float)width;
        float inverse = 1 / sqrtf(variance + epsilon);
        for (size_t c = 0; c < width; c++) y[c] = (x[c] - mean) * inverse * scale[c] + shift[c];
        statistics[2 * r] = mean;
        statistics[2 * r + 1] = inverse;
    }
}

CK_KERNEL void ck_layer_norm_gradient(const float *restrict dy, const float *restrict x, const float *restrict scale,
                                      const float *restrict statistics, float *restrict dx, int accumulating,
                                      float *restrict dscale, float *restrict dshift, size_t rows, size_t width) {
    memset(dscale, 0, width * sizeof *dscale);
    memset(dshift, 0, width * sizeof *dshift);
    for (size_t r = 0; r < rows; r++, dy += width, x += width, dx += width) {
        float mean = statistics[2 * r], inverse = statistics[2 * r + 1];
        // With d = dy · scale and n the normalised x: dx = (d − mean(d) − n mean(d n)) · inverse.
        float sum = 0, along = 0, lane[LANES] = {0}, lane_along[LANES] = {0};
        size_t c = 0;
        for (; c + LANES <= width; c += LANES)
            for (size_t l = 0; l < LANES; l++) {
                float d = dy[c + l] * scale[c + l];
                lane[l] += d;
                lane_along[l] += d * (x[c + l] - mean);
            }
        for (; c < width; c++) {
            float d = dy[c] * scale[c];
            sum += d;
            along += d * (x[c] - mean);
        }
        sum += ck_fold(lane);
        along += ck_fold(lane_along);
        float mean_d = sum / (float)width, slope = along * inverse / (float)width;
        for (size_t i = 0; i < width; i++) {
            float normal = (x[i] - mean) * inverse;
            float d = (dy[i] * scale[i] - mean_d - normal * slope) * inverse;
            dx[i] = accumulating ? dx[i] + d : d;
            dscale[i] += dy[i] * normal;
            dshift[i] += dy[i];
        }
    }
}
