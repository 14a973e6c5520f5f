// Attention of packed sequences: PyTorch's own kernels for processors and for cards.
#include "operations.h"

#include <ATen/ops/_efficient_attention_backward.h>
#include <ATen/ops/_efficient_attention_forward.h>
#include <ATen/ops/_flash_attention_backward.h>
#include <ATen/ops/_flash_attention_forward.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward.h>
#include <ATen/ops/constant_pad_nd.h>

#include <algorithm>

namespace {
/// Where each sequence begins, and where the last ends.
Tensor offsets(EchoDevice *on, const long *lengths, long count) {
    std::vector<long> key(lengths, lengths + count);
    auto found = on->offsets.find(key);
    if (found != on->offsets.end()) return found->second;
    std::vector<int32_t> places(count + 1, 0);
    for (long i = 0; i < count; i++) places[i + 1] = places[i] + (int32_t)lengths[i];
    // A step has a few shapes; those of steps before need not stay.
    if (on->offsets.size() >= 64) on->offsets.clear();
    return on->offsets[key] = echo::uploaded(on, places.data(), count + 1, at::kInt);
}

long longest(const long *lengths, long count) { return *std::max_element(lengths, lengths + count); }

/// Heads of the width that a card's kernels take, a multiple of eight.
Tensor padded(const Tensor &x) {
    long missing = (8 - x.size(-1) % 8) % 8;
    return missing == 0 ? x : at::constant_pad_nd(x, {0, missing});
}

Tensor unpadded(const Tensor &x, long width) { return x.size(-1) == width ? x : x.narrow(-1, 0, width); }

/// The next `count` sequences of `length` rows [rows, heads, headWidth] as [count, heads, length, headWidth].
Tensor batch(const Tensor &x, long start, long count, long length) {
    return x.narrow(0, start, count * length).unflatten(0, {count, length}).transpose(1, 2);
}

/// Calls `body` with the first rows and the lengths of as many sequences at once as are alike: all, or each alone.
template <typename Body> void eachBatch(const EchoAttention &a, Body body) {
    if (echo::areEqual(a.queries, a.count) && echo::areEqual(a.keys, a.count)) {
        body(0, 0, a.count, a.queries[0], a.keys[0]);
        return;
    }
    for (long i = 0, query = 0, key = 0; i < a.count; query += a.queries[i], key += a.keys[i], i++) {
        body(query, key, 1, a.queries[i], a.keys[i]);
    }
}

/// y of q, k and v, each [rows, heads, headWidth]; `kept` is what the way back needs.
void attend(Tensor q, Tensor k, Tensor v, EchoBuffer *y, std::vector<Tensor> &kept, const EchoAttention &a) {
    kept.clear();
    if (!q.is_cuda()) {
        Tensor Y = y->changing({a.query_rows, a.heads, a.head_width});
        eachBatch(a, [&](long query, long key, long count, long queries, long keys) {
            auto [part, logSums] = at::_scaled_dot_product_flash_attention_for_cpu(
                batch(q, query, count, queries), batch(k, key, count, keys), batch(v, key, count, keys), 0, false, {},
                a.scale);
            if (count == a.count) y->take(part.transpose(1, 2)); else batch(Y, query, count, queries).copy_(part);
            kept.push_back(logSums);
        });
        return;
    }
    Tensor queryOffsets = offsets(y->on, a.queries, a.count), keyOffsets = offsets(y->on, a.keys, a.count);
    long queries = longest(a.queries, a.count), keys = longest(a.keys, a.count);
    if (q.scalar_type() == at::kFloat) {
        auto [part, logSums, seed, offset, m, n] = at::_efficient_attention_forward(
            padded(q).unsqueeze(0), padded(k).unsqueeze(0), padded(v).unsqueeze(0), {}, queryOffsets, keyOffsets,
            queries, keys, 0, 0, true, a.scale);
        y->take(unpadded(part.squeeze(0), a.head_width));
        kept = {logSums, seed, offset};
    } else {
        auto [part, logSums, seed, offset, mask] = at::_flash_attention_forward(
            padded(q), padded(k), padded(v), queryOffsets, keyOffsets, queries, keys, 0, false, false, a.scale);
        y->take(unpadded(part, a.head_width));
        kept = {logSums, seed, offset};
    }
}

/// The gradients by q, k and v; `whole` [rows, 3, heads, headWidth] is all three of them where they lie side by side.
void attendGradient(Tensor dy, Tensor q, Tensor k, Tensor v, EchoBuffer *y, const std::vector<Tensor> &kept, Tensor dq,
                    Tensor dk, Tensor dv, Tensor whole, const EchoAttention &a) {
    auto areJoined = [&](const Tensor &part) {
        bool isTaken = whole.defined() && (whole.scalar_type() == at::kFloat || part.scalar_type() == at::kBFloat16);
        return isTaken && y->on->kernels;
    };
    Tensor Y = y->as({a.query_rows, a.heads, a.head_width});
    if (!q.is_cuda()) {
        size_t at = 0;
        eachBatch(a, [&](long query, long key, long count, long queries, long keys) {
            auto [DQ, DK, DV] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
                batch(dy, query, count, queries), batch(q, query, count, queries), batch(k, key, count, keys),
                batch(v, key, count, keys), batch(Y, query, count, queries), kept.at(at++), 0, false, {}, a.scale);
            if (count == a.count && areJoined(DQ)) {
                auto inRows = [&](const Tensor &x) { return x.transpose(1, 2).reshape({-1, a.heads, a.head_width}); };
                echo::join(y->on, inRows(DQ), inRows(DK), inRows(DV), whole);
                return;
            }
            batch(dq, query, count, queries).copy_(DQ);
            batch(dk, key, count, keys).copy_(DK);
            batch(dv, key, count, keys).copy_(DV);
        });
        return;
    }
    Tensor queryOffsets = offsets(y->on, a.queries, a.count), keyOffsets = offsets(y->on, a.keys, a.count);
    long queries = longest(a.queries, a.count), keys = longest(a.keys, a.count);
    Tensor DQ, DK, DV;
    if (q.scalar_type() == at::kFloat) {
        std::tie(DQ, DK, DV, std::ignore) = at::_efficient_attention_backward(
            padded(dy).unsqueeze(0), padded(q).unsqueeze(0), padded(k).unsqueeze(0), padded(v).unsqueeze(0), {},
            padded(Y).unsqueeze(0), queryOffsets, keyOffsets, queries, keys, kept.at(0), 0, kept.at(1), kept.at(2), 0,
            false, a.scale);
        DQ = DQ.squeeze(0), DK = DK.squeeze(0), DV = DV.squeeze(0);
    } else {
        std::tie(DQ, DK, DV) = at::_flash_attention_backward(
            padded(dy), padded(q), padded(k), padded(v), padded(Y), kept.at(0), queryOffsets, keyOffsets, queries, keys,
            0, false, kept.at(1), kept.at(2), a.scale);
    }
    if (areJoined(DQ)) {
        echo::join(y->on, DQ, DK, DV, whole);
        return;
    }
    dq.copy_(unpadded(DQ, a.head_width));
    dk.copy_(unpadded(DK, a.head_width));
    dv.copy_(unpadded(DV, a.head_width));
}

/// Queries, keys and values of the same format: that of the queries.
Tensor like(const Tensor &q, const Tensor &x) { return x.to(q.scalar_type()); }
}  // namespace

namespace echo {
int attention(EchoBuffer *qkv, EchoBuffer *y, EchoBuffer *logSums, const EchoAttention *a) {
    return guarded(y->on, [&] {
        Tensor X = qkv->as({a->query_rows, 3, a->heads, a->head_width});
        attend(X.select(1, 0), X.select(1, 1), X.select(1, 2), y, logSums->kept, *a);
    });
}

int attentionGradient(EchoBuffer *dy, EchoBuffer *qkv, EchoBuffer *y, EchoBuffer *logSums, EchoBuffer *dqkv,
                      const EchoAttention *a) {
    return guarded(y->on, [&] {
        Tensor X = qkv->as({a->query_rows, 3, a->heads, a->head_width});
        Tensor D = dqkv->changing({a->query_rows, 3, a->heads, a->head_width});
        Tensor DY = like(X, dy->as({a->query_rows, a->heads, a->head_width}));
        attendGradient(DY, X.select(1, 0), X.select(1, 1), X.select(1, 2), y, logSums->kept, D.select(1, 0),
                       D.select(1, 1), D.select(1, 2), D, *a);
    });
}

int crossAttention(EchoBuffer *q, EchoBuffer *kv, EchoBuffer *y, EchoBuffer *logSums, const EchoAttention *a) {
    return guarded(y->on, [&] {
        Tensor Q = q->as({a->query_rows, a->heads, a->head_width});
        Tensor X = like(Q, kv->as({a->key_rows, 2, a->heads, a->head_width}));
        attend(Q, X.select(1, 0), X.select(1, 1), y, logSums->kept, *a);
    });
}

int crossAttentionGradient(EchoBuffer *dy, EchoBuffer *q, EchoBuffer *kv, EchoBuffer *y, EchoBuffer *logSums,
                           EchoBuffer *dq, EchoBuffer *dkv, const EchoAttention *a) {
    return guarded(y->on, [&] {
        Tensor Q = q->as({a->query_rows, a->heads, a->head_width});
        Tensor X = like(Q, kv->as({a->key_rows, 2, a->heads, a->head_width}));
        Tensor D = dkv->changing({a->key_rows, 2, a->heads, a->head_width});
        Tensor DY = like(Q, dy->as({a->query_rows, a->heads, a->head_width}));
        attendGradient(DY, Q, X.select(1, 0), X.select(1, 1), y, logSums->kept,
                       dq->changing({a->query_rows, a->heads, a->head_width}), D.select(1, 0), D.select(1, 1), Tensor(), *a);
    });
}
}  // namespace echo
