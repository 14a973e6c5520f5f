// PNG through libpng's simplified interface.

private import CLibPNG
public import EchoCore

extension Picture {
    /// The picture as a PNG file.
    public func png() throws(EchoError) -> [UInt8] {
        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        image.width = UInt32(width)
        image.height = UInt32(height)
        image.format = channels == 3 ? UInt32(PNG_FORMAT_FLAG_COLOR) : 0
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
    public init(png file: [UInt8]) throws(EchoError) {
        var image = png_image()
        image.version = UInt32(PNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        guard png_image_begin_read_from_memory(&image, file, file.count) != 0, image.width <= 1 << 16,
            image.height <= 1 << 16
        else { throw EchoError("picture", "is not a PNG file") }
        let colour = image.format & UInt32(PNG_FORMAT_FLAG_COLOR) != 0
        image.format = colour ? UInt32(PNG_FORMAT_FLAG_COLOR) : 0
        let channels = colour ? 3 : 1
        let stride = Int(image.width) * channels
        var pixels = [UInt8](repeating: 0, count: stride * Int(image.height))
        guard png_image_finish_read(&image, nil, &pixels, png_int_32(stride), nil) != 0 else {
            throw EchoError("picture", "its PNG data are corrupt")
        }
        self.init(width: Int(image.width), height: Int(image.height), channels: channels, pixels: pixels)
    }
}
