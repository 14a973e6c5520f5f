// The loops of resizing, for processors with wide registers too: the same sums in the same order on all of them.
#ifndef CPIXELS_H
#define CPIXELS_H
#include <stddef.h>
#include <stdint.h>

/// Columns that `px_combine_columns` makes at once.
enum { PX_COLUMNS = 8 };

/// Four rows to be combined: where they begin in the picture, where what is inside of them begins in the masks, and
/// how many bytes from one row of the picture to the next.
typedef struct {
    ptrdiff_t rows[4], masks[4];
    float weights[4];
    size_t count, stride;
} px_rows;

/// sums[i] = Σ weights[k] · (row k[i] & mask k[i]) for i < count, added in the order of the rows.
///
/// The rows that follow the last are asked for meanwhile: they come from far away, and in no pattern that a processor
/// guesses.
void px_combine_rows(const uint8_t *picture, const uint8_t *masks, const px_rows *rows, float *sums);

/// Of each column x < count the sum of weight · sums over its four taps, to the nearest of 0 … 255, halves to even,
/// into out[x · stride].
///
/// The taps of column x begin at sums[firsts[x]]; weights lie as [⌈count / 8⌉][tap][8]. `firsts` and `weights` are
/// filled up to whole groups of eight columns.
void px_combine_columns(
    const float *sums, const int32_t *firsts, const float *weights, size_t count, uint8_t *out, size_t stride);

/// How many samples are at least `bound`, 1 … 255, where `mask` is 255.
size_t px_count(const uint8_t *samples, const uint8_t *mask, size_t count, uint8_t bound);

#endif
