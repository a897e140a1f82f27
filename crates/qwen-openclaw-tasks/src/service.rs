//! What the service is asked, how often, and what it answers.

pub(crate) mod answer;
pub(crate) mod api;
pub(crate) mod clock;
pub(crate) mod pace;
pub(crate) mod running;
pub(crate) mod schedule;
pub(crate) mod state;
