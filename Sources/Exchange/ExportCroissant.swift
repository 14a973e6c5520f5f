// A Croissant description of a dataset folder: every file with its sum and encoding, the tables with their columns.

package import Catalog
import EchoCore
import Files
import Foundation
import GRDB

/// What a Croissant description says that the folder does not.
package struct CroissantOptions: Sendable {
    package var name: String
    package var license: String
    package var url: String
    package var citation: String
    /// What stands in the tables.
    package var selection = Selection()
    /// Write the description of the shards alone, without the tables, as croissant-shared.json.
    package var isShared = false

    package init(name: String, license: String, url: String, citation: String) {
        self.name = name
        self.citation = citation
        self.license = license
        self.url = url
    }
}

/// Writes croissant.json into a dataset folder, and beside it the tables that it describes: clips.parquet and, where
/// there are labels, labels.parquet.
///
/// Every file of the folder is read whole for its sha256.
/// - Returns: the paths written, and what the tables' rows were chosen by, a sentence each
package func exportCroissant(
    dataset: String, options: CroissantOptions
) throws -> (paths: [String], told: [String]) {
    let catalog = try Catalog(datasetFolder: dataset, keeping: options.selection)
    guard try catalog.withdrawnClips().isEmpty else {
        throw EchoError(
            "--dataset", "has shards with clips that were withdrawn",
            try: "run echoprep merge --compact first"
        )
    }
    let targets = try catalog.targets()
    var tables = [
        (
            "clips",
            try catalog.read { db in try ExportTable.clips(db, where: catalog.isInCohort("study_key")) }
        )
    ]
    if !targets.isEmpty {
        tables.append(("labels", try ExportTable.labels(of: catalog, targets: targets)))
    }
    var written: [String] = []
    if options.isShared { tables = [] }
    for (name, table) in tables {
        written.append("\(dataset)/\(name).parquet")
        try writeFile("\(dataset)/\(name).parquet", table.parquet())
    }
    var files: [CroissantFile] = []
    if !options.isShared {
        files.append(
            try CroissantFile(
                Catalog.fileName, in: dataset, encoding: "application/vnd.sqlite3", about: "All tables."))
    }
    for (name, _) in tables {
        files.append(
            try CroissantFile(
                "\(name).parquet", in: dataset, encoding: "application/x-parquet", about: "Table \(name)."))
    }
    let shards = try catalog.shards()
    let progress = Progress("sums", total: shards.count, unit: "shards")
    for (index, shard) in shards.enumerated() {
        try Interruption.check()
        files.append(
            try CroissantFile(
                "shards/\(shard)", in: dataset, encoding: "application/x-safetensors",
                about: "Clips as tensors U8 [T, 224, 224] or [T, 224, 224, 3], named STUDY/FILESTEM."))
        progress.update(index + 1)
    }
    let description: [String: Any] = [
        "@context": context, "@type": "sc:Dataset", "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": options.name, "license": options.license, "url": options.url, "version": "1.0.0",
        "citeAs": options.citation,
        "description":
            "Echocardiography clips, cropped to the sector, with the ICD-10-CM categories of the studies'"
            + " hospital stays; made by echoprep \(programVersion)."
            + (options.isShared
                ? ""
                : (catalog.cohort.map { " The tables hold studies \($0.text)." } ?? "")
                    + (catalog.decisions.map { " They keep to \($0.text)." } ?? "")),
        "datePublished": Timestamp(seconds: Int(Date().timeIntervalSince1970)).date,
        "distribution": files.map(\.json), "recordSet": tables.map { recordSet($0, $1) },
    ]
    let json = try JSONSerialization.data(
        withJSONObject: description, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    let path = dataset + (options.isShared ? "/croissant-shared.json" : "/croissant.json")
    try writeFile(path, json)
    return (written + [path], try catalog.told())
}

/// A file of the dataset as a FileObject.
private struct CroissantFile {
    let json: [String: Any]

    init(_ name: String, in folder: String, encoding: String, about: String) throws(EchoError) {
        let bytes = try mapFile("\(folder)/\(name)")
        json = [
            "@type": "cr:FileObject", "@id": name, "name": name, "description": about, "contentUrl": name,
            "encodingFormat": encoding, "contentSize": "\(bytes.count) B", "sha256": sha256(bytes),
        ]
    }
}

private func recordSet(_ name: String, _ table: ExportTable) -> [String: Any] {
    let fields = table.columns.map { column -> [String: Any] in
        let type =
            switch column.kind {
            case .integer: "sc:Integer"
            case .real: "sc:Float"
            case .boolean: "sc:Boolean"
            case .text: "sc:Text"
            case .timestamp: "sc:DateTime"
            }
        return [
            "@type": "cr:Field", "@id": "\(name)/\(column.name)", "name": column.name, "dataType": type,
            "source": ["fileObject": ["@id": "\(name).parquet"], "extract": ["column": column.name]],
        ]
    }
    return ["@type": "cr:RecordSet", "@id": name, "name": name, "field": fields]
}

extension ExportTable {
    /// The files of the source, in order of their ids.
    ///
    /// - Parameter condition: on their rows of `clip`
    static func clips(_ db: Database, where condition: String) throws -> ExportTable {
        let columns: [Column] = [
            .init("name", .text), .init("path", .text), .init("study_id", .integer, optional: true),
            .init("subject_id", .integer, optional: true), .init("sha256", .text, optional: true),
            .init("kept", .boolean), .init("kind", .text, optional: true),
            .init("reason", .text, optional: true),
            .init("shard", .text, optional: true), .init("frames", .integer, optional: true),
            .init("frames_per_second", .real, optional: true),
        ]
        let names = columns.map(\.name).joined(separator: ", ")
        return try ExportTable(
            db, columns: columns, sql: "SELECT \(names) FROM clip WHERE \(condition) ORDER BY id")
    }
}

/// The context of Croissant 1.0, as its specification gives it.
private var context: [String: Any] {
    [
        "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
        "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/",
        "equivalentProperty": "cr:equivalentProperty", "samplingRate": "cr:samplingRate",
        "rai": "http://mlcommons.org/croissant/RAI/", "data": ["@id": "cr:data", "@type": "@json"],
        "dataType": ["@id": "cr:dataType", "@type": "@vocab"], "dct": "http://purl.org/dc/terms/",
        "examples": ["@id": "cr:examples", "@type": "@json"], "extract": "cr:extract", "field": "cr:field",
        "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject", "fileSet": "cr:fileSet",
        "format": "cr:format", "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset",
        "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField",
        "path": "cr:path", "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex",
        "repeated": "cr:repeated", "replace": "cr:replace", "sc": "https://schema.org/",
        "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField",
        "transform": "cr:transform",
    ]
}
