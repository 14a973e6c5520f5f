// The csv tables of MIMIC-IV and MIMIC-IV-ECHO, with all the columns that the real ones have.

import EchoCore
import Files

/// A csv file's text, built row by row.
struct Table {
    private(set) var text: String

    init(_ columns: String...) { text = columns.joined(separator: ",") + "\n" }

    /// Adds a row; a field with a comma or a quote is quoted.
    mutating func add(_ fields: String...) {
        text += fields.map(csvField).joined(separator: ",") + "\n"
    }
}

extension Cohort {
    /// patients, admissions, diagnoses_icd and d_icd_diagnoses by name.
    func hospitalTables(seed: UInt64) -> [(name: String, table: Table)] {
        [
            ("patients", patientsTable()), ("admissions", admissionsTable(seed: seed)),
            ("diagnoses_icd", diagnosesTable()), ("d_icd_diagnoses", Cohort.dictionaryTable()),
        ]
    }

    private func patientsTable() -> Table {
        var table = Table("subject_id", "gender", "anchor_age", "anchor_year", "anchor_year_group", "dod")
        let deaths = Dictionary(
            stays.filter(\.died).map { ($0.subject, $0.discharged) }, uniquingKeysWith: { max($0, $1) })
        for subject in subjects {
            table.add(
                "\(subject.subject)", subject.gender, "\(subject.anchorAge)", "\(subject.anchorYear)",
                subject.anchorYearGroup, deaths[subject.subject]?.date ?? "")
        }
        return table
    }

    private func admissionsTable(seed: UInt64) -> Table {
        var table = Table(
            "subject_id", "hadm_id", "admittime", "dischtime", "deathtime", "admission_type",
            "admit_provider_id",
            "admission_location", "discharge_location", "insurance", "language", "marital_status", "race",
            "edregtime", "edouttime", "hospital_expire_flag")
        let types = ["EW EMER.", "URGENT", "OBSERVATION ADMIT", "DIRECT EMER.", "ELECTIVE"]
        let insurances = ["Medicare", "Private", "Medicaid", "Other"]
        let races = ["WHITE", "BLACK/AFRICAN AMERICAN", "HISPANIC OR LATINO", "ASIAN - CHINESE", "UNKNOWN"]
        for stay in stays {
            var random = SeededRandom(seed: seed, "admission", stay.hadm)
            // Of a subject, whatever the stay; as common as it happens.
            var person = SeededRandom(seed: seed, "race", stay.subject)
            let type = types[stay.emergency == nil ? 1 + random.below(4) : 0]
            table.add(
                "\(stay.subject)", "\(stay.hadm)", stay.admitted.description, stay.discharged.description,
                stay.died ? stay.discharged.description : "", type,
                "P\(zeroPadded(random.below(100_000), 5))",
                stay.emergency == nil ? "PHYSICIAN REFERRAL" : "EMERGENCY ROOM", stay.died ? "DIED" : "HOME",
                insurances[random.below(insurances.count)], "English",
                random.uniform() < 0.5 ? "MARRIED" : "SINGLE",
                races[min(person.below(9), person.below(races.count))],
                stay.emergency?.registered.description ?? "",
                stay.emergency?.left.description ?? "",
                stay.died ? "1" : "0")
        }
        return table
    }

    private func diagnosesTable() -> Table {
        var table = Table("subject_id", "hadm_id", "seq_num", "icd_code", "icd_version")
        for stay in stays {
            for (index, diagnosis) in stay.diagnoses.enumerated() {
                table.add(
                    "\(stay.subject)", "\(stay.hadm)", "\(index + 1)", diagnosis.code, "\(diagnosis.version)")
            }
        }
        return table
    }

    private static func dictionaryTable() -> Table {
        var rows: [(code: String, version: Int, title: String)] = [
            ("V5861", 9, "Long-term (current) use of anticoagulants")
        ]
        for condition in Condition.all {
            rows += condition.codes.map { ($0.code, 10, $0.title) }
            if let old = condition.before2015 { rows.append((old.code, 9, old.title)) }
        }
        var table = Table("icd_code", "icd_version", "long_title")
        for row in rows.sorted(by: { ($0.code, $0.version) < ($1.code, $1.version) }) {
            table.add(row.code, "\(row.version)", row.title)
        }
        return table
    }
}
