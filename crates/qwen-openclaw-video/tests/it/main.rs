//! The client as its users meet it, against the emulator.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

mod account;
mod ends;
mod faults;
mod videos;

use qwen_openclaw_emulator::{Emulator, Plan, Region};

/// A key that the emulator takes for making clips.
fn standard() -> String {
    Emulator::key_for(Plan::Standard, Region::Global)
}
