// Kernels over single rows: patches in and out of pictures, and the squared error of a patch.
#include "kernels.h"
#include "vector.h"

void ck_patch(const float *pixels, float *y, size_t size, size_t patch, size_t channels, int channels_first) {
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < patch; i++) {
            const float *line = pixels + c * size * size + i * size;
            if (channels_first || channels == 1) {
                memcpy(y + (c * patch + i) * patch, line, patch * sizeof *y);
            } else {
                for (size_t j = 0; j < patch; j++) y[(i * patch + j) * channels + c] = line[j];
            }
        }
}

CK_KERNEL void ck_normalise_row(float *x, size_t width, float epsilon) {
    float mean = ck_sum(x, width) / (float)width;
    float variance = ck_dot(x, mean, x, mean, width) / (float)(width - 1);
    float inverse = 1 / sqrtf(variance + epsilon);
    for (size_t c = 0; c < width; c++) x[c] = (x[c] - mean) * inverse;
}

CK_KERNEL double ck_squared_error(const float *restrict prediction, const float *restrict target,
                                  float *restrict gradient, float factor, size_t width) {
    ck_lanes lanes = 0, next, wanted;
    float sum = 0;
    size_t c = 0;
    for (; c + LANES <= width; c += LANES) {
        ck_take(&next, prediction + c);
        ck_take(&wanted, target + c);
        lanes += (next - wanted) * (next - wanted);
    }
    for (; c < width; c++) sum += (prediction[c] - target[c]) * (prediction[c] - target[c]);
    sum += ck_fold(&lanes);
    if (gradient)
        for (size_t i = 0; i < width; i++) gradient[i] = factor * (prediction[i] - target[i]);
    return (double)sum;
}
