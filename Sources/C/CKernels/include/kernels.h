// The inner loops of CPUEngine. Matrices are dense and row-major unless a stride is given; each function works on the
// calling thread alone and touches only the rows or columns that it was given, so that ours is the only pool of threads.
#ifndef CKERNELS_H
#define CKERNELS_H
#include <stddef.h>
#include <stdint.h>

/// Numbers in F32, or in BF16 if they are rounded.
struct ck_numbers {
    void *start;
    int rounded;
};

/// Rows `from` ..< `to` and columns `left` ..< `right` of a result.
struct ck_tile {
    size_t from, to, left, right;
};

// MARK: Element by element

/// y = exp(x), of scores less their maximum, and y = erf(x): for tests of their accuracy.
void ck_exp(const float *x, float *y, size_t n);
void ck_exp_scores(const float *x, float *y, size_t n);
void ck_erf(const float *x, float *y, size_t n);
/// y = x Φ(x).
void ck_gelu(const float *x, float *y, size_t n);
/// dx *= Φ(x) + x φ(x), and x = x Φ(x).
void ck_gelu_gradient(float *x, float *dx, size_t n);
/// y = x in y's format; rounded to the nearest, ties to even.
void ck_convert(struct ck_numbers x, struct ck_numbers y, size_t n);
/// y = x in BF16: to the nearest, ties to even; by an instruction of AVX-512-BF16, which takes numbers below 1.2e-38 for 0,
/// or without.
void ck_round(const float *x, uint16_t *y, size_t n);
void ck_round_plainly(const float *x, uint16_t *y, size_t n);
/// Rounds `rows` packed rows of `width` numbers to BF16; those of y are `stride` apart.
void ck_to_bf16(const float *x, uint16_t *y, size_t rows, size_t width, size_t stride);
/// y += x.
void ck_add(const float *x, float *y, size_t n);
/// Σ x², in double.
double ck_sum_of_squares(const float *x, size_t n);

struct ck_adamw_factors {
    float beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon;
    float decay;           // 1 − learning rate · weight decay
    float rate;            // learning rate / (1 − β₁ᵗ)
    float root;            // √(1 − β₂ᵗ)
    float gradient_scale;
};
/// `rounded` receives the new p in BF16, if it is not null.
void ck_adamw(float *p, const float *g, float *m, float *v, uint16_t *rounded, size_t n,
              const struct ck_adamw_factors *factors);

/// y += share · (x − y).
void ck_blend(const float *x, float *y, float share, size_t n);

/// Tells the processor that the thread is waiting for memory to change.
void ck_pause(void);

// MARK: Products

/// Which library multiplies F32 matrices.
enum { CK_OPENBLAS, CK_ONEDNN };
/// Loads oneDNN, if it is installed: 1 if it is there. Before the first use of CK_ONEDNN, from one thread.
int ck_load_onednn(void);
/// Whether the processor has AVX-512.
int ck_has_avx512(void);
/// Whether the processor has instructions for products of BF16 numbers.
int ck_has_bf16(void);
/// c [m, n] = alpha · a [m, k] · b [k, n] + beta · c, where a or b may be given transposed.
void ck_product(int library, int ta, int tb, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda,
                const float *b, size_t ldb, float beta, float *c, size_t ldc);
/// The same for BF16 numbers, summed in F32: by oneDNN, or slowly where it is missing.
void ck_product_bf16(int ta, int tb, size_t m, size_t n, size_t k, const uint16_t *a, size_t lda, const uint16_t *b,
                     size_t ldb, float beta, float *c, size_t ldc);
/// Floating-point operations of all products of this process, and the time in those of 131,072 or more, summed over
/// threads.
struct ck_product_count {
    int64_t operations, nanoseconds;
};
struct ck_product_count ck_products_so_far(void);

// MARK: Linear layers

enum { CK_NONE, CK_GELU, CK_ADDING };
/// Rows `from` ..< `to` of y [.., outputs] = x [.., inputs] · wᵀ + b, then by `epilogue`: nothing; extra = gelu(y);
/// or y += extra.
void ck_linear(int library, const float *x, const float *w, const float *b, float *y, float *extra, int epilogue,
               size_t from, size_t to, size_t inputs, size_t outputs);
/// A tile of the same of x and w in BF16. What is added is F32. `scratch` has room for the tile's numbers.
void ck_linear_bf16(const uint16_t *x, const uint16_t *w, const float *b, struct ck_numbers y, struct ck_numbers extra,
                    int epilogue, float *scratch, struct ck_tile tile, size_t inputs, size_t outputs);
/// Rows `from` ..< `to` of dx = dy · w, or += if `accumulating`; then dx *= gelu'(gelu) and
/// gelu = gelu(gelu), if that is not null.
void ck_linear_input_gradient(int library, const float *dy, const float *w, float *dx, int accumulating,
                              float *gelu, size_t from, size_t to, size_t inputs, size_t outputs);
/// A tile of the same of dy and w in BF16. `scratch` has room for the tile's numbers.
void ck_linear_input_gradient_bf16(const uint16_t *dy, const uint16_t *w, struct ck_numbers dx, int accumulating,
                                   struct ck_numbers gelu, float *scratch, struct ck_tile tile, size_t inputs,
                                   size_t outputs);
/// Rows `from` ..< `to` of dw [outputs, inputs] = dyᵀ · x, and those of db, or += if `accumulating`.
void ck_linear_weight_gradient(int library, const float *dy, const float *x, float *dw, float *db, int accumulating,
                               size_t from, size_t to, size_t rows, size_t inputs, size_t outputs);
/// A tile of the same of dy and x in BF16.
void ck_linear_weight_gradient_bf16(const uint16_t *dy, const uint16_t *x, float *dw, float *db, int accumulating,
                                    struct ck_tile tile, size_t rows, size_t inputs, size_t outputs);

// MARK: Layer norm

void ck_layer_norm(const float *x, const float *scale, const float *shift, struct ck_numbers y, float *statistics,
                   size_t rows, size_t width, float epsilon);
/// `dscale` and `dshift` are replaced.
void ck_layer_norm_gradient(struct ck_numbers dy, const float *x, const float *scale, const float *statistics,
                            float *dx, int accumulating, float *dscale, float *dshift, size_t rows, size_t width);

// MARK: Attention

/// One head: `q_rows` queries read `kv_rows` keys and values. q has `q_stride` numbers between rows, k and v have
/// `kv_stride`, y has `y_stride`.
void ck_attention(int library, const float *q, size_t q_stride, const float *k, const float *v, size_t kv_stride, float *y,
                  size_t y_stride, float *log_sums, size_t q_rows, size_t kv_rows, size_t width, float scale);
/// dq, dk and dv have the strides of q, k and v and are replaced; dy has y's stride.
void ck_attention_gradient(int library, const float *q, size_t q_stride, const float *k, const float *v, size_t kv_stride,
                           const float *y, const float *dy, size_t y_stride, const float *log_sums, float *dq, float *dk,
                           float *dv, size_t q_rows, size_t kv_rows, size_t width, float scale);

/// The same of BF16 numbers, with `scratch` of ck_attention_scratch_bf16 floats.
void ck_attention_bf16(const uint16_t *q, size_t q_stride, const uint16_t *k, const uint16_t *v, size_t kv_stride,
                       uint16_t *y, size_t y_stride, float *log_sums, float *scratch, size_t q_rows, size_t kv_rows,
                       size_t width, float scale);
void ck_attention_gradient_bf16(const uint16_t *q, size_t q_stride, const uint16_t *k, const uint16_t *v,
                                size_t kv_stride, const uint16_t *y, const uint16_t *dy, size_t y_stride,
                                const float *log_sums, uint16_t *dq, uint16_t *dk, uint16_t *dv, float *scratch,
                                size_t q_rows, size_t kv_rows, size_t width, float scale);
size_t ck_attention_scratch_bf16(size_t kv_rows, size_t width, int gradient);

// MARK: Rows and pictures

/// One patch: `pixels` is the top left pixel of its first channel; lines are `size` apart, channels size².
void ck_patch(const float *pixels, float *y, size_t size, size_t patch, size_t channels, int channels_first);
void ck_normalise_row(float *x, size_t width, float epsilon);
/// Σ (prediction − target)² over a row; if `gradient` is not null it receives factor · (prediction − target).
double ck_squared_error(const float *prediction, const float *target, float *gradient, float factor, size_t width);
/// Σ w (−t log s − (1 − t) log(1 − s)), s = sigmoid(z); if `gradient` is not null it receives scale · w (s − t), and 0
/// where w is 0, whatever z and t are there.
double ck_binary_cross_entropy(const float *z, const float *t, const float *weights, float *gradient, double scale,
                               size_t n);

// MARK: The loader's pictures

/// Where an image of `rows` × `columns` samples a pixel looks, in pixels of the source: its first sample, and the steps
/// from a sample to the one on its right and to the one below. The centre of the first source pixel is (0, 0).
struct ck_view {
    double x, y, across_x, across_y, down_x, down_y;
    size_t rows, columns;
};

/// Planes that `ck_resample` takes at most.
enum { CK_RESAMPLE_LANES = 8 };
/// Resamples `used` planes [side, side], whose pixels are `step` bytes apart, to y [used, image, image]: the sum of a
/// pixel's bilinear samples, black outside of the source, times `scale` plus `shift` [used].
/// `scratch` has (side + 1)² · CK_RESAMPLE_LANES bytes.
void ck_resample(const uint8_t *const *lanes, size_t step, size_t used, size_t side, const struct ck_view *view,
                 uint8_t *scratch, float *y, size_t image, const float *scale, const float *shift);

#endif
