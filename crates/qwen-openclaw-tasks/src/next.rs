//! The possible next steps for a job, as data: each program words them itself.

use crate::ledger::record::{JobRecord, Phase};

/// A possible next step for a job.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum NextStep {
    /// Wait for the task ([`Job::wait`](crate::Job::wait)).
    Wait,
    /// Save the results ([`Finished::save`](crate::Finished::save)).
    Save,
    /// Search for the job's task again ([`Tasks::resume_job`](crate::Tasks::resume_job)).
    LookAgain,
    /// Choose the task that belongs to the job ([`Tasks::adopt`](crate::Tasks::adopt)).
    Adopt {
        /// Candidate tasks, as far as they are known.
        tasks: Vec<String>,
    },
    /// Submit it. If the service already has it, it is made and billed twice
    /// ([`Tasks::resubmit`](crate::Tasks::resubmit)).
    Resubmit,
    /// Discard the job ([`Job::cancel`](crate::Job::cancel)).
    Cancel,
}

impl JobRecord {
    /// Returns the possible next steps, the most obvious first. It is empty when the job is
    /// settled.
    #[must_use]
    pub fn next_steps(&self) -> Vec<NextStep> {
        match self.phase {
            Phase::Prepared => NextStep::unsent(),
            Phase::Sending | Phase::Ambiguous => NextStep::undecided(self, Vec::new()),
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

    /// About a job that the service may have, as one of `tasks` perhaps. Without tasks there is
    /// nothing to look for.
    pub(crate) fn undecided(record: &JobRecord, tasks: Vec<String>) -> Vec<Self> {
        if record.synchronous {
            return Self::unsent();
        }
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
