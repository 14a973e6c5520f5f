// libavcodec and libavformat, and the only file that knows them: every code but JPEG Baseline, and containers.

private import CLibAV
import EchoCore

/// A decoder for coded pictures one by one, as DICOM's fragments hold them.
struct LibAVCodec: ~Copyable {
    private let av: OpaquePointer

    /// - Parameter names: decoders in order of preference.
    /// - Throws: `.unsupported` if this build of libavcodec has none of them.
    init(_ names: [String]) throws(Rejection) {
        for name in names {
            guard let av = echoprep_av_open_codec(name) else { continue }
            self.av = av
            return
        }
        throw Rejection(.unsupported, "this libavcodec has no decoder \(names[0])")
    }

    deinit { echoprep_av_close(av) }

    /// The samples of the picture in `bytes[range]`, as coded.
    /// - Throws: `.undecodable` with libavcodec's words, `.unsupported` for a variant that it lacks.
    func samples(_ bytes: [UInt8], _ range: Range<Int>) throws(Rejection) -> PixelSamples {
        var picture = echoprep_av_picture()
        let status = bytes.withUnsafeBufferPointer { bytes in
            let coded = UnsafeBufferPointer(rebasing: bytes[range])
            return echoprep_av_decode(av, coded.baseAddress, coded.count, &picture)
        }
        guard status == 1 else { throw Rejection(status == 0 ? .undecodable : .unsupported, message(of: av)) }
        return av.samples(picture)
    }
}

/// The video stream of a container in memory.
struct LibAVStream: ~Copyable {
    /// What the container says of the stream.
    struct Head {
        let container: String, codec: String
        let height: Int, width: Int
        let framesPerSecond: Double?
        /// nil where the container does not count.
        let frames: Int?
        let secondsPerTick: Double
        /// How pictures are to be turned; nil for anything but right angles.
        let display: DisplayMatrix?
        /// Whether pixels are not square.
        let isStretched: Bool
    }

    let head: Head
    private let av: OpaquePointer

    private init(_ av: OpaquePointer, _ head: Head) {
        self.av = av
        self.head = head
    }

    deinit { echoprep_av_close(av) }

    /// Opens the stream in `bytes` for as long as `body` runs.
    ///
    /// - Parameter formats: libavformat's names of the demuxers that may be tried, apart by commas.
    /// - Throws: `.undecodable` with libavformat's words, and what `body` throws.
    static func open<Answer>(
        _ bytes: [UInt8], formats: String, _ body: (borrowing LibAVStream) throws(Rejection) -> Answer
    ) throws(Rejection) -> Answer {
        let result = bytes.withUnsafeBufferPointer { bytes -> Result<Answer, Rejection> in
            var message = [CChar](repeating: 0, count: Int(ECHOPREP_AV_MESSAGE))
            var stream = echoprep_av_stream()
            let av = echoprep_av_open_stream(bytes.baseAddress, bytes.count, formats, &stream, &message)
            guard let av else { return .failure(Rejection(.undecodable, text(message))) }
            let head = Head(
                container: withUnsafeBytes(of: stream.container) {
                    text($0.map(CChar.init(truncatingIfNeeded:)))
                },
                codec: withUnsafeBytes(of: stream.codec) { text($0.map(CChar.init(truncatingIfNeeded:))) },
                height: Int(stream.height), width: Int(stream.width),
                framesPerSecond: stream.frames_per_second > 0 ? stream.frames_per_second : nil,
                frames: stream.frames_said > 0 ? Int(stream.frames_said) : nil,
                secondsPerTick: stream.seconds_per_tick,
                display: DisplayMatrix(
                    withUnsafeBytes(of: stream.display) { Array($0.bindMemory(to: Int32.self)) }),
                isStretched: stream.is_stretched == 1)
            let opened = LibAVStream(av, head)
            do throws(Rejection) {
                return .success(try body(opened))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The next coded picture that is not empty and is shown; nil at the end.
    func nextPacket() throws(Rejection) -> [UInt8]? {
        while let packet = try nextPacket({ echoprep_av_packet_is_hidden(av) == 1 ? [] : Array($0) }) {
            if !packet.isEmpty { return packet }
        }
        return nil
    }

    /// When the next coded picture that is not empty is shown and when it is decoded, in ticks, without decoding it, and
    /// whether the container's edit list hides it; nil at the end.
    func nextTimes() throws(Rejection) -> (shown: Int64?, decoded: Int64?, isHidden: Bool)? {
        func known(_ time: Int64) -> Int64? { time == Int64.min ? nil : time }
        return try nextPacket { _ in
            (
                known(echoprep_av_packet_shown(av)), known(echoprep_av_packet_decoded(av)),
                echoprep_av_packet_is_hidden(av) == 1
            )
        }
    }

    private func nextPacket<Answer>(_ body: (UnsafeBufferPointer<UInt8>) -> Answer) throws(Rejection)
        -> Answer?
    {
        while true {
            var bytes: UnsafePointer<UInt8>?
            var count = 0
            switch echoprep_av_next_packet(av, &bytes, &count) {
            case 1 where count > 0: return body(UnsafeBufferPointer(start: bytes, count: count))
            case 1: continue
            case 0: return nil
            default: throw Rejection(.truncated, message(of: av))
            }
        }
    }

    /// Decodes the next picture to its samples as they are coded; nil at the end.
    func nextSamples() throws(Rejection) -> PixelSamples? {
        var picture = echoprep_av_picture()
        switch echoprep_av_next_picture(av, &picture) {
        case 1: return av.samples(picture)
        case 0: return nil
        default: throw Rejection(.undecodable, message(of: av))
        }
    }

    /// Decodes the next picture to full-range Y, Cb, Cr and appends it; false at the end.
    ///
    /// - Parameters:
    ///   - stack: made with the first picture, for `frames` of its shape.
    func append(to stack: inout PlaneStack?, frames: Int) throws(Rejection) -> Bool {
        var picture = echoprep_av_picture()
        switch echoprep_av_next_picture(av, &picture) {
        case 1: break
        case 0: return false
        default: throw Rejection(.undecodable, message(of: av))
        }
        let shape = picture.shape
        if stack == nil { stack = try PlaneStack(shape, frames: frames) }
        guard stack!.shape == shape else {
            throw Rejection(.undecodable, "a picture of another kind: \(shape.width) × \(shape.height)")
        }
        try stack!.checkRoom()
        if picture.is_rgb == 1 {
            let samples = av.samples(picture)
            let shift = UInt16(max(0, samples.bits - 8))
            let planes = samples.planes
            stack!.appendRGB { at in
                (Int32(planes[0][at] >> shift), Int32(planes[1][at] >> shift), Int32(planes[2][at] >> shift))
            }
        } else {
            let isFull = picture.is_full_range == 1
            let size = shape.height * shape.width
            av.append(picture, 0, size, isFull ? nil : fullLuma, to: &stack!.luma)
            if picture.components == 3 {
                av.append(picture, 1, shape.chromaSize, isFull ? nil : fullChroma, to: &stack!.cb)
                av.append(picture, 2, shape.chromaSize, isFull ? nil : fullChroma, to: &stack!.cr)
            }
        }
        stack!.endFrame()
        return true
    }
}

/// 16 … 235 to 0 … 255, and 16 … 240 to 0 … 255 around 128 (ITU-R BT.601, JFIF).
private let fullLuma: [UInt8] = (0..<256).map {
    UInt8((min(max(Double($0 - 16) * 255 / 219, 0), 255)).rounded())
}
private let fullChroma: [UInt8] = (0..<256).map {
    UInt8(min(max((Double($0 - 128) * 255 / 224).rounded() + 128, 0), 255))
}

private func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
}

private func message(of av: OpaquePointer) -> String { String(cString: echoprep_av_message(av)) }

extension echoprep_av_picture {
    fileprivate var shape: FrameShape {
        let sampling: ChromaSampling? =
            components == 1 ? nil : across == 1 ? .full : down == 1 ? .half : .quarter
        return FrameShape(height: Int(height), width: Int(width), sampling: sampling)
    }

    fileprivate func size(of component: Int) -> Int {
        component == 0 || is_rgb == 1 ? Int(height) * Int(width) : shape.chromaSize
    }
}

extension OpaquePointer {
    /// The samples of the last picture.
    fileprivate func samples(_ picture: echoprep_av_picture) -> PixelSamples {
        let planes = (0..<Int(picture.components)).map { component in
            let size = picture.size(of: component)
            return [UInt16](unsafeUninitializedCapacity: size) { plane, count in
                echoprep_av_read_plane(self, Int32(component), plane.baseAddress)
                count = size
            }
        }
        return PixelSamples(
            height: Int(picture.height), width: Int(picture.width), bits: Int(picture.bits),
            sampling: picture.shape.sampling, planes: planes)
    }

    /// Appends one plane of the last picture as bytes, looked up in `table` if there is one.
    fileprivate func append(
        _ picture: echoprep_av_picture, _ component: Int, _ size: Int, _ table: [UInt8]?,
        to plane: inout [UInt8]
    ) {
        let start = plane.count
        if picture.is_plain == 1 {
            plane.append(addingCapacity: size) { out in
                out.withUnsafeMutableBufferPointer { out, count in
                    echoprep_av_copy_plane(self, Int32(component), out.baseAddress)
                    count = size
                }
            }
        } else {
            let shift = UInt16(max(0, picture.bits - 8))
            let wide = [UInt16](unsafeUninitializedCapacity: size) { wide, count in
                echoprep_av_read_plane(self, Int32(component), wide.baseAddress)
                count = size
            }
            plane.append(contentsOf: wide.lazy.map { UInt8(truncatingIfNeeded: $0 >> shift) })
        }
        if let table {
            for at in start..<plane.count { plane[at] = table[Int(plane[at])] }
        }
    }
}

/// What a video file is made with.
struct LibAVOutput {
    /// How samples of pictures lie: Y, Cb, Cr in planes, Y alone, or R, G, B one behind the other.
    enum Samples {
        case planes, gray, rgb
    }

    let container: String, codec: String
    let shape: FrameShape
    let samples: Samples
    /// Limited range is made of full range, but for R, G, B.
    let isFullRange: Bool
    let ticksPerSecond: Int, ticksPerPicture: Int
    /// Of libavcodec: 1 is best, 31 worst; 0 where options say.
    var quantiser = 0
    /// As "crf=18:bf=0".
    var options = ""

    /// Encodes full-range frames, each of one to three planes and with the tick at which it is shown, into a file in memory.
    func encode(
        frames: Int, frame: (Int) throws(EchoError) -> (planes: [ArraySlice<UInt8>], tick: Int)
    ) throws(EchoError) -> [UInt8] {
        let place = "a video of \(codec) in \(container)"
        var words = [CChar](repeating: 0, count: Int(ECHOPREP_AV_MESSAGE))
        let writer = container.withCString { container in
            codec.withCString { codec in
                options.withCString { options in
                    var output = echoprep_av_output(
                        format: container, codec: codec, width: Int32(shape.width),
                        height: Int32(shape.height),
                        is_gray: samples == .gray ? 1 : 0, is_rgb: samples == .rgb ? 1 : 0,
                        across: shape.sampling == .full ? 1 : 2, down: shape.sampling == .quarter ? 2 : 1,
                        is_full_range: isFullRange ? 1 : 0, ticks_per_second: Int32(ticksPerSecond),
                        ticks_per_picture: Int32(ticksPerPicture), quality: Int32(quantiser), options: options
                    )
                    return echoprep_av_writer_open(&output, &words)
                }
            }
        }
        guard let writer else { throw EchoError(place, text(words)) }
        defer { echoprep_av_writer_close(writer) }
        for index in 0..<frames {
            var (planes, tick) = try frame(index)
            if !isFullRange, samples != .rgb {
                for plane in planes.indices {
                    let table = plane == 0 ? limitedLuma : limitedChroma
                    planes[plane] = ArraySlice(planes[plane].map { table[Int($0)] })
                }
            }
            guard add(planes, at: tick, to: writer) else { throw EchoError(place, "the encoder fails") }
        }
        guard echoprep_av_writer_add(writer, nil, 0) == 1 else { throw EchoError(place, "the encoder fails") }
        var count = 0
        let bytes = echoprep_av_writer_bytes(writer, &count)
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    private func add(_ planes: [ArraySlice<UInt8>], at tick: Int, to writer: OpaquePointer) -> Bool {
        func plane(_ index: Int) -> ArraySlice<UInt8> { planes[min(index, planes.count - 1)] }
        return plane(0).withUnsafeBufferPointer { first in
            plane(1).withUnsafeBufferPointer { second in
                plane(2).withUnsafeBufferPointer { third in
                    let bases = [first.baseAddress, second.baseAddress, third.baseAddress]
                    return echoprep_av_writer_add(writer, bases, Int64(tick)) == 1
                }
            }
        }
    }
}

/// 0 … 255 to 16 … 235, and to 16 … 240 around 128.
private let limitedLuma: [UInt8] = (0..<256).map { UInt8((16 + Double($0) * 219 / 255).rounded()) }
private let limitedChroma: [UInt8] = (0..<256).map { UInt8((128 + Double($0 - 128) * 224 / 255).rounded()) }
