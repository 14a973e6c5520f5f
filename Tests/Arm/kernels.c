// Holds the C kernels to their formulas, written as plain loops in double: on the processor that it is compiled for, which
// Tests/Arm/arm.sh lets be an Arm one under qemu-user.
#include "kernels.h"
#include "pixels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What products are made of there; the library itself is somebody else's.
void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda, const float *b,
                 int ldb, float beta, float *c, int ldc) {
    if (order != 101) abort();
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int l = 0; l < k; l++)
                sum += (double)(ta == 112 ? a[l * lda + i] : a[i * lda + l]) * (tb == 112 ? b[j * ldb + l] : b[l * ldb + j]);
            c[i * ldc + j] = (float)(alpha * sum + (beta == 0 ? 0 : beta * (double)c[i * ldc + j]));
        }
}

static int failures, checks;
// As the suite of engines allows: of a result's size in F32 and in BF16.
static const double f32 = 3e-6, bf16 = 0x1p-7;

/// Whether results are as near to what is wanted as is allowed.
static void hold(const char *name, const float *found, const double *wanted, size_t n, double allowed) {
    double difference = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        difference += (found[i] - wanted[i]) * (found[i] - wanted[i]);
        size += wanted[i] * wanted[i];
    }
    checks++;
    if (!(sqrt(difference) <= allowed * sqrt(size) + 3e-8)) {
        failures++;
        printf("%s: off by %g of %g\n", name, sqrt(difference), sqrt(size));
    }
}

static void holds(const char *name, int isRight) {
    checks++;
    if (!isRight) failures++, printf("%s: wrong\n", name);
}

static uint64_t state = 1;
static uint32_t draw(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}
/// Numbers of −1 … 1, scaled.
static void fill(float *x, size_t n, double scale) {
    for (size_t i = 0; i < n; i++) x[i] = (float)(scale * (draw() * 0x1p-30 - 1));
}

static double phi(double x) { return 0.5 * erfc(-x / sqrt(2)); }
static double slope(double x) { return phi(x) + x * exp(-x * x / 2) / sqrt(2 * M_PI); }
static float widened(uint16_t x) {
    uint32_t bits = (uint32_t)x << 16;
    float y;
    memcpy(&y, &bits, sizeof y);
    return y;
}

enum { N = 1003 };

static void elements(void) {
    static float x[N], y[N], z[N];
    static double wanted[N], other[N];
    fill(x, N, 40);
    ck_exp(x, y, N);
    double worst = 0;
    for (int i = 0; i < N; i++) worst = fmax(worst, fabs(y[i] / exp((double)x[i]) - 1));
    holds("exp to an ulp", worst < 1.3e-7);
    fill(x, N, 4);
    ck_erf(x, y, N);
    for (int i = 0; i < N; i++) wanted[i] = erf((double)x[i]);
    hold("erf", y, wanted, N, 2e-7);
    ck_gelu(x, y, N);
    for (int i = 0; i < N; i++) wanted[i] = x[i] * phi(x[i]);
    hold("gelu", y, wanted, N, f32);
    fill(z, N, 1);
    for (int i = 0; i < N; i++) other[i] = z[i] * slope(x[i]);
    memcpy(y, x, sizeof y);
    ck_gelu_gradient(y, z, N);
    hold("gelu again", y, wanted, N, f32);
    hold("gelu's gradient", z, other, N, f32);

    uint16_t rounded[N], plainly[N];
    ck_round(x, rounded, N);
    ck_round_plainly(x, plainly, N);
    int isNearest = !memcmp(rounded, plainly, sizeof rounded);
    for (int i = 0; i < N; i++) isNearest &= fabs(widened(rounded[i]) - x[i]) <= fabs(x[i]) * 0x1p-8;
    holds("rounding to BF16", isNearest);

    fill(y, N, 1);
    for (int i = 0; i < N; i++) wanted[i] = (double)x[i] + y[i], other[i] = y[i] + 0.3 * ((double)x[i] - y[i]);
    memcpy(z, y, sizeof z);
    ck_add(x, z, N);
    hold("add", z, wanted, N, f32);
    ck_blend(x, y, 0.3f, N);
    hold("blend", y, other, N, f32);
    double sum = 0;
    for (int i = 0; i < N; i++) sum += (double)x[i] * x[i];
    holds("sum of squares", fabs(ck_sum_of_squares(x, N) - sum) <= 1e-9 * sum);

    static float g[N], m[N], v[N];
    const struct ck_adamw_factors f = {0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0.99f, 0.01f, 0.5f, 0.7f};
    fill(g, N, 1), fill(m, N, 0.1), fill(v, N, 0.1);
    for (int i = 0; i < N; i++) {
        v[i] = fabsf(v[i]);
        double gradient = g[i] * (double)f.gradient_scale;
        double first = (double)f.beta1 * m[i] + (double)f.one_minus_beta1 * gradient;
        double second = (double)f.beta2 * v[i] + (double)f.one_minus_beta2 * gradient * gradient;
        wanted[i] = x[i] * (double)f.decay - (double)f.rate * first / (sqrt(second) / (double)f.root + (double)f.epsilon);
    }
    ck_adamw(x, g, m, v, rounded, N, &f);
    hold("AdamW", x, wanted, N, f32);
    ck_round_plainly(x, plainly, N);
    holds("AdamW's rounded weights", !memcmp(rounded, plainly, sizeof rounded));
}

enum { ROWS = 37, IN = 45, OUT = 51 };

/// Linear layers, of F32 and of BF16.
static void linear(void) {
    static float x[ROWS * IN], w[OUT * IN], b[OUT], y[ROWS * OUT], extra[ROWS * OUT], dx[ROWS * IN], gelu[ROWS * IN];
    static float dw[OUT * IN], db[OUT], scratch[ROWS * OUT + ROWS * IN];
    static uint16_t xs[ROWS * IN], ws[OUT * IN], dys[ROWS * OUT];
    static double plain[ROWS * OUT], wanted[ROWS * OUT], back[ROWS * IN], weights[OUT * IN], biases[OUT];
    const struct ck_tile forward = {0, ROWS, 0, OUT}, backward = {0, ROWS, 0, IN}, across = {0, OUT, 0, IN};
    fill(x, ROWS * IN, 1), fill(w, OUT * IN, 1), fill(b, OUT, 1), fill(extra, ROWS * OUT, 1);
    // Numbers that BF16 has, so that both precisions are held to the same.
    ck_round_plainly(x, xs, ROWS * IN), ck_round_plainly(w, ws, OUT * IN);
    for (int i = 0; i < ROWS * IN; i++) x[i] = widened(xs[i]);
    for (int i = 0; i < OUT * IN; i++) w[i] = widened(ws[i]);
    for (int r = 0; r < ROWS; r++)
        for (int o = 0; o < OUT; o++) {
            double sum = b[o];
            for (int i = 0; i < IN; i++) sum += (double)x[r * IN + i] * w[o * IN + i];
            plain[r * OUT + o] = sum;
        }
    for (int isRounded = 0; isRounded < 2; isRounded++) {
        for (int epilogue = CK_NONE; epilogue <= CK_ADDING; epilogue++) {
            for (int i = 0; i < ROWS * OUT; i++) wanted[i] = plain[i] + (epilogue == CK_ADDING ? (double)extra[i] : 0);
            static float other[ROWS * OUT];
            memcpy(other, extra, sizeof other);
            if (isRounded) {
                ck_linear_bf16(xs, ws, b, (struct ck_numbers){y, 0}, (struct ck_numbers){epilogue ? other : NULL, 0}, epilogue,
                               scratch, forward, IN, OUT);
            } else {
                ck_linear(CK_OPENBLAS, x, w, b, y, epilogue ? other : NULL, epilogue, 0, ROWS, IN, OUT);
            }
            hold("linear", y, wanted, ROWS * OUT, f32);
            if (epilogue != CK_GELU) continue;
            for (int i = 0; i < ROWS * OUT; i++) wanted[i] = plain[i] * phi(plain[i]);
            hold("linear, gelu", other, wanted, ROWS * OUT, isRounded ? bf16 : f32);
        }
        fill(y, ROWS * OUT, 1);
        ck_round_plainly(y, dys, ROWS * OUT);
        for (int i = 0; i < ROWS * OUT; i++) y[i] = widened(dys[i]);
        fill(gelu, ROWS * IN, 2);
        memset(back, 0, sizeof back), memset(weights, 0, sizeof weights), memset(biases, 0, sizeof biases);
        for (int r = 0; r < ROWS; r++)
            for (int o = 0; o < OUT; o++) {
                double dy = y[r * OUT + o];
                biases[o] += dy;
                for (int i = 0; i < IN; i++) {
                    back[r * IN + i] += dy * w[o * IN + i];
                    weights[o * IN + i] += dy * x[r * IN + i];
                }
            }
        for (int i = 0; i < ROWS * IN; i++) back[i] *= slope(gelu[i]);
        if (isRounded) {
            ck_linear_input_gradient_bf16(dys, ws, (struct ck_numbers){dx, 0}, 0, (struct ck_numbers){gelu, 0}, scratch,
                                          backward, IN, OUT);
            ck_linear_weight_gradient_bf16(dys, xs, dw, db, 0, across, ROWS, IN, OUT);
        } else {
            ck_linear_input_gradient(CK_OPENBLAS, y, w, dx, 0, gelu, 0, ROWS, IN, OUT);
            ck_linear_weight_gradient(CK_OPENBLAS, y, x, dw, db, 0, 0, OUT, ROWS, IN, OUT);
        }
        hold("input gradient through gelu", dx, back, ROWS * IN, isRounded ? bf16 : f32);
        hold("weight gradient", dw, weights, OUT * IN, f32);
        hold("bias gradient", db, biases, OUT, f32);
    }
}

static void norms(void) {
    static float x[ROWS * IN], y[ROWS * IN], dy[ROWS * IN], dx[ROWS * IN], scale[IN], shift[IN], statistics[2 * ROWS];
    static float dscale[IN], dshift[IN];
    static double wanted[ROWS * IN], back[ROWS * IN], scales[IN], shifts[IN];
    fill(x, ROWS * IN, 3), fill(dy, ROWS * IN, 1), fill(scale, IN, 1), fill(shift, IN, 1);
    for (int r = 0; r < ROWS; r++) {
        double mean = 0, variance = 0, d = 0, dn = 0;
        for (int i = 0; i < IN; i++) mean += x[r * IN + i] / (double)IN;
        for (int i = 0; i < IN; i++) variance += (x[r * IN + i] - mean) * (x[r * IN + i] - mean) / IN;
        double inverse = 1 / sqrt(variance + 1e-6);
        for (int i = 0; i < IN; i++) {
            double n = (x[r * IN + i] - mean) * inverse, g = (double)dy[r * IN + i] * scale[i];
            wanted[r * IN + i] = n * scale[i] + shift[i];
            d += g / IN, dn += g * n / IN;
            scales[i] += dy[r * IN + i] * n, shifts[i] += dy[r * IN + i];
        }
        for (int i = 0; i < IN; i++) {
            double n = (x[r * IN + i] - mean) * inverse, g = (double)dy[r * IN + i] * scale[i];
            back[r * IN + i] = (g - d - n * dn) * inverse;
        }
    }
    ck_layer_norm(x, scale, shift, (struct ck_numbers){y, 0}, statistics, ROWS, IN, 1e-6f);
    hold("layer norm", y, wanted, ROWS * IN, f32);
    ck_layer_norm_gradient((struct ck_numbers){dy, 0}, x, scale, statistics, dx, 0, dscale, dshift, ROWS, IN);
    hold("layer norm's gradient", dx, back, ROWS * IN, f32);
    hold("of its scale", dscale, scales, IN, f32);
    hold("of its shift", dshift, shifts, IN, f32);
    ck_normalise_row(x, IN, 1e-6f);
    double squares = 0, sum = 0;
    for (int i = 0; i < IN; i++) squares += (double)x[i] * x[i], sum += x[i];
    holds("normalised row", fabs(squares - (IN - 1)) < 1e-3 && fabs(sum) < 1e-4);
}

enum { QUERIES = 131, KEYS = 150, WIDTH = 24 };

static void attention(void) {
    static float q[QUERIES * WIDTH], k[KEYS * WIDTH], v[KEYS * WIDTH], dy[QUERIES * WIDTH], y[QUERIES * WIDTH];
    static float dq[QUERIES * WIDTH], dk[KEYS * WIDTH], dv[KEYS * WIDTH], logs[QUERIES];
    static uint16_t qs[QUERIES * WIDTH], ks[KEYS * WIDTH], vs[KEYS * WIDTH], dys[QUERIES * WIDTH], ys[QUERIES * WIDTH];
    static uint16_t dqs[QUERIES * WIDTH], dks[KEYS * WIDTH], dvs[KEYS * WIDTH];
    static double p[QUERIES * KEYS], wanted[QUERIES * WIDTH], wq[QUERIES * WIDTH], wk[KEYS * WIDTH], wv[KEYS * WIDTH];
    const float scale = 1 / sqrtf(WIDTH);
    float *const all[] = {q, k, v, dy};
    uint16_t *const rounded[] = {qs, ks, vs, dys};
    for (int i = 0; i < 4; i++) {
        size_t n = (i == 1 || i == 2 ? KEYS : QUERIES) * WIDTH;
        fill(all[i], n, 1);
        ck_round_plainly(all[i], rounded[i], n);
        for (size_t j = 0; j < n; j++) all[i][j] = widened(rounded[i][j]);
    }
    for (int i = 0; i < QUERIES; i++) {
        double sum = 0, dot = 0;
        for (int j = 0; j < KEYS; j++) {
            double s = 0;
            for (int c = 0; c < WIDTH; c++) s += (double)q[i * WIDTH + c] * k[j * WIDTH + c];
            sum += p[i * KEYS + j] = exp(s * scale);
        }
        for (int j = 0; j < KEYS; j++) p[i * KEYS + j] /= sum;
        for (int j = 0; j < KEYS; j++)
            for (int c = 0; c < WIDTH; c++) {
                wanted[i * WIDTH + c] += p[i * KEYS + j] * v[j * WIDTH + c];
                wv[j * WIDTH + c] += p[i * KEYS + j] * dy[i * WIDTH + c];
            }
        for (int c = 0; c < WIDTH; c++) dot += wanted[i * WIDTH + c] * dy[i * WIDTH + c];
        for (int j = 0; j < KEYS; j++) {
            double dp = 0;
            for (int c = 0; c < WIDTH; c++) dp += (double)dy[i * WIDTH + c] * v[j * WIDTH + c];
            double ds = p[i * KEYS + j] * (dp - dot) * scale;
            for (int c = 0; c < WIDTH; c++) {
                wq[i * WIDTH + c] += ds * k[j * WIDTH + c];
                wk[j * WIDTH + c] += ds * q[i * WIDTH + c];
            }
        }
    }
    ck_attention(CK_OPENBLAS, q, WIDTH, k, v, WIDTH, y, WIDTH, logs, QUERIES, KEYS, WIDTH, scale);
    hold("attention", y, wanted, QUERIES * WIDTH, f32);
    ck_attention_gradient(CK_OPENBLAS, q, WIDTH, k, v, WIDTH, y, dy, WIDTH, logs, dq, dk, dv, QUERIES, KEYS, WIDTH, scale);
    hold("dq", dq, wq, QUERIES * WIDTH, f32);
    hold("dk", dk, wk, KEYS * WIDTH, f32);
    hold("dv", dv, wv, KEYS * WIDTH, f32);
    float *scratch = malloc(ck_attention_scratch_bf16(KEYS, WIDTH, 1) * sizeof *scratch);
    ck_attention_bf16(qs, WIDTH, ks, vs, WIDTH, ys, WIDTH, logs, scratch, QUERIES, KEYS, WIDTH, scale);
    for (int i = 0; i < QUERIES * WIDTH; i++) y[i] = widened(ys[i]);
    hold("attention in BF16", y, wanted, QUERIES * WIDTH, bf16);
    ck_attention_gradient_bf16(qs, WIDTH, ks, vs, WIDTH, ys, dys, WIDTH, logs, dqs, dks, dvs, scratch, QUERIES, KEYS, WIDTH,
                               scale);
    for (int i = 0; i < QUERIES * WIDTH; i++) dq[i] = widened(dqs[i]);
    for (int i = 0; i < KEYS * WIDTH; i++) dk[i] = widened(dks[i]), dv[i] = widened(dvs[i]);
    hold("dq in BF16", dq, wq, QUERIES * WIDTH, bf16);
    hold("dk in BF16", dk, wk, KEYS * WIDTH, bf16);
    hold("dv in BF16", dv, wv, KEYS * WIDTH, bf16);
    free(scratch);
}

static void losses(void) {
    static float z[N], t[N], w[N], gradient[N];
    static double wanted[N];
    fill(z, N, 9), fill(t, N, 0.5), fill(w, N, 1);
    double sum = 0, squares = 0;
    for (int i = 0; i < N; i++) {
        t[i] += 0.5f, w[i] = i % 4 == 2 ? 0 : fabsf(w[i]);
        sum += w[i] * (log1p(exp(-fabs((double)z[i]))) + fmax(z[i], 0) - (double)t[i] * z[i]);
        wanted[i] = 0.7 * w[i] * (1 / (1 + exp(-(double)z[i])) - t[i]);
    }
    holds("cross-entropy", fabs(ck_binary_cross_entropy(z, t, w, gradient, 0.7, N) - sum) <= 1e-6 * sum);
    hold("cross-entropy's gradient", gradient, wanted, N, f32);
    for (int i = 0; i < N; i++) squares += ((double)z[i] - t[i]) * ((double)z[i] - t[i]), wanted[i] = 0.3 * ((double)z[i] - t[i]);
    holds("squared error", fabs(ck_squared_error(z, t, gradient, 0.3f, N) - squares) <= 1e-6 * squares);
    hold("squared error's gradient", gradient, wanted, N, f32);
}

enum { SIDE = 19, IMAGE = 13, LANE_COUNT = 7 };

static double sampled(const uint8_t *plane, double x, double y) {
    if (x < -0.5 || y < -0.5 || x > SIDE - 0.5 || y > SIDE - 0.5) return 0;
    double u = fmin(fmax(x, 0), SIDE - 1), v = fmin(fmax(y, 0), SIDE - 1);
    int left = (int)u, top = (int)v, right = left + (left < SIDE - 1), bottom = top + (top < SIDE - 1);
    double a = u - left, b = v - top;
    return (1 - b) * ((1 - a) * plane[top * SIDE + left] + a * plane[top * SIDE + right])
        + b * ((1 - a) * plane[bottom * SIDE + left] + a * plane[bottom * SIDE + right]);
}

static void pictures(void) {
    static uint8_t planes[LANE_COUNT][SIDE * SIDE], scratch[(SIDE + 1) * (SIDE + 1) * CK_RESAMPLE_LANES];
    static float y[LANE_COUNT * IMAGE * IMAGE];
    static double wanted[LANE_COUNT * IMAGE * IMAGE];
    const uint8_t *lanes[LANE_COUNT];
    float scale[LANE_COUNT], shift[LANE_COUNT];
    const struct ck_view view = {0.3137, -1.1291, 0.7071, 0.2133, -0.2133, 0.7071, 2, 2};
    for (int l = 0; l < LANE_COUNT; l++) {
        for (int i = 0; i < SIDE * SIDE; i++) planes[l][i] = (uint8_t)draw();
        lanes[l] = planes[l], scale[l] = 0.01f * (float)(l + 1), shift[l] = -1;
        for (int i = 0; i < IMAGE * IMAGE; i++) {
            double sum = 0;
            for (int s = 0; s < 4; s++) {
                double across = i % IMAGE * 2 + s % 2, down = i / IMAGE * 2 + s / 2;
                sum += sampled(planes[l], view.x + across * view.across_x + down * view.down_x,
                               view.y + across * view.across_y + down * view.down_y);
            }
            wanted[l * IMAGE * IMAGE + i] = sum * scale[l] + shift[l];
        }
    }
    // Eight lanes side by side, and four.
    for (int used = LANE_COUNT; used > 0; used -= 4) {
        ck_resample(lanes, 1, used, SIDE, &view, scratch, y, IMAGE, scale, shift);
        hold("resample", y, wanted, used * IMAGE * IMAGE, f32);
    }

    static uint8_t samples[N], mask[N];
    size_t count = 0;
    for (int i = 0; i < N; i++) {
        samples[i] = (uint8_t)draw(), mask[i] = draw() % 3 ? 255 : 0;
        count += mask[i] && samples[i] >= 100;
    }
    holds("count", px_count(samples, mask, N, 100) == count);

    enum { WIDTH_OUT = 21, GROUPS = (WIDTH_OUT + 7) / 8 * 8 };
    static float sums[N], weights[4 * GROUPS];
    static int32_t firsts[GROUPS];
    static uint8_t out[WIDTH_OUT];
    px_rows rows = {{0, 40, 80, 120}, {0, 40, 80, 120}, {-0.1f, 0.6f, 0.55f, -0.05f}, 40, 40};
    px_combine_rows(samples, mask, &rows, sums);
    int isSame = 1;
    for (int i = 0; i < 40; i++) {
        float sum = rows.weights[0] * (float)(samples[i] & mask[i]);
        for (int r = 1; r < 4; r++) {
            volatile float product = rows.weights[r] * (float)(samples[40 * r + i] & mask[40 * r + i]);
            sum += product;
        }
        isSame &= sum == sums[i];
    }
    holds("rows, to the bit", isSame);
    fill(weights, 4 * GROUPS, 0.5);
    for (int x = 0; x < GROUPS; x++) firsts[x] = x % 36;
    px_combine_columns(sums, firsts, weights, WIDTH_OUT, out, 1);
    isSame = 1;
    for (int x = 0; x < WIDTH_OUT; x++) {
        float sum = 0;
        for (int tap = 0; tap < 4; tap++) {
            volatile float product = weights[x / 8 * 32 + tap * 8 + x % 8] * sums[firsts[x] + tap];
            sum = tap == 0 ? product : sum + product;
        }
        isSame &= out[x] == (uint8_t)rintf(fminf(fmaxf(sum, 0), 255));
    }
    holds("columns, to the bit", isSame);
}

int main(void) {
    elements();
    linear();
    norms();
    attention();
    losses();
    pictures();
    printf("%d of %d results of the kernels are right\n", checks - failures, checks);
    return failures != 0;
}
