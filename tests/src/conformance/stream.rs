//! x
use super::{Case, Differences, Verdict};
pub(super) fn compare(_: &Case, _: &mut Differences) -> Verdict { Verdict::NotYet("x") }
