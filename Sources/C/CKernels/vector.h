// exp and erf that compilers turn into vectors, and how a kernel is built for several processors.
#ifndef CK_VECTOR_H
#define CK_VECTOR_H
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "kernels.h"

// A kernel is compiled for AVX-512, AVX2 and any processor; the loader picks one when the program starts, which is before
// the thread sanitizer can watch it.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define CK_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_KERNEL
#endif
#define CK_INLINE static inline __attribute__((always_inline))

// Products and sums in one expression may become one instruction, also where the result is rounded once less.
#pragma STDC FP_CONTRACT ON

// Numbers that a sum or a maximum over a row is split into, the same on every processor; a vector of them, because loops
// over so few numbers are not reliably made into vectors.
enum { LANES = 16 };
typedef float ck_lanes __attribute__((ext_vector_type(LANES)));

/// The next LANES numbers of a row.
CK_INLINE void ck_take(ck_lanes *lanes, const float *x) { memcpy(lanes, x, sizeof *lanes); }

/// exp(x − n log 2) − 1, by a polynomial for |x − n log 2| ≤ log 2 / 2.
CK_INLINE float ck_exp_remainder(float x, float n) {
    float r = x - n * 0x1.62e400p-1f;
    r = r - n * 0x1.7f7d1cp-20f;
    float p = 0x1.6850e4p-10f;
    p = p * r + 0x1.123bccp-7f;
    p = p * r + 0x1.555b98p-5f;
    p = p * r + 0x1.55548ep-3f;
    p = p * r + 0x1.fffff8p-2f;
    return p * r * r + r;
}

/// exp(x) to 1 ulp: 2ⁿ · p(r), x = n log 2 + r, |r| ≤ log 2 / 2. Results below the smallest normal number are 0.
CK_INLINE float ck_expf(float x) {
    const float shifter = 0x1.8p23f;
    float clamped = x > 88.7f ? 88.7f : x;
    float n = (clamped * 0x1.715476p+0f + shifter) - shifter;
    float p = ck_exp_remainder(clamped, n);
    // n is at most 128, where 2ⁿ is no number: half of it twice.
    int32_t whole = (int32_t)n, half = whole >> 1;
    int32_t bits[2] = {(half + 127) << 23, (whole - half + 127) << 23};
    float power[2];
    memcpy(power, bits, sizeof bits);
    float y = (p * power[0] + power[0]) * power[1];
    return x < -87.3f ? 0 : x > 88.7f ? INFINITY : x == x ? y : x;
}

/// exp(x) for scores of a softmax less their maximum, with fewer instructions than ck_expf: to 1 ulp for −60 ≤ x ≤ 0. Below
/// it stays at 1e-26, so that nothing becomes subnormal and slow; above, where only rounding leads, at 1.
CK_INLINE float ck_exp_score(float x) {
    const float shifter = 0x1.8p23f;
    float clamped = x < -60 ? -60 : x > 0 ? 0 : x;
    // The lowest bits of the sum are n.
    float shifted = clamped * 0x1.715476p+0f + shifter, n = shifted - shifter;
    float p = ck_exp_remainder(clamped, n), power;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (int32_t)(((uint32_t)bits << 23) + (127u << 23));
    memcpy(&power, &bits, sizeof power);
    return p * power + power;
}

/// erf(x) to 1 ulp (after N. Juffa): near 0 an odd polynomial, further out 1 − exp(a polynomial).
CK_INLINE float ck_erff(float x) {
    float t = fabsf(x), s = x * x;
    float far = -1.72853470e-5f * t + 3.83197126e-4f;
    float u = -3.88396438e-3f * t + 2.42546219e-2f;
    far = far * s + u;
    far = far * t - 1.06777877e-1f;
    far = far * t - 6.34846687e-1f;
    far = far * t - 1.28717512e-1f;
    far = far * t - t;
    far = copysignf(1.0f - ck_expf(far), x);
    float near = -5.96761703e-4f;
    near = near * s + 4.99119423e-3f;
    near = near * s - 2.67681349e-2f;
    near = near * s + 1.12819925e-1f;
    near = near * s - 3.76125336e-1f;
    near = near * s + 1.28379166e-1f;
    near = near * x + x;
    return t > 0.927734375f ? far : near;
}

/// Φ(x), the standard normal distribution.
CK_INLINE float ck_phi(float x) { return 0.5f * (1.0f + ck_erff(x * 0.70710678118654752f)); }

/// The derivative of x Φ(x): Φ(x) + x φ(x), with `phi` = Φ(x).
CK_INLINE float ck_gelu_slope(float x, float phi) {
    const float density = 0.3989422804014327f;  // 1 / √(2π)
    return phi + x * density * ck_expf(-0.5f * x * x);
}

// What is rounded to BF16 anyway needs no exponential: one half plus an odd function, which is x P(v) up to an edge and
// constant behind it, by Tests/Oracles/peers/fit_gelu.py. v = 2 (x / edge)² − 1; P's highest power comes first.
static const float ck_phi_terms[] = {-0x1.fa13f2p-10f, 0x1.453c7p-8f,   -0x1.8dd0eap-8f, 0x1.3c5106p-7f,  -0x1.2ed768p-6f,
                                     0x1.d8cdc8p-6f,   -0x1.499f0ep-5f, 0x1.bf971ep-5f,  -0x1.3c2744p-4f, 0x1.4157f4p-3f};
static const float ck_slope_terms[] = {0x1.87185ap-7f,  -0x1.e114c2p-6f, 0x1.d24ae6p-6f, -0x1.28a4c4p-5f,
                                       0x1.1dbe78p-4f,  -0x1.805b94p-4f, 0x1.90ff1ap-4f, -0x1.80b46p-4f,
                                       0x1.644ce6p-4f,  -0x1.70b1aep-4f, 0x1.46840cp-3f};

CK_INLINE float ck_half_and_odd(float x, const float *terms, size_t count) {
    const float edge = 4.5f;
    float t = x < -edge ? -edge : x > edge ? edge : x;
    float v = t * t * (2 / (edge * edge)) - 1, p = terms[0];
    for (size_t i = 1; i < count; i++) p = p * v + terms[i];
    return t * p + 0.5f;
}

/// Φ(x) to 4e-6.
CK_INLINE float ck_phi_bf16(float x) {
    return ck_half_and_odd(x, ck_phi_terms, sizeof ck_phi_terms / sizeof *ck_phi_terms);
}

/// The derivative of x Φ(x) to 8e-5.
CK_INLINE float ck_gelu_slope_bf16(float x) {
    return ck_half_and_odd(x, ck_slope_terms, sizeof ck_slope_terms / sizeof *ck_slope_terms);
}

/// x in BF16: to the nearest, ties to even.
CK_INLINE uint16_t ck_rounded(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    // What is no number stays one, instead of being rounded to infinity.
    return (uint16_t)((bits & 0x7FFFFFFF) > 0x7F800000 ? 0x7FC0 : rounded);
}

/// x of BF16.
CK_INLINE float ck_widened(uint16_t x) {
    uint32_t bits = (uint32_t)x << 16;
    float y;
    memcpy(&y, &bits, sizeof y);
    return y;
}

/// The next LANES numbers of a row in BF16.
CK_INLINE void ck_take_bf16(ck_lanes *lanes, const uint16_t *x) {
    typedef uint16_t halves __attribute__((ext_vector_type(LANES)));
    typedef uint32_t words __attribute__((ext_vector_type(LANES)));
    halves next;
    memcpy(&next, x, sizeof next);
    words bits = __builtin_convertvector(next, words) << 16;
    memcpy(lanes, &bits, sizeof bits);
}

// Numbers that are widened or rounded at once, where a kernel takes both formats.
enum { BLOCK = 256 };

/// Numbers from `at` on.
CK_INLINE struct ck_numbers ck_from(struct ck_numbers x, size_t at) {
    x.start = x.rounded ? (void *)((uint16_t *)x.start + at) : (void *)((float *)x.start + at);
    return x;
}

/// At most BLOCK numbers in F32: where they stand, or in `block`.
CK_INLINE const float *ck_load(struct ck_numbers x, size_t at, size_t n, float *restrict block) {
    if (!x.rounded) return (const float *)x.start + at;
    const uint16_t *from = (const uint16_t *)x.start + at;
    for (size_t i = 0; i < n; i++) block[i] = ck_widened(from[i]);
    return block;
}

/// y = x from `at` on.
CK_INLINE void ck_store(const float *x, struct ck_numbers y, size_t at, size_t n) {
    if (y.rounded) {
        ck_round(x, (uint16_t *)y.start + at, n);
    } else if ((float *)y.start + at != x) {
        memcpy((float *)y.start + at, x, n * sizeof *x);
    }
}

/// The sum of all lanes, halves upon halves.
CK_INLINE float ck_fold(const ck_lanes *lanes) {
    float lane[LANES];
    memcpy(lane, lanes, sizeof lane);
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++) lane[l] += lane[l + half];
    return lane[0];
}

/// Σ x over a row.
CK_INLINE float ck_sum(const float *x, size_t n) {
    ck_lanes lanes = 0, next;
    float sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        ck_take(&next, x + i);
        lanes += next;
    }
    for (; i < n; i++) sum += x[i];
    return sum + ck_fold(&lanes);
}

/// Σ (x − a) (y − b) over a row.
CK_INLINE float ck_dot(const float *x, float a, const float *y, float b, size_t n) {
    ck_lanes lanes = 0, nx, ny;
    float sum = 0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        ck_take(&nx, x + i);
        ck_take(&ny, y + i);
        lanes += (nx - a) * (ny - b);
    }
    for (; i < n; i++) sum += (x[i] - a) * (y[i] - b);
    return sum + ck_fold(&lanes);
}

/// max x over a row, and `floor`.
CK_INLINE float ck_max(const float *x, size_t n, float floor) {
    ck_lanes lanes = floor, next;
    float lane[LANES], top = floor;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        ck_take(&next, x + i);
        lanes = lanes > next ? lanes : next;
    }
    for (; i < n; i++) top = top > x[i] ? top : x[i];
    memcpy(lane, &lanes, sizeof lane);
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++) lane[l] = lane[l] > lane[l + half] ? lane[l] : lane[l + half];
    return top > lane[0] ? top : lane[0];
}

#endif
