//! Whether all went as it should: the reasons why not, and the exit code.

use std::process::ExitCode;

use crate::agents::Count;

/// What went wrong so far; nothing, at best.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    reasons: Vec<String>,
}

impl Verdict {
    /// Notes something that should not be.
    pub(crate) fn object(&mut self, reason: impl Into<String>) {
        self.reasons.push(reason.into());
    }

    /// Notes what the final counts of the agents tell.
    pub(crate) fn judge(&mut self, counts: &[Count]) {
        if counts.iter().all(|count| count.stats.recorded() == 0) {
            self.object("nothing was recorded; does an ELASTIC_APM_* variable turn the agents off?");
        }
        for Count { service, stats } in counts.iter().filter(|count| !count.is_settled()) {
            let reasons = stats.dropped_by_reason().filter(|(_, events)| *events > 0);
            let reasons: Vec<_> =
                reasons.map(|(reason, events)| format!("{events} {}", reason.as_str())).collect();
            let lost = stats.recorded() - stats.sent();
            self.object(format!("{service}: {lost} events did not arrive ({})", reasons.join(", ")));
        }
    }

    pub(crate) fn reasons(&self) -> &[String] {
        &self.reasons
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.reasons.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
