//! The stores in memory.

mod failover;
mod usage;

pub use self::{failover::MemoryFailover, usage::MemoryUsage};

#[cfg(test)]
mod tests;
