// Times as the files of the phantom write them.

import EchoCore

extension Timestamp {
    /// 21800506
    var dicomDate: String { date.replacing("-", with: "") }
    /// 222300
    var dicomTime: String { clock.replacing(":", with: "") }
}
