// Linear layers in F32: a product over a few rows, and what goes before and after it while they are in the cache.
#include "kernels.h"
#include "vector.h"

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

/// y = b, or b + extra: what the product is added to.
static void before_product(const float *b, float *y, const float *extra, int epilogue, size_t rows, size_t outputs) {
    if (epilogue == CK_ADDING) fill_rows_adding(y, b, extra, rows, outputs);
    else fill_rows(y, b, rows, outputs);
}

void ck_linear(int library, const float *x, const float *w, const float *b, float *y, float *extra, int epilogue,
               size_t from, size_t to, size_t inputs, size_t outputs) {
    size_t rows = to - from;
    y += from * outputs;
    if (extra) extra += from * outputs;
    before_product(b, y, extra, epilogue, rows, outputs);
    ck_product(library, 0, 1, rows, outputs, inputs, 1, x + from * inputs, inputs, w, inputs, 1, y, outputs);
    if (epilogue == CK_GELU) ck_gelu(y, extra, rows * outputs);
}

void ck_linear_input_gradient(int library, const float *dy, const float *w, float *dx, int accumulating,
                              float *gelu, size_t from, size_t to, size_t inputs, size_t outputs) {
    size_t rows = to - from;
    dx += from * inputs;
    ck_product(library, 0, 0, rows, inputs, outputs, 1, dy + from * outputs, outputs, w, inputs, accumulating ? 1 : 0,
               dx, inputs);
    if (gelu) ck_gelu_gradient(gelu + from * inputs, dx, rows * inputs);
}

void ck_linear_weight_gradient(int library, const float *dy, const float *x, float *dw, float *db,
                               int accumulating, size_t from, size_t to, size_t rows, size_t inputs, size_t outputs) {
    if (!accumulating) memset(db + from, 0, (to - from) * sizeof *db);
    add_column_sums(dy + from, db + from, rows, to - from, outputs);
    ck_product(library, 1, 0, to - from, inputs, rows, 1, dy + from, outputs, x, inputs, accumulating ? 1 : 0,
               dw + from * inputs, inputs);
}
