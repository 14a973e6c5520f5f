#include "shim.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

// The largest picture, as everywhere in echoprep, and the largest block that a broken file may ask for.
enum { LARGEST_PICTURE = 1 << 24, LARGEST_BLOCK = 256 << 20, BUFFER = 1 << 16 };

struct echoprep_av {
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
    // The last picture in a form whose samples can be read: `frame` itself or `converted`.
    const AVFrame *shown;
    AVFrame *converted;
    struct SwsContext *scaler;
    // How far left its samples stand in their bits.
    int shift;
    // Of a stream only.
    AVFormatContext *format;
    AVIOContext *io;
    int stream;
    // No packet will follow; and whether that is so because one could not be read.
    int is_drained, is_cut;
    const uint8_t *bytes;
    size_t count, position;
    char message[ECHOPREP_AV_MESSAGE];
};

static void prepare_once(void) {
    av_log_set_level(AV_LOG_QUIET);
    av_max_alloc(LARGEST_BLOCK);
}

static void prepare(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare_once);
}

static int say(char *message, const char *words, int code) {
    char why[64] = "";
    if (code < 0) av_strerror(code, why, sizeof why);
    snprintf(message, ECHOPREP_AV_MESSAGE, "%s%s%s", words, *why ? ": " : "", why);
    return 0;
}

const char *echoprep_av_message(const echoprep_av *av) { return av->message; }

void echoprep_av_close(echoprep_av *av) {
    if (!av) return;
    sws_freeContext(av->scaler);
    av_frame_free(&av->converted);
    av_frame_free(&av->frame);
    av_packet_free(&av->packet);
    avcodec_free_context(&av->codec);
    avformat_close_input(&av->format);
    if (av->io) av_freep(&av->io->buffer);
    avio_context_free(&av->io);
    av_free(av);
}

// A codec that stops at the first error and works on one thread: clips are decoded side by side.
static int open_codec(echoprep_av *av, const AVCodec *codec, const AVCodecParameters *parameters) {
    if (!codec) return say(av->message, "no decoder for this code", 0);
    av->codec = avcodec_alloc_context3(codec);
    av->frame = av_frame_alloc();
    av->packet = av_packet_alloc();
    if (!av->codec || !av->frame || !av->packet) return say(av->message, "memory is short", 0);
    int code = parameters ? avcodec_parameters_to_context(av->codec, parameters) : 0;
    if (code < 0) return say(av->message, "the codec's parameters", code);
    av->codec->thread_count = 1;
    av->codec->max_pixels = LARGEST_PICTURE;
    // Stuffing behind the last slice, as DICOM's padding is, would count as an error of a video's bit stream.
    av->codec->err_recognition = AV_EF_CRCCHECK | AV_EF_BUFFER | AV_EF_EXPLODE | (av->format ? 0 : AV_EF_BITSTREAM);
    code = avcodec_open2(av->codec, codec, NULL);
    return code < 0 ? say(av->message, "the decoder does not start", code) : 1;
}

echoprep_av *echoprep_av_open_codec(const char *name) {
    prepare();
    echoprep_av *av = av_mallocz(sizeof *av);
    if (!av) return NULL;
    if (open_codec(av, avcodec_find_decoder_by_name(name), NULL)) return av;
    echoprep_av_close(av);
    return NULL;
}

static int read_bytes(void *opaque, uint8_t *to, int size) {
    echoprep_av *av = opaque;
    const size_t left = av->count - av->position;
    if (left == 0) return AVERROR_EOF;
    const size_t count = left < (size_t)size ? left : (size_t)size;
    memcpy(to, av->bytes + av->position, count);
    av->position += count;
    return (int)count;
}

static int64_t seek(void *opaque, int64_t offset, int whence) {
    echoprep_av *av = opaque;
    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE: return (int64_t)av->count;
    case SEEK_SET: break;
    case SEEK_CUR: offset += (int64_t)av->position; break;
    case SEEK_END: offset += (int64_t)av->count; break;
    default: return AVERROR(EINVAL);
    }
    if (offset < 0 || offset > (int64_t)av->count) return AVERROR(EINVAL);
    av->position = (size_t)offset;
    return offset;
}

static int open_format(echoprep_av *av, const char *formats, echoprep_av_stream *stream) {
    uint8_t *buffer = av_malloc(BUFFER);
    if (!buffer) return say(av->message, "memory is short", 0);
    av->io = avio_alloc_context(buffer, BUFFER, 0, av, read_bytes, NULL, seek);
    if (!av->io) {
        av_free(buffer);
        return say(av->message, "memory is short", 0);
    }
    av->format = avformat_alloc_context();
    if (!av->format) return say(av->message, "memory is short", 0);
    av->format->pb = av->io;
    av->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    AVDictionary *options = NULL;
    av_dict_set(&options, "format_whitelist", formats, 0);
    av_dict_set(&options, "protocol_whitelist", "", 0);
    int code = avformat_open_input(&av->format, NULL, NULL, &options);
    av_dict_free(&options);
    if (code < 0) return say(av->message, "not a readable container", code);
    code = avformat_find_stream_info(av->format, NULL);
    if (code < 0) return say(av->message, "no stream's kind can be told", code);
    const AVCodec *codec = NULL;
    av->stream = av_find_best_stream(av->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (av->stream < 0) return say(av->message, "no video stream that can be decoded", 0);
    for (unsigned i = 0; i < av->format->nb_streams; i++)
        if ((int)i != av->stream) av->format->streams[i]->discard = AVDISCARD_ALL;
    const AVStream *found = av->format->streams[av->stream];
    if (!open_codec(av, codec, found->codecpar)) return 0;
    const AVRational rate = found->avg_frame_rate.num > 0 ? found->avg_frame_rate : found->r_frame_rate;
    *stream = (echoprep_av_stream){
        .width = found->codecpar->width, .height = found->codecpar->height, .frames_said = found->nb_frames,
        .frames_per_second = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0,
        .seconds_per_tick = av_q2d(found->time_base)};
    const int32_t *matrix = (const int32_t *)av_stream_get_side_data(found, AV_PKT_DATA_DISPLAYMATRIX, NULL);
    for (int i = 0; i < 9; i++) stream->display[i] = matrix ? matrix[i] : i % 4 == 0 ? 1 : 0;
    const AVRational aspect = found->sample_aspect_ratio.num > 0 ? found->sample_aspect_ratio
                                                                 : found->codecpar->sample_aspect_ratio;
    stream->is_stretched = aspect.num > 0 && aspect.num != aspect.den;
    snprintf(stream->container, sizeof stream->container, "%s", av->format->iformat->name);
    snprintf(stream->codec, sizeof stream->codec, "%s", avcodec_get_name(found->codecpar->codec_id));
    return 1;
}

echoprep_av *echoprep_av_open_stream(
    const uint8_t *bytes, size_t count, const char *formats, echoprep_av_stream *stream,
    char message[ECHOPREP_AV_MESSAGE]) {
    prepare();
    echoprep_av *av = av_mallocz(sizeof *av);
    if (!av) {
        say(message, "memory is short", 0);
        return NULL;
    }
    av->bytes = bytes;
    av->count = count;
    if (open_format(av, formats, stream)) return av;
    memcpy(message, av->message, ECHOPREP_AV_MESSAGE);
    echoprep_av_close(av);
    return NULL;
}

// Planes of whole samples of up to 16 bits, with chroma as Clip knows it.
static int is_readable(const AVPixFmtDescriptor *desc) {
    const uint64_t odd = AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL
        | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT;
    if ((desc->flags & odd) || desc->comp[0].depth > 16) return 0;
    if (desc->nb_components < 3 || desc->flags & AV_PIX_FMT_FLAG_RGB) return 1;
    return desc->log2_chroma_w <= 1 && desc->log2_chroma_h <= desc->log2_chroma_w;
}

static int convert(echoprep_av *av, const AVPixFmtDescriptor *desc) {
    const AVFrame *frame = av->frame;
    const int is_rgb = (desc->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
    const enum AVPixelFormat target = is_rgb ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_YUV444P;
    av->scaler = sws_getCachedContext(
        av->scaler, frame->width, frame->height, frame->format, frame->width, frame->height, target,
        SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_BITEXACT, NULL, NULL, NULL);
    if (!av->scaler) return say(av->message, "pictures of a form that swscale does not know", 0);
    if (!av->converted) av->converted = av_frame_alloc();
    if (!av->converted) return say(av->message, "memory is short", 0);
    av_frame_unref(av->converted);
    av->converted->format = target;
    av->converted->width = frame->width;
    av->converted->height = frame->height;
    av->converted->color_range = frame->color_range;
    int code = av_frame_get_buffer(av->converted, 0);
    if (code < 0) return say(av->message, "memory", code);
    const int *matrix = sws_getCoefficients(SWS_CS_DEFAULT);
    const int range = frame->color_range == AVCOL_RANGE_JPEG;
    sws_setColorspaceDetails(av->scaler, matrix, range, matrix, range, 0, 1 << 16, 1 << 16);
    code = sws_scale(
        av->scaler, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height, av->converted->data,
        av->converted->linesize);
    if (code < 0) return say(av->message, "swscale", code);
    av->shown = av->converted;
    return 1;
}

static int is_full_range(const AVFrame *frame, const AVPixFmtDescriptor *desc) {
    switch ((enum AVPixelFormat)frame->format) {
    case AV_PIX_FMT_YUVJ420P: case AV_PIX_FMT_YUVJ422P: case AV_PIX_FMT_YUVJ444P: case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ411P: return 1;
    default: break;
    }
    if (frame->color_range != AVCOL_RANGE_UNSPECIFIED) return frame->color_range == AVCOL_RANGE_JPEG;
    return desc->nb_components < 3;
}

static int describe(echoprep_av *av, echoprep_av_picture *picture) {
    const AVFrame *frame = av->frame;
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);
    if (!desc) return say(av->message, "pictures of an unknown form", 0);
    if ((frame->flags & AV_FRAME_FLAG_CORRUPT) || frame->decode_error_flags)
        return say(av->message, "a picture with errors", 0);
    const int full = is_full_range(frame, desc);
    av->shown = frame;
    if (!is_readable(desc)) {
        if (!convert(av, desc)) return 0;
        desc = av_pix_fmt_desc_get(av->shown->format);
    }
    *picture = (echoprep_av_picture){
        .width = av->shown->width, .height = av->shown->height, .components = desc->nb_components < 3 ? 1 : 3,
        .bits = desc->comp[0].depth, .across = 1, .down = 1, .is_full_range = full,
        .is_rgb = (desc->flags & AV_PIX_FMT_FLAG_RGB) != 0};
    if (picture->components == 3 && !picture->is_rgb) {
        picture->across = 1 << desc->log2_chroma_w;
        picture->down = 1 << desc->log2_chroma_h;
    }
    // These decoders fill the bits of the form they chose from the top.
    av->shift = 0;
    const int raw = av->codec->bits_per_raw_sample, codec = av->codec->codec_id;
    if ((codec == AV_CODEC_ID_JPEG2000 || codec == AV_CODEC_ID_JPEGLS) && raw > 0 && raw < picture->bits) {
        av->shift = picture->bits - raw;
        picture->bits = raw;
    } else if (picture->bits < 8) {
        picture->bits = 8;
    }
    picture->is_plain = picture->bits == 8 && !av->shift;
    for (int c = 0; c < picture->components; c++)
        if (desc->comp[c].step != 1 || desc->comp[c].offset || desc->comp[c].shift) picture->is_plain = 0;
    return 1;
}

int echoprep_av_decode(echoprep_av *av, const uint8_t *bytes, size_t count, echoprep_av_picture *picture) {
    if (count > INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE) return say(av->message, "too many bytes", 0);
    // A copy, since decoders read a little beyond the end.
    av_packet_unref(av->packet);
    int code = av_new_packet(av->packet, (int)count);
    if (code < 0) return say(av->message, "memory", code);
    memcpy(av->packet->data, bytes, count);
    avcodec_flush_buffers(av->codec);
    code = avcodec_send_packet(av->codec, av->packet);
    if (code >= 0) code = avcodec_receive_frame(av->codec, av->frame);
    if (code < 0) say(av->message, "libavcodec", code);
    return code == AVERROR_PATCHWELCOME ? -1 : code < 0 ? 0 : describe(av, picture);
}

// Bits that a pixel of raw pictures has at least: containers count them differently from what is there.
static int raw_bits(const AVCodecContext *codec) {
    const int said = codec->bits_per_coded_sample;
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(codec->pix_fmt);
    const int are = desc ? av_get_padded_bits_per_pixel(desc) : 0;
    return said <= 0 ? are : are <= 0 || said < are ? said : are;
}

int echoprep_av_next_packet(echoprep_av *av, const uint8_t **bytes, size_t *count) {
    for (;;) {
        av_packet_unref(av->packet);
        const int code = av_read_frame(av->format, av->packet);
        if (code == AVERROR_EOF) return 0;
        if (code < 0) {
            say(av->message, "libavformat", code);
            return -1;
        }
        if (av->packet->stream_index != av->stream) continue;
        // The decoder of raw pictures fills up what is missing with what was in its memory.
        const int64_t bits = (int64_t)av->codec->width * av->codec->height * raw_bits(av->codec);
        const int is_short = av->codec->codec_id == AV_CODEC_ID_RAWVIDEO && av->packet->size > 0
            && av->packet->size < bits / 8;
        if ((av->packet->flags & AV_PKT_FLAG_CORRUPT) || is_short) {
            say(av->message, is_short ? "a raw picture that is cut" : "the file ends within a packet", 0);
            return -1;
        }
        *bytes = av->packet->data;
        *count = (size_t)av->packet->size;
        return 1;
    }
}

_Static_assert(ECHOPREP_AV_NO_TIME == AV_NOPTS_VALUE, "as libavformat has it");

int64_t echoprep_av_packet_shown(const echoprep_av *av) { return av->packet->pts; }

int64_t echoprep_av_packet_decoded(const echoprep_av *av) { return av->packet->dts; }

int echoprep_av_packet_is_hidden(const echoprep_av *av) { return (av->packet->flags & AV_PKT_FLAG_DISCARD) != 0; }

int echoprep_av_next_picture(echoprep_av *av, echoprep_av_picture *picture) {
    for (;;) {
        int code = avcodec_receive_frame(av->codec, av->frame);
        if (code >= 0) return describe(av, picture) ? 1 : -1;
        if (code == AVERROR_EOF) return av->is_cut ? -1 : 0;
        if (code != AVERROR(EAGAIN) || av->is_drained) {
            say(av->message, "libavcodec", code);
            return -1;
        }
        const uint8_t *bytes;
        size_t count;
        const int more = echoprep_av_next_packet(av, &bytes, &count);
        // What the decoder holds back comes before the fault.
        av->is_drained = more < 1;
        av->is_cut = more < 0;
        code = avcodec_send_packet(av->codec, more == 1 ? av->packet : NULL);
        if (code < 0) {
            say(av->message, "libavcodec", code);
            return -1;
        }
    }
}

static void plane_size(const echoprep_av *av, int component, int *width, int *height) {
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(av->shown->format);
    const int is_chroma = component > 0 && !(desc->flags & AV_PIX_FMT_FLAG_RGB);
    *width = is_chroma ? AV_CEIL_RSHIFT(av->shown->width, desc->log2_chroma_w) : av->shown->width;
    *height = is_chroma ? AV_CEIL_RSHIFT(av->shown->height, desc->log2_chroma_h) : av->shown->height;
}

void echoprep_av_copy_plane(const echoprep_av *av, int component, uint8_t *out) {
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(av->shown->format);
    const int plane = desc->comp[component].plane;
    int width, height;
    plane_size(av, component, &width, &height);
    for (int y = 0; y < height; y++, out += width)
        memcpy(out, av->shown->data[plane] + (ptrdiff_t)y * av->shown->linesize[plane], (size_t)width);
}

void echoprep_av_read_plane(const echoprep_av *av, int component, uint16_t *out) {
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(av->shown->format);
    int width, height;
    plane_size(av, component, &width, &height);
    for (int y = 0; y < height; y++, out += width) {
        av_read_image_line2(
            out, (const uint8_t **)av->shown->data, av->shown->linesize, desc, 0, y, component, width, 0, 2);
        for (int x = 0; av->shift && x < width; x++) out[x] >>= av->shift;
        // Components of fewer than 8 bits take the whole range.
        const int depth = desc->comp[component].depth, top = (1 << depth) - 1;
        for (int x = 0; depth < 8 && x < width; x++) out[x] = (uint16_t)((out[x] * 255 + top / 2) / top);
    }
}

struct echoprep_av_writer {
    AVFormatContext *format;
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
    int64_t duration;
    // The file, written at `position`.
    uint8_t *bytes;
    size_t count, capacity, position;
};

static int write_bytes(void *opaque, uint8_t *from, int size) {
    echoprep_av_writer *writer = opaque;
    const size_t end = writer->position + (size_t)size;
    if (end > writer->capacity) {
        const size_t capacity = end * 2;
        uint8_t *grown = av_realloc(writer->bytes, capacity);
        if (!grown) return AVERROR(ENOMEM);
        writer->bytes = grown;
        writer->capacity = capacity;
    }
    if (writer->position > writer->count) memset(writer->bytes + writer->count, 0, writer->position - writer->count);
    memcpy(writer->bytes + writer->position, from, (size_t)size);
    writer->position = end;
    if (end > writer->count) writer->count = end;
    return size;
}

static int64_t seek_written(void *opaque, int64_t offset, int whence) {
    echoprep_av_writer *writer = opaque;
    if (whence == AVSEEK_SIZE) return (int64_t)writer->count;
    if (whence == SEEK_CUR) offset += (int64_t)writer->position;
    if (whence == SEEK_END) offset += (int64_t)writer->count;
    if (offset < 0) return AVERROR(EINVAL);
    writer->position = (size_t)offset;
    return offset;
}

void echoprep_av_writer_close(echoprep_av_writer *writer) {
    if (!writer) return;
    if (writer->format && writer->format->pb) {
        av_freep(&writer->format->pb->buffer);
        avio_context_free(&writer->format->pb);
    }
    avformat_free_context(writer->format);
    avcodec_free_context(&writer->codec);
    av_frame_free(&writer->frame);
    av_packet_free(&writer->packet);
    av_free(writer->bytes);
    av_free(writer);
}

// R, G, B go to encoders as B, G, R and a byte of nothing, which all that take colours know.
static enum AVPixelFormat pixel_format(const echoprep_av_output *output, int is_jpeg) {
    if (output->is_rgb) return AV_PIX_FMT_BGR0;
    if (output->is_gray) return AV_PIX_FMT_GRAY8;
    if (is_jpeg)
        return output->across == 1 ? AV_PIX_FMT_YUVJ444P
            : output->down == 1    ? AV_PIX_FMT_YUVJ422P
                                   : AV_PIX_FMT_YUVJ420P;
    return output->across == 1 ? AV_PIX_FMT_YUV444P : output->down == 1 ? AV_PIX_FMT_YUV422P : AV_PIX_FMT_YUV420P;
}

static int open_writer(echoprep_av_writer *writer, const echoprep_av_output *output, char *message) {
    const AVCodec *codec = avcodec_find_encoder_by_name(output->codec);
    if (!codec) return say(message, "this libavcodec has no such encoder", 0);
    if (avformat_alloc_output_context2(&writer->format, NULL, output->format, NULL) < 0)
        return say(message, "this libavformat has no such container", 0);
    uint8_t *buffer = av_malloc(BUFFER);
    writer->codec = avcodec_alloc_context3(codec);
    writer->frame = av_frame_alloc();
    writer->packet = av_packet_alloc();
    AVStream *stream = avformat_new_stream(writer->format, NULL);
    if (!buffer || !writer->codec || !writer->frame || !writer->packet || !stream) {
        av_free(buffer);
        return say(message, "memory is short", 0);
    }
    writer->format->pb = avio_alloc_context(buffer, BUFFER, 1, writer, NULL, write_bytes, seek_written);
    if (!writer->format->pb) {
        av_free(buffer);
        return say(message, "memory is short", 0);
    }
    // No version strings or times: the same pictures give the same bytes.
    writer->format->flags |= AVFMT_FLAG_BITEXACT | AVFMT_FLAG_CUSTOM_IO;
    writer->codec->flags |= AV_CODEC_FLAG_BITEXACT;
    if (writer->format->oformat->flags & AVFMT_GLOBALHEADER) writer->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    const int is_jpeg = codec->id == AV_CODEC_ID_MJPEG;
    writer->codec->width = output->width;
    writer->codec->height = output->height;
    writer->codec->time_base = (AVRational){1, output->ticks_per_second};
    av_reduce(
        &writer->codec->framerate.num, &writer->codec->framerate.den, output->ticks_per_second,
        output->ticks_per_picture, INT32_MAX);
    if (output->quality > 0) {
        writer->codec->flags |= AV_CODEC_FLAG_QSCALE;
        writer->codec->global_quality = FF_QP2LAMBDA * output->quality;
    }
    writer->codec->thread_count = 1;
    writer->codec->color_range = output->is_full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    writer->codec->pix_fmt = pixel_format(output, is_jpeg);
    AVDictionary *options = NULL;
    int code = av_dict_parse_string(&options, output->options, "=", ":", 0);
    if (code >= 0) code = avcodec_open2(writer->codec, codec, &options);
    // What is left of the options is what the encoder does not know.
    if (code >= 0 && av_dict_count(options) > 0) code = AVERROR_OPTION_NOT_FOUND;
    av_dict_free(&options);
    if (code < 0) return say(message, "the encoder does not start", code);
    stream->time_base = writer->codec->time_base;
    stream->avg_frame_rate = writer->codec->framerate;
    code = avcodec_parameters_from_context(stream->codecpar, writer->codec);
    if (code >= 0) code = avformat_write_header(writer->format, NULL);
    if (code < 0) return say(message, "the container does not take it", code);
    writer->frame->format = writer->codec->pix_fmt;
    writer->frame->width = output->width;
    writer->frame->height = output->height;
    writer->frame->quality = writer->codec->global_quality;
    writer->frame->color_range = writer->codec->color_range;
    code = av_frame_get_buffer(writer->frame, 0);
    writer->duration = output->ticks_per_picture;
    return code < 0 ? say(message, "memory", code) : 1;
}

echoprep_av_writer *echoprep_av_writer_open(const echoprep_av_output *output, char message[ECHOPREP_AV_MESSAGE]) {
    prepare();
    echoprep_av_writer *writer = av_mallocz(sizeof *writer);
    if (!writer) {
        say(message, "memory is short", 0);
        return NULL;
    }
    if (open_writer(writer, output, message)) return writer;
    echoprep_av_writer_close(writer);
    return NULL;
}

static void copy_colours(AVFrame *frame, const uint8_t *samples) {
    for (int y = 0; y < frame->height; y++) {
        uint8_t *row = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
        for (int x = 0; x < frame->width; x++, samples += 3) {
            row[4 * x] = samples[2];
            row[4 * x + 1] = samples[1];
            row[4 * x + 2] = samples[0];
            row[4 * x + 3] = 0;
        }
    }
}

int echoprep_av_writer_add(echoprep_av_writer *writer, const uint8_t *const planes[3], int64_t tick) {
    AVFrame *frame = writer->frame;
    if (planes) {
        if (av_frame_make_writable(frame) < 0) return 0;
        const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(frame->format);
        const int is_rgb = (desc->flags & AV_PIX_FMT_FLAG_RGB) != 0;
        frame->pts = tick;
        if (is_rgb) copy_colours(frame, planes[0]);
        for (int c = 0; !is_rgb && c < desc->nb_components; c++) {
            const int width = c ? AV_CEIL_RSHIFT(frame->width, desc->log2_chroma_w) : frame->width;
            const int height = c ? AV_CEIL_RSHIFT(frame->height, desc->log2_chroma_h) : frame->height;
            for (int y = 0; y < height; y++)
                memcpy(frame->data[c] + (ptrdiff_t)y * frame->linesize[c], planes[c] + (size_t)y * (size_t)width, (size_t)width);
        }
    }
    if (avcodec_send_frame(writer->codec, planes ? frame : NULL) < 0) return 0;
    for (;;) {
        const int code = avcodec_receive_packet(writer->codec, writer->packet);
        if (code == AVERROR(EAGAIN) && planes) return 1;
        if (code == AVERROR_EOF) break;
        if (code < 0) return 0;
        av_packet_rescale_ts(writer->packet, writer->codec->time_base, writer->format->streams[0]->time_base);
        writer->packet->duration =
            av_rescale_q(writer->duration, writer->codec->time_base, writer->format->streams[0]->time_base);
        if (av_interleaved_write_frame(writer->format, writer->packet) < 0) return 0;
    }
    if (av_write_trailer(writer->format) < 0) return 0;
    avio_flush(writer->format->pb);
    return 1;
}

const uint8_t *echoprep_av_writer_bytes(const echoprep_av_writer *writer, size_t *count) {
    *count = writer->count;
    return writer->bytes;
}
