// Devices and what lies on them.
#include "operations.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/zeros.h>
#include <dlfcn.h>
#include <torch/version.h>

#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 9
#include <c10/core/CachingDeviceAllocator.h>
#define HAS_DEVICE_STATISTICS 1
#endif

namespace {
thread_local std::string words;

/// A function of the card's driver; null without one.
template <typename Function> Function driver(const char *name) {
    static void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    return library ? reinterpret_cast<Function>(dlsym(library, name)) : nullptr;
}
}  // namespace

namespace echo {
void setError(const char *text) { words = text; }
const char *error() { return words.c_str(); }

int open(const char *name, int threads, int bf16, const char *fused, EchoDevice **opened) {
    EchoDevice probe(at::kCPU, false);
    return guarded(&probe, [&] {
        at::set_num_threads(threads);
        auto device = std::make_unique<EchoDevice>(at::Device(name), bf16 != 0);
        if (device->device.is_cuda() && !device->device.has_index()) device->device.set_index(0);
        // Products of F32 are of F32: no TF32.
        at::globalContext().setAllowTF32CuBLAS(false);
        at::empty({1}, device->options(at::kFloat));  // Fails where there is no such device.
        if (!device->device.is_cpu()) {
            c10::impl::VirtualGuardImpl guard(device->device.type());
            device->side = guard.getStreamFromGlobalPool(device->device);
        }
        device->kernels = kernels(device->device, fused);
        *opened = device.release();
    });
}

void close(EchoDevice *device) { delete device; }

int cards() {
    auto init = driver<int (*)(unsigned)>("cuInit");
    auto count = driver<int (*)(int *)>("cuDeviceGetCount");
    int found = 0;
    return init && count && init(0) == 0 && count(&found) == 0 ? found : 0;
}

void cardName(int number, char *name, int bytes) {
    auto device = driver<int (*)(int *, int)>("cuDeviceGet");
    auto nameOf = driver<int (*)(char *, int, int)>("cuDeviceGetName");
    int handle = 0;
    if (bytes > 0) name[0] = 0;
    if (number < cards() && device && nameOf && device(&handle, number) == 0) nameOf(name, bytes, handle);
}

int memory(EchoDevice *device, long *free, long *total) {
    return guarded(device, [&] {
        *free = *total = -1;
        if (device->device.is_cpu()) return;
        size_t left = 0, all = 0;
        auto info = driver<int (*)(size_t *, size_t *)>("cuMemGetInfo_v2");
        if (info && info(&left, &all) == 0) { *free = (long)left; *total = (long)all; }
    });
}

int peak(EchoDevice *device, long *bytes) {
    return guarded(device, [&] {
        *bytes = -1;
#ifdef HAS_DEVICE_STATISTICS
        if (device->device.is_cpu()) return;
        auto statistics = c10::getDeviceAllocator(device->device.type())->getDeviceStats(device->device.index());
        *bytes = statistics.reserved_bytes[0].peak;
#endif
    });
}

int wait(EchoDevice *device) {
    return guarded(device, [&] {
        if (device->device.is_cpu()) return;
        c10::impl::VirtualGuardImpl guard(device->device.type());
        guard.getStream(device->device).synchronize();
    });
}

EchoBuffer *buffer(EchoDevice *device, long count, int use) {
    auto type = use == echo_sums ? at::kDouble : use == echo_factors && device->bf16 ? at::kBFloat16 : at::kFloat;
    return new EchoBuffer{device, count, type, use};
}

int part(EchoBuffer *whole, long start, long count, EchoBuffer **made) {
    return guarded(whole->on, [&] {
        Tensor numbers = whole->as({whole->count}).narrow(0, start, count);
        *made = new EchoBuffer{whole->on, count, whole->type, whole->use, true, numbers};
    });
}

void release(EchoBuffer *buffer) { delete buffer; }

int rows(EchoDevice *device, const int32_t *numbers, long count, EchoRows **made) {
    return guarded(device, [&] {
        auto rows = std::make_unique<EchoRows>(EchoRows{device, count});
        std::vector<int64_t> places, filled;
        std::vector<int32_t> sources;
        for (long i = 0; i < count; i++) {
            rows->isIdentity = rows->isIdentity && numbers[i] == i;
            if (numbers[i] < 0) {
                filled.push_back(i);
            } else {
                places.push_back(i);
                sources.push_back(numbers[i]);
            }
        }
        rows->hasGaps = !filled.empty();
        if (rows->hasGaps) {
            rows->places = uploaded(device, places.data(), places.size(), at::kLong);
            rows->sources = uploaded(device, sources.data(), sources.size(), at::kInt);
            rows->filled = uploaded(device, filled.data(), filled.size(), at::kLong);
        } else {
            rows->all = uploaded(device, numbers, count, at::kInt);
        }
        *made = rows.release();
    });
}

void releaseRows(EchoRows *rows) { delete rows; }

int host(EchoDevice *device, long count, EchoHost **made, uint8_t **start) {
    return guarded(device, [&] {
        auto options = at::TensorOptions().dtype(at::kByte).pinned_memory(!device->device.is_cpu());
        auto host = std::make_unique<EchoHost>(EchoHost{device, at::zeros({count}, options)});
        *start = host->pixels.data_ptr<uint8_t>();
        *made = host.release();
    });
}

void releaseHost(EchoHost *host) {
    // Its memory may still be read.
    guarded(host->on, [&] {
        std::lock_guard<std::mutex> lock(host->on->uploads);
        if (host->on->uploading != host) return;
        host->on->uploading = nullptr;
        if (host->on->uploaded) host->on->uploaded->synchronize();
    });
    delete host;
}

int write(EchoBuffer *buffer, const float *numbers) {
    return guarded(buffer->on, [&] {
        buffer->changing({buffer->count})
            .copy_(at::from_blob(const_cast<float *>(numbers), {buffer->count}, at::kFloat));
    });
}

int read(EchoBuffer *buffer, float *numbers) {
    return guarded(buffer->on, [&] {
        at::from_blob(numbers, {buffer->count}, at::kFloat).copy_(buffer->as({buffer->count}));
    });
}

int sums(EchoBuffer *buffer, double *numbers) {
    return guarded(buffer->on, [&] {
        at::from_blob(numbers, {buffer->count}, at::kDouble).copy_(buffer->as({buffer->count}));
    });
}

int send(EchoBuffer *const *sums, long count, EchoSent **made) {
    return guarded(sums[0]->on, [&] {
        EchoDevice *device = sums[0]->on;
        long numbers = 0;
        for (long i = 0; i < count; i++) numbers += sums[i]->count;
        auto options = at::TensorOptions().dtype(at::kDouble).pinned_memory(!device->device.is_cpu());
        auto sent = std::make_unique<EchoSent>(EchoSent{device, at::empty({numbers}, options), {}});
        for (long i = 0, place = 0; i < count; place += sums[i]->count, i++) {
            sent->numbers.narrow(0, place, sums[i]->count).copy_(sums[i]->as({sums[i]->count}), /*non_blocking=*/true);
        }
        if (!device->device.is_cpu()) {
            c10::impl::VirtualGuardImpl guard(device->device.type());
            sent->arrival.emplace(device->device.type());
            sent->arrival->record(guard.getStream(device->device));
        }
        *made = sent.release();
    });
}

int arrive(EchoSent *sent, double *numbers) {
    return guarded(sent->on, [&] {
        if (sent->arrival) sent->arrival->synchronize();
        at::from_blob(numbers, {sent->numbers.numel()}, at::kDouble).copy_(sent->numbers);
    });
}

void releaseSent(EchoSent *sent) {
    // Its memory may still be written.
    guarded(sent->on, [&] { if (sent->arrival) sent->arrival->synchronize(); });
    delete sent;
}

Tensor raised(EchoHost *host, int64_t bytes) {
    EchoDevice *device = host->on;
    Tensor pixels = host->pixels.narrow(0, 0, bytes);
    if (!device->side) return pixels;
    c10::impl::VirtualGuardImpl guard(device->device.type());
    std::lock_guard<std::mutex> lock(device->uploads);
    if (device->uploaded) device->uploaded->synchronize();
    // Memory of the side stream's own: that of the main stream may still be in use by what was asked before.
    c10::Stream main = guard.exchangeStream(*device->side);
    Tensor raised;
    c10::Event done(device->device.type());
    try {
        raised = pixels.to(device->device, /*non_blocking=*/true);
        done.record(*device->side);
    } catch (...) {
        guard.exchangeStream(main);
        throw;
    }
    guard.exchangeStream(main);
    done.block(main);
    guard.recordDataPtrOnStream(raised.storage().data_ptr(), main);
    device->uploaded.emplace(std::move(done));
    device->uploading = host;
    return raised;
}

int fill(EchoBuffer *buffer, float value) {
    return guarded(buffer->on, [&] { buffer->changing({buffer->count}).fill_(value); });
}

int add(EchoBuffer *source, EchoBuffer *target) {
    return guarded(target->on, [&] { target->changing({target->count}).add_(source->as({target->count})); });
}

int copy(EchoBuffer *source, EchoBuffer *target) {
    return guarded(target->on, [&] { target->changing({target->count}).copy_(source->as({target->count})); });
}

int round(EchoBuffer *x, EchoBuffer *y) {
    // What needs no rounding is the same memory: nobody writes to factors.
    return guarded(y->on, [&] { y->numbers = x->factor({x->count}); });
}
}  // namespace echo
