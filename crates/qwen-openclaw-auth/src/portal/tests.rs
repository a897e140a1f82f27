//! The portal against a login server: every response it can give, every way in which tokens get
//! lost.

mod cases;
mod matrix;
mod overtaken;
mod processes;
mod secrets;
mod stall;
mod testing;
