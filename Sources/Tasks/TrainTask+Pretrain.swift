// Pre-training: what the pixels alone teach.

extension TrainTask {
    /// Reconstruct masked patches; epochs are those of Table 4.
    package static let pretrain = TrainTask(
        "pretrain", "reconstruct masked patches", epochs: 1600, subject: { _ in "masked patches" })
}
