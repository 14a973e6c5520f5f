// swift-tools-version: 6.2
// The targets of echoprep in the order of the data's way; each imports only those above it.
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
/// The server of the review page, with those of its parts that are named there.
let server: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "NIOCore", package: "swift-nio"),
]

/// One module map and shim for a C library of the system.
func library(
    _ name: String, links libraries: String..., exclude: [String] = [], settings: [CSetting] = []
) -> Target {
    .target(
        name: name, path: "Sources/C/\(name)", exclude: exclude, cSettings: settings,
        linkerSettings: libraries.map { .linkedLibrary($0) })
}

func layer(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

// Not optimised: what they call is, and optimising the tests themselves took a sixth of the whole build.
func tests(_ name: String, _ dependencies: Target.Dependency...) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)Tests",
        swiftSettings: strict + [.unsafeFlags(["-Onone"])])
}

/// The commit that is built, with a mark where files differ from it; empty outside of a clone.
let commit =
    Context.gitInformation.map {
        $0.currentCommit.prefix(7) + ($0.hasUncommittedChanges ? ".modified" : "")
    } ?? ""

let package = Package(
    name: "echoprep",
    products: [
        .executable(name: "echoprep", targets: ["echoprep"]),
        .executable(name: "echobench", targets: ["echobench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        // Its part that reads configuration files is not ours.
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    ],
    targets: [
        library("CZlib", links: "z"),
        library("CISAL", links: "isal"),
        library("COpenSSL", links: "crypto"),
        library("CLibPNG", links: "png"),
        library("CLibCSV", links: "csv"),
        library("CXXHash", links: "xxhash"),
        library("CLibJPEG", links: "jpeg"),
        library("CLibAV", links: "avformat", "avcodec", "swscale", "avutil"),
        library("COpenBLAS", links: "openblas"),
        // Our own vector kernels: optimised in every build, cloned per processor, chosen at run time.
        library(
            "CKernels", links: "m", "dl", "openblas", settings: [.unsafeFlags(["-O3", "-fno-math-errno"])]),
        // What `make torch` compiles against an installed PyTorch, opened at run time.
        library("CTorch", links: "dl", exclude: ["torch", "compile.sh"]),
        // The loops of resizing clips, likewise.
        library("CPixels", settings: [.unsafeFlags(["-O3"])]),
        // Types alone: its code is compiled by `make mpi` and opened at run time.
        .systemLibrary(name: "CMPI", path: "Sources/C/CMPI"),
        // The database's schema, the ICD-10-CM table and the file for PyTorch, embedded in the program by #embed.
        library("CResources", settings: [.unsafeFlags(["-Wno-c23-extensions"])]),
        // The review page and its form, likewise.
        library("CPage", settings: [.unsafeFlags(["-Wno-c23-extensions"])]),
        // Which commit the program was built from.
        library("CCommit", settings: [.define("ECHOPREP_COMMIT", to: "\"\(commit)\"")]),

        layer("EchoCore"),
        layer("Files", "EchoCore", "CZlib", "CISAL", "COpenSSL", "CLibCSV", "CXXHash"),
        layer("Pictures", "EchoCore", "CLibPNG"),
        layer("DICOM", "EchoCore", "Files"),
        layer("Video", "EchoCore", "Files", "DICOM", "CLibJPEG", "CLibAV"),
        layer("Crop", "EchoCore", "CPixels"),
        layer("Shards", "EchoCore", "Files", "Pictures"),
        layer("Catalog", "EchoCore", "Files", "CResources", grdb, sqlite),
        layer("Labels", "EchoCore", "Files", "Catalog", "CResources", grdb),
        layer("Ingest", "EchoCore", "Files", "Pictures", "Video", "Crop", "Shards", "Catalog"),
        layer("Compute", "EchoCore", "CMPI"),
        layer("ComputeCPU", "EchoCore", "Compute", "COpenBLAS", "CKernels"),
        layer("ComputeReference", "EchoCore", "Compute"),
        layer("ComputeTorch", "EchoCore", "Compute", "CTorch"),
        layer("Engines", "EchoCore", "Compute", "ComputeCPU", "ComputeReference", "ComputeTorch"),
        layer("Models", "EchoCore", "Compute"),
        layer("Tasks", "EchoCore", "Catalog", "Models"),
        layer("StudyData", "EchoCore", "Files", "Shards", "Catalog", "Compute", "Models", "Tasks"),
        layer(
            "Runs", "EchoCore", "Files", "Pictures", "Shards", "Catalog", "Compute", "Models", "Tasks",
            "StudyData"),
        layer(
            "Training", "EchoCore", "Files", "Pictures", "Shards", "Catalog", "Compute", "Models", "Tasks",
            "StudyData", "Runs"),
        layer("Scoring", "EchoCore", "Files", "Catalog", "Models", "Tasks", "Runs"),
        layer(
            "Report", "EchoCore", "Files", "Pictures", "Video", "Crop", "Shards", "Catalog", "Compute",
            "Models", "Tasks", "StudyData", "Runs", "Scoring"),
        layer(
            "Evaluation", "EchoCore", "Files", "Catalog", "Compute", "Tasks", "StudyData", "Runs", "Scoring",
            "Report"),
        layer(
            "Experiments", "EchoCore", "Files", "Catalog", "Compute", "Models", "Tasks", "StudyData", "Runs",
            "Training", "Scoring", "Report"),
        // What leaves: models, vectors, labels, descriptions.
        layer(
            "Exchange", "EchoCore", "Files", "Video", "Crop", "Shards", "Catalog", "Compute", "Models",
            "Labels",
            "StudyData", "Tasks", "Runs", "Scoring", "Report", "CResources", grdb),
        // The page on which people look and decide, and what they decided.
        .target(
            name: "Review",
            dependencies: [
                "EchoCore", "Files", "Pictures", "Video", "Crop", "Shards", "Catalog", "Compute", "Ingest",
                "Models", "Tasks", "StudyData", "Runs", "Scoring", "CPage", "CResources", grdb, yams,
            ] + server, exclude: ["Page"], swiftSettings: strict),
        layer("Phantom", "EchoCore", "Files", "DICOM", "Video"),
        // MIMIC-IV at its full size with planted hard cases, for the races and the tests of Labels.
        layer("Hospital", "EchoCore", "Files", "Labels"),

        .executableTarget(
            name: "echoprep",
            dependencies: [
                "EchoCore", "Files", "Crop", "Shards", "Catalog", "Compute", "Engines", "Models", "Phantom",
                "Ingest", "Labels", "Tasks", "StudyData", "Runs", "Training", "Scoring", "Evaluation",
                "Experiments",
                "Exchange", "Review", "Video", "CCommit", arguments, yams,
            ], swiftSettings: strict),
        .executableTarget(
            name: "echobench",
            dependencies: [
                "EchoCore", "Files", "DICOM", "Video", "Crop", "Catalog", "Phantom", "Ingest", "Labels",
                "Compute", "Engines",
                "Models", "Tasks", "StudyData", "Runs", "Training", "Hospital", arguments, grdb,
            ],
            swiftSettings: strict),

        .target(
            name: "TestSupport",
            dependencies: ["EchoCore", "Compute", "ComputeCPU", "ComputeTorch", "Engines"],
            path: "Tests/TestSupport",
            swiftSettings: strict),
        tests("EchoCore", "EchoCore"),
        tests("Files", "EchoCore", "Files"),
        tests("Pictures", "EchoCore", "Pictures"),
        tests("Crop", "EchoCore", "Files", "Crop"),
        tests("Shards", "EchoCore", "Files", "Shards"),
        tests("DICOM", "EchoCore", "Files", "DICOM"),
        tests("Video", "EchoCore", "Files", "DICOM", "Video", "Crop"),
        tests("Catalog", "EchoCore", "Catalog", grdb),
        tests(
            "Ingest", "EchoCore", "Files", "Pictures", "DICOM", "Video", "Crop", "Shards", "Catalog",
            "Ingest",
            grdb
        ),
        tests("Compute", "EchoCore", "Compute", "ComputeCPU", "ComputeReference", "Engines"),
        tests("Labels", "EchoCore", "Files", "Catalog", "Labels", "Exchange", "Hospital", grdb),
        tests("Exchange", "EchoCore", "Files", "Video", "Shards", "Catalog", "Exchange", grdb),
        tests("Models", "EchoCore", "Compute", "ComputeCPU", "ComputeReference", "Models"),
        tests(
            "Training", "EchoCore", "Files", "Pictures", "Shards", "Catalog", "Compute", "ComputeCPU",
            "ComputeReference", "Models", "Tasks", "StudyData", "Runs", "Training", grdb),
        tests(
            "Evaluation", "EchoCore", "Pictures", "Shards", "Catalog", "Compute", "ComputeCPU", "Models",
            "Tasks", "StudyData", "Runs", "Training", "Scoring", "Report", "Evaluation", "Experiments",
            "Exchange", grdb),
        tests("Echoprep", grdb),
        tests("Phantom", "EchoCore", "Files", "Video", "Crop", "Phantom"),
        tests("Review", "EchoCore", "Pictures", "Review", grdb),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)

// `make fuzz`: libFuzzer on the readers of foreign files, every target with coverage, in a build folder of its own.
if Context.environment["ECHOPREP_FUZZ"] != nil {
    package.products.append(.executable(name: "echofuzz", targets: ["echofuzz"]))
    package.targets.append(
        .executableTarget(
            name: "echofuzz", dependencies: ["EchoCore", "DICOM", "Video"], path: "Tests/Fuzz",
            swiftSettings: strict))
}
