// Linear layers: a product by OpenBLAS over a few rows, and what goes before and after it while they are in the cache.
#include "kernels.h"
#include "vector.h"
#include <cblas.h>

CK_KERNEL static void fill_rows(float *restrict y, const float *restrict b, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < width; c++) y[r * width + c] = b[c];
}

CK_KERNEL static void fill_rows_adding(float *restrict y, const float *restrict b, const float *restrict x, size_t rows,
                                       size_t width) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < width; c++) y[r * width + c] = b[c] + x[r * width + c];
}

CK_KERNEL static void add_column_sums(const float *restrict x, float *restrict sums, size_t rows, size_t width,
                                      size_t stride) {
    size_t r = 0;
    // Four rows at once, so that the sums are read and written a quarter as often.
    for (; r + 4 <= rows; r += 4, x += 4 * stride)
        for (size_t c = 0; c < width; c++)
            sums[c] += (x[c] + x[stride + c]) + (x[2 * stride + c] + x[3 * stride + c]);
    for (; r < rows; r++, x += stride)
        for (size_t c = 0; c < width; c++) sums[c] += x[c];
}

void ck_linear(const float *x, const float *w, const float *b, float *y, float *extra, int epilogue, size_t from,
               size_t to, size_t inputs, size_t outputs) {
    size_t rows = to - from;
    x += from * inputs;
    y += from * outputs;
    if (extra) extra += from * outputs;
    if (epilogue == CK_ADDING) fill_rows_adding(y, b, extra, rows, outputs);
    else fill_rows(y, b, rows, outputs);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)outputs, (int)inputs, 1, x, (int)inputs, w,
                (int)inputs, 1, y, (int)outputs);
    if (epilogue == CK_GELU) ck_gelu(y, extra, rows * outputs);
}

void ck_linear_input_gradient(const float *dy, const float *w, float *dx, int accumulating, const float *gelu,
                              size_t from, size_t to, size_t inputs, size_t outputs) {
    size_t rows = to - from;
    dy += from * outputs;
    dx += from * inputs;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)inputs, (int)outputs, 1, dy, (int)outputs, w,
                (int)inputs, accumulating ? 1 : 0, dx, (int)inputs);
    if (gelu) ck_gelu_gradient(gelu + from * inputs, dx, rows * inputs);
}

void ck_linear_weight_gradient(const float *dy, const float *x, float *dw, float *db, size_t from, size_t to,
                               size_t rows, size_t inputs, size_t outputs) {
    add_column_sums(dy + from, db + from, rows, to - from, outputs);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)(to - from), (int)inputs, (int)rows, 1, dy + from,
                (int)outputs, x, (int)inputs, 1, dw + from * inputs, (int)inputs);
}
