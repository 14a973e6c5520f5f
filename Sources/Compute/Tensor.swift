// What the tape computes with: a matrix that may have a gradient, and may be let go and made again.

/// A matrix [rows, width] on an engine, and its gradient once `Tape.backward` has reached it.
package final class Tensor {
    package let rows: Int, width: Int
    /// What the value is for, and its gradient too.
    let use: BufferUse
    /// The gradient of the loss by `value`; nil until something has contributed to it.
    package internal(set) var gradient: Buffer?
    /// Where the gradient is to be written; nil for anywhere.
    package var gradientPlace: Buffer?
    let learns: Bool
    private var held: Buffer?
    /// Computes the value again, if that is cheap.
    var remake: (() -> Buffer)?

    /// - Parameter learns: whether a gradient is wanted
    package convenience init(_ value: Buffer, rows: Int, width: Int, learns: Bool) {
        self.init(value, rows: rows, width: width, learns: learns, for: .values)
    }

    init(_ value: Buffer, rows: Int, width: Int, learns: Bool, for use: BufferUse) {
        precondition(value.count == rows * width, "a tensor fills its buffer")
        self.use = use
        held = value
        self.rows = rows
        self.width = width
        self.learns = learns
    }

    /// The numbers; computed again if they were let go.
    package var value: Buffer {
        if let held { return held }
        guard let made = remake?() else { preconditionFailure("a tensor that was let go can be made again") }
        held = made
        return made
    }

    /// How many numbers it holds.
    package var count: Int { rows * width }

    /// Frees the memory of a value that can be made again, until something asks for it.
    func letGo() { if remake != nil { held = nil } }

    /// Forgets the gradient.
    package func forgetGradient() { gradient = nil }

    /// Has a gradient of 0, in its place.
    package func clearGradient(on engine: any Engine) {
        let place = gradientPlace ?? engine.allocate(count, for: use)
        engine.fill(place, with: 0)
        gradient = place
    }
}
