// Linear layers of BF16 factors with sums in F32: a product over a tile, and what follows it, row by row, while the tile
// is near.
#include "kernels.h"
#include "vector.h"

/// sum + b, plus `residual` if that is not null; then gelu of that to `activated`, if that is not null, and all of it to
/// `y`, unless that is where it stands.
CK_KERNEL static void finish_linear(float *sum, size_t stride, const float *b, const float *residual,
                                    struct ck_numbers activated, struct ck_numbers y, size_t rows, size_t width,
                                    size_t outputs) {
    for (size_t r = 0; r < rows; r++, sum += stride) {
        if (residual)
            for (size_t c = 0; c < width; c++) sum[c] += b[c] + residual[r * outputs + c];
        else
            for (size_t c = 0; c < width; c++) sum[c] += b[c];
        if (activated.start)
            for (size_t c = 0; c < width; c += BLOCK) {
                float block[BLOCK];
                size_t n = width - c < BLOCK ? width - c : BLOCK;
                for (size_t i = 0; i < n; i++) block[i] = sum[c + i] * ck_phi_bf16(sum[c + i]);
                ck_store(block, activated, r * outputs + c, n);
            }
        if (y.rounded) ck_store(sum, y, r * outputs, width);
    }
}

void ck_linear_bf16(const uint16_t *x, const uint16_t *w, const float *b, struct ck_numbers y, struct ck_numbers extra,
                    int epilogue, float *scratch, struct ck_tile tile, size_t inputs, size_t outputs) {
    size_t rows = tile.to - tile.from, width = tile.right - tile.left, at = tile.from * outputs + tile.left;
    float *sum = y.rounded ? scratch : (float *)y.start + at;
    size_t stride = y.rounded ? width : outputs;
    ck_product_bf16(0, 1, rows, width, inputs, x + tile.from * inputs, inputs, w + tile.left * inputs, inputs, 0, sum,
                    stride);
    finish_linear(sum, stride, b + tile.left, epilogue == CK_ADDING ? (const float *)extra.start + at : NULL,
                  epilogue == CK_GELU ? ck_from(extra, at) : (struct ck_numbers){NULL, 0}, ck_from(y, at), rows, width,
                  outputs);
}

/// sum · gelu', with gelu of it in its place, if `gelu` is not null; to `dx`, unless that is where the sum stands.
CK_KERNEL static void finish_gradient(float *sum, size_t stride, struct ck_numbers gelu, struct ck_numbers dx,
                                      int accumulating, size_t rows, size_t width, size_t inputs) {
    float block[BLOCK], activated[BLOCK];
    for (size_t r = 0; r < rows; r++, sum += stride)
        for (size_t c = 0; c < width; c += BLOCK) {
            size_t n = width - c < BLOCK ? width - c : BLOCK;
            if (gelu.start) {
                const float *before = ck_load(gelu, r * inputs + c, n, block);
                for (size_t i = 0; i < n; i++) {
                    sum[c + i] *= ck_gelu_slope_bf16(before[i]);
                    activated[i] = before[i] * ck_phi_bf16(before[i]);
                }
                ck_store(activated, gelu, r * inputs + c, n);
            }
            if (!dx.rounded) continue;
            if (accumulating) {
                const float *held = ck_load(dx, r * inputs + c, n, block);
                for (size_t i = 0; i < n; i++) sum[c + i] += held[i];
            }
            ck_store(sum + c, dx, r * inputs + c, n);
        }
}

void ck_linear_input_gradient_bf16(const uint16_t *dy, const uint16_t *w, struct ck_numbers dx, int accumulating,
                                   struct ck_numbers gelu, float *scratch, struct ck_tile tile, size_t inputs,
                                   size_t outputs) {
    size_t rows = tile.to - tile.from, width = tile.right - tile.left, at = tile.from * inputs + tile.left;
    float *sum = dx.rounded ? scratch : (float *)dx.start + at;
    size_t stride = dx.rounded ? width : inputs;
    ck_product_bf16(0, 0, rows, width, outputs, dy + tile.from * outputs, outputs, w + tile.left, inputs,
                    accumulating && !dx.rounded ? 1 : 0, sum, stride);
    if (gelu.start || dx.rounded)
        finish_gradient(sum, stride, gelu.start ? ck_from(gelu, at) : gelu, ck_from(dx, at), accumulating, rows, width,
                        inputs);
}

CK_KERNEL static void add_column_sums(const uint16_t *restrict x, float *restrict sums, size_t rows, size_t width,
                                      size_t stride) {
    size_t r = 0;
    // Four rows at once, so that the sums are read and written a quarter as often.
    for (; r + 4 <= rows; r += 4, x += 4 * stride)
        for (size_t c = 0; c < width; c++)
            sums[c] += (ck_widened(x[c]) + ck_widened(x[stride + c])) +
                       (ck_widened(x[2 * stride + c]) + ck_widened(x[3 * stride + c]));
    for (; r < rows; r++, x += stride)
        for (size_t c = 0; c < width; c++) sums[c] += ck_widened(x[c]);
}

void ck_linear_weight_gradient_bf16(const uint16_t *dy, const uint16_t *x, float *dw, float *db, int accumulating,
                                    struct ck_tile tile, size_t rows, size_t inputs, size_t outputs) {
    size_t height = tile.to - tile.from, width = tile.right - tile.left;
    if (tile.left == 0) {
        if (!accumulating) memset(db + tile.from, 0, height * sizeof *db);
        add_column_sums(dy + tile.from, db + tile.from, rows, height, outputs);
    }
    ck_product_bf16(1, 0, height, width, rows, dy + tile.from, outputs, x + tile.left, inputs, accumulating ? 1 : 0,
                    dw + tile.from * inputs + tile.left, inputs);
}
