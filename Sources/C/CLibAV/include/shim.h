// libavformat and libavcodec from memory: their structures hang on macros and callbacks that Swift cannot import, so
// what is needed of them stands here as a handful of functions over one opaque reader.
#ifndef CLIBAV_SHIM_H
#define CLIBAV_SHIM_H
#include <stddef.h>
#include <stdint.h>

#define ECHOPREP_AV_MESSAGE 128

/// A codec, alone or behind a container's demuxer, and the picture it decoded last.
typedef struct echoprep_av echoprep_av;

/// The video stream of a container.
typedef struct {
    char container[16];
    char codec[32];
    int width, height;
    /// 0 where nothing says.
    double frames_per_second;
    /// As the container's head has it; 0 where it says nothing.
    int64_t frames_said;
    /// The unit of its packets' times.
    double seconds_per_tick;
    /// The matrix that brings coded places to shown ones, in rows of 16.16, 16.16 and 2.30; the identity, in ones, where
    /// nothing says.
    int32_t display[9];
    /// Whether pixels are shown wider or narrower than high.
    int is_stretched;
} echoprep_av_stream;

/// How a decoded picture's samples lie.
typedef struct {
    int width, height;
    /// 1 or 3; bits of a sample, 1 to 16.
    int components, bits;
    /// How many times wider and higher the first plane is than the other two: 1 or 2.
    int across, down;
    int is_rgb;
    /// Whether Y, Cb, Cr use all of 0 to 255, not 16 to 235 or 240.
    int is_full_range;
    /// Whether the planes are bytes and may be copied.
    int is_plain;
} echoprep_av_picture;

/// Opens the decoder with this name, for coded pictures one by one. NULL if this build of libavcodec has none.
echoprep_av *echoprep_av_open_codec(const char *name);

/// Opens the first video stream in a container in memory; `bytes` must outlive the reader. `formats` are the demuxers
/// that may be tried, apart by commas. NULL with a message.
///
/// Nothing outside the memory is opened: no protocol is allowed, and external references are not followed.
echoprep_av *echoprep_av_open_stream(
    const uint8_t *bytes, size_t count, const char *formats, echoprep_av_stream *stream,
    char message[ECHOPREP_AV_MESSAGE]);

void echoprep_av_close(echoprep_av *av);

/// Decodes one coded picture. 1, 0 with a message, or -1 if libavcodec lacks this variant of the code.
int echoprep_av_decode(echoprep_av *av, const uint8_t *bytes, size_t count, echoprep_av_picture *picture);

/// Reads the stream's next packet, without decoding. 1, 0 at the end, -1 with a message.
int echoprep_av_next_packet(echoprep_av *av, const uint8_t **bytes, size_t *count);

#define ECHOPREP_AV_NO_TIME INT64_MIN

/// When the last packet's picture is shown, or decoded, in the stream's ticks; ECHOPREP_AV_NO_TIME where nothing says.
int64_t echoprep_av_packet_shown(const echoprep_av *av);
int64_t echoprep_av_packet_decoded(const echoprep_av *av);

/// Whether the container's edit list hides the last packet's picture: it is decoded for others and not shown.
int echoprep_av_packet_is_hidden(const echoprep_av *av);

/// Decodes the stream's next picture. 1, 0 at the end, -1 with a message.
int echoprep_av_next_picture(echoprep_av *av, echoprep_av_picture *picture);

/// Copies a plane of the last picture, which is plain, without gaps.
void echoprep_av_copy_plane(const echoprep_av *av, int component, uint8_t *out);

/// Reads a component of the last picture, without gaps.
void echoprep_av_read_plane(const echoprep_av *av, int component, uint16_t *out);

/// What went wrong last.
const char *echoprep_av_message(const echoprep_av *av);

/// An encoder into a container in memory.
typedef struct echoprep_av_writer echoprep_av_writer;

/// What a writer makes: `format` is a muxer's name, `codec` an encoder's.
typedef struct {
    const char *format, *codec;
    int width, height;
    /// Samples are 8-bit Y, Cb, Cr in planes, `across` and `down` as above; Y alone; or R, G, B one behind the other in one
    /// plane.
    int is_gray, is_rgb;
    int across, down, is_full_range;
    /// Ticks that times count in, and ticks from a picture to the next, as a rule.
    int ticks_per_second, ticks_per_picture;
    /// The quantiser, or 0.
    int quality;
    /// Further options of the encoder, as "crf=18:bf=0"; may be empty.
    const char *options;
} echoprep_av_output;

/// NULL with a message.
echoprep_av_writer *echoprep_av_writer_open(const echoprep_av_output *output, char message[ECHOPREP_AV_MESSAGE]);
/// Encodes a picture of planes without gaps that is shown at `tick`, or with NULL ends the file. 1, or 0 on failure.
int echoprep_av_writer_add(echoprep_av_writer *writer, const uint8_t *const planes[3], int64_t tick);
/// The file so far, whole after the end; it belongs to the writer.
const uint8_t *echoprep_av_writer_bytes(const echoprep_av_writer *writer, size_t *count);
void echoprep_av_writer_close(echoprep_av_writer *writer);

#endif
