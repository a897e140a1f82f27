//! Results that are fetched, and files that are sent: by URLs that a server gave.

pub(crate) mod download;
pub(crate) mod upload;
