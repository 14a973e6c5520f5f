// DICOM's RLE (PS3.5 annex G): each byte of each component as a segment of PackBits.

import EchoCore

/// Decodes the RLE frame in `bytes[range]`.
///
/// - Throws: `.undecodable` for a head that is none, segments that are missing, outside of the frame, or too short.
func decodeRunLength(
    _ bytes: [UInt8], _ range: Range<Int>, height: Int, width: Int, components: Int, bytesPerSample: Int
) throws(Rejection) -> [[UInt16]] {
    guard range.count >= 64 else { throw Rejection(.undecodable, "an RLE frame without a head") }
    func word(_ index: Int) -> Int {
        let at = range.lowerBound + 4 * index
        return (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }
    let count = components * bytesPerSample
    guard word(0) == count else {
        throw Rejection(.undecodable, "\(word(0)) RLE segments where \(count) were expected")
    }
    let size = height * width
    var planes: [[UInt16]] = []
    for component in 0..<components {
        var plane = [UInt16](repeating: 0, count: size)
        // The most significant byte of all samples comes first.
        for byte in 0..<bytesPerSample {
            let segment = component * bytesPerSample + byte
            let start = word(1 + segment)
            let end = segment + 1 < count ? word(2 + segment) : range.count
            guard 64 <= start, start <= end, end <= range.count else {
                throw Rejection(.undecodable, "RLE segment \(segment + 1) lies outside of its frame")
            }
            let place = range.lowerBound + start..<range.lowerBound + end
            guard unpack(bytes, place, shiftedInto: &plane) else {
                throw Rejection(.undecodable, "RLE segment \(segment + 1) ends early")
            }
        }
        planes.append(plane)
    }
    return planes
}

/// Shifts each unpacked byte into the sample at its place; false if there are too few.
private func unpack(_ bytes: [UInt8], _ range: Range<Int>, shiftedInto plane: inout [UInt16]) -> Bool {
    var position = range.lowerBound
    var done = 0
    while done < plane.count {
        guard position + 1 < range.upperBound else { return false }
        let control = Int(bytes[position])
        position += 1
        switch control {
        case 128: continue
        case 129...:
            let value = UInt16(bytes[position])
            position += 1
            for at in done..<min(done + 257 - control, plane.count) { plane[at] = plane[at] << 8 | value }
            done += 257 - control
        default:
            let count = min(control + 1, plane.count - done)
            guard position + count <= range.upperBound else { return false }
            for at in 0..<count { plane[done + at] = plane[done + at] << 8 | UInt16(bytes[position + at]) }
            position += control + 1
            done += count
        }
    }
    return true
}
