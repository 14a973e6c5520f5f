// An engine's operations over PyTorch, as a table of plain C functions: what TorchEngine.swift calls and what
// torch/engine.cpp, which `make torch` compiles against the PyTorch that is there, fills in.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdint.h>

// Pointers are never null unless they say so: to Swift, not to GCC.
#ifdef __clang__
#pragma clang assume_nonnull begin
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-completeness"  // of pointers to pointers
#else
#define _Nullable
#define _Nonnull
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// Grows with every change of this file, so that a library of another time is told apart.
#define ECHO_TORCH_INTERFACE 3

/// What a function returns; the words of a failure are in `error`.
enum { echo_ok = 0, echo_failed = 1, echo_out_of_memory = 2 };

/// What a buffer is for, as `BufferUse`.
enum { echo_values = 0, echo_factors = 1, echo_weights = 2, echo_sums = 3 };

/// What follows a linear layer, as `Epilogue`.
enum { echo_then_nothing = 0, echo_then_gelu = 1, echo_then_add = 2 };

/// A device, and the precision of its products.
typedef struct EchoDevice EchoDevice;
/// So many numbers on a device.
typedef struct EchoBuffer EchoBuffer;
/// Numbers of rows on a device.
typedef struct EchoRows EchoRows;
/// Memory of the host from which pixels go up.
typedef struct EchoHost EchoHost;
/// What joins the devices of several processes.
typedef struct EchoLink EchoLink;
/// Numbers on their way to the host.
typedef struct EchoSent EchoSent;

/// Bytes of the name under which devices join.
enum { ECHO_LINK_NAME = 128 };

/// A parameter that learns, as `Learned`.
typedef struct {
    EchoBuffer *value, *gradient, *first, *second;
    double rate, weight_decay;
} EchoLearned;

/// `count` packed sequences: so many queries of each, and so many keys.
typedef struct {
    const long *queries, *keys;
    long count, query_rows, key_rows, heads, head_width;
    double scale;
} EchoAttention;

/// A clip's frames in memory of the host and where an image of them looks, as `ClipSamples`.
typedef struct {
    long start, frames, side, rows, columns;
    double x, y, across_x, across_y, down_x, down_y;
} EchoClip;

typedef struct {
    /// The version of PyTorch.
    const char *version;

    /// What was wrong with the last call on this thread.
    const char *_Nonnull (*error)(void);
    /// Opens "cpu", "cuda" or "cuda:N". `fused` is "on" for kernels of our own on a card, or the path of a library that stands
    /// in for one.
    int (*open)(const char *name, int threads, int bf16, const char *_Nullable fused, EchoDevice *_Nullable * device);
    void (*close)(EchoDevice *);
    /// How many cards there are.
    int (*cards)(void);
    /// The name of a card by its number; 0 bytes where there is none.
    void (*card_name)(int number, char *name, int bytes);
    /// Bytes of a card that are free, and that it has in all; −1 of a processor.
    int (*memory)(EchoDevice *, long *free, long *total);
    /// The most bytes that buffers have held at once; −1 where that is not counted.
    int (*peak)(EchoDevice *, long *bytes);
    /// Waits for all that was asked of the device.
    int (*wait)(EchoDevice *);

    EchoBuffer *_Nonnull (*buffer)(EchoDevice *, long count, int use);
    int (*part)(EchoBuffer *whole, long start, long count, EchoBuffer *_Nullable *);
    void (*release)(EchoBuffer *);
    int (*rows)(EchoDevice *, const int32_t *_Nullable, long count, EchoRows *_Nullable *);
    void (*release_rows)(EchoRows *);
    int (*host)(EchoDevice *, long count, EchoHost *_Nullable *, uint8_t *_Nullable *);
    void (*release_host)(EchoHost *);

    int (*write)(EchoBuffer *, const float *_Nullable);
    int (*read)(EchoBuffer *, float *_Nullable);
    int (*sums)(EchoBuffer *, double *_Nullable);
    /// Sends numbers for sums to the host, as they are once what was asked before is done.
    int (*send)(EchoBuffer *_Nonnull const *, long count, EchoSent *_Nullable *);
    /// Waits until they are there, and for nothing that was asked since.
    int (*arrive)(EchoSent *, double *_Nullable);
    void (*release_sent)(EchoSent *);
    int (*fill)(EchoBuffer *, float);
    int (*add)(EchoBuffer *source, EchoBuffer *target);
    int (*copy)(EchoBuffer *source, EchoBuffer *target);

    /// The numbers of x as products take them.
    int (*round)(EchoBuffer *x, EchoBuffer *y);

    int (*linear)(EchoBuffer *x, EchoBuffer *weight, EchoBuffer *bias,
                           EchoBuffer *y, long rows, long inputs, long outputs, int then,
                           EchoBuffer *_Nullable other);
    int (*linear_input_gradient)(EchoBuffer *dy, EchoBuffer *weight, EchoBuffer *dx,
                                          int accumulating, long rows, long inputs, long outputs,
                                          EchoBuffer *_Nullable gelu);
    int (*linear_weight_gradient)(EchoBuffer *dy, EchoBuffer *x, EchoBuffer *dw,
                                           EchoBuffer *db, int accumulating, long rows, long inputs,
                                           long outputs);
    int (*layer_norm)(EchoBuffer *x, EchoBuffer *scale, EchoBuffer *shift,
                               EchoBuffer *y, EchoBuffer *statistics, long rows, long width,
                               double epsilon);
    int (*layer_norm_gradient)(EchoBuffer *dy, EchoBuffer *x, EchoBuffer *scale,
                                        EchoBuffer *statistics, EchoBuffer *dx, int accumulating,
                                        EchoBuffer *dscale, EchoBuffer *dshift, long rows,
                                        long width);
    int (*attention)(EchoBuffer *qkv, EchoBuffer *y, EchoBuffer *log_sums,
                              const EchoAttention *);
    int (*attention_gradient)(EchoBuffer *dy, EchoBuffer *qkv, EchoBuffer *y,
                                       EchoBuffer *log_sums, EchoBuffer *dqkv,
                                       const EchoAttention *);
    int (*cross_attention)(EchoBuffer *q, EchoBuffer *kv, EchoBuffer *y,
                                    EchoBuffer *log_sums, const EchoAttention *);
    int (*cross_attention_gradient)(EchoBuffer *dy, EchoBuffer *q, EchoBuffer *kv,
                                             EchoBuffer *y, EchoBuffer *log_sums,
                                             EchoBuffer *dq, EchoBuffer *dkv,
                                             const EchoAttention *);

    int (*gather)(EchoBuffer *x, EchoRows *, EchoBuffer *_Nullable filler,
                           EchoBuffer *y, long width);
    int (*gather_gradient)(EchoBuffer *dy, EchoRows *, EchoBuffer *dx,
                                    int accumulating, EchoBuffer *_Nullable dfiller, long rows, long width);
    int (*add_rows)(EchoBuffer *table, EchoRows *, EchoBuffer *x, long width);
    int (*mean_of_segments)(EchoBuffer *x, const long *_Nullable segments, long count,
                                     EchoBuffer *y, long width);
    int (*mean_of_segments_gradient)(EchoBuffer *dy, const long *_Nullable segments, long count,
                                              EchoBuffer *dx, int accumulating, long width);

    int (*patches)(EchoBuffer *pixels, long side, long patch, long channels, EchoRows *,
                            int channels_last, EchoBuffer *y);
    int (*normalise_rows)(EchoBuffer *x, long rows, long width, double epsilon);
    /// What the clips see of the host's pixels; `scale` and `shift` are of [clips, channels].
    int (*resample)(EchoHost *, const EchoClip *_Nullable, long clips, const float *_Nullable scale,
                             const float *_Nullable shift, long channels, long image, EchoBuffer *y);

    int (*squared_error)(EchoBuffer *prediction, EchoBuffer *target,
                                  EchoBuffer *weights, long width, EchoBuffer *_Nullable gradient,
                                  double scale, EchoBuffer *loss);
    int (*binary_cross_entropy)(EchoBuffer *logits, EchoBuffer *target,
                                         EchoBuffer *weights, EchoBuffer *_Nullable gradient, double scale,
                                         EchoBuffer *loss);

    int (*norm)(EchoBuffer *_Nonnull const *, long count, EchoBuffer *norm);
    /// Gradients are clipped to `clip`, unless it is 0.
    int (*adamw)(const EchoLearned *, long count, double beta1, double beta2, double epsilon,
                          double clip, EchoBuffer *_Nonnull const *sound, long sounds,
                          EchoBuffer *steps);
    /// Whether devices can be joined: NCCL is here, or the library at `path`.
    int (*joins)(EchoDevice *, const char *_Nullable path);
    /// The first process makes a name of ECHO_LINK_NAME bytes, by which all join.
    int (*name_link)(EchoDevice *, uint8_t *name);
    int (*link)(EchoDevice *, int rank, int count, const uint8_t *name, EchoLink *_Nullable *);
    void (*release_link)(EchoLink *);
    /// Each number becomes its sum over all devices of the link.
    int (*sum)(EchoLink *, EchoBuffer *);

    int (*blend)(EchoBuffer *_Nonnull const *sources, EchoBuffer *_Nonnull const *targets,
                          long count, double share);
} EchoTorch;

/// The table of the library at `path`; null, and why not in `error`, where it cannot be loaded. It stays loaded.
const EchoTorch *_Nullable echo_torch_load(const char *path, char *error, long bytes);

/// The file that this code was loaded from: the program, or a library that holds it.
void echo_torch_home(char *path, long bytes);

#ifdef __cplusplus
}
#endif

#ifdef __clang__
#pragma clang diagnostic pop
#pragma clang assume_nonnull end
#endif
#endif
