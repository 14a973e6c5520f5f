// Losses, the optimiser and averages of weights.
#include "operations.h"

#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/sub.h>

#include <map>

namespace echo {
int squaredError(EchoBuffer *prediction, EchoBuffer *target, EchoBuffer *weights, long width, EchoBuffer *gradient,
                 double scale, EchoBuffer *loss) {
    return guarded(loss->on, [&] {
        Tensor W = weights->as({-1, 1});
        Tensor P = prediction->as({-1, width}).to(at::kFloat), T = target->as({-1, width});
        Tensor difference = at::sub(P, T).masked_fill_(W == 0, 0);
        Tensor rows = at::linalg_vector_norm(difference, 2, at::IntArrayRef{1}, true).to(at::kDouble).square_().mul_(W);
        loss->as({1}).add_(rows.sum(), scale / width);
        if (gradient) gradient->take(difference.mul_(W * (2 * scale / width)));
    });
}

int binaryCrossEntropy(EchoBuffer *logits, EchoBuffer *target, EchoBuffer *weights, EchoBuffer *gradient, double scale,
                       EchoBuffer *loss) {
    return guarded(loss->on, [&] {
        Tensor W = weights->as({-1}), L = logits->as({-1}).to(at::kFloat), unknown = W == 0;
        Tensor T = target->as({-1}).masked_fill(unknown, 0);
        Tensor each = at::binary_cross_entropy_with_logits(L, T, W, {}, /*none=*/0).masked_fill_(unknown, 0);
        loss->as({1}).add_(each.sum(at::kDouble), scale);
        if (gradient) gradient->take(at::sigmoid(L).sub_(T).mul_(W * scale).masked_fill_(unknown, 0));
    });
}

int norm(EchoBuffer *const *buffers, long count, EchoBuffer *norm) {
    return guarded(norm->on, [&] {
        std::vector<Tensor> all;
        for (long i = 0; i < count; i++) all.push_back(buffers[i]->as({-1}));
        norm->take(at::linalg_vector_norm(at::stack(at::_foreach_norm(all, 2)).to(at::kDouble), 2));
    });
}

int adamW(const EchoLearned *parameters, long count, double beta1, double beta2, double epsilon, double clip,
          EchoBuffer *const *sound, long sounds, EchoBuffer *steps) {
    return guarded(steps->on, [&] {
        std::vector<Tensor> found;
        for (long i = 0; i < sounds; i++) found.push_back(sound[i]->as({-1}).isfinite().all());
        Tensor isSound = at::stack(found).all();
        steps->as({1}).add_(isSound.to(at::kDouble));
        Tensor step = steps->as({1}).to(at::kFloat).squeeze(), isBroken = isSound.logical_not().to(at::kFloat);
        std::optional<Tensor> divisor;
        if (clip > 0) divisor = ((sound[0]->as({-1}).select(0, 0) + 1e-6) / clip).clamp_min(1).to(at::kFloat);

        struct Group { std::vector<Tensor> values, gradients, first, second; };
        std::map<std::pair<double, double>, Group> groups;
        for (long i = 0; i < count; i++) {
            const EchoLearned &p = parameters[i];
            Group &group = groups[{p.rate, p.weight_decay}];
            group.values.push_back(p.value->changing({-1}));
            group.gradients.push_back(p.gradient->as({-1}));
            group.first.push_back(p.first->changing({-1}));
            group.second.push_back(p.second->changing({-1}));
        }
        for (auto &[numbers, group] : groups) {
            std::vector<Tensor> counts(group.values.size(), step);
            at::_fused_adamw_(group.values, group.gradients, group.first, group.second, {}, counts, numbers.first, beta1,
                              beta2, numbers.second, epsilon, false, false, divisor, isBroken);
        }
    });
}

int blend(EchoBuffer *const *sources, EchoBuffer *const *targets, long count, double share) {
    if (count == 0) return echo_ok;
    return guarded(targets[0]->on, [&] {
        std::vector<Tensor> from, to;
        for (long i = 0; i < count; i++) {
            from.push_back(sources[i]->as({-1}));
            to.push_back(targets[i]->changing({-1}));
        }
        at::_foreach_lerp_(to, from, share);
    });
}
}  // namespace echo
