// Subjects, stays and studies fit together, and codes go with the hearts as they say.

import EchoCore
import Foundation
import Phantom
import Testing
import TestSupport

@Suite struct CohortTests {
    @Test(arguments: [1, 2])
    func `every study lies where its place says`(seed: UInt64) {
        let cohort = Cohort(studies: 600, seed: seed)
        #expect(cohort.studies.count == 600)
        #expect(Set(cohort.studies.map(\.place)).count == SyntheticStudy.Place.allCases.count)
        let stays = Dictionary(grouping: cohort.stays, by: \.subject)
        for study in cohort.studies {
            let around = (stays[study.subject] ?? []).filter {
                $0.admitted <= study.time && study.time <= $0.discharged
            }
            let systems = Set(around.flatMap { stay in stay.diagnoses.map(\.version) })
            switch study.place {
            case .inStay: #expect(around.count == 1 && systems.contains(10))
            case .inOverlappingStays: #expect(around.count == 2)
            case .inStayWithoutDiagnoses: #expect(around.count == 1 && systems.isEmpty)
            case .inStayOfICD9: #expect(around.count == 1 && systems == [9])
            case .betweenStays: #expect(around.isEmpty && stays[study.subject] != nil)
            case .subjectNeverAdmitted: #expect(stays[study.subject] == nil)
            case .inEmergencyDepartment:
                #expect(around.isEmpty)
                #expect(
                    stays[study.subject]!.contains { stay in
                        stay.emergency.map { $0.registered <= study.time && study.time < stay.admitted }
                            ?? false
                    })
            }
        }
    }

    @Test func `identifiers are unique and as large as MIMIC's`() {
        let cohort = Cohort(studies: 600, seed: 3)
        #expect(Set(cohort.studies.map(\.study)).count == 600)
        #expect(Set(cohort.stays.map(\.hadm)).count == cohort.stays.count)
        #expect(Set(cohort.subjects.map(\.subject)).count == cohort.subjects.count)
        #expect(cohort.studies.allSatisfy { $0.subject / 10_000_000 == 1 && $0.study / 10_000_000 == 9 })
        #expect(cohort.stays.allSatisfy { $0.hadm / 10_000_000 == 2 })
    }

    @Test func `shown codes can be told from the true heart and hidden ones cannot`() throws {
        var random = SeededRandom(seed: 11)
        let population = (0..<8000).map { _ in Diagnoses(random: &random) }
        let codes = CodeTruth.all(cohort: population, population: population, seed: 11, isSynthetic: true)
        let byCategory = Dictionary(uniqueKeysWithValues: codes.map { ($0.category, $0) })
        for code in codes {
            switch code.role {
            case .shown: #expect((0.82...0.995).contains(code.auroc), "\(code.category) \(code.auroc)")
            case .hidden:
                // Three standard errors of an AUROC of one half.
                let positives = Double(code.studies) / 2
                #expect(
                    abs(code.auroc - 0.5) < 3 * (1 / (12 * positives)).squareRoot() + 0.01, "\(code.category)"
                )
            case .carried: #expect(code.auroc < 0.85, "\(code.category) \(code.auroc)")
            }
        }
        let failure = try #require(byCategory["I50"])
        #expect((0.40...0.52).contains(failure.prevalence))
        // J90 needs two views held side by side: either apical view alone tells little, their sum somewhat more, the
        // parasternal ones nothing.
        let pleural = try #require(byCategory["J90"])
        #expect(pleural.auroc > 0.9)
        #expect(pleural.aurocOfSum < 0.75)
        #expect(pleural.aurocByView.allSatisfy { $0 < 0.65 })
        #expect(pleural.aurocByView.prefix(2).allSatisfy { abs($0 - 0.5) < 0.06 })
    }

    @Test func `diagnoses change the heart as they should`() {
        func mean(_ codes: [String], _ measure: (Anatomy) -> Double) -> Double {
            let diagnoses = Diagnoses(codes: codes)
            return (0..<400).reduce(0) { sum, index in
                sum
                    + measure(
                        Anatomy(
                            diagnoses, subject: SeededRandom(seed: 1, index),
                            study: SeededRandom(seed: 2, index)))
            } / 400
        }
        #expect(mean(["I5022"]) { $0.ejectionFraction } < mean([]) { $0.ejectionFraction } - 0.25)
        #expect(mean(["I5022"]) { $0.endDiastolicVolume } > 1.3 * mean([]) { $0.endDiastolicVolume })
        #expect(mean(["I5032"]) { $0.ejectionFraction } > 0.5)
        #expect(mean(["I110"]) { $0.wall } > mean([]) { $0.wall } + 0.3)
        #expect(mean(["I4891"]) { $0.atriumLongAxis } > 1.15 * mean([]) { $0.atriumLongAxis })
        #expect(mean(["I2720"]) { $0.rightVentricle } > 1.3 * mean([]) { $0.rightVentricle })
        #expect(mean(["I2510"]) { $0.wallMotion.min() } < 0.3)
        #expect(mean(["I350"]) { $0.aorticCalcium } > 0.5)
        #expect(mean(["K219", "F329"]) { $0.endDiastolicVolume } == mean([]) { $0.endDiastolicVolume })
    }

    @Test func `studies are placed in the stays of a copy of MIMIC-IV`() throws {
        try withTemporaryFolder { folder in
            let hosp = folder.path
            let admissions = """
                subject_id,hadm_id,admittime,dischtime,deathtime
                10000001,20000001,2150-01-01 10:00:00,2150-01-05 10:00:00,
                10000002,20000002,2160-01-01 10:00:00,2160-01-05 10:00:00,
                """
            let diagnoses = """
                subject_id,hadm_id,seq_num,icd_code,icd_version
                10000001,20000001,1,I5022 ,10
                10000001,20000001,2,4280,9
                """
            try Data(admissions.utf8).write(to: folder.appendingPathComponent("admissions.csv"))
            #expect(throws: EchoError.self) { try Cohort(studies: 3, from: hosp, seed: 1) }
            try Data(diagnoses.utf8).write(to: folder.appendingPathComponent("diagnoses_icd.csv"))
            let cohort = try Cohort(studies: 40, from: hosp, seed: 1)
            #expect(Set(cohort.studies.map(\.subject)) == [10_000_001, 10_000_002])
            #expect(cohort.subjects.isEmpty && cohort.stays.isEmpty)
            for study in cohort.studies {
                #expect(study.diagnoses.codes == (study.subject == 10_000_001 ? ["I5022"] : []))
            }
            let start = Timestamp("2150-01-01 10:00:00")!, end = Timestamp("2150-01-05 10:00:00")!
            let inside = cohort.studies.filter { $0.place == .inStay && $0.subject == 10_000_001 }
            #expect(!inside.isEmpty)
            #expect(inside.allSatisfy { start <= $0.time && $0.time <= end })
        }
    }
}
