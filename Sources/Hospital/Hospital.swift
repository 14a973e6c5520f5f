// A synthetic MIMIC-IV of any size up to the real one's, with hard cases planted and counted: for races and tests.

import EchoCore
import Files
import Foundation
import Labels

/// How large a synthetic hospital is.
package struct HospitalSize: Sendable {
    /// Rows of admissions, diagnoses_icd, echo-study-list and echo-record-list.
    package var admissions: Int, diagnoses: Int, studies: Int, records: Int
    /// Subjects with a study.
    package var subjects: Int
    /// Studies of each kind of hard case, each of a subject of its own.
    package var hardCases: Int

    /// MIMIC-IV 3.1 with MIMIC-IV-ECHO.
    package static let full = HospitalSize(
        admissions: 546_028, diagnoses: 6_364_488, studies: 7_243, records: 525_422, subjects: 4_579,
        hardCases: 100)

    /// The same shape with one `divisor`-th of the rows.
    package func divided(by divisor: Int) -> HospitalSize {
        HospitalSize(
            admissions: admissions / divisor, diagnoses: diagnoses / divisor, studies: studies / divisor,
            records: records / divisor, subjects: subjects / divisor, hardCases: max(1, hardCases / divisor))
    }
}

/// A place of a study among its subject's stays, or a kind of codes, that a rule could get wrong.
package enum HardCase: String, Sendable, CaseIterable, Codable {
    /// In two stays at once; the later one counts.
    case overlapping
    /// At the second when one stay ends and the next begins.
    case touching
    /// Between the two ends of a stay that ends before it begins.
    case inverted
    case atAdmission, atDischarge
    /// After edregtime, before admittime.
    case inEmergency
    case betweenStays, notAdmitted, noDiagnoses
    /// Only codes that ICD-10-CM does not know at all; only codes that it no longer has.
    case unknownCodes, retiredCodes
    /// Only ICD-9, spelled like codes of ICD-10; or one such spelling in both versions.
    case sharedSpellings, bothVersions
}

/// What was planted, counted while it was written.
package struct Planted: Sendable, Codable, Equatable {
    package var cases: [String: Int] = [:]
    /// For each rule of `--window`: how many studies have each status, and how many candidates there are.
    package var statuses: [String: [String: Int]] = [:]
    package var candidates: [String: Int] = [:]
    /// Diagnoses of the cohort's subjects, by version.
    package var diagnoses: [String: Int] = [:]
    /// Studies that lose their labels with `--strict-codes`.
    package var retiredOnly = 0

    fileprivate mutating func count(_ study: PlannedStudy) {
        cases[study.hard?.rawValue ?? "ordinary", default: 0] += 1
        for window in StayWindow.Ends.allCases {
            let (candidates, status) = study.outcome(window)
            statuses[window.rawValue, default: [:]][status.rawValue, default: 0] += 1
            self.candidates[window.rawValue, default: 0] += candidates
        }
        if study.hard == .retiredCodes { retiredOnly += 1 }
    }
}

/// A study before it is written.
private struct PlannedStudy {
    let hard: HardCase?
    var time = Timestamp(seconds: 0)

    /// How many stays hold the study by a rule, and what becomes of it: by what the case is, without looking at times.
    func outcome(_ window: StayWindow.Ends) -> (candidates: Int, status: StudyStatus) {
        switch hard {
        case nil, .bothVersions, .retiredCodes: (1, .labelled)
        case .overlapping: (2, .labelled)
        case .touching:
            switch window {
            case .closed, .ed: (2, .labelled)
            case .halfOpen: (1, .labelled)
            case .strict: (0, .noStay)
            }
        case .atAdmission: window == .strict ? (0, .noStay) : (1, .labelled)
        case .atDischarge: window == .closed || window == .ed ? (1, .labelled) : (0, .noStay)
        case .inEmergency: window == .ed ? (1, .labelled) : (0, .noStay)
        case .inverted, .betweenStays: (0, .noStay)
        case .notAdmitted: (0, .subjectNotInAdmissions)
        case .noDiagnoses: (1, .noDiagnoses)
        case .unknownCodes: (1, .noUsableCode)
        case .sharedSpellings: (1, .onlyICD9)
        }
    }
}

/// Writes `folder`/hosp (patients, admissions, diagnoses_icd as csv.gz) and `folder`/echo (the two lists as csv).
///
/// The same size and seed give the same bytes. Rows are in the order of the real tables: subjects, stays, priorities.
package func writeHospital(to folder: String, size: HospitalSize, seed: UInt64) throws -> Planted {
    var writer = HospitalWriter(size: size, seed: seed)
    writer.fill()
    try makeFolder(folder + "/hosp")
    try makeFolder(folder + "/echo")
    for (name, table) in [
        ("patients", writer.patients), ("admissions", writer.admissions), ("diagnoses_icd", writer.diagnoses),
    ] { try writeFile("\(folder)/hosp/\(name).csv.gz", gzip(table.bytes)) }
    try writeFile(folder + "/echo/echo-study-list.csv", writer.studies.bytes)
    try writeFile(folder + "/echo/echo-record-list.csv", writer.records.bytes)
    return writer.planted
}

/// The tables in the making.
private struct HospitalWriter {
    let size: HospitalSize
    var planted = Planted()
    var patients = Rows("subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod")
    var admissions = Rows(
        "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admit_provider_id,admission_location,"
            + "discharge_location,insurance,language,marital_status,race,edregtime,edouttime,hospital_expire_flag"
    )
    var diagnoses = Rows("subject_id,hadm_id,seq_num,icd_code,icd_version")
    var studies = Rows("subject_id,study_id,study_datetime,measurement_id,measurement_datetime")
    var records = Rows("subject_id,study_id,acquisition_datetime,dicom_filepath")

    private var random: SeededRandom
    private let codes: HospitalCodes
    private var stayCount = 0, diagnosisCount = 0, studyCount = 0, recordCount = 0

    init(size: HospitalSize, seed: UInt64) {
        self.size = size
        random = SeededRandom(seed: seed, "hospital")
        codes = HospitalCodes(seed: seed)
    }

    /// Deals the roles out and writes subject after subject.
    mutating func fill() {
        let total = size.subjects + max(1, size.admissions * 2 / 5)
        let hard = HardCase.allCases.flatMap { Array(repeating: $0, count: size.hardCases) }
        // -1 nobody of the cohort, 0 ordinary, else a hard case
        var roles = [Int](repeating: -1, count: total)
        // The last subject is nobody of the cohort: it takes what is left.
        for (index, place) in random.sample(size.subjects, of: total - 1).enumerated() {
            roles[place] = index < hard.count ? index + 1 : 0
        }
        let ordinary = size.subjects - hard.count
        let ordinaryStudies = size.studies - hard.count
        precondition(ordinary > 0 && ordinaryStudies >= ordinary, "every subject of the cohort has a study")
        var ordinaryLeft = ordinary, ordinaryStudiesLeft = ordinaryStudies
        var othersLeft = roles.count { $0 < 0 }
        for (index, role) in roles.enumerated() {
            let subject = 10_000_000 + 41 * index + random.below(41)
            addPatient(subject)
            if role > 0 {
                add(hard[role - 1], of: subject)
            } else if role == 0 {
                let share = Double(ordinaryStudiesLeft) / Double(ordinaryLeft) + random.uniform(-1...1)
                let most = ordinaryStudiesLeft - ordinaryLeft + 1
                let studies = ordinaryLeft == 1 ? most : min(most, max(1, Int(share.rounded())))
                addOrdinary(subject, studies: studies)
                ordinaryLeft -= 1
                ordinaryStudiesLeft -= studies
            } else {
                addOther(subject, left: othersLeft)
                othersLeft -= 1
            }
        }
        precondition(stayCount == size.admissions && diagnosisCount == size.diagnoses, "the sizes are met")
        precondition(studyCount == size.studies && recordCount == size.records, "the sizes are met")
    }

    private mutating func addPatient(_ subject: Int) {
        let year = 2_110 + random.below(90)
        patients.add(
            subject, random.below(2) == 0 ? "F" : "M", 18 + random.below(74), year, "2011 - 2013",
            random.below(10) == 0 ? "\(year + 5)-01-01" : "")
    }

    // MARK: The cohort

    /// A subject with one hard case.
    private mutating func add(_ hard: HardCase, of subject: Int) {
        let begin = beginning()
        let day = 86_400
        var time = begin + day
        func at(_ seconds: Int) -> Timestamp { Timestamp(seconds: seconds) }
        switch hard {
        case .overlapping:
            addStay(of: subject, from: begin, to: begin + 3 * day)
            addStay(of: subject, from: begin + day / 2, to: begin + 2 * day)
        case .touching:
            addStay(of: subject, from: begin, to: time)
            addStay(of: subject, from: time, to: time + day)
        case .inverted: addStay(of: subject, from: begin + 2 * day, to: begin)
        case .atAdmission:
            addStay(of: subject, from: begin, to: begin + day)
            time = begin
        case .atDischarge: addStay(of: subject, from: begin, to: time)
        case .inEmergency: addStay(of: subject, from: time + 3_600, to: time + day, arrival: time - 3_600)
        case .betweenStays:
            addStay(of: subject, from: begin - day, to: begin)
            addStay(of: subject, from: begin + 3 * day, to: begin + 4 * day)
        case .notAdmitted: break
        case .noDiagnoses: addStay(of: subject, from: begin, to: begin + 2 * day, codes: [])
        case .unknownCodes:
            addStay(
                of: subject, from: begin, to: begin + 2 * day,
                codes: [("ZZZ1", 10), ("0000", 10), ("Q-1", 10)])
        case .retiredCodes:
            addStay(
                of: subject, from: begin, to: begin + 2 * day,
                codes: [("I5099", 10), ("A4199", 10), ("ZZZ1", 10)])
        case .sharedSpellings:
            addStay(
                of: subject, from: begin, to: begin + 2 * day, codes: codes.shared(3, &random).map { ($0, 9) }
            )
        case .bothVersions:
            let spelling = codes.shared(1, &random)[0]
            addStay(of: subject, from: begin, to: begin + 2 * day, codes: [(spelling, 9), (spelling, 10)])
        }
        addStudy(PlannedStudy(hard: hard, time: at(time)), of: subject)
    }

    /// A subject whose studies lie well inside of stays of their own, a week apart and more.
    private mutating func addOrdinary(_ subject: Int, studies: Int) {
        var begin = beginning()
        for _ in 0..<studies {
            let length = 43_200 + random.below(900_000)
            addStay(of: subject, from: begin, to: begin + length)
            addStudy(
                PlannedStudy(hard: nil, time: Timestamp(seconds: begin + 1 + random.below(length - 1))),
                of: subject)
            begin += length + 604_800 + random.below(30_000_000)
        }
    }

    private mutating func addStudy(_ study: PlannedStudy, of subject: Int) {
        planted.count(study)
        studyCount += 1
        let id = 90_000_000 + studyCount
        studies.add(subject, id, study.time.description, 7_000_000 + studyCount, study.time.description)
        let left = size.studies - studyCount
        let files = left == 0 ? size.records - recordCount : max(1, (size.records - recordCount) / (left + 1))
        let folder = "files/p\(subject / 1_000_000)/p\(subject)/s\(id)/\(id)_"
        for file in 1...files {
            records.add(subject, id, study.time.description, "\(folder)\(zeroPadded(file, 4)).dcm")
        }
        recordCount += files
    }

    // MARK: Everybody else

    /// A subject without studies, with its share of what is left of stays and diagnoses.
    private mutating func addOther(_ subject: Int, left: Int) {
        // The cohort still needs stays: at most two a subject for hard cases, one a study.
        let reserve = left == 1 ? 0 : min(size.admissions - stayCount, 2 * (size.studies - studyCount))
        let stays = size.admissions - stayCount - reserve
        let share = left == 1 ? stays : min(stays, random.below(2 * max(1, stays / left) + 1))
        var begin = beginning()
        for _ in 0..<share {
            addStay(of: subject, from: begin, to: begin + 3_600 + random.below(1_000_000), ofCohort: false)
            begin += 1_500_000 + random.below(30_000_000)
        }
    }

    private mutating func beginning() -> Int { 4_500_000_000 + random.below(2_800_000_000) }

    private mutating func addStay(
        of subject: Int, from begin: Int, to end: Int, arrival: Int? = nil,
        codes given: [(String, Int)]? = nil,
        ofCohort: Bool = true
    ) {
        stayCount += 1
        let hadm = 20_000_000 + 17 * stayCount
        let died = random.below(50) == 0
        let ed = arrival ?? (random.below(2) == 0 && !ofCohort ? begin - random.below(40_000) : nil)
        admissions.add(
            subject, hadm, Timestamp(seconds: begin).description, Timestamp(seconds: end).description,
            died ? Timestamp(seconds: end).description : "",
            ["EW EMER.", "URGENT", "ELECTIVE"][random.below(3)],
            "P\(10_000 + random.below(90_000))", ["EMERGENCY ROOM", "PHYSICIAN REFERRAL"][random.below(2)],
            ["HOME", "HOME HEALTH CARE", "DIED", "SKILLED NURSING FACILITY"][random.below(4)],
            ["Medicare", "Private", "Medicaid", "Other"][random.below(4)], "English",
            ["MARRIED", "SINGLE", "WIDOWED"][random.below(3)],
            ["WHITE", "BLACK/AFRICAN AMERICAN"][random.below(2)],
            ed.map { Timestamp(seconds: $0).description } ?? "",
            ed.map { Timestamp(seconds: $0 + 20_000).description } ?? "", died ? 1 : 0)
        let staysLeft = size.admissions - stayCount
        let left = size.diagnoses - diagnosisCount
        let share = left / (staysLeft + 1) + random.below(15) - 7
        let count = staysLeft == 0 ? left : min(left - staysLeft, max(1, share))
        let isTen = ofCohort || random.below(2) == 0
        let rows = given ?? codes.draw(count, version: isTen ? 10 : 9, &random)
        for (index, row) in rows.enumerated() { diagnoses.add(subject, hadm, index + 1, row.0, row.1) }
        diagnosisCount += rows.count
        if ofCohort { for row in rows { planted.diagnoses["\(row.1)", default: 0] += 1 } }
    }
}
