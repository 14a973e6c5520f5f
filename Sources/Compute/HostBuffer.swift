// Numbers on their way from the loader's threads to an engine.

/// How numbers lie in the host's memory.
package enum HostFormat: Sendable, CaseIterable {
    /// Pixels as shards hold them, 0 … 255.
    case u8
    case f32
}

/// Memory of the host from which numbers go up to an engine; one that copies beside its work pins it.
///
/// One thread writes at a time, and none while `Engine.upload` may still read: it does until the next upload from another
/// buffer has returned.
open class HostBuffer: @unchecked Sendable {
    package let count: Int
    package let format: HostFormat

    package init(count: Int, format: HostFormat) {
        self.count = count
        self.format = format
    }

    /// Writes pixels from `place` on; the buffer is of U8.
    open func write(_ pixels: some Collection<UInt8>, at place: Int) {
        preconditionFailure("an engine's own buffer writes")
    }

    /// Writes numbers from `place` on; the buffer is of F32.
    open func write(_ numbers: some Collection<Float>, at place: Int) {
        preconditionFailure("an engine's own buffer writes")
    }
}

/// Memory of the program's own, for engines that compute where it runs.
package final class HostArray: HostBuffer, @unchecked Sendable {
    private var pixels: [UInt8] = [], numbers: [Float] = []

    package override init(count: Int, format: HostFormat) {
        super.init(count: count, format: format)
        switch format {
        case .u8: pixels = Array(repeating: 0, count: count)
        case .f32: numbers = Array(repeating: 0, count: count)
        }
    }

    package override func write(_ new: some Collection<UInt8>, at place: Int) {
        precondition(format == .u8 && place + new.count <= count, "pixels lie within their buffer")
        pixels.replaceSubrange(place..<place + new.count, with: new)
    }

    package override func write(_ new: some Collection<Float>, at place: Int) {
        precondition(format == .f32 && place + new.count <= count, "numbers lie within their buffer")
        numbers.replaceSubrange(place..<place + new.count, with: new)
    }

    /// All of them as F32.
    package var floats: [Float] { format == .u8 ? pixels.map(Float.init) : numbers }
}

extension HostBuffer {
    /// The numbers of an engine that keeps them in the program's own memory.
    package var host: [Float] {
        guard let array = self as? HostArray else { preconditionFailure("memory of another engine") }
        return array.floats
    }
}
