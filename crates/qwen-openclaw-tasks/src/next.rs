//! What may be done next about a job, as data: each program has its own words for it.

use crate::ledger::record::{JobRecord, Phase};

/// Something that may be done about a job.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum NextStep {
    /// Wait: the service has the task ([`Job::wait`](crate::Job::wait)).
    Wait,
    /// Save the results ([`Finished::save`](crate::Finished::save)).
    Save,
    /// Look for its task once more ([`Tasks::resume_job`](crate::Tasks::resume_job)).
    LookAgain,
    /// Name the task that is its own ([`Tasks::adopt`](crate::Tasks::adopt)).
    Adopt {
        /// Tasks of the service that may be its own, as far as they are known.
        tasks: Vec<String>,
    },
    /// Send it. If the service has it already, it is made and billed twice
    /// ([`Tasks::resubmit`](crate::Tasks::resubmit)).
    Resubmit,
    /// Drop it ([`Job::cancel`](crate::Job::cancel)).
    Cancel,
}

impl JobRecord {
    /// Returns what may be done next, the most obvious first; nothing when the job is settled.
    #[must_use]
    pub fn next_steps(&self) -> Vec<NextStep> {
        match self.phase {
            Phase::Prepared => NextStep::unsent(),
            Phase::Sending | Phase::Ambiguous => NextStep::undecided(Vec::new()),
            Phase::Submitted => vec![NextStep::Wait],
            Phase::Succeeded => vec![NextStep::Save],
            Phase::Saved | Phase::Refused | Phase::Failed | Phase::Canceled | Phase::Expired => {
                Vec::new()
            }
        }
    }
}

impl NextStep {
    /// About a job that was never sent.
    pub(crate) fn unsent() -> Vec<Self> {
        vec![Self::Resubmit, Self::Cancel]
    }

    /// About a job that the service may have, as one of `tasks` perhaps.
    pub(crate) fn undecided(tasks: Vec<String>) -> Vec<Self> {
        vec![Self::LookAgain, Self::Adopt { tasks }, Self::Resubmit]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::store::contract::record;

    #[test]
    fn each_phase_that_is_not_over_says_what_may_be_done() {
        let mut record = record("a");
        for phase in [
            Phase::Prepared,
            Phase::Sending,
            Phase::Ambiguous,
            Phase::Submitted,
            Phase::Succeeded,
            Phase::Saved,
            Phase::Refused,
            Phase::Failed,
            Phase::Canceled,
            Phase::Expired,
        ] {
            record.phase = phase;
            let steps = record.next_steps();
            assert_eq!(steps.is_empty(), phase.is_settled(), "{phase}: {steps:?}");
        }
    }
}
