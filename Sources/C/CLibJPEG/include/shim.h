// libjpeg-turbo without its longjmp: Swift's frames must not be jumped over, so errors are caught on this side.
#ifndef CLIBJPEG_SHIM_H
#define CLIBJPEG_SHIM_H
#include <stddef.h>
#include <stdint.h>

#define ECHOPREP_JPEG_MESSAGE 200

/// A decoder that is used for frame after frame.
typedef struct echoprep_jpeg_decoder echoprep_jpeg_decoder;

/// A picture's head, and how its planes come out.
typedef struct {
    int width, height;
    /// 1 gray, 3 colour.
    int components;
    /// How many times wider and higher the first plane is than the other two: 1 or 2.
    int across, down;
    /// Whether the three planes are R, G, B and not Y, Cb, Cr, as the markers say.
    int is_rgb;
    /// Whether the markers leave it open.
    int is_rgb_unsaid;
} echoprep_jpeg_head;

/// NULL when memory is short.
echoprep_jpeg_decoder *echoprep_jpeg_decoder_new(void);
void echoprep_jpeg_decoder_free(echoprep_jpeg_decoder *decoder);

/// Reads the head of a picture; `bytes` must live until its planes are read. Returns 1, or 0 with a message.
int echoprep_jpeg_read_head(
    echoprep_jpeg_decoder *decoder, const uint8_t *bytes, size_t count, echoprep_jpeg_head *head);

/// Decodes the picture whose head was read into planes without gaps. Returns 1, or 0 with a message.
///
/// A warning of libjpeg about entropy-coded data is an error here: it means data made up for bits that are missing or
/// wrong. Oddities of headers and zeros before the end are none.
///
/// `marks` are one bit a sample, eight rows a byte, of the first plane and of the other two: bit y % 8 of byte
/// y / 8 · width + x is set where a sample is not 0, or not 128. NULL where nobody asks; void after an error.
int echoprep_jpeg_read_planes(
    echoprep_jpeg_decoder *decoder, uint8_t *const planes[3], uint8_t *const marks[2]);

/// What went wrong last.
const char *echoprep_jpeg_message(const echoprep_jpeg_decoder *decoder);

/// Encodes planes without gaps as JPEG Baseline with the standard Huffman tables and no JFIF or Adobe marker.
///
/// `across` and `down` are the ratios of the first plane's size to the others' (1 or 2); `components` is 1 or 3.
/// Returns bytes to be released by echoprep_jpeg_free, or NULL with a message.
uint8_t *echoprep_jpeg_encode(
    const uint8_t *const planes[3], int width, int height, int components, int across, int down, int quality,
    size_t *count, char message[ECHOPREP_JPEG_MESSAGE]);
void echoprep_jpeg_free(uint8_t *bytes);

#endif
