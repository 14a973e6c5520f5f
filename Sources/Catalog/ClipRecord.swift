// A row of the table `clip`: what became of one source file.

package import EchoCore

/// One source file of a dataset: kept in a shard, or dropped with a reason.
///
/// schemas/labels.sql says what each value means.
package struct ClipRecord: Sendable, Equatable, Codable {
    package var id: Int64
    package var runID: Int64
    package var studyKey: String
    package var studyID: Int64?
    package var subjectID: Int64?
    package var name: String
    package var path: String
    package var bytes: Int?
    package var mtime: Int?
    package var sha256: String?
    package var sopKey: String?
    package var kept = false
    package var kind: ClipKind?
    package var rule: String?
    package var reason: DropReason?
    package var detail: String?
    package var shard: String?
    package var tensor: String?
    package var frames: Int?
    package var sourceFrames: Int?
    package var height: Int?
    package var width: Int?
    package var framesPerSecond: Double?
    package var frameTimes: [Double]?
    package var container: String?
    package var codec: String?
    package var photometric: String?
    package var imageTypeFlags: Int?
    package var ultrasoundColorDataPresent: Int?
    package var regions: [[Int]]?
    package var tagKind: ClipKind?
    package var colourShare: Double?
    package var neutralShare: Double?
    package var residualShare: Double?
    package var judgedFrames: Int?
    package var maskShare: Double?
    package var boxTop: Int?
    package var boxLeft: Int?
    package var boxHeight: Int?
    package var boxWidth: Int?
    package var flags = ""
    package var checksum: String?

    /// A row with nothing known yet but the file's place.
    package init(
        id: Int64, runID: Int64, studyKey: String, studyID: Int64?, subjectID: Int64?, name: String,
        path: String
    ) {
        self.id = id
        self.runID = runID
        self.studyKey = studyKey
        self.studyID = studyID
        self.subjectID = subjectID
        self.name = name
        self.path = path
    }

    // As GRDB spells the columns' names in camel case.
    private enum CodingKeys: String, CodingKey {
        case id, studyKey, name, path, bytes, mtime, sha256, sopKey, kept, kind, rule, reason, detail, shard,
            tensor
        case frames, sourceFrames, height, width, framesPerSecond, frameTimes, container, codec, photometric
        case imageTypeFlags, ultrasoundColorDataPresent, regions, tagKind, colourShare, neutralShare,
            residualShare, judgedFrames,
            maskShare, boxTop, boxLeft, boxHeight, boxWidth
        case flags, checksum
        case runID = "runId"
        case studyID = "studyId"
        case subjectID = "subjectId"
    }
}
