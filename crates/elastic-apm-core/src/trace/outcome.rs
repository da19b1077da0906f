//! How an outcome is decided when several voices speak: user over protocol over error over success.

use elastic_apm_intake::Outcome;

/// What was said so far about how a transaction or span went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Verdict {
    user: Option<Outcome>,
    protocol: Option<Outcome>,
    failed: bool,
}

impl Verdict {
    /// The user's word: nothing overrides it.
    pub(crate) fn by_user(&mut self, outcome: Outcome) {
        self.user = Some(outcome);
    }

    /// The user's word where there is none yet.
    pub(crate) fn by_user_if_unset(&mut self, outcome: Outcome) {
        self.user.get_or_insert(outcome);
    }

    /// What the protocol's status says.
    pub(crate) fn by_protocol(&mut self, outcome: Outcome) {
        self.protocol = Some(outcome);
    }

    /// An error was captured, an `Err` returned, or a panic passed through.
    pub(crate) fn failed(&mut self) {
        self.failed = true;
    }

    /// The outcome for the wire.
    pub(crate) fn decide(self) -> Outcome {
        let by_error = if self.failed { Outcome::Failure } else { Outcome::Success };
        self.user.or(self.protocol).unwrap_or(by_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_beats_protocol_beats_error() {
        let mut verdict = Verdict::default();
        verdict.failed();
        let by_error = verdict.decide();
        verdict.by_protocol(Outcome::Success);
        let by_protocol = verdict.decide();
        verdict.by_user(Outcome::Unknown);

        assert_eq!(
            (by_error, by_protocol, verdict.decide()),
            (Outcome::Failure, Outcome::Success, Outcome::Unknown)
        );
    }

    #[test]
    fn nothing_said_is_success() {
        assert_eq!(Verdict::default().decide(), Outcome::Success);
    }
}
