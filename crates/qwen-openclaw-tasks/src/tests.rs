//! Tests of the engine as a whole, against a service that is made up here, on paused time; those
//! with processes and sockets are in `tests/it`.

mod crashes;
mod echoing;
mod fake;
mod polling;
mod saving;
mod submitting;
mod synchronous;
mod uploading;
