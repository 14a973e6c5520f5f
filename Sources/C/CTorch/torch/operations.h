// Every operation, for the table.
#pragma once

#include "device.h"

namespace echo {
const char *error();
int open(const char *name, int threads, int bf16, const char *fused, EchoDevice **opened);
void close(EchoDevice *device);
int cards();
void cardName(int number, char *name, int bytes);
int memory(EchoDevice *device, long *free, long *total);
int peak(EchoDevice *device, long *bytes);
int wait(EchoDevice *device);
EchoBuffer *buffer(EchoDevice *device, long count, int use);
int part(EchoBuffer *whole, long start, long count, EchoBuffer **made);
void release(EchoBuffer *buffer);
int rows(EchoDevice *device, const int32_t *numbers, long count, EchoRows **made);
void releaseRows(EchoRows *rows);
int host(EchoDevice *device, long count, EchoHost **made, uint8_t **start);
void releaseHost(EchoHost *host);
int write(EchoBuffer *buffer, const float *numbers);
int read(EchoBuffer *buffer, float *numbers);
int sums(EchoBuffer *buffer, double *numbers);
int send(EchoBuffer *const *sums, long count, EchoSent **made);
int arrive(EchoSent *sent, double *numbers);
void releaseSent(EchoSent *sent);
int fill(EchoBuffer *buffer, float value);
int add(EchoBuffer *source, EchoBuffer *target);
int copy(EchoBuffer *source, EchoBuffer *target);
int round(EchoBuffer *x, EchoBuffer *y);

int linear(EchoBuffer *x, EchoBuffer *weight, EchoBuffer *bias, EchoBuffer *y, long rows, long inputs, long outputs,
    int then, EchoBuffer *other);
int linearInputGradient(EchoBuffer *dy, EchoBuffer *weight, EchoBuffer *dx, int accumulating, long rows, long inputs,
    long outputs, EchoBuffer *gelu);
int linearWeightGradient(EchoBuffer *dy, EchoBuffer *x, EchoBuffer *dw, EchoBuffer *db, int accumulating, long rows,
    long inputs, long outputs);
int layerNorm(EchoBuffer *x, EchoBuffer *scale, EchoBuffer *shift, EchoBuffer *y, EchoBuffer *statistics, long rows,
    long width, double epsilon);
int layerNormGradient(EchoBuffer *dy, EchoBuffer *x, EchoBuffer *scale, EchoBuffer *statistics, EchoBuffer *dx, int
    accumulating, EchoBuffer *dscale, EchoBuffer *dshift, long rows, long width);

int attention(EchoBuffer *qkv, EchoBuffer *y, EchoBuffer *logSums, const EchoAttention *a);
int attentionGradient(EchoBuffer *dy, EchoBuffer *qkv, EchoBuffer *y, EchoBuffer *logSums, EchoBuffer *dqkv, const
    EchoAttention *a);
int crossAttention(EchoBuffer *q, EchoBuffer *kv, EchoBuffer *y, EchoBuffer *logSums, const EchoAttention *a);
int crossAttentionGradient(EchoBuffer *dy, EchoBuffer *q, EchoBuffer *kv, EchoBuffer *y, EchoBuffer *logSums,
    EchoBuffer *dq, EchoBuffer *dkv, const EchoAttention *a);

int gather(EchoBuffer *x, EchoRows *rows, EchoBuffer *filler, EchoBuffer *y, long width);
int gatherGradient(EchoBuffer *dy, EchoRows *rows, EchoBuffer *dx, int accumulating, EchoBuffer *dfiller, long count,
    long width);
int addRows(EchoBuffer *table, EchoRows *rows, EchoBuffer *x, long width);
int meanOfSegments(EchoBuffer *x, const long *segments, long count, EchoBuffer *y, long width);
int meanOfSegmentsGradient(EchoBuffer *dy, const long *segments, long count, EchoBuffer *dx, int accumulating, long
    width);
int patches(EchoBuffer *pixels, long side, long patch, long channels, EchoRows *rows, int channelsLast, EchoBuffer *y);
int normaliseRows(EchoBuffer *x, long rows, long width, double epsilon);
int resample(EchoHost *host, const EchoClip *clips, long count, const float *scale, const float *shift, long channels, long
    image, EchoBuffer *y);

int squaredError(EchoBuffer *prediction, EchoBuffer *target, EchoBuffer *weights, long width, EchoBuffer *gradient,
    double scale, EchoBuffer *loss);
int binaryCrossEntropy(EchoBuffer *logits, EchoBuffer *target, EchoBuffer *weights, EchoBuffer *gradient, double
    scale, EchoBuffer *loss);
int norm(EchoBuffer *const *buffers, long count, EchoBuffer *norm);
int adamW(const EchoLearned *parameters, long count, double beta1, double beta2, double epsilon, double clip,
    EchoBuffer *const *sound, long sounds, EchoBuffer *steps);
int joins(EchoDevice *device, const char *path);
int nameLink(EchoDevice *device, uint8_t *name);
int makeLink(EchoDevice *device, int rank, int count, const uint8_t *name, EchoLink **made);
void releaseLink(EchoLink *link);
int sum(EchoLink *link, EchoBuffer *buffer);

int blend(EchoBuffer *const *sources, EchoBuffer *const *targets, long count, double share);
}  // namespace echo
