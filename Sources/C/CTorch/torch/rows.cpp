// Rows by number, segments and patches.
#include "operations.h"

#include <ATen/ops/index_select.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/repeat_interleave.h>
#include <ATen/ops/var_mean.h>

namespace echo {
int gather(EchoBuffer *x, EchoRows *rows, EchoBuffer *filler, EchoBuffer *y, long width) {
    return guarded(y->on, [&] {
        Tensor Y = y->changing({rows->count, width});
        if (!rows->hasGaps) {
            at::index_select_out(Y, x->as({-1, width}), 0, rows->all);
            return;
        }
        Y.copy_(filler->as({1, width}).expand({rows->count, width}));
        if (rows->places.numel() > 0) Y.index_copy_(0, rows->places, x->as({-1, width}).index_select(0, rows->sources));
    });
}

int gatherGradient(EchoBuffer *dy, EchoRows *rows, EchoBuffer *dx, int accumulating, EchoBuffer *dfiller, long count,
                   long width) {
    return guarded(dy->on, [&] {
        Tensor DY = dy->as({rows->count, width});
        if (count > 0) {
            Tensor DX = dx->changing({count, width});
            if (!accumulating) DX.zero_();
            if (!rows->hasGaps) {
                DX.index_add_(0, rows->all, DY);
            } else if (rows->places.numel() > 0) {
                DX.index_add_(0, rows->sources, DY.index_select(0, rows->places));
            }
        }
        if (!dfiller || !rows->hasGaps) return;
        bool isAll = rows->places.numel() == 0;
        dfiller->take(isAll ? DY.sum(0) : DY.index_select(0, rows->filled).sum(0), true);
    });
}

int addRows(EchoBuffer *table, EchoRows *rows, EchoBuffer *x, long width) {
    return guarded(x->on, [&] {
        x->changing({rows->count, width}).add_(table->as({-1, width}).index_select(0, rows->all));
    });
}

int meanOfSegments(EchoBuffer *x, const long *segments, long count, EchoBuffer *y, long width) {
    return guarded(y->on, [&] {
        Tensor X = x->as({-1, width}), Y = y->changing({count, width});
        if (areEqual(segments, count)) {
            Y.copy_(X.unflatten(0, {count, segments[0]}).mean(1));
            return;
        }
        for (long i = 0, row = 0; i < count; row += segments[i], i++) {
            Y.select(0, i).copy_(X.narrow(0, row, segments[i]).mean(0));
        }
    });
}

int meanOfSegmentsGradient(EchoBuffer *dy, const long *segments, long count, EchoBuffer *dx, int accumulating,
                           long width) {
    return guarded(dx->on, [&] {
        Tensor lengths = uploaded(dx->on, segments, count, at::kLong);
        Tensor shares = dy->as({count, width}).div(lengths.unsqueeze(1));
        dx->take(areEqual(segments, count)
            ? shares.unsqueeze(1).expand({count, segments[0], width})
            : shares.repeat_interleave(lengths, 0, dx->count / width), accumulating);
    });
}

int patches(EchoBuffer *pixels, long side, long patch, long channels, EchoRows *rows, int channelsLast, EchoBuffer *y) {
    return guarded(y->on, [&] {
        long count = side * side, frames = pixels->count / (count * patch * patch * channels);
        Tensor X = pixels->as({frames, channels, side, patch, side, patch});
        X = channelsLast ? X.permute({0, 2, 4, 3, 5, 1}) : X.permute({0, 2, 4, 1, 3, 5});
        if (rows->isIdentity && rows->count == frames * count) {
            y->take(X.reshape({-1}));
            return;
        }
        // Only the patches that are asked for are brought together.
        Tensor number = rows->all.to(at::kLong), place = number.remainder(count);
        y->take(X.index({number.div(count, "floor"), place.div(side, "floor"), place.remainder(side)}));
    });
}

int normaliseRows(EchoBuffer *x, long rows, long width, double epsilon) {
    return guarded(x->on, [&] {
        Tensor X = x->changing({rows, width});
        auto [variance, mean] = at::var_mean(X, at::OptionalIntArrayRef(at::IntArrayRef{1}), at::Scalar(1), true);
        X.sub_(mean).mul_((variance + epsilon).rsqrt_());
    });
}

}  // namespace echo
