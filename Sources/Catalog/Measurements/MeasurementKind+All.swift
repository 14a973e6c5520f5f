// The measurements that are known, out of schemas/measurements.tsv: another one is a line there.

private import CResources

extension MeasurementKind {
    /// The file's version, as its first line says: what a recorded rule names.
    package static let version = content.version
    /// In the order of the file.
    package static let all = content.kinds

    private static let content: (version: String, kinds: [MeasurementKind]) = {
        let resource = UnsafeRawBufferPointer(
            start: echoprep_measurements, count: echoprep_measurements_count)
        let lines = String(decoding: resource, as: UTF8.self).split(separator: "\n")
        let words = lines[0].split(separator: " ")
        guard let place = words.firstIndex(of: "version"), place + 1 < words.count else {
            preconditionFailure("the program's own table has a version")
        }
        let kinds = lines.dropFirst(2).map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard let kind = MeasurementKind(fields) else {
                preconditionFailure("the program's own table is one: \(fields[0])")
            }
            return kind
        }
        return (String(words[place + 1].prefix { $0.isNumber }), kinds)
    }()

    private static let byName: [String: MeasurementKind] = {
        var found: [String: MeasurementKind] = [:]
        for kind in all {
            for name in [kind.name, kind.also].compactMap(\.self) {
                precondition(found.updateValue(kind, forKey: name) == nil, "\(name) stands there twice")
            }
        }
        return found
    }()

    /// The measurement of that name, or of that short name; nil for one of which nothing is known.
    package static func named(_ name: String) -> MeasurementKind? { byName[name] }
}
