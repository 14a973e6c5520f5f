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
                container: withUnsafeBytes(of: stream.container) { text($0.map(CChar.init(bitPattern:))) },
                codec: withUnsafeBytes(of: stream.codec) { text($0.map(CChar.init(bitPattern:))) },
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
    String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
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

/// Encodes full-range Y, Cb, Cr frames into a file in memory.
func encodeByLibAV(
    _ container: String, _ codec: String, _ shape: FrameShape, isFullRange: Bool, framesPerSecond: Int,
    quantiser: Int, frames: Int,
    frame: (Int) -> (luma: ArraySlice<UInt8>, cb: ArraySlice<UInt8>, cr: ArraySlice<UInt8>)
) throws(EchoError) -> [UInt8] {
    var words = [CChar](repeating: 0, count: Int(ECHOPREP_AV_MESSAGE))
    let writer = echoprep_av_writer_open(
        container, codec, Int32(shape.width), Int32(shape.height), shape.sampling == .full ? 1 : 2,
        shape.sampling == .quarter ? 2 : 1, Int32(framesPerSecond), Int32(quantiser), &words)
    guard let writer else { throw EchoError("a video of \(codec) in \(container)", text(words)) }
    defer { echoprep_av_writer_close(writer) }
    let failure = EchoError("a video of \(codec) in \(container)", "the encoder fails")
    for index in 0..<frames {
        var planes = frame(index)
        if !isFullRange {
            planes.luma = ArraySlice(planes.luma.map { limitedLuma[Int($0)] })
            planes.cb = ArraySlice(planes.cb.map { limitedChroma[Int($0)] })
            planes.cr = ArraySlice(planes.cr.map { limitedChroma[Int($0)] })
        }
        let isDone = planes.luma.withUnsafeBufferPointer { luma in
            planes.cb.withUnsafeBufferPointer { cb in
                planes.cr.withUnsafeBufferPointer { cr in
                    echoprep_av_writer_add(writer, [luma.baseAddress, cb.baseAddress, cr.baseAddress])
                }
            }
        }
        guard isDone == 1 else { throw failure }
    }
    guard echoprep_av_writer_add(writer, nil) == 1 else { throw failure }
    var count = 0
    let bytes = echoprep_av_writer_bytes(writer, &count)
    return Array(UnsafeBufferPointer(start: bytes, count: count))
}

/// 0 … 255 to 16 … 235, and to 16 … 240 around 128.
private let limitedLuma: [UInt8] = (0..<256).map { UInt8((16 + Double($0) * 219 / 255).rounded()) }
private let limitedChroma: [UInt8] = (0..<256).map { UInt8((128 + Double($0 - 128) * 224 / 255).rounded()) }
