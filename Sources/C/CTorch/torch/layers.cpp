// Linear layers, GELU and layer norm.
#include "operations.h"

#include <ATen/ops/add.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/sum.h>
#include <torch/version.h>

namespace {
/// y = a · b, or y += a · b; of rounded factors into F32 straight from the accumulators where the device can.
void multiply(Tensor y, const Tensor &a, const Tensor &b, bool accumulating) {
    if (y.scalar_type() == a.scalar_type()) {
        if (accumulating) y.addmm_(a, b); else at::mm_out(y, a, b);
        return;
    }
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 8
    if (y.is_cuda() && !accumulating) {
        at::mm_out(y, a, b, at::kFloat);
        return;
    }
#endif
    if (accumulating) y.add_(at::mm(a, b)); else y.copy_(at::mm(a, b));
}
}  // namespace

namespace echo {
int linear(EchoBuffer *x, EchoBuffer *weight, EchoBuffer *bias, EchoBuffer *y, long rows, long inputs, long outputs,
           int then, EchoBuffer *other) {
    return guarded(y->on, [&] {
        Tensor X = x->factor({rows, inputs}), W = weight->factor({outputs, inputs}).t();
        Tensor Y = y->changing({rows, outputs});
        bool isRounding = Y.scalar_type() != X.scalar_type();
        if (then == echo_then_add && isRounding && y->on->kernels && !y->isPart) {
            multiply(Y, X, W, false);
            y->lackedResidual = other->as({rows, outputs});
            y->lackedBias = bias->as({outputs});
            return;
        }
        Tensor B = bias->factor({outputs});
        if (then == echo_then_add && !isRounding) {
            at::add_out(Y, other->as({rows, outputs}), B);
            Y.addmm_(X, W);
        } else if (then == echo_then_add) {
            at::add_out(Y, other->as({rows, outputs}), at::addmm(B, X, W));
        } else if (isRounding) {
            Y.copy_(at::addmm(B, X, W));
        } else {
            at::addmm_out(Y, B, X, W);
        }
        if (then == echo_then_gelu) {
            Tensor activated = other->changing({rows, outputs});
            if (activated.scalar_type() == Y.scalar_type()) at::gelu_out(activated, Y); else activated.copy_(at::gelu(Y));
        }
    });
}

int linearInputGradient(EchoBuffer *dy, EchoBuffer *weight, EchoBuffer *dx, int accumulating, long rows, long inputs,
                        long outputs, EchoBuffer *gelu) {
    return guarded(dx->on, [&] {
        Tensor DX = dx->changing({rows, inputs});
        multiply(DX, dy->factor({rows, outputs}), weight->factor({outputs, inputs}), accumulating);
        if (gelu) {
            Tensor before = gelu->changing({rows, inputs});
            if (dx->on->kernels && before.scalar_type() == DX.scalar_type()) {
                geluBack(dx->on, DX, before);
                return;
            }
            if (before.scalar_type() == DX.scalar_type()) {
                at::gelu_backward_out(DX, DX, before);
            } else {
                DX.copy_(at::gelu_backward(DX, before.to(DX.scalar_type())));
            }
            at::gelu_out(before, before);
        }
    });
}

int linearWeightGradient(EchoBuffer *dy, EchoBuffer *x, EchoBuffer *dw, EchoBuffer *db, int accumulating, long rows,
                         long inputs, long outputs) {
    return guarded(dw->on, [&] {
        Tensor DY = dy->factor({rows, outputs});
        multiply(dw->changing({outputs, inputs}), DY.t(), x->factor({rows, inputs}), accumulating);
        db->take(at::sum(DY, at::IntArrayRef{0}, false, at::kFloat), accumulating);
    });
}

int layerNorm(EchoBuffer *x, EchoBuffer *scale, EchoBuffer *shift, EchoBuffer *y, EchoBuffer *statistics, long rows,
              long width, double epsilon) {
    return guarded(y->on, [&] {
        if (y->on->kernels && x->type == at::kFloat && !y->isPart) {
            Tensor bias = std::exchange(x->lackedBias, {}), residual = std::exchange(x->lackedResidual, {});
            Tensor mean = at::empty({rows, 1}, y->on->options(at::kFloat)), inverse = at::empty_like(mean);
            norm(y->on, x->as({rows, width}), bias, residual, scale->as({width}), shift->as({width}),
                 y->changing({rows, width}), mean, inverse, epsilon);
            statistics->kept = {mean, inverse};
            return;
        }
        auto [Y, mean, inverse] = at::native_layer_norm(
            x->as({rows, width}).to(at::kFloat), {width}, scale->as({width}), shift->as({width}), epsilon);
        y->take(Y);
        statistics->kept = {mean, inverse};
    });
}

int layerNormGradient(EchoBuffer *dy, EchoBuffer *x, EchoBuffer *scale, EchoBuffer *statistics, EchoBuffer *dx,
                      int accumulating, EchoBuffer *dscale, EchoBuffer *dshift, long rows, long width) {
    return guarded(dx->on, [&] {
        Tensor S = scale->as({width});
        auto [DX, DScale, DShift] = at::native_layer_norm_backward(
            dy->as({rows, width}).to(at::kFloat), x->as({rows, width}).to(at::kFloat), {width}, statistics->kept.at(0),
            statistics->kept.at(1), S, S, {true, true, true});
        dx->take(DX, accumulating);
        dscale->take(DScale, true);
        dshift->take(DShift, true);
    });
}
}  // namespace echo
