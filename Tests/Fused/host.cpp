// The kernels of Sources/C/CTorch/torch/kernels.h as code of a host: a library that stands in for a card, blocks one after the
// other and the threads of a block side by side.
#include <barrier>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {
struct Place {
    unsigned x;
};
thread_local Place threadIdx, blockIdx;
Place blockDim, gridDim;
std::barrier<> *meeting;
std::mutex one;

void __syncthreads() { meeting->arrive_and_wait(); }
float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
}  // namespace

#define __global__
#define __device__
#define __shared__ static
#define KERNELS(...) __VA_ARGS__
#include "../../Sources/C/CTorch/torch/kernels.h"

namespace {
/// Calls a kernel with what its arguments' places hold.
template <typename... Arguments, size_t... at>
void call(void (*kernel)(Arguments...), void **arguments, std::index_sequence<at...>) {
    kernel(*static_cast<Arguments *>(arguments[at])...);
}

using Call = void (*)(void **arguments);
template <auto kernel> struct Called;
template <typename... Arguments, void (*kernel)(Arguments...)> struct Called<kernel> {
    static void run(void **arguments) { call(kernel, arguments, std::index_sequence_for<Arguments...>()); }
};

#define NAMED(kernel) {#kernel, Called<kernel>::run}
const std::map<std::string, Call> kernels = {
    NAMED(echo_add),          NAMED(echo_gelu_back_f32), NAMED(echo_gelu_back_bf16), NAMED(echo_norm_f32),
    NAMED(echo_norm_bf16),    NAMED(echo_join_f32_f32),  NAMED(echo_join_bf16_f32),  NAMED(echo_join_bf16_bf16),
};
}  // namespace

extern "C" void echo_fused_run(const char *name, unsigned blocks, unsigned threads, void **arguments) {
    // What a block shares is this library's.
    const std::lock_guard<std::mutex> alone(one);
    const Call kernel = kernels.at(name);
    std::barrier<> all(threads);
    meeting = &all;
    blockDim.x = threads;
    gridDim.x = blocks;
    std::vector<std::thread> crew;
    for (unsigned thread = 0; thread < threads; thread++) {
        crew.emplace_back([=, &all] {
            threadIdx.x = thread;
            for (unsigned block = 0; block < blocks; block++) {
                blockIdx.x = block;
                kernel(arguments);
                all.arrive_and_wait();
            }
        });
    }
    for (std::thread &each : crew) each.join();
}
