// Kernels that do in one pass over a card's memory what PyTorch does in several. The words are those that CUDA and C++ share:
// `KERNELS` makes of them the text that NVRTC compiles on a card (fused.cpp), or code of a host (Tests/Fused/host.cpp), which
// is how their arithmetic is tested where there is no card.
//
// Numbers are F32, or BF16 in the form of their sixteen bits. Blocks have a power of two of threads, at most 1,024.
KERNELS(
__device__ inline float echo_number(float x) { return x; }
__device__ inline float echo_number(unsigned short x) { return __uint_as_float((unsigned)x << 16); }
__device__ inline void echo_store(float *place, float x) { *place = x; }
__device__ inline void echo_store(unsigned short *place, float x) {
    const unsigned bits = __float_as_uint(x);
    const bool isNumber = (bits & 0x7fffffffu) <= 0x7f800000u;
    *place = (unsigned short)(isNumber ? (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16 : 0x7fc0u);
}

__device__ inline float echo_block_sum(float x) {
    __shared__ float sums[1024];
    sums[threadIdx.x] = x;
    __syncthreads();
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
        __syncthreads();
    }
    const float sum = sums[0];
    __syncthreads();
    return sum;
}

/* dx = dx * GELU'(before), then before = GELU(before). */
template <typename Number> __device__ inline void echo_gelu_back(Number *dx, Number *before, long count) {
    const long stride = (long)gridDim.x * blockDim.x;
    for (long i = (long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += stride) {
        const float x = echo_number(before[i]);
        const float below = 0.5f * (1.0f + erff(x * 0.70710678f));
        const float density = 0.39894228f * expf(-0.5f * x * x);
        echo_store(dx + i, echo_number(dx[i]) * (below + x * density));
        echo_store(before + i, x * below);
    }
}

/* y += bias + residual, of [rows, width]. */
extern "C" __global__ void echo_add(float *y, const float *bias, const float *residual, long count, long width) {
    const long stride = (long)gridDim.x * blockDim.x;
    for (long i = (long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += stride) y[i] += bias[i % width] + residual[i];
}

/* y += bias + residual where there are any, then normed = (y - mean) * inverse * scale + shift, row by row, a block each. */
template <typename Number> __device__ inline void echo_norm(
    float *y, const float *bias, const float *residual, const float *scale, const float *shift, Number *normed, float *mean,
    float *inverse, long rows, long width, float epsilon) {
    for (long row = blockIdx.x; row < rows; row += gridDim.x) {
        float *own = y + row * width;
        float sum = 0.0f;
        for (long i = threadIdx.x; i < width; i += blockDim.x) {
            if (residual) own[i] += bias[i] + residual[row * width + i];
            sum += own[i];
        }
        const float middle = echo_block_sum(sum) / (float)width;
        float squares = 0.0f;
        for (long i = threadIdx.x; i < width; i += blockDim.x) squares += (own[i] - middle) * (own[i] - middle);
        const float factor = 1.0f / sqrtf(echo_block_sum(squares) / (float)width + epsilon);
        for (long i = threadIdx.x; i < width; i += blockDim.x) {
            echo_store(normed + row * width + i, (own[i] - middle) * factor * scale[i] + shift[i]);
        }
        if (threadIdx.x == 0) {
            mean[row] = middle;
            inverse[row] = factor;
        }
    }
}

/* y [rows, 3, heads, width] = dq, dk and dv, each [rows, heads, padded]. */
template <typename From, typename To> __device__ inline void echo_join(
    const From *dq, const From *dk, const From *dv, To *y, long rows, long heads, long width, long padded) {
    const long stride = (long)gridDim.x * blockDim.x;
    const long count = rows * 3 * heads * width;
    for (long i = (long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += stride) {
        const long head = i / width;
        const long row = head / (3 * heads);
        const long part = head / heads % 3;
        const From *from = part == 0 ? dq : part == 1 ? dk : dv;
        echo_store(y + i, echo_number(from[(row * heads + head % heads) * padded + i % width]));
    }
}

extern "C" __global__ void echo_gelu_back_f32(float *dx, float *before, long count) { echo_gelu_back(dx, before, count); }
extern "C" __global__ void echo_gelu_back_bf16(unsigned short *dx, unsigned short *before, long count) {
    echo_gelu_back(dx, before, count);
}
extern "C" __global__ void echo_norm_f32(
    float *y, const float *bias, const float *residual, const float *scale, const float *shift, float *normed, float *mean,
    float *inverse, long rows, long width, float epsilon) {
    echo_norm(y, bias, residual, scale, shift, normed, mean, inverse, rows, width, epsilon);
}
extern "C" __global__ void echo_norm_bf16(
    float *y, const float *bias, const float *residual, const float *scale, const float *shift, unsigned short *normed,
    float *mean, float *inverse, long rows, long width, float epsilon) {
    echo_norm(y, bias, residual, scale, shift, normed, mean, inverse, rows, width, epsilon);
}
extern "C" __global__ void echo_join_f32_f32(
    const float *dq, const float *dk, const float *dv, float *y, long rows, long heads, long width, long padded) {
    echo_join(dq, dk, dv, y, rows, heads, width, padded);
}
extern "C" __global__ void echo_join_bf16_f32(
    const unsigned short *dq, const unsigned short *dk, const unsigned short *dv, float *y, long rows, long heads, long width,
    long padded) {
    echo_join(dq, dk, dv, y, rows, heads, width, padded);
}
extern "C" __global__ void echo_join_bf16_bf16(
    const unsigned short *dq, const unsigned short *dk, const unsigned short *dv, unsigned short *y, long rows, long heads,
    long width, long padded) {
    echo_join(dq, dk, dv, y, rows, heads, width, padded);
}
)
