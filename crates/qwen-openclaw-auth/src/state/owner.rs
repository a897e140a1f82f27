//! Whose a file is, and who else can get at it.

use std::fs::{Metadata, OpenOptions};

#[cfg(unix)]
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

/// What is to be done about a folder.
#[cfg_attr(not(unix), allow(dead_code, reason = "only Unix has owners and modes"))]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// Nobody else can get at it.
    Closed,
    /// Others can see what is in it, and change nothing.
    Readable,
    /// It is not used, and why.
    Refused(&'static str),
}

/// Judges a folder by its owner and mode, for the user `us`.
#[cfg_attr(not(unix), allow(dead_code, reason = "only Unix has owners and modes"))]
pub(super) fn judge(owner: u32, mode: u32, us: u32) -> Verdict {
    if owner != us {
        return Verdict::Refused(
            "it belongs to another user: name a folder of your own, as QWEN_OPENCLAW_HOME for \
             instance",
        );
    }
    if mode & 0o022 != 0 {
        return Verdict::Refused(
            "others can write to it: make sure that everything in it is yours, then close it \
             with `chmod go-w`",
        );
    }
    match mode & 0o077 {
        0 => Verdict::Closed,
        _ => Verdict::Readable,
    }
}

#[cfg(unix)]
fn us() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(unix)]
pub(super) fn verdict(metadata: &Metadata) -> Verdict {
    judge(metadata.uid(), metadata.mode(), us())
}

#[cfg(unix)]
pub(crate) fn is_us(metadata: &Metadata) -> bool {
    metadata.uid() == us()
}

/// Whether it is ours, or root's, who can change everything anyway.
#[cfg(unix)]
pub(super) fn is_trusted(metadata: &Metadata) -> bool {
    is_us(metadata) || metadata.uid() == 0
}

/// Whether others can read it.
#[cfg(unix)]
pub(super) fn is_loose(metadata: &Metadata) -> bool {
    metadata.mode() & 0o077 != 0
}

/// Files that are created are for their owner alone.
#[cfg(unix)]
pub(super) fn private(options: &mut OpenOptions) {
    options.mode(0o600);
}

/// Opens no symbolic link, and does not wait for the other end of a pipe.
#[cfg(unix)]
pub(crate) fn no_follow(options: &mut OpenOptions) {
    use rustix::fs::OFlags;

    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
}

// Elsewhere a user's folders are the user's own.

#[cfg(not(unix))]
pub(super) fn verdict(_: &Metadata) -> Verdict {
    Verdict::Closed
}

#[cfg(not(unix))]
pub(crate) fn is_us(_: &Metadata) -> bool {
    true
}

#[cfg(not(unix))]
pub(super) fn is_trusted(_: &Metadata) -> bool {
    true
}

#[cfg(not(unix))]
pub(super) fn is_loose(_: &Metadata) -> bool {
    false
}

#[cfg(not(unix))]
pub(super) fn private(_: &mut OpenOptions) {}

#[cfg(not(unix))]
pub(crate) fn no_follow(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_ours_and_nobody_else_can_write_to_it() {
        for mode in [0o040_700, 0o040_500, 0o041_700, 0o042_700] {
            assert_eq!(judge(7, mode, 7), Verdict::Closed, "{mode:o}");
        }
        for mode in [0o040_755, 0o040_750, 0o040_711, 0o040_701, 0o040_704] {
            assert_eq!(judge(7, mode, 7), Verdict::Readable, "{mode:o}");
        }
        for mode in [0o040_777, 0o041_777, 0o040_770, 0o040_720, 0o040_702] {
            let Verdict::Refused(why) = judge(7, mode, 7) else {
                panic!("{mode:o}");
            };
            assert!(why.contains("chmod go-w"), "{why}");
        }
        // Whatever its mode, and whoever we are.
        for (owner, us) in [(8, 7), (0, 7), (7, 0)] {
            for mode in [0o040_700, 0o040_777] {
                let Verdict::Refused(why) = judge(owner, mode, us) else {
                    panic!("{owner} {us}");
                };
                assert!(why.contains("QWEN_OPENCLAW_HOME"), "{why}");
            }
        }
    }
}
