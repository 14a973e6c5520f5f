// Kernels of our own beside PyTorch's, where a device is opened with them.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

struct EchoDevice;

namespace echo {
/// What starts kernels.h's kernels by their names.
struct Kernels {
    /// Threads of a block.
    const unsigned block;

    explicit Kernels(unsigned block) : block(block) {}
    virtual ~Kernels() = default;
    virtual void start(const char *name, unsigned blocks, void **arguments, const at::Device &device) = 0;
};

/// The kernels of a device: of a card, compiled now, if `asked` is "on"; of the library at that path, which stands in for a
/// card, if it is another word; none without one.
std::shared_ptr<Kernels> kernels(const at::Device &device, const char *asked);

/// dx = dx · GELU'(before), then before = GELU(before); both of F32 or both of BF16.
void geluBack(EchoDevice *on, const at::Tensor &dx, const at::Tensor &before);
/// y [rows, width] += bias + residual, all of F32.
void addBoth(EchoDevice *on, const at::Tensor &y, const at::Tensor &bias, const at::Tensor &residual);
/// The norm of y [rows, width] of F32, to which bias and residual are added before where they are defined; `mean` and
/// `inverse` are of [rows, 1].
void norm(EchoDevice *on, const at::Tensor &y, const at::Tensor &bias, const at::Tensor &residual, const at::Tensor &scale,
          const at::Tensor &shift, const at::Tensor &normed, const at::Tensor &mean, const at::Tensor &inverse, double epsilon);
/// y [rows, 3, heads, width] = dq, dk and dv, each [rows, heads, width or more], of y's type or of BF16.
void join(EchoDevice *on, const at::Tensor &dq, const at::Tensor &dk, const at::Tensor &dv, const at::Tensor &y);
}  // namespace echo
