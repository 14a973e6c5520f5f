// Numbers of rows for engines that compute where the program runs.

/// Numbers of rows in the program's own memory.
package final class HostRows: RowIndex, @unchecked Sendable {
    package let numbers: [Int32]

    package init(_ numbers: [Int32]) {
        self.numbers = numbers
        super.init(count: numbers.count)
    }
}

extension RowIndex {
    /// The numbers of an engine that keeps them in the program's own memory.
    package var host: [Int32] {
        guard let rows = self as? HostRows else { preconditionFailure("rows of another engine") }
        return rows.numbers
    }
}
