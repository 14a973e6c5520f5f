// A row of the table `clip`: what became of one source file.

public import EchoCore

/// One source file of a dataset: kept in a shard, or dropped with a reason.
///
/// schemas/labels.sql says what each value means.
public struct ClipRecord: Sendable, Equatable, Codable {
    public var id: Int64
    public var runID: Int64
    public var studyKey: String
    public var studyID: Int64?
    public var subjectID: Int64?
    public var name: String
    public var path: String
    public var bytes: Int?
    public var sha256: String?
    public var sopKey: String?
    public var kept = false
    public var kind: ClipKind?
    public var rule: String?
    public var reason: DropReason?
    public var detail: String?
    public var shard: String?
    public var frames: Int?
    public var sourceFrames: Int?
    public var height: Int?
    public var width: Int?
    public var framesPerSecond: Double?
    public var frameTimes: [Double]?
    public var container: String?
    public var codec: String?
    public var photometric: String?
    public var imageTypeFlags: Int?
    public var regions: [[Int]]?
    public var tagKind: ClipKind?
    public var colourShare: Double?
    public var neutralShare: Double?
    public var residualShare: Double?
    public var judgedFrames: Int?
    public var maskShare: Double?
    public var boxTop: Int?
    public var boxLeft: Int?
    public var boxHeight: Int?
    public var boxWidth: Int?
    public var flags = ""
    public var checksum: String?

    /// A row with nothing known yet but the file's place.
    public init(
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
        case id, studyKey, name, path, bytes, sha256, sopKey, kept, kind, rule, reason, detail, shard, frames
        case sourceFrames, height, width, framesPerSecond, frameTimes, container, codec, photometric
        case imageTypeFlags, regions, tagKind, colourShare, neutralShare, residualShare, judgedFrames,
            maskShare, boxTop, boxLeft, boxHeight, boxWidth
        case flags, checksum
        case runID = "runId"
        case studyID = "studyId"
        case subjectID = "subjectId"
    }
}
