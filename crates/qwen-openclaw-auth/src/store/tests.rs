//! What every store must do.

mod contract;
