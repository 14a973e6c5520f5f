// From pixels of the host to what a model sees: brought up as bytes, cropped, turned, resized and normalised on the device.
#include "operations.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/grid_sampler_2d.h>
#include <ATen/ops/stack.h>

#include <algorithm>

namespace {
/// Clips that go together at most: what they take in between is a few times what they become.
const long together = 32;

/// Whether two clips can go together: the second follows the first in memory, and both are sampled alike.
bool areAlike(const EchoClip &a, const EchoClip &b, long channels) {
    return a.frames == b.frames && a.side == b.side && a.rows == b.rows && a.columns == b.columns &&
           b.start == a.start + a.frames * a.side * a.side * channels;
}

/// What `count` clips that are alike see, [count, frames · channels, image, image], as sums over their samples.
Tensor seen(EchoDevice *on, const Tensor &bytes, const EchoClip *clips, long count, long channels, long image) {
    const EchoClip &first = clips[0];
    long side = first.side, planes = first.frames * channels;
    Tensor frames = bytes.narrow(0, first.start, count * planes * side * side)
                        .view({count, first.frames, side, side, channels})
                        .permute({0, 1, 4, 2, 3})
                        .to(at::kFloat)
                        .reshape({count, planes, side, side});
    std::vector<double> numbers;
    for (long i = 0; i < count; i++) {
        const EchoClip &c = clips[i];
        numbers.insert(numbers.end(), {c.x, c.y, c.across_x, c.across_y, c.down_x, c.down_y});
    }
    Tensor views = echo::uploaded(on, numbers.data(), (int64_t)numbers.size(), at::kDouble).view({count, 6, 1, 1});
    auto part = [&](long place) { return views.select(1, place); };
    Tensor places = at::arange(image, on->options(at::kDouble));
    Tensor sum;
    for (long row = 0; row < first.rows; row++) {
        for (long column = 0; column < first.columns; column++) {
            Tensor across = (places * first.columns + column).view({1, 1, image});
            Tensor down = (places * first.rows + row).view({1, image, 1});
            Tensor u = part(0) + across * part(2) + down * part(4), v = part(1) + across * part(3) + down * part(5);
            // Outside of the picture is black; at its edge the nearest pixel counts.
            double low = -0.5, high = (double)side - 0.5;
            Tensor isInside = (u >= low).logical_and_(u <= high).logical_and_(v >= low).logical_and_(v <= high);
            // Where a grid has the middle of the first pixel, and of the last: 1/side − 1 and 1 − 1/side.
            Tensor grid = at::stack({(u * 2 + 1) / side - 1, (v * 2 + 1) / side - 1}, 3).to(at::kFloat);
            Tensor sample = at::grid_sampler_2d(frames, grid, /*bilinear=*/0, /*border=*/1, /*align_corners=*/false);
            sample.mul_(isInside.unsqueeze(1));
            if (sum.defined()) sum.add_(sample); else sum = sample;
        }
    }
    return sum;
}
}  // namespace

namespace echo {
int resample(EchoHost *host, const EchoClip *clips, long count, const float *scale, const float *shift, long channels,
             long image, EchoBuffer *y) {
    return guarded(y->on, [&] {
        int64_t used = 0;
        for (long i = 0; i < count; i++) {
            used = std::max<int64_t>(used, clips[i].start + clips[i].frames * clips[i].side * clips[i].side * channels);
        }
        Tensor bytes = raised(host, used);
        Tensor scales = uploaded(y->on, scale, count * channels, at::kFloat).view({count, 1, channels, 1, 1});
        Tensor shifts = uploaded(y->on, shift, count * channels, at::kFloat).view({count, 1, channels, 1, 1});
        Tensor Y = y->changing({-1, image, image});
        for (long i = 0, plane = 0; i < count;) {
            long next = i + 1;
            while (next < count && next - i < together && areAlike(clips[next - 1], clips[next], channels)) next++;
            long group = next - i, planes = group * clips[i].frames * channels;
            Tensor sums = seen(y->on, bytes, clips + i, group, channels, image)
                              .view({group, clips[i].frames, channels, image, image});
            sums.mul_(scales.narrow(0, i, group)).add_(shifts.narrow(0, i, group));
            Y.narrow(0, plane, planes).copy_(sums.view({planes, image, image}));
            plane += planes;
            i = next;
        }
    });
}
}  // namespace echo
