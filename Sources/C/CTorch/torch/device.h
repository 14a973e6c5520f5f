// What all operations share: devices, buffers, how a failure is told, and how a result becomes a buffer's memory.
#pragma once

#include "../include/ctorch.h"
#include "fused.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>

#include <dlfcn.h>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using at::Tensor;

/// A device, the precision of its products, and what lasts from call to call.
struct EchoDevice {
    at::Device device;
    bool bf16;
    /// Where sequences begin, by their lengths: the same for all layers of a step.
    std::map<std::vector<long>, Tensor> offsets;
    /// Our own kernels; none where PyTorch's do everything.
    std::shared_ptr<echo::Kernels> kernels;
    /// On which pixels go up while the main stream computes; none on a processor.
    std::optional<c10::Stream> side;
    /// The last upload and the memory that it reads, which another thread may be done with.
    std::mutex uploads;
    std::optional<c10::Event> uploaded;
    EchoHost *uploading = nullptr;

    EchoDevice(at::Device device, bool bf16) : device(device), bf16(bf16) {}

    at::TensorOptions options(at::ScalarType type) const { return at::TensorOptions().dtype(type).device(device); }
};

/// So many numbers. Its memory comes with its first use, or from the operation whose result it takes.
struct EchoBuffer {
    EchoDevice *on;
    int64_t count;
    at::ScalarType type;
    int use;
    /// Whether it is a stretch of another's memory, which it must not leave.
    bool isPart = false;
    Tensor numbers;
    /// Of weights in BF16: the rounded numbers that products take, until the weights change.
    Tensor rounded;
    /// What an operation keeps for its gradient, in the operation's own form.
    std::vector<Tensor> kept;
    /// What its numbers [rows, width] lack until somebody looks at them: a bias [width] and a residual of their shape. A layer
    /// norm adds them in its own pass.
    Tensor lackedBias, lackedResidual;

    /// Its numbers in a shape.
    Tensor as(at::IntArrayRef shape) {
        if (lackedBias.defined()) {
            echo::addBoth(on, numbers, std::exchange(lackedBias, {}), std::exchange(lackedResidual, {}));
        }
        if (!numbers.defined()) numbers = at::empty({count}, on->options(type));
        return numbers.view(shape);
    }

    /// The same, to be changed.
    Tensor changing(at::IntArrayRef shape) {
        rounded = Tensor();
        return as(shape);
    }

    /// Its numbers as products take them: in BF16 if the device rounds factors.
    Tensor factor(at::IntArrayRef shape) {
        Tensor held = as(shape);
        if (!on->bf16 || type == at::kBFloat16) return held;
        if (use != echo_weights || isPart) return held.to(at::kBFloat16);
        if (!rounded.defined()) rounded = numbers.to(at::kBFloat16);
        return rounded.view(shape);
    }

    /// Takes a result as its memory, without a copy where that is dense and of its type.
    void take(Tensor result) {
        TORCH_CHECK(result.numel() == count, "a result of ", result.numel(), " numbers for a buffer of ", count);
        rounded = lackedBias = lackedResidual = Tensor();
        if (isPart) {
            as({count}).copy_(result.reshape({-1}));
        } else {
            numbers = result.to(type).contiguous().view({-1});
        }
    }

    /// Takes a result, or adds it to what it holds.
    void take(Tensor result, bool accumulating) {
        if (accumulating) changing({count}).add_(result.reshape({-1})); else take(std::move(result));
    }
};

/// Numbers of rows, and, where some of them are −1, which rows come from where and which are filled.
struct EchoRows {
    EchoDevice *on;
    int64_t count;
    /// Whether they are 0, 1, 2, …
    bool isIdentity = true;
    /// Of int32: all numbers.
    Tensor all;
    /// Of int64 and of int32: places whose number is not −1, their numbers, and the places of the others.
    Tensor places, sources, filled;
    bool hasGaps = false;
};

/// Pixels in memory of the host; pinned for a card.
struct EchoHost {
    EchoDevice *on;
    Tensor pixels;
};

/// Numbers on their way to memory of the host.
struct EchoSent {
    EchoDevice *on;
    Tensor numbers;
    /// When they are there; none on a processor.
    std::optional<c10::Event> arrival;
};

namespace echo {
void setError(const char *words);

/// Looks a function up in a library; whether it is there.
template <typename Function> bool find(void *library, const char *name, Function &function) {
    function = library ? reinterpret_cast<Function>(dlsym(library, name)) : nullptr;
    return function != nullptr;
}

/// Runs `body` without gradients on the device of `on`; tells failures as the table says.
template <typename Body> int guarded(EchoDevice *on, Body body) {
    try {
        c10::InferenceMode noGradients;
        c10::DeviceGuard here(on->device);
        body();
        return echo_ok;
    } catch (const c10::OutOfMemoryError &error) {
        setError(error.what_without_backtrace());
        return echo_out_of_memory;
    } catch (const std::bad_alloc &) {
        setError("the system lends no more memory");
        return echo_out_of_memory;
    } catch (const c10::Error &error) {
        setError(error.what_without_backtrace());
    } catch (const std::exception &error) {
        setError(error.what());
    }
    return echo_failed;
}

/// Numbers of the host's on the device.
template <typename Number> Tensor uploaded(const EchoDevice *on, const Number *numbers, int64_t count, at::ScalarType type) {
    Tensor host = at::from_blob(const_cast<Number *>(numbers), {count}, type);
    if (on->device.is_cpu()) return host.clone();
    // From pinned memory a copy does not wait for what the card is doing.
    return host.pin_memory().to(on->device, /*non_blocking=*/true);
}

/// The first `bytes` of the host's pixels on the device, brought there beside what the main stream computes.
Tensor raised(EchoHost *host, int64_t bytes);

/// Whether all lengths are the same.
inline bool areEqual(const long *lengths, long count) {
    for (long i = 1; i < count; i++) if (lengths[i] != lengths[0]) return false;
    return true;
}
}  // namespace echo
