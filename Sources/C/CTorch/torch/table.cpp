// The one function that the program looks up: its table of operations.
#include "operations.h"

#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/version.h>

extern "C" __attribute__((visibility("default"))) const EchoTorch *echo_torch(int interface) {
    using namespace echo;
    static const EchoTorch table = {
        .version = TORCH_VERSION,
        .error = error,
        .open = open,
        .close = close,
        .cards = cards,
        .card_name = cardName,
        .memory = memory,
        .peak = peak,
        .wait = wait,
        .buffer = buffer,
        .part = part,
        .release = release,
        .rows = rows,
        .release_rows = releaseRows,
        .host = host,
        .release_host = releaseHost,
        .write = write,
        .read = read,
        .sums = sums,
        .send = send,
        .arrive = arrive,
        .release_sent = releaseSent,
        .fill = fill,
        .add = add,
        .copy = copy,
        .round = round,
        .linear = linear,
        .linear_input_gradient = linearInputGradient,
        .linear_weight_gradient = linearWeightGradient,
        .layer_norm = layerNorm,
        .layer_norm_gradient = layerNormGradient,
        .attention = attention,
        .attention_gradient = attentionGradient,
        .cross_attention = crossAttention,
        .cross_attention_gradient = crossAttentionGradient,
        .gather = gather,
        .gather_gradient = gatherGradient,
        .add_rows = addRows,
        .mean_of_segments = meanOfSegments,
        .mean_of_segments_gradient = meanOfSegmentsGradient,
        .patches = patches,
        .normalise_rows = normaliseRows,
        .resample = resample,
        .squared_error = squaredError,
        .binary_cross_entropy = binaryCrossEntropy,
        .norm = norm,
        .adamw = adamW,
        .joins = joins,
        .name_link = nameLink,
        .link = makeLink,
        .release_link = releaseLink,
        .sum = sum,
        .blend = blend,
    };
    if (interface != ECHO_TORCH_INTERFACE) return nullptr;
#ifdef TORCH_ABI_VERSION
    if (aoti_torch_abi_version() != TORCH_ABI_VERSION) return nullptr;
#endif
    return &table;
}
