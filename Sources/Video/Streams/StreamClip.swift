// A clip in a container that libavformat reads: AVI, MP4, and the video streams that DICOM wraps whole.

import EchoCore

/// The video stream of a container.
struct StreamClip: ClipSource {
    let header: ClipHeader
    private let bytes: [UInt8]
    private let formats: String
    private let display: DisplayMatrix
    /// What is missing before anything is decoded.
    let shortfall: Rejection?

    static let aviFormats = "avi"
    static let mp4Formats = "mov,mp4,m4a,3gp,3g2,mj2"
    static let dicomFormats = "mov,mp4,mpegts,mpeg,mpegvideo,h264,hevc,m4v,avi"

    /// RIFF with AVI inside.
    static func isAVI(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 12 && bytes[0..<4].elementsEqual("RIFF".utf8)
            && bytes[8..<11].elementsEqual("AVI".utf8)
    }

    /// A first box of the ISO base media format, or of QuickTime before it.
    static func isMP4(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 8
            && ["ftyp", "moov", "mdat", "wide", "free", "skip"].contains {
                bytes[4..<8].elementsEqual($0.utf8)
            }
    }

    /// Opens a container and counts its coded pictures, without decoding them.
    ///
    /// - Parameter said: how many frames something outside of the container counts.
    /// - Throws: `.undecodable` for a container without a readable video stream, `.noPixels` for an empty one.
    init(
        _ bytes: [UInt8], container: String, formats: String, said: Int? = nil,
        describe: (ClipHeader, FrameTimes) -> ClipHeader = { header, _ in header }
    ) throws(Rejection) {
        let repaired = container == "avi" ? AVIIndex.withoutWrongIndex(bytes) : nil
        let bytes = repaired ?? bytes
        self.bytes = bytes
        self.formats = formats
        var fault: Rejection?
        let (head, frames, hidden, ticks) = try LibAVStream.open(bytes, formats: formats) {
            stream throws(Rejection) in
            var shown: [Int64?] = [], decoded: [Int64?] = []
            var hidden = 0
            do throws(Rejection) {
                while let times = try stream.nextTimes() {
                    if times.isHidden {
                        hidden += 1
                        continue
                    }
                    shown.append(times.shown)
                    decoded.append(times.decoded)
                }
            } catch {
                fault = error
            }
            // AVI knows only when pictures are decoded, which is at the same steps as when they are shown.
            let ticks = [shown, decoded].lazy.map { $0.compactMap(\.self) }.first { $0.count == shown.count }
            return (stream.head, shown.count, hidden, ticks ?? [])
        }
        guard frames > 0 else { throw fault ?? Rejection(.noPixels, "a video stream without a picture") }
        // AVI's head counts ticks, those of pictures that are left out among them.
        let ticked = container == "avi" ? ticks.max().map { Int(clamping: $0) &+ 1 } : nil
        if fault == nil, let said = said ?? head.frames, max(frames + hidden, ticked ?? 0) < said {
            fault = Rejection(.truncated, "\(frames) frames of the \(said) that its head counts")
        }
        let times = FrameTimes(ticks: ticks, of: head.secondsPerTick, rate: head.framesPerSecond)
        shortfall = fault
        display = head.display ?? .identity
        var flags = hidden > 0 ? ["edit-list"] : []
        if repaired != nil { flags.append("index-wrong") }
        if head.display == nil { flags.append("display-ignored") }
        if head.isStretched { flags.append("pixels-not-square") }
        header = describe(
            ClipHeader(
                container: container, codec: head.codec, frames: frames,
                height: display.isTurned ? head.width : head.height,
                width: display.isTurned ? head.height : head.width,
                framesPerSecond: times.framesPerSecond, frameTimes: times.uneven, flags: flags), times)
    }

    func decode(maxFrames: Int?) throws(Rejection) -> DecodedClip {
        let count = min(header.frames, maxFrames ?? .max)
        var decoded = try decodeByLibJPEG(count)
        if decoded == nil { decoded = try decodeByLibAV(count, isAll: count == header.frames) }
        let (stack, fault) = decoded!
        let missing = count < header.frames ? nil : fault ?? shortfall
        return DecodedClip(header: header, clip: display.shown(stack.clip()), shortfall: missing)
    }

    /// Motion JPEG, whose packets are JPEG pictures, by libjpeg-turbo; nil for what is none.
    private func decodeByLibJPEG(_ count: Int) throws(Rejection) -> (PlaneStack, Rejection?)? {
        try LibAVStream.open(bytes, formats: formats) { stream throws(Rejection) in
            guard stream.head.codec == "mjpeg", let first = try? stream.nextPacket() else { return nil }
            let decoder = try LibJPEGDecoder()
            guard let head = try? decoder.head(first, first.indices), !head.isRGB,
                head.shape.height == stream.head.height, head.shape.width == stream.head.width
            else { return nil }
            var stack = try PlaneStack(head.shape, frames: count)
            try decoder.append(first, first.indices, to: &stack)
            do throws(Rejection) {
                while stack.frames < count, let packet = try stream.nextPacket() {
                    try decoder.append(packet, packet.indices, to: &stack)
                }
            } catch {
                return (stack, frameFault(stack.frames, error))
            }
            return (stack, nil)
        }
    }

    private func decodeByLibAV(_ count: Int, isAll: Bool) throws(Rejection) -> (PlaneStack, Rejection?) {
        try LibAVStream.open(bytes, formats: formats) { stream throws(Rejection) in
            var stack: PlaneStack?
            do throws(Rejection) {
                // A packet may hold more than one picture, so all means until the end.
                while isAll || (stack?.frames ?? 0) < count, try stream.append(to: &stack, frames: count) {}
            } catch {
                guard let stack, stack.frames > 0 else { throw error }
                return (stack, frameFault(stack.frames, error))
            }
            guard let stack else { throw Rejection(.undecodable, "not one picture can be decoded") }
            let isShort = stack.frames < count
            return (
                stack,
                isShort ? frameFault(stack.frames, Rejection(.undecodable, "it cannot be decoded")) : nil
            )
        }
    }

    private func frameFault(_ index: Int, _ fault: Rejection) -> Rejection {
        Rejection(fault.reason, "frame \(index + 1) of \(header.frames): \(fault.detail)")
    }
}
