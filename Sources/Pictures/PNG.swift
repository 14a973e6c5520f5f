// PNG through libpng's simplified interface.

private import CLibPNG
package import EchoCore

extension Picture {
    /// The picture as a PNG file.
    ///
    /// - Parameter fast: made sooner, and larger
    package func png(fast: Bool = false) throws(EchoError) -> [UInt8] {
        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        image.width = UInt32(width)
        image.height = UInt32(height)
        image.format = channels == 3 ? UInt32(PNG_FORMAT_FLAG_COLOR) : 0
        if fast { image.flags |= UInt32(PNG_IMAGE_FLAG_FAST) }
        defer { png_image_free(&image) }
        let stride = png_int_32(width * channels)
        // The bound of deflate for stored blocks, the filter bytes and the chunks around.
        let raw = (width * channels + 1) * height
        var size = raw + raw / 1000 + 4096
        var file = [UInt8](repeating: 0, count: size)
        guard png_image_write_to_memory(&image, &file, &size, 0, pixels, stride, nil) != 0 else {
            throw EchoError("picture", "cannot be written as PNG")
        }
        file.removeSubrange(size...)
        return file
    }

    /// Reads a PNG file's pixels as gray or RGB.
    package init(png file: [UInt8]) throws(EchoError) {
        var header = png_image()
        header.version = UInt32(PNG_IMAGE_VERSION)
        // libpng keeps the address of the header between its two calls.
        let result = withUnsafeMutablePointer(to: &header) { image in
            Result { () throws(EchoError) in
                defer { png_image_free(image) }
                guard png_image_begin_read_from_memory(image, file, file.count) != 0,
                    image.pointee.width <= 1 << 16, image.pointee.height <= 1 << 16
                else { throw EchoError("picture", "is not a PNG file") }
                let colour = image.pointee.format & UInt32(PNG_FORMAT_FLAG_COLOR) != 0
                image.pointee.format = colour ? UInt32(PNG_FORMAT_FLAG_COLOR) : 0
                let channels = colour ? 3 : 1
                let width = Int(image.pointee.width), height = Int(image.pointee.height)
                var pixels = [UInt8](repeating: 0, count: width * height * channels)
                guard png_image_finish_read(image, nil, &pixels, png_int_32(width * channels), nil) != 0
                else {
                    throw EchoError("picture", "its PNG data are corrupt")
                }
                return Picture(width: width, height: height, channels: channels, pixels: pixels)
            }
        }
        self = try result.get()
    }
}
