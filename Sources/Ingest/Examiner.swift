// From the bytes of one file to its row and its pixels: read, choose, mask, crop.

import Catalog
import Crop
import EchoCore
import Files
import Shards
import Video

/// A file that was looked at: its row, and what a shard gets of it if it is kept.
struct PreparedClip: Sendable {
    var record: ClipRecord
    /// The tensor, U8 of `shape`; empty if the clip is dropped.
    var bytes: [UInt8] = []
    var shape: [Int] = []
}

/// What was found in a file on the way to the decision, as far as the way went.
struct Findings {
    var header: ClipHeader?
    var clip: Clip?
    var mask: SectorMask?
    var box: CropBox?
}

/// Decides on files by the rules of a dataset.
struct Examiner: Sendable {
    let rules: IngestRules

    /// Files longer than this are not read: the longest real clips have some hundred MB.
    static let greatestFile = 2 << 30

    /// Memory of files and of tensors, used again.
    static let files = BufferPool(), tensors = BufferPool()

    /// Reads a file of `source` and prepares it for a shard.
    func prepare(
        _ file: SourceFile, in source: String, runID: Int64
    ) throws(EchoError) -> PreparedClip {
        var record = ClipRecord(
            id: 0, runID: runID, studyKey: file.study, studyID: file.studyID, subjectID: file.subjectID,
            name: file.name, path: file.path)
        if file.isUnlisted { record.add(flag: SourceFile.unlistedFlag) }
        let bytes: [UInt8]
        let found: Result<SourceBytes, Rejection>
        if let fault = file.fault {
            found = .failure(fault)
        } else {
            record.mtime = file.stamp?.mtime
            found = try readSource(
                source + "/" + file.path, upTo: Examiner.greatestFile, from: Examiner.files)
        }
        switch found {
        case .success(let file): (bytes, record.mtime) = (file.bytes, file.mtime)
        case .failure(let rejection):
            record.reason = rejection.reason
            record.detail = rejection.detail
            return PreparedClip(record: record)
        }
        let (findings, examined) = try withMemory(
            file.path, hasFailed: { $0.1.reason.map(isFault) ?? $0.1.flags.contains("salvaged") }
        ) {
            var examined = record
            return (examine(bytes, &examined), examined)
        }
        record = examined
        if let published = file.publishedSum, published != record.sha256 {
            record.add(flag: SourceFile.otherSumFlag)
        }
        var prepared = PreparedClip(record: record)
        if record.reason == nil, let clip = findings.clip, let mask = findings.mask, let box = findings.box {
            let shape = [clip.frames, rules.size, rules.size] + (rules.pixels.channels > 1 ? [3] : [])
            let pixels = croppedPixels(
                of: clip, mask: mask, box: box, pixels: rules.pixels, size: rules.size,
                into: Examiner.tensors.take(shape.reduce(1, *)))
            (prepared.shape, prepared.bytes) = try rules.compress.tensor(pixels, shape: shape)
            prepared.record.checksum = xxh3(prepared.bytes)
            if rules.compress != .none { Examiner.tensors.recycle(pixels) }
        }
        Examiner.files.recycle(bytes)
        if let clip = findings.clip { FrameMemory.recycle(clip) }
        return prepared
    }

    /// The same of a file that may be downloaded first. Its time is the download's, and not noted.
    func prepare(_ file: SourceFile, in source: String, _ stager: Stager?, runID: Int64) throws
        -> PreparedClip
    {
        guard let stager, stager.isStaged(file) else { return try prepare(file, in: source, runID: runID) }
        var file = file
        guard let folder = try stager.place(of: file) else {
            file.fault = Rejection(.missing, "the download command did not bring it")
            return try prepare(file, in: source, runID: runID)
        }
        file.fault = nil
        var prepared = try prepare(file, in: folder, runID: runID)
        prepared.record.mtime = nil
        return prepared
    }

    /// Takes back the memory of a clip that was written.
    func recycle(_ prepared: PreparedClip) {
        if rules.compress == .none { Examiner.tensors.recycle(prepared.bytes) }
    }

    /// Looks at a file's bytes and writes what is found, and the decision, into its row.
    func examine(_ bytes: [UInt8], _ record: inout ClipRecord) -> Findings {
        var findings = Findings()
        record.bytes = bytes.count
        record.sha256 = sha256(bytes)
        do throws(Rejection) {
            try examine(bytes, &record, &findings)
        } catch {
            record.reason = error.reason
            record.detail = error.detail
        }
        return findings
    }

    private func examine(
        _ bytes: [UInt8], _ record: inout ClipRecord, _ findings: inout Findings
    ) throws(Rejection) {
        let source: any ClipSource
        do throws(Rejection) {
            source = try openClip(bytes, name: record.path)
        } catch {
            if error.reason == .threeD {
                (record.kind, record.rule, record.tagKind) = (.threeD, "object", .threeD)
            }
            throw error
        }
        let header = source.header
        findings.header = header
        record.note(header)
        if header.object == .other { throw .notUltrasound }
        let said = judge(
            object: header.object, frames: header.frames, regions: header.regions,
            imageTypeFlags: header.imageTypeFlags)
        record.tagKind = said?.tagKind
        if let said, said.isSettled {
            // Of a clip of which one frame is left, the fault is the reason.
            if said.kind == .still, let shortfall = source.shortfall { throw shortfall }
            try decide(by: said, &record)
        }
        let decoded = try source.decode(maxFrames: rules.maxFrames)
        let clip = decoded.clip
        for flag in decoded.flags.dropFirst(header.flags.count) { record.add(flag: flag) }
        if let shortfall = decoded.shortfall {
            if !rules.salvage || clip.frames < 2 { throw shortfall }
            record.add(flag: "salvaged")
            record.detail = shortfall.detail
        }
        findings.clip = clip
        let mask = try sectorMask(of: clip)
        findings.mask = mask
        record.maskShare = mask.share
        for flag in mask.flags { record.add(flag: flag.rawValue) }
        let judgement = judge(clip: clip, mask: mask, tags: said)
        let box = try cropBox(height: clip.height, width: clip.width, rule: rules.crop, mask: mask)
        findings.box = box
        record.boxTop = box.rows.lowerBound
        record.boxLeft = box.columns.lowerBound
        record.boxHeight = box.rows.count
        record.boxWidth = box.columns.count
        try decide(by: judgement, &record)
        record.frames = clip.frames
        record.frameTimes = record.frameTimes.flatMap {
            $0.count < clip.frames ? nil : Array($0.prefix(clip.frames))
        }
    }

    /// Notes what a clip shows and ends its way if that is not kept.
    private func decide(by judgement: Judgement, _ record: inout ClipRecord) throws(Rejection) {
        record.note(judgement)
        if let sum = record.sha256, rules.decided.contains(sum) {
            if !rules.keep.contains(judgement.kind) { record.rule = "decision" }
            return
        }
        if !rules.keep.contains(judgement.kind), let reason = DropReason(kind: judgement.kind) {
            throw Rejection(reason, "clips of this kind are not kept")
        }
    }
}

extension ClipRecord {
    fileprivate mutating func note(_ header: ClipHeader) {
        container = header.container
        codec = header.codec
        photometric = header.photometric
        sourceFrames = header.frames
        height = header.height
        width = header.width
        framesPerSecond = header.framesPerSecond.flatMap { $0.isFinite ? $0 : nil }
        frameTimes = header.frameTimes
        imageTypeFlags = header.imageTypeFlags.map { Int($0) }
        ultrasoundColorDataPresent = header.colourDataPresent
        for flag in header.flags { add(flag: flag) }
        sopKey = header.sopInstanceUID.map { String(Files.sha256(Array($0.utf8)).prefix(16)) }
        if !header.regions.isEmpty {
            regions = header.regions.map {
                [$0.spatialFormat, $0.dataType, $0.minX, $0.minY, $0.maxX, $0.maxY]
            }
        }
    }

    fileprivate mutating func note(_ judgement: Judgement) {
        kind = judgement.kind
        rule = judgement.rule
        tagKind = judgement.tagKind
        colourShare = judgement.colourShare
        neutralShare = judgement.neutralShare
        residualShare = judgement.residualShare
        judgedFrames = judgement.judgedFrames > 0 ? judgement.judgedFrames : nil
    }

    mutating func add(flag: String) { flags += flags.isEmpty ? flag : " " + flag }
}
