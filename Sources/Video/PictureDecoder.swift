// JPEG pictures decoded one by one into the same memory: the race's measure of what decoding alone costs.

package import EchoCore

/// Decodes pictures of one kind and keeps none.
package struct PictureDecoder: ~Copyable {
    private let decoder: LibJPEGDecoder
    private var stack: PlaneStack?

    package init() throws(Rejection) { decoder = try LibJPEGDecoder() }

    /// Decodes the picture in `bytes[range]`.
    package mutating func decode(_ bytes: [UInt8], _ range: Range<Int>) throws(Rejection) {
        if stack == nil { stack = try PlaneStack(decoder.head(bytes, range).shape, frames: 1) }
        stack!.removeFrames()
        try decoder.append(bytes, range, to: &stack!)
    }
}
