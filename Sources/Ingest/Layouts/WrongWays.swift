// Sources and datasets that are none: refused before anything is made, with what was seen instead.

import EchoCore
import Files
import Video

/// Throws where one of the two folders lies in the other: a dataset would be read as a source.
func checkApart(_ source: String, _ dataset: String) throws(EchoError) {
    let from = try resolved(source), to = try resolved(dataset)
    if from == to {
        throw EchoError("--dataset", "is the source itself", try: "name a new folder beside it")
    }
    if from.starts(with: to) {
        throw EchoError(
            "SOURCE", "lies inside the dataset folder", try: "name a dataset folder outside of it")
    }
    if to.starts(with: from) {
        throw EchoError("--dataset", "lies inside the source", try: "name a folder outside of it")
    }
}

/// The parts of a path from the root, links resolved as far as it is there.
private func resolved(_ path: String) throws(EchoError) -> [Substring] {
    var there = path, rest: [Substring] = []
    while try folderIdentity(there) == nil {
        var parts = there.split(separator: "/")
        guard let last = parts.popLast() else { break }
        rest.insert(last, at: 0)
        there = (there.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
        if there.isEmpty { there = "." }
    }
    return absolutePath(there).split(separator: "/") + rest
}

/// Throws if not one file of the source begins as a clip does.
///
/// - Parameter files: those of the plan; the first clip ends the search, so a source costs one look
func checkClips(in files: [SourceFile], of source: String) throws(EchoError) {
    var endings: [String: Int] = [:]
    for file in files where file.fault == nil {
        let path = source + "/" + file.path
        // A file that cannot be read may be a clip.
        guard let beginning = try? readBeginning(path, 256), !isClip(beginning: beginning) else { return }
        endings[ending(of: file.path), default: 0] += 1
    }
    let missing = files.count { $0.fault?.reason == .missing }
    let others = files.count { $0.fault != nil } - missing
    var seen = endings.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(5).map {
        "\(grouped($0.value)) \($0.key)"
    }
    if endings.count > 5 { seen.append("others") }
    if missing > 0 { seen.append("\(grouped(missing)) that its list names and that are not there") }
    if others > 0 { seen.append("\(grouped(others)) that are no regular files") }
    throw EchoError(
        source,
        "holds no clip (DICOM, AVI or MP4)"
            + (seen.isEmpty ? ": it is empty" : ", but files: " + seen.joined(separator: ", ")),
        try: missing > 0 ? "download the files" : "name the folder that holds the clips")
}

/// A file's extension, in words.
private func ending(of path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "without an extension" }
    let letters = name[name.index(after: dot)...]
    // Names may hold anything; what is no usual extension is not repeated.
    let isPlain = letters.utf8.count <= 8 && letters.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    return isPlain ? "." + letters.lowercased() : "with odd names"
}
