// Kernels over single numbers: functions, sums and the optimiser.
#include "kernels.h"
#include "vector.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

CK_KERNEL void ck_exp(const float *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = ck_expf(x[i]);
}

CK_KERNEL void ck_exp_scores(const float *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = ck_exp_score(x[i]);
}

CK_KERNEL void ck_erf(const float *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = ck_erff(x[i]);
}

CK_KERNEL void ck_gelu(const float *restrict x, float *restrict y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] * ck_phi(x[i]);
}

CK_KERNEL void ck_gelu_gradient(float *restrict x, float *restrict dx, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float phi = ck_phi(x[i]);
        dx[i] *= ck_gelu_slope(x[i], phi);
        x[i] *= phi;
    }
}

CK_KERNEL void ck_convert(struct ck_numbers x, struct ck_numbers y, size_t n) {
    float block[BLOCK];
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t part = n - at < BLOCK ? n - at : BLOCK;
        ck_store(ck_load(x, at, part, block), y, at, part);
    }
}

CK_KERNEL void ck_round_plainly(const float *restrict x, uint16_t *restrict y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = ck_rounded(x[i]);
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))) static void round_by_instruction(
    const float *x, uint16_t *y, size_t n) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm256_storeu_si256((__m256i *)(y + i), (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(x + i)));
    if (i < n) {
        __mmask16 rest = (__mmask16)((1u << (n - i)) - 1);
        __m512 last = _mm512_maskz_loadu_ps(rest, x + i);
        _mm256_mask_storeu_epi16(y + i, rest, (__m256i)_mm512_cvtneps_pbh(last));
    }
}
#endif

void ck_round(const float *x, uint16_t *y, size_t n) {
#if defined(__x86_64__)
    if (ck_has_bf16()) return round_by_instruction(x, y, n);
#endif
    ck_round_plainly(x, y, n);
}

void ck_to_bf16(const float *x, uint16_t *y, size_t rows, size_t width, size_t stride) {
    for (size_t r = 0; r < rows; r++) ck_round(x + r * width, y + r * stride, width);
}

CK_KERNEL void ck_add(const float *restrict x, float *restrict y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] += x[i];
}

CK_KERNEL double ck_sum_of_squares(const float *x, size_t n) {
    typedef double wide_lanes __attribute__((ext_vector_type(LANES)));
    wide_lanes lanes = 0;
    double sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        ck_lanes next;
        ck_take(&next, x + i);
        wide_lanes wide = __builtin_convertvector(next, wide_lanes);
        lanes += wide * wide;
    }
    for (; i < n; i++) sum += (double)x[i] * (double)x[i];
    for (size_t l = 0; l < LANES; l++) sum += lanes[l];
    return sum;
}

void ck_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

CK_KERNEL void ck_adamw(float *restrict p, const float *restrict g, float *restrict m, float *restrict v,
                        uint16_t *restrict rounded, size_t n, const struct ck_adamw_factors *factors) {
    const struct ck_adamw_factors f = *factors;
    for (size_t i = 0; i < n; i++) {
        float gradient = g[i] * f.gradient_scale;
        m[i] = f.beta1 * m[i] + f.one_minus_beta1 * gradient;
        v[i] = f.beta2 * v[i] + f.one_minus_beta2 * gradient * gradient;
        p[i] = p[i] * f.decay - f.rate * m[i] / (sqrtf(v[i]) / f.root + f.epsilon);
    }
    if (rounded) ck_round(p, rounded, n);
}

CK_KERNEL void ck_blend(const float *restrict x, float *restrict y, float share, size_t n) {
    for (size_t i = 0; i < n; i++) {
        // Two statements, so that no compiler rounds once where others round twice.
        float step = share * (x[i] - y[i]);
        y[i] += step;
    }
}

double ck_binary_cross_entropy(const float *z, const float *t, const float *weights, float *gradient, double scale,
                               size_t n) {
    double loss = 0;
    for (size_t i = 0; i < n; i++) {
        double logit = (double)z[i], target = (double)t[i], weight = (double)weights[i];
        if (weight == 0) {
            if (gradient) gradient[i] = 0;
            continue;
        }
        loss += weight * (log1p(exp(-fabs(logit))) + (logit < 0 ? -logit * target : logit * (1 - target)));
        double s = 1 / (1 + exp(-logit));
        if (gradient) gradient[i] = (float)(scale * weight * ((1 - target) * s - target * (1 - s)));
    }
    return loss;
}
