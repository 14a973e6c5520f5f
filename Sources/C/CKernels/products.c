// Matrix products: OpenBLAS always, oneDNN where it is installed. Both compute on the calling thread alone.
//
// oneDNN is loaded while the program runs and not linked, so that machines without it need nothing. Besides the public
// dnnl_sgemm it exports dnnl_gemm_bf16bf16f32, products of BF16 numbers summed in F32, which its headers leave out.
#define _GNU_SOURCE
#include "kernels.h"
#include <cblas.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int sgemm_function(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t,
                           float, float *, int64_t);
typedef int bf16_function(char, char, int64_t, int64_t, int64_t, float, const uint16_t *, int64_t, const uint16_t *,
                          int64_t, float, float *, int64_t);

static struct {
    sgemm_function *sgemm;
    bf16_function *bf16;
    void (*set_threads)(int);
} onednn;

static _Atomic int64_t operations, nanoseconds;

int ck_load_onednn(void) {
    if (onednn.sgemm) return 1;
    const char *names[] = {"libdnnl.so.2", "libdnnl.so.3", "libdnnl.so"};
    void *library = NULL;
    for (size_t i = 0; i < 3 && !library; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) return 0;
    // A build on other threads than OpenMP's could not be kept to one.
    void (*set_threads)(int) = (void (*)(int))dlsym(library, "omp_set_num_threads");
    bf16_function *bf16 = (bf16_function *)dlsym(library, "dnnl_gemm_bf16bf16f32");
    sgemm_function *sgemm = (sgemm_function *)dlsym(library, "dnnl_sgemm");
    if (!sgemm || !bf16 || !set_threads) return 0;
    onednn.set_threads = set_threads;
    onednn.bf16 = bf16;
    onednn.sgemm = sgemm;
    return 1;
}

int ck_has_avx512(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("x86-64-v4") ? 1 : 0;
#else
    return 0;
#endif
}

int ck_has_bf16(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16") ? 1 : 0;
#else
    return 0;
#endif
}

/// oneDNN's threads are OpenMP's: one for each of ours, also where another library has asked for more on this thread.
static void one_thread(void) { onednn.set_threads(1); }

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// Products shorter than this are counted and not timed: reading the clock would be felt.
static const int64_t worth_timing = 1 << 17;

static int64_t begin(size_t m, size_t n, size_t k) {
    int64_t work = 2 * (int64_t)(m * n * k);
    atomic_fetch_add_explicit(&operations, work, memory_order_relaxed);
    return work < worth_timing ? 0 : now();
}

static void end(int64_t start) {
    if (start) atomic_fetch_add_explicit(&nanoseconds, now() - start, memory_order_relaxed);
}

void ck_product(int library, int ta, int tb, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda,
                const float *b, size_t ldb, float beta, float *c, size_t ldc) {
    int64_t start = begin(m, n, k);
    int failed = 1;
    if (library == CK_ONEDNN) {
        one_thread();
        failed = onednn.sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', (int64_t)m, (int64_t)n, (int64_t)k, alpha, a, (int64_t)lda,
                              b, (int64_t)ldb, beta, c, (int64_t)ldc);
    }
    if (failed) {
        cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, (int)m, (int)n,
                    (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
    }
    end(start);
}

/// A matrix of BF16 numbers in F32, packed.
static float *widened(const uint16_t *x, size_t rows, size_t width, size_t stride) {
    float *y = malloc(rows * width * sizeof *y);
    if (!y) abort();
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < width; c++) {
            uint32_t bits = (uint32_t)x[r * stride + c] << 16;
            memcpy(y + r * width + c, &bits, sizeof bits);
        }
    return y;
}

void ck_product_bf16(int ta, int tb, size_t m, size_t n, size_t k, const uint16_t *a, size_t lda, const uint16_t *b,
                     size_t ldb, float beta, float *c, size_t ldc) {
    if (onednn.bf16) {
        one_thread();
        int64_t start = begin(m, n, k);
        int status = onednn.bf16(ta ? 'T' : 'N', tb ? 'T' : 'N', (int64_t)m, (int64_t)n, (int64_t)k, 1, a,
                                 (int64_t)lda, b, (int64_t)ldb, beta, c, (int64_t)ldc);
        end(start);
        if (status == 0) return;
        atomic_fetch_sub_explicit(&operations, 2 * (int64_t)(m * n * k), memory_order_relaxed);
    }
    // Without oneDNN, or on a processor for which it has no kernel.
    float *wide_a = widened(a, ta ? k : m, ta ? m : k, lda), *wide_b = widened(b, tb ? n : k, tb ? k : n, ldb);
    ck_product(CK_OPENBLAS, ta, tb, m, n, k, 1, wide_a, ta ? m : k, wide_b, tb ? k : n, beta, c, ldc);
    free(wide_a);
    free(wide_b);
}

struct ck_product_count ck_products_so_far(void) {
    return (struct ck_product_count){atomic_load(&operations), atomic_load(&nanoseconds)};
}
