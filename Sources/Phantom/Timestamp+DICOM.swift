// Times as the files of the phantom write them.

import EchoCore

extension Timestamp {
    /// 21800506
    var dicomDate: String { date.replacing("-", with: "") }
    /// 222300
    var dicomTime: String { clock.replacing(":", with: "") }
}

/// A number with leading zeros.
func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
