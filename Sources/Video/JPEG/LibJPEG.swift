// libjpeg-turbo, and the only file that knows it: JPEG Baseline in and out, by planes, never converting colours.

private import CLibJPEG
import EchoCore

/// A decoder for the frames of one clip, one after the other.
struct LibJPEGDecoder: ~Copyable {
    /// What the markers say of a picture.
    struct Head: Equatable {
        let shape: FrameShape
        let isRGB: Bool
        /// Whether no marker tells R, G, B from Y, Cb, Cr.
        let isColourUnsaid: Bool
    }

    private let decoder: OpaquePointer

    init() throws(Rejection) {
        guard let decoder = echoprep_jpeg_decoder_new() else { throw Rejection(.tooLarge, "memory is short") }
        self.decoder = decoder
    }

    deinit { echoprep_jpeg_decoder_free(decoder) }

    /// Decodes the picture in `bytes[range]` and appends its planes as they are.
    ///
    /// - Throws: `.undecodable` with libjpeg's words, if that is not a picture of the stack's shape without a fault.
    func append(_ bytes: [UInt8], _ range: Range<Int>, to stack: inout PlaneStack) throws(Rejection) {
        let shape = stack.shape
        let size = shape.height * shape.width
        let chroma = shape.chromaSize
        let fault = bytes.withUnsafeBufferPointer { bytes -> Rejection? in
            let picture = UnsafeBufferPointer(rebasing: bytes[range])
            do throws(Rejection) {
                let found = try readHead(picture).shape
                guard found == shape else {
                    let words = "\(found.width) × \(found.height) \(found.sampling?.rawValue ?? "gray")"
                    return Rejection(.undecodable, "a picture of another kind: \(words)")
                }
            } catch {
                return error
            }
            var isDone = false
            stack.luma.append(addingCapacity: size) { y in
                stack.cb.append(addingCapacity: chroma) { cb in
                    stack.cr.append(addingCapacity: chroma) { cr in
                        y.withUnsafeMutableBufferPointer { y, yCount in
                            cb.withUnsafeMutableBufferPointer { cb, cbCount in
                                cr.withUnsafeMutableBufferPointer { cr, crCount in
                                    isDone = readPlanes(
                                        [y.baseAddress, cb.baseAddress, cr.baseAddress], &stack.lit,
                                        &stack.coloured)
                                    guard isDone else { return }
                                    yCount = size
                                    cbCount = chroma
                                    crCount = chroma
                                }
                            }
                        }
                    }
                }
            }
            return isDone ? nil : Rejection(.undecodable, message)
        }
        if let fault {
            stack.forgetFootprint()
            throw fault
        }
        stack.endFrame()
    }

    private func readPlanes(
        _ planes: [UnsafeMutablePointer<UInt8>?], _ lit: inout [UInt8], _ coloured: inout [UInt8]
    ) -> Bool {
        lit.withUnsafeMutableBufferPointer { lit in
            coloured.withUnsafeMutableBufferPointer { coloured in
                // An array that is empty may have an address.
                let marks = [lit, coloured].map { $0.isEmpty ? nil : $0.baseAddress }
                return echoprep_jpeg_read_planes(decoder, planes, marks) == 1
            }
        }
    }

    /// What the picture in `bytes[range]` is.
    func head(_ bytes: [UInt8], _ range: Range<Int>) throws(Rejection) -> Head {
        let result = bytes.withUnsafeBufferPointer { bytes -> Result<Head, Rejection> in
            do throws(Rejection) {
                return .success(try readHead(UnsafeBufferPointer(rebasing: bytes[range])))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func readHead(_ picture: UnsafeBufferPointer<UInt8>) throws(Rejection) -> Head {
        var head = echoprep_jpeg_head()
        guard echoprep_jpeg_read_head(decoder, picture.baseAddress, picture.count, &head) == 1 else {
            throw Rejection(.undecodable, message)
        }
        let sampling: ChromaSampling? =
            head.components == 1 ? nil : head.across == 1 ? .full : head.down == 1 ? .half : .quarter
        return Head(
            shape: FrameShape(height: Int(head.height), width: Int(head.width), sampling: sampling),
            isRGB: head.is_rgb == 1, isColourUnsaid: head.is_rgb_unsaid == 1)
    }

    private var message: String { String(cString: echoprep_jpeg_message(decoder)) }
}

/// Encodes planes without gaps as JPEG Baseline; `shape` is the picture's.
func encodeJPEG(
    _ shape: FrameShape, luma: ArraySlice<UInt8>, cb: ArraySlice<UInt8>, cr: ArraySlice<UInt8>, quality: Int
) throws(EchoError) -> [UInt8] {
    var message = [CChar](repeating: 0, count: Int(ECHOPREP_JPEG_MESSAGE))
    var count = 0
    let across: Int32 = shape.sampling == .half || shape.sampling == .quarter ? 2 : 1
    let down: Int32 = shape.sampling == .quarter ? 2 : 1
    let bytes = luma.withUnsafeBufferPointer { y in
        cb.withUnsafeBufferPointer { cb in
            cr.withUnsafeBufferPointer { cr in
                echoprep_jpeg_encode(
                    [y.baseAddress, cb.baseAddress, cr.baseAddress], Int32(shape.width), Int32(shape.height),
                    shape.sampling == nil ? 1 : 3, across, down, Int32(quality), &count, &message)
            }
        }
    }
    guard let bytes else {
        let words = String(
            decoding: message.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
        throw EchoError("a JPEG picture", "libjpeg cannot write it: \(words)")
    }
    defer { echoprep_jpeg_free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
}
