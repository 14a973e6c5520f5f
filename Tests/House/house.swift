// `make house`: draws the targets and their imports, and fails where one imports what is declared after it.
//
//     swift package dump-package | swift Tests/House/house.swift docs/house.svg

import Foundation

/// The part that is of use here of what `swift package dump-package` prints, in the order of declaration.
struct Manifest: Decodable {
    let targets: [Target]

    struct Target: Decodable {
        let name: String
        let type: String
        let path: String?
        let dependencies: [Dependency]

        var folder: String { path ?? (type == "test" ? "Tests/\(name)" : "Sources/\(name)") }
        var isOfC: Bool { folder.hasPrefix("Sources/C/") }
        var isRoom: Bool { folder.hasPrefix("Sources/") && !isOfC }
    }

    struct Dependency: Decodable {
        let name: String

        init(from decoder: any Decoder) throws {
            // As {"byName": ["Files", null]} or {"product": ["GRDB", "GRDB.swift", null, null]}.
            let forms = try decoder.singleValueContainer().decode([String: [Part]].self)
            name = forms.values.first?.first?.text ?? ""
        }

        private struct Part: Decodable {
            let text: String?
            init(from decoder: any Decoder) { text = try? decoder.singleValueContainer().decode(String.self) }
        }
    }
}

// MARK: - The rules

/// What a target's files import, as `public import Files`.
func imports(of target: Manifest.Target) -> Set<String> {
    let files = FileManager.default.enumerator(atPath: target.folder)?.compactMap { $0 as? String } ?? []
    var names: Set<String> = []
    for file in files where file.hasSuffix(".swift") {
        let text = (try? String(contentsOfFile: "\(target.folder)/\(file)", encoding: .utf8)) ?? ""
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place < 3, words.count > place + 1 else {
                continue
            }
            if !words[0].hasPrefix("//") { names.insert(String(words[place + 1])) }
        }
    }
    return names
}

/// Every breach of the house's order, as a sentence.
func faults(_ targets: [Manifest.Target]) -> [String] {
    let places = Dictionary(uniqueKeysWithValues: targets.enumerated().map { ($1.name, $0) })
    let needs = Dictionary(
        uniqueKeysWithValues: targets.map {
            ($0.name, $0.dependencies.map(\.name).filter { places[$0] != nil })
        })
    func path(from start: String, to end: String, _ seen: Set<String> = []) -> [String]? {
        if start == end { return [end] }
        for next in needs[start] ?? [] where !seen.contains(next) {
            if let rest = path(from: next, to: end, seen.union([start])) { return [start] + rest }
        }
        return nil
    }
    var faults: [String] = []
    for (place, target) in targets.enumerated() {
        for need in needs[target.name] ?? [] where places[need]! >= place {
            if let way = path(from: need, to: target.name) {
                faults.append("a circle: \(([target.name] + way).joined(separator: " -> "))")
            } else {
                faults.append("an arrow upward: \(target.name) imports \(need), which is declared after it")
            }
        }
        for name in imports(of: target).sorted()
        where places[name] != nil && name != target.name && !needs[target.name]!.contains(name) {
            faults.append(
                "\(target.folder) imports \(name), which Package.swift does not give to \(target.name)")
        }
    }
    return faults
}

// MARK: - The drawing

/// A target's box, or a bend where an arrow passes a layer.
final class Spot {
    let name: String
    let libraries: [String]
    let layer: Int
    var x = 0.0
    var below: [Spot] = []
    var above: [Spot] = []

    init(_ name: String, _ libraries: [String], _ layer: Int) {
        self.name = name
        self.libraries = libraries
        self.layer = layer
    }

    var isBend: Bool { name.isEmpty }
    /// The libraries on lines of some width.
    var lines: [String] {
        libraries.reduce(into: [String]()) { lines, library in
            if let last = lines.last, last.count + library.count < 24 {
                lines[lines.count - 1] = "\(last) \(library)"
            } else {
                lines.append(library)
            }
        }
    }
    var width: Double {
        if isBend { return 6 }
        return max(Double(name.count) * 8.6, Double(lines.map(\.count).max() ?? 0) * 6.2, 64) + 24
    }
    var height: Double { 34 + Double(lines.count) * 14 }
}

struct Drawing {
    private let layers: [[Spot]]
    private static let gap = 22.0, rise = 118.0

    init(_ targets: [Manifest.Target]) {
        let rooms = targets.filter(\.isRoom)
        let names = Set(rooms.map(\.name))
        var reach: [String: Set<String>] = [:]
        var spots: [String: Spot] = [:]
        var all: [Spot] = []
        for room in rooms {
            let needs = room.dependencies.map(\.name).filter { names.contains($0) }
            let beyond = needs.reduce(into: Set<String>()) { $0.formUnion(reach[$1] ?? []) }
            reach[room.name] = beyond.union(needs)
            // Programs stand side by side under the roof.
            let under = room.type == "executable" ? rooms.filter { $0.type != room.type }.map(\.name) : needs
            let layer = (under.compactMap { spots[$0]?.layer }.max() ?? -1) + 1
            let libraries = room.dependencies.map(\.name).filter { !names.contains($0) }
            let spot = Spot(room.name, libraries, layer)
            spots[room.name] = spot
            all.append(spot)
            // What another import brings anyway is not drawn.
            for need in needs where !beyond.contains(need) {
                var upper = spot
                for level in stride(from: layer - 1, to: spots[need]!.layer, by: -1) {
                    let bend = Spot("", [], level)
                    all.append(bend)
                    upper.below.append(bend)
                    bend.above.append(upper)
                    upper = bend
                }
                upper.below.append(spots[need]!)
                spots[need]!.above.append(upper)
            }
        }
        let height = (all.map(\.layer).max() ?? 0) + 1
        layers = Self.arranged((0..<height).map { level in all.filter { $0.layer == level } })
    }

    /// Layers in an order with few crossings, each spot near those that it is joined to.
    private static func arranged(_ start: [[Spot]]) -> [[Spot]] {
        var layers = start
        for layer in layers { settle(layer) }
        for round in 0..<24 {
            let downward = round.isMultiple(of: 2)
            for level in downward ? Array(layers.indices.reversed()) : Array(layers.indices) {
                func wish(_ spot: Spot) -> Double {
                    let joined = downward ? spot.above : spot.below
                    return joined.isEmpty ? spot.x : joined.map(\.x).reduce(0, +) / Double(joined.count)
                }
                let wishes = layers[level].map { (spot: $0, wish: wish($0)) }.sorted { $0.wish < $1.wish }
                layers[level] = wishes.map(\.spot)
                for (spot, wish) in wishes { spot.x = wish }
                settle(layers[level])
            }
        }
        return layers
    }

    /// Moves spots apart as far as their widths ask, around the middle of where they wanted to be.
    private static func settle(_ layer: [Spot]) {
        guard !layer.isEmpty else { return }
        let middle = layer.map(\.x).reduce(0, +) / Double(layer.count)
        for (left, right) in zip(layer, layer.dropFirst()) {
            right.x = max(right.x, left.x + (left.width + right.width) / 2 + gap)
        }
        let shift = middle - layer.map(\.x).reduce(0, +) / Double(layer.count)
        for spot in layer { spot.x += shift }
    }

    var svg: String {
        let spots = layers.flatMap { $0 }
        let left = spots.map { $0.x - $0.width / 2 }.min() ?? 0
        let right = spots.map { $0.x + $0.width / 2 }.max() ?? 0
        for spot in spots { spot.x -= left - 20 }
        let width = right - left + 40
        let height = Double(layers.count) * Self.rise + 30
        func top(_ spot: Spot) -> Double { height - Double(spot.layer) * Self.rise - 96 }
        func number(_ value: Double) -> String { String(Int(value.rounded())) }
        func point(_ x: Double, _ y: Double) -> String { "\(number(x)) \(number(y))" }

        var lines: [String] = []
        for spot in spots where !spot.isBend {
            for target in spot.below {
                var upper = spot
                var lower = target
                var path = "M" + point(upper.x, top(upper) + upper.height)
                while true {
                    let from = upper.isBend ? top(upper) + 40 : top(upper) + upper.height
                    let to = top(lower)
                    let half = (from + to) / 2
                    path += "C\(point(upper.x, half)) \(point(lower.x, half)) \(point(lower.x, to))"
                    guard lower.isBend, let next = lower.below.first else { break }
                    path += "V\(number(top(lower) + 40))"
                    (upper, lower) = (lower, next)
                }
                lines.append("  <path class=\"arrow\" d=\"\(path)\"/>")
            }
        }
        for spot in spots where !spot.isBend {
            lines.append(
                "  <rect class=\"box\" x=\"\(number(spot.x - spot.width / 2))\" y=\"\(number(top(spot)))\" "
                    + "width=\"\(number(spot.width))\" height=\"\(number(spot.height))\" rx=\"7\"/>")
            lines.append(
                "  <text class=\"name\" x=\"\(number(spot.x))\" y=\"\(number(top(spot) + 22))\">\(spot.name)</text>"
            )
            for (row, text) in spot.lines.enumerated() {
                let y = number(top(spot) + 38 + Double(row) * 14)
                lines.append("  <text class=\"small\" x=\"\(number(spot.x))\" y=\"\(y)\">\(text)</text>")
            }
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(height))" \
            font-family="system-ui, sans-serif" text-anchor="middle">
              <title>The targets of echoprep and what they import</title>
              <style>
                .ground { fill: #fff }
                .box { fill: #e5f0ee; stroke: #23766b; stroke-width: 1.2 }
                .arrow { fill: none; stroke: #51606e; stroke-width: 1.2; marker-end: url(#tip) }
                .tip { fill: #51606e }
                .name { font-size: 14px; font-weight: 600; fill: #1d2730 }
                .small { font-size: 11px; fill: #51606e }
                @media (prefers-color-scheme: dark) {
                  .ground { fill: #12181d }
                  .box { fill: #17302c; stroke: #58b3a4 }
                  .arrow { stroke: #93a1ad }
                  .tip { fill: #93a1ad }
                  .name { fill: #e8edf1 }
                  .small { fill: #a9b6c1 }
                }
              </style>
              <defs>
                <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
            <path class="tip" d="M0 0L8 4L0 8z"/></marker>
              </defs>
              <rect class="ground" width="\(number(width))" height="\(number(height))"/>
            \(lines.joined(separator: "\n"))
            </svg>

            """
    }
}

// MARK: - The way

let manifest = try JSONDecoder().decode(Manifest.self, from: FileHandle.standardInput.readDataToEndOfFile())
let breaches = faults(manifest.targets)
for breach in breaches { FileHandle.standardError.write(Data("house: \(breach)\n".utf8)) }
if !breaches.isEmpty { exit(1) }
try Drawing(manifest.targets).svg.write(toFile: CommandLine.arguments[1], atomically: true, encoding: .utf8)
