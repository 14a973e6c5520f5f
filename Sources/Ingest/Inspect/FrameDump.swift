// A clip's decoded planes as a safetensors file: for people who want the pixels before cropping, and for judges of
// the decoder.

package import EchoCore
import Files
import Foundation
import Shards
import Video

/// Decodes the clip in a file and writes its planes as decoded: `luma` U8 [frames, height, width] and, unless it is
/// gray, `cb` and `cr` in the size that the file codes.
///
/// - Parameter maxFrames: decode no more than the first frames.
/// - Returns: lines that say what was written.
/// - Throws: the rejection's reason, if the file cannot be decoded.
package func dumpFrames(of path: String, to output: String, maxFrames: Int? = nil) throws(EchoError) -> String
{
    let bytes = try readFile(path)
    let name = URL(fileURLWithPath: path).lastPathComponent
    let decoded: DecodedClip
    do throws(Rejection) {
        decoded = try openClip(bytes, name: name).decode(maxFrames: maxFrames)
    } catch {
        throw EchoError(name, error.description)
    }
    let clip = decoded.clip
    let header = decoded.header
    let shape = [clip.frames, clip.height, clip.width]
    var tensors: [(name: String, dtype: DType, shape: [Int], bytes: [UInt8])] = [
        ("luma", .u8, shape, clip.luma)
    ]
    if let chroma = clip.chroma {
        let sampling = chroma.sampling
        let small = [clip.frames, sampling.rows(clip.height), sampling.columns(clip.width)]
        tensors += [("cb", .u8, small, chroma.cb), ("cr", .u8, small, chroma.cr)]
    }
    let metadata = [
        "container": header.container, "codec": header.codec, "photometric": header.photometric ?? "",
        "sampling": clip.chroma?.sampling.rawValue ?? "gray",
        "framesPerSecond": header.framesPerSecond.map { String($0) } ?? "",
        "shortfall": decoded.salvaged ?? "",
    ]
    var writer = try SafetensorsWriter(
        output, metadata: metadata, tensors: tensors.map { ($0.name, $0.dtype, $0.shape) })
    for tensor in tensors {
        try writer.add(tensor.name, tensor.dtype, shape: tensor.shape, bytes: tensor.bytes)
    }
    try writer.finish()
    let words = clip.chroma.map { "chroma \($0.sampling.rawValue)" } ?? "gray"
    let missing = decoded.salvaged.map { "\nnot all of it: \($0)" } ?? ""
    return "\(clip.frames) frames of \(clip.width) × \(clip.height), \(words)\(missing)"
}
