// Studies for the real subjects and stays of a copy of MIMIC-IV: their codes then shape the hearts.

import EchoCore
import Files
import Foundation

extension Cohort {
    /// Draws `count` studies among the stays in `hosp`. Nothing of it is kept but identifiers, times and codes.
    ///
    /// - Parameter hosp: the folder with admissions and diagnoses_icd, .csv or .csv.gz
    /// - Throws: `EchoError` where a table or a column is missing
    package init(studies count: Int, from hosp: String, seed: UInt64) throws {
        var random = SeededRandom(seed: seed, "cohort", "mimic-iv")
        var codes: [Int: [String]] = [:]
        try Cohort.table("diagnoses_icd", in: hosp).forEachRow(["hadm_id", "icd_code", "icd_version"]) {
            row in
            guard let hadm = row.integer(0), row.integer(2) == 10 else { return }
            codes[Int(hadm), default: []].append(row.text(1).trimmingCharacters(in: .whitespaces))
        }
        var found: [HospitalStay] = []
        try Cohort.table("admissions", in: hosp).forEachRow([
            "subject_id", "hadm_id", "admittime", "dischtime",
        ]) { row in
            guard let subject = row.integer(0), let hadm = row.integer(1),
                let admitted = Timestamp(row.text(2)),
                let discharged = Timestamp(row.text(3))
            else { return }
            found.append(
                HospitalStay(
                    subject: Int(subject), hadm: Int(hadm), admitted: admitted, discharged: discharged))
        }
        guard !found.isEmpty else {
            throw EchoError("admissions", "has no stay", try: "give the folder hosp of MIMIC-IV")
        }
        found.sort { ($0.subject, $0.admitted, $0.hadm) < ($1.subject, $1.admitted, $1.hadm) }
        var order = random.sample(found.count, of: found.count)
        // More studies than stays: the stays are examined again.
        while order.count < count { order += random.sample(found.count, of: found.count) }
        var numbers = Numbers()
        for index in order.prefix(count) {
            let stay = found[index]
            let within = max(0, Double(stay.discharged.seconds - stay.admitted.seconds) / 3600)
            // Some studies lie outside of the stay, before or after it.
            let outside = random.uniform() < 0.06
            let hours =
                outside
                ? (random.uniform() < 0.5 ? -1 : 1) * random.uniform(30...900) : within * random.uniform()
            let from = outside && hours > 0 ? stay.discharged : stay.admitted
            let diagnoses = Diagnoses(codes: codes[stay.hadm] ?? [])
            let place: SyntheticStudy.Place =
                outside ? .betweenStays : diagnoses.codes.isEmpty ? .inStayOfICD9 : .inStay
            studies.append(
                SyntheticStudy(
                    subject: stay.subject, study: numbers.study(&random), time: from + hours,
                    diagnoses: diagnoses,
                    place: place))
        }
        sort()
    }

    private static func table(_ name: String, in folder: String) throws(EchoError) -> CSVReader {
        for suffix in [".csv.gz", ".csv"]
        where FileManager.default.fileExists(atPath: "\(folder)/\(name)\(suffix)") {
            return try CSVReader("\(folder)/\(name)\(suffix)")
        }
        throw EchoError(
            "--mimic-iv", "the folder has no \(name).csv.gz or \(name).csv",
            try: "give the folder hosp of MIMIC-IV")
    }
}
