// Chroma at the picture's size, made as libjpeg's "fancy" upsampling makes it, row by row where it is needed.

package import EchoCore

/// Cb and Cr of one row of a picture, at its full width; 128 until read.
package struct ChromaRow: Equatable, Sendable {
    package fileprivate(set) var cb: [UInt8], cr: [UInt8]

    package init(width: Int) {
        cb = [UInt8](repeating: 128, count: width)
        cr = cb
    }
}

/// Reads Cb and Cr of a clip at full size.
package struct FullChroma: Sendable {
    private let chroma: Clip.Chroma
    private let rows: Int, columns: Int, width: Int

    /// Nil for a gray clip.
    package init?(_ clip: Clip) {
        guard let chroma = clip.chroma else { return nil }
        self.chroma = chroma
        rows = chroma.sampling.rows(clip.height)
        columns = chroma.sampling.columns(clip.width)
        width = clip.width
    }

    /// The coded rows that row `y` of a frame is made of, as offsets into the planes, the nearer first.
    private func sources(frame: Int, y: Int) -> (near: Int, far: Int) {
        let first = frame * rows * columns
        guard chroma.sampling == .quarter else { return (first + y * columns, first + y * columns) }
        let near = y / 2
        let far = y % 2 == 0 ? max(near - 1, 0) : min(near + 1, rows - 1)
        return (first + near * columns, first + far * columns)
    }

    /// Row `y` of a frame at full width.
    package func read(frame: Int, y: Int, into row: inout ChromaRow) {
        let (near, far) = sources(frame: frame, y: y)
        expand(chroma.cb.span, near: near, far: far, into: &row.cb)
        expand(chroma.cr.span, near: near, far: far, into: &row.cr)
    }

    private func expand(_ plane: Span<UInt8>, near: Int, far: Int, into row: inout [UInt8]) {
        let near = plane.extracting(near..<near + columns), far = plane.extracting(far..<far + columns)
        var row = row.mutableSpan
        switch chroma.sampling {
        case .full: for x in 0..<width { row[x] = near[x] }
        case _ where columns <= 2: for x in 0..<width { row[x] = near[x / 2] }
        case .half: doubleColumns(near, into: &row)
        case .quarter: doubleBoth(near, far, into: &row)
        }
    }

    /// Cb and Cr of one pixel of a frame.
    package func sample(frame: Int, y: Int, x: Int) -> (cb: UInt8, cr: UInt8) {
        let (near, far) = sources(frame: frame, y: y)
        return (sample(chroma.cb, near, far, x), sample(chroma.cr, near, far, x))
    }

    private func sample(_ plane: [UInt8], _ near: Int, _ far: Int, _ x: Int) -> UInt8 {
        if chroma.sampling == .full { return plane[near + x] }
        let i = x / 2
        if columns <= 2 { return plane[near + i] }
        let beside = x % 2 == 0 ? max(i - 1, 0) : min(i + 1, columns - 1)
        if chroma.sampling == .half {
            let sum = 3 * Int(plane[near + i]) + Int(plane[near + beside])
            return UInt8((sum + (x % 2 == 0 ? 1 : 2)) >> 2)
        }
        func sum(_ i: Int) -> Int { 3 * Int(plane[near + i]) + Int(plane[far + i]) }
        return UInt8((3 * sum(i) + sum(beside) + (x % 2 == 0 ? 8 : 7)) >> 4)
    }

    /// The greatest |C − 128| of the coded samples that columns `range` of row `y` of a frame are made of, and so a
    /// bound for the row itself.
    package func deviation(frame: Int, y: Int, columns range: Range<Int>) -> Int {
        let (near, far) = sources(frame: frame, y: y)
        let coded = coded(range)
        func most(_ row: Int) -> Int {
            let part = row + coded.lowerBound..<row + coded.upperBound
            return max(
                Crop.deviation(chroma.cb.span.extracting(part)),
                Crop.deviation(chroma.cr.span.extracting(part)))
        }
        return near == far ? most(near) : max(most(near), most(far))
    }

    /// Whether a pixel is made of coded samples of which one is marked in `marks` [rows, columns].
    func touches(_ marks: [UInt8], y: Int, x: Int) -> Bool {
        let (near, far) = sources(frame: 0, y: y)
        if chroma.sampling == .full { return marks[near + x] != 0 }
        let i = x / 2
        let beside = x % 2 == 0 ? max(i - 1, 0) : min(i + 1, columns - 1)
        return marks[near + i] | marks[near + beside] | marks[far + i] | marks[far + beside] != 0
    }

    /// U8 [rows, columns]: 255 where a coded sample of any frame is not 128.
    func everColoured(in footprint: Footprint) -> [UInt8] {
        unpack(footprint.coloured, rows: rows, columns: columns)
    }

    /// Whether columns `range` of row `y` of a frame are made of coded samples of which one is marked in `marks`
    /// [rows, columns].
    func touches(_ marks: [UInt8], y: Int, columns range: Range<Int>? = nil) -> Bool {
        let (near, far) = sources(frame: 0, y: y), part = coded(range ?? 0..<width)
        return [near, far].contains { row in
            marks[row + part.lowerBound..<row + part.upperBound].contains { $0 != 0 }
        }
    }

    /// The coded samples that some columns are made of.
    private func coded(_ range: Range<Int>) -> Range<Int> {
        if chroma.sampling == .full { return range }
        return max(range.lowerBound / 2 - 1, 0)..<min(range.upperBound / 2 + 2, columns)
    }
}
