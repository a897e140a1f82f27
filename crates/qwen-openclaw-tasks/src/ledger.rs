//! What is written down of each job, and where.

mod json;
pub(crate) mod record;
pub(crate) mod stamp;
pub(crate) mod store;
