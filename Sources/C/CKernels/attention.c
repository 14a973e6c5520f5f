// Attention in tiles of queries and keys, so that memory grows with the length of a sequence and not with its square
// (Dao et al. 2022, FlashAttention): forward with a running maximum and sum, back by computing scores again.
#include "kernels.h"
#include "vector.h"

// Queries and keys of a tile; a tile of scores and one of their gradients stay in the second-level cache.
enum { QUERIES = 128, KEYS = 128 };

/// s = exp(s − top), with `top` the larger of the old one and the maximum of a row of s; the old sum and the old
/// result are scaled to the new `top`.
CK_KERNEL static void softmax_tile(float *restrict s, size_t queries, size_t keys, float *restrict top,
                                   float *restrict sum, float *restrict y, size_t y_stride, size_t width) {
    for (size_t i = 0; i < queries; i++) {
        float *row = s + i * keys;
        float highest = ck_max(row, keys, top[i]);
        for (size_t j = 0; j < keys; j++) row[j] = ck_exp_score(row[j] - highest);
        if (highest > top[i] && sum[i] > 0) {
            float factor = ck_expf(top[i] - highest);
            sum[i] *= factor;
            for (size_t c = 0; c < width; c++) y[i * y_stride + c] *= factor;
        }
        top[i] = highest;
        sum[i] += ck_sum(row, keys);
    }
}

CK_KERNEL static void finish_rows(float *restrict y, size_t y_stride, size_t queries, size_t width,
                                  const float *restrict top, const float *restrict sum, float *restrict log_sums) {
    for (size_t i = 0; i < queries; i++) {
        float factor = 1 / sum[i];
        for (size_t c = 0; c < width; c++) y[i * y_stride + c] *= factor;
        log_sums[i] = top[i] + logf(sum[i]);
    }
}

void ck_attention(int library, const float *q, size_t q_stride, const float *k, const float *v, size_t kv_stride, float *y,
                  size_t y_stride, float *log_sums, size_t q_rows, size_t kv_rows, size_t width, float scale) {
    float s[QUERIES * KEYS], top[QUERIES], sum[QUERIES];
    for (size_t i = 0; i < q_rows; i += QUERIES) {
        size_t queries = q_rows - i < QUERIES ? q_rows - i : QUERIES;
        for (size_t r = 0; r < queries; r++) {
            top[r] = -INFINITY;
            sum[r] = 0;
        }
        for (size_t j = 0; j < kv_rows; j += KEYS) {
            size_t keys = kv_rows - j < KEYS ? kv_rows - j : KEYS;
            ck_product(library, 0, 1, queries, keys, width, scale, q + i * q_stride, q_stride, k + j * kv_stride, kv_stride,
                       0, s, keys);
            softmax_tile(s, queries, keys, top, sum, y + i * y_stride, y_stride, width);
            ck_product(library, 0, 0, queries, width, keys, 1, s, keys, v + j * kv_stride, kv_stride, j ? 1 : 0,
                       y + i * y_stride, y_stride);
        }
        finish_rows(y + i * y_stride, y_stride, queries, width, top, sum, log_sums + i);
    }
}

CK_KERNEL static void dot_rows(const float *a, const float *b, size_t stride, size_t rows, size_t width, float *y) {
    for (size_t i = 0; i < rows; i++) y[i] = ck_dot(a + i * stride, 0, b + i * stride, 0, width);
}

/// p = exp(s − log_sum) and ds = p (dp − along) · scale, over tiles of scores; s becomes p, dp becomes ds.
CK_KERNEL static void score_gradient(float *restrict s, float *restrict dp, size_t queries, size_t keys,
                                     const float *restrict log_sums, const float *restrict along, float scale) {
    for (size_t i = 0; i < queries; i++)
        for (size_t j = i * keys; j < (i + 1) * keys; j++) {
            s[j] = ck_exp_score(s[j] - log_sums[i]);
            dp[j] = s[j] * (dp[j] - along[i]) * scale;
        }
}

void ck_attention_gradient(int library, const float *q, size_t q_stride, const float *k, const float *v, size_t kv_stride,
                           const float *y, const float *dy, size_t y_stride, const float *log_sums, float *dq, float *dk,
                           float *dv, size_t q_rows, size_t kv_rows, size_t width, float scale) {
    float s[QUERIES * KEYS], ds[QUERIES * KEYS], along[QUERIES];
    for (size_t i = 0; i < q_rows; i += QUERIES) {
        size_t queries = q_rows - i < QUERIES ? q_rows - i : QUERIES;
        const float *qi = q + i * q_stride, *dyi = dy + i * y_stride;
        dot_rows(dyi, y + i * y_stride, y_stride, queries, width, along);
        for (size_t j = 0; j < kv_rows; j += KEYS) {
            size_t keys = kv_rows - j < KEYS ? kv_rows - j : KEYS;
            const float *kj = k + j * kv_stride, *vj = v + j * kv_stride;
            ck_product(library, 0, 1, queries, keys, width, scale, qi, q_stride, kj, kv_stride, 0, s, keys);
            ck_product(library, 0, 1, queries, keys, width, 1, dyi, y_stride, vj, kv_stride, 0, ds, keys);
            score_gradient(s, ds, queries, keys, log_sums + i, along, scale);
            ck_product(library, 1, 0, keys, width, queries, 1, s, keys, dyi, y_stride, i ? 1 : 0, dv + j * kv_stride,
                       kv_stride);
            ck_product(library, 1, 0, keys, width, queries, 1, ds, keys, qi, q_stride, i ? 1 : 0, dk + j * kv_stride,
                       kv_stride);
            ck_product(library, 0, 0, queries, width, keys, 1, ds, keys, kj, kv_stride, j ? 1 : 0, dq + i * q_stride,
                       q_stride);
        }
    }
}
