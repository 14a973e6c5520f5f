// Attention of BF16 queries, keys and values in tiles, as in attention.c: products of BF16 numbers, and their sums, the
// softmax and its gradient in F32.
#include "kernels.h"
#include "vector.h"

// Queries and keys of a tile; a tile of scores and one of their gradients stay in the second-level cache.
enum { QUERIES = 128, KEYS = 128 };

size_t ck_attention_scratch_bf16(size_t kv_rows, size_t width, int gradient) {
    return (QUERIES + (gradient ? 2 * kv_rows : 0)) * width;
}

/// p = exp(s · scale − top), with `top` the larger of the old one and the maximum of a row of s · scale; the old sum and
/// the old result are scaled to the new `top`.
CK_KERNEL static void softmax_tile(float *restrict s, uint16_t *restrict p, size_t queries, size_t keys, float scale,
                                   float *restrict top, float *restrict sum, float *restrict y, size_t width) {
    for (size_t i = 0; i < queries; i++) {
        float *row = s + i * keys;
        float highest = ck_max(row, keys, -INFINITY) * scale;
        if (highest < top[i]) highest = top[i];
        for (size_t j = 0; j < keys; j++) row[j] = ck_exp_score(row[j] * scale - highest);
        ck_round(row, p + i * keys, keys);
        if (highest > top[i] && sum[i] > 0) {
            float factor = ck_expf(top[i] - highest);
            sum[i] *= factor;
            for (size_t c = 0; c < width; c++) y[i * width + c] *= factor;
        }
        top[i] = highest;
        sum[i] += ck_sum(row, keys);
    }
}

CK_KERNEL static void finish_rows(float *restrict sums, uint16_t *restrict y, size_t y_stride, size_t queries,
                                  size_t width, const float *restrict top, const float *restrict sum,
                                  float *restrict log_sums) {
    for (size_t i = 0; i < queries; i++) {
        float factor = 1 / sum[i];
        for (size_t c = 0; c < width; c++) sums[i * width + c] *= factor;
        ck_round(sums + i * width, y + i * y_stride, width);
        log_sums[i] = top[i] + logf(sum[i]);
    }
}

void ck_attention_bf16(const uint16_t *q, size_t q_stride, const uint16_t *k, const uint16_t *v, size_t kv_stride,
                       uint16_t *y, size_t y_stride, float *log_sums, float *scratch, size_t q_rows, size_t kv_rows,
                       size_t width, float scale) {
    float s[QUERIES * KEYS], top[QUERIES], sum[QUERIES];
    uint16_t p[QUERIES * KEYS];
    for (size_t i = 0; i < q_rows; i += QUERIES) {
        size_t queries = q_rows - i < QUERIES ? q_rows - i : QUERIES;
        for (size_t r = 0; r < queries; r++) {
            top[r] = -INFINITY;
            sum[r] = 0;
        }
        for (size_t j = 0; j < kv_rows; j += KEYS) {
            size_t keys = kv_rows - j < KEYS ? kv_rows - j : KEYS;
            ck_product_bf16(0, 1, queries, keys, width, q + i * q_stride, q_stride, k + j * kv_stride, kv_stride, 0, s,
                            keys);
            softmax_tile(s, p, queries, keys, scale, top, sum, scratch, width);
            ck_product_bf16(0, 0, queries, width, keys, p, keys, v + j * kv_stride, kv_stride, j ? 1 : 0, scratch, width);
        }
        finish_rows(scratch, y + i * y_stride, y_stride, queries, width, top, sum, log_sums + i);
    }
}

CK_KERNEL static void dot_rows(const uint16_t *restrict a, const uint16_t *restrict b, size_t stride, size_t rows,
                               size_t width, float *restrict y) {
    for (size_t i = 0; i < rows; i++, a += stride, b += stride) {
        ck_lanes lanes = 0, next_a, next_b;
        float sum = 0;
        size_t c = 0;
        for (; c + LANES <= width; c += LANES) {
            ck_take_bf16(&next_a, a + c);
            ck_take_bf16(&next_b, b + c);
            lanes += next_a * next_b;
        }
        for (; c < width; c++) sum += ck_widened(a[c]) * ck_widened(b[c]);
        y[i] = sum + ck_fold(&lanes);
    }
}

/// p = exp(s · scale − log_sum) and ds = p (dp − along) · scale, over tiles of scores, which are used up.
CK_KERNEL static void score_gradient(float *restrict s, float *restrict dp, uint16_t *restrict p,
                                     uint16_t *restrict ds, size_t queries, size_t keys, const float *restrict log_sums,
                                     const float *restrict along, float scale) {
    for (size_t i = 0; i < queries; i++, s += keys, dp += keys, p += keys, ds += keys) {
        for (size_t j = 0; j < keys; j++) {
            s[j] = ck_exp_score(s[j] * scale - log_sums[i]);
            dp[j] = s[j] * (dp[j] - along[i]) * scale;
        }
        ck_round(s, p, keys);
        ck_round(dp, ds, keys);
    }
}

void ck_attention_gradient_bf16(const uint16_t *q, size_t q_stride, const uint16_t *k, const uint16_t *v,
                                size_t kv_stride, const uint16_t *y, const uint16_t *dy, size_t y_stride,
                                const float *log_sums, uint16_t *dq, uint16_t *dk, uint16_t *dv, float *scratch,
                                size_t q_rows, size_t kv_rows, size_t width, float scale) {
    float s[QUERIES * KEYS], dp[QUERIES * KEYS], along[QUERIES];
    uint16_t p[QUERIES * KEYS], ds[QUERIES * KEYS];
    float *by_query = scratch, *by_key = by_query + QUERIES * width, *by_value = by_key + kv_rows * width;
    for (size_t i = 0; i < q_rows; i += QUERIES) {
        size_t queries = q_rows - i < QUERIES ? q_rows - i : QUERIES;
        const uint16_t *qi = q + i * q_stride, *dyi = dy + i * y_stride;
        dot_rows(dyi, y + i * y_stride, y_stride, queries, width, along);
        for (size_t j = 0; j < kv_rows; j += KEYS) {
            size_t keys = kv_rows - j < KEYS ? kv_rows - j : KEYS;
            const uint16_t *kj = k + j * kv_stride, *vj = v + j * kv_stride;
            ck_product_bf16(0, 1, queries, keys, width, qi, q_stride, kj, kv_stride, 0, s, keys);
            ck_product_bf16(0, 1, queries, keys, width, dyi, y_stride, vj, kv_stride, 0, dp, keys);
            score_gradient(s, dp, p, ds, queries, keys, log_sums + i, along, scale);
            ck_product_bf16(1, 0, keys, width, queries, p, keys, dyi, y_stride, i ? 1 : 0, by_value + j * width, width);
            ck_product_bf16(1, 0, keys, width, queries, ds, keys, qi, q_stride, i ? 1 : 0, by_key + j * width, width);
            ck_product_bf16(0, 0, queries, width, keys, ds, keys, kj, kv_stride, j ? 1 : 0, by_query, width);
        }
        ck_to_bf16(by_query, dq + i * q_stride, queries, width, q_stride);
    }
    ck_to_bf16(by_key, dk, kv_rows, width, kv_stride);
    ck_to_bf16(by_value, dv, kv_rows, width, kv_stride);
}
