// Vectors with the ids of what they stand for, on their way to safetensors and Parquet.

import Catalog
import EchoCore
import Files
import Models
import Report
import Runs
import Shards

/// Vectors in rows, each of a study, a clip or a frame.
struct EmbeddingTable {
    let unit: EchoModel.Pooling
    let width: Int
    /// Each study's split, by its key.
    private let splits: [String: Split]
    private let studies: [StoredStudy]
    private var clips: [String] = []
    /// A row's place in `studies`, its place in `clips`, its source frame.
    private var study: [Int64] = [], clip: [Int64] = [], frame: [Int64] = []
    private let values: [Float]

    /// - Parameters:
    ///   - studies: each with what its vectors stand for
    ///   - values: [rows, width]
    init(
        unit: EchoModel.Pooling, width: Int, splits: [String: Split],
        _ studies: [(study: StoredStudy, units: [EmbeddingUnit])], values: [Float]
    ) {
        self.unit = unit
        self.width = width
        self.splits = splits
        self.studies = studies.map(\.study)
        self.values = values
        for (place, (_, units)) in studies.enumerated() {
            for unit in units {
                study.append(Int64(place))
                if let name = unit.clip {
                    if clips.last != name { clips.append(name) }
                    clip.append(Int64(clips.count - 1))
                }
                if let number = unit.frame { frame.append(Int64(number)) }
            }
        }
        precondition(values.count == rows * width, "a row has a vector")
    }

    var rows: Int { study.count }

    /// `pca_1`, `pca_2`, `tsne_1`, `tsne_2`: where each row lies on the maps.
    var maps: [(name: String, values: [Double])] {
        let points = (0..<rows).map { Array(values[$0 * width..<($0 + 1) * width]) }
        let axes = PrincipalComponents(points), neighbours = NeighbourMap(points).places
        let components = points.map { axes($0) }
        return (0..<2).map { axis in ("pca_\(axis + 1)", components.map { $0[axis] }) }
            + (0..<2).map { axis in ("tsne_\(axis + 1)", neighbours.map { $0[axis] }) }
    }

    /// Columns: `study`, `study_id`, `subject_id`, `split`, then `clip` and `frame` where there are any, those of `maps`
    /// where they are asked for, and `embedding`.
    func parquet(maps: Bool) -> [UInt8] {
        var writer = ParquetWriter(rows: rows)
        let owners = study.map { studies[Int($0)] }
        writer.add("study", .string(owners.map(\.study)))
        writer.add("study_id", .int64(owners.map(\.studyID)), optional: true)
        writer.add("subject_id", .int64(owners.map(\.subjectID)), optional: true)
        writer.add("split", .string(owners.map { splits[$0.study]?.rawValue }), optional: true)
        if !clips.isEmpty { writer.add("clip", .string(clip.map { clips[Int($0)] })) }
        if !frame.isEmpty { writer.add("frame", .int64(frame)) }
        if maps { for map in self.maps { writer.add(map.name, .double(map.values)) } }
        writer.add("embedding", .vectors(values, width: width))
        return writer.finish()
    }

    /// Tensors: `embeddings` F32 [rows, width]; I64 [rows] each: `study` and `clip`, places in the JSON lists `studies`
    /// and `clips` of the metadata, `frame`, and `study_id` and `subject_id` where the dataset has them all.
    func write(safetensors path: String, model: String) throws {
        let owners = study.map { studies[Int($0)] }
        let columns: [(name: String, values: [Int64])] = [
            ("study", study), ("clip", clip), ("frame", frame), ("study_id", owners.compactMap(\.studyID)),
            ("subject_id", owners.compactMap(\.subjectID)),
        ].filter { $0.1.count == rows }
        var metadata = [
            "format": "echoprep embeddings 1", "unit": unit.rawValue, "model": model,
            "studies": try jsonText(studies.map(\.study)),
        ]
        if !clips.isEmpty { metadata["clips"] = try jsonText(clips) }
        var writer = try SafetensorsWriter(
            path, metadata: metadata,
            tensors: [("embeddings", .f32, [rows, width])] + columns.map { ($0.name, .i64, [rows]) })
        try writer.add("embeddings", shape: [rows, width], floats: values)
        for column in columns { try writer.add(column.name, shape: [rows], int64s: column.values) }
        try writer.finish()
    }
}
