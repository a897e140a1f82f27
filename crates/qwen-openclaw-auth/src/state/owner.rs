//! Ownership of files and folders, and access by others.

use std::fs::{Metadata, OpenOptions};

#[cfg(unix)]
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

/// The result of checking a folder.
#[cfg_attr(not(unix), allow(dead_code, reason = "only Unix has owners and modes"))]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// No one else has access.
    Closed,
    /// Others can read it, but change nothing.
    Readable,
    /// It must not be used, for this reason.
    Refused(&'static str),
}

/// Who may write to a folder.
#[cfg_attr(not(unix), allow(dead_code, reason = "only Unix has owners and modes"))]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Writers {
    OwnerOnly,
    /// The user's own group, which on many systems contains only the user, and which can write to
    /// newly created folders by default.
    OwnGroup,
}

/// A user and a group.
#[cfg_attr(not(unix), allow(dead_code, reason = "only Unix has owners and modes"))]
#[derive(Clone, Copy, Debug)]
struct Whose {
    user: u32,
    group: u32,
}

/// Judges a folder by its owner and mode, on behalf of `us`.
#[cfg_attr(not(unix), allow(dead_code, reason = "only Unix has owners and modes"))]
fn judge(owner: Whose, mode: u32, us: Whose, writers: Writers) -> Verdict {
    if owner.user != us.user {
        return Verdict::Refused(
            "it belongs to another user: choose a folder of your own, for instance with \
             QWEN_OPENCLAW_HOME",
        );
    }
    let others = match writers {
        Writers::OwnGroup if owner.group == us.group => 0o002,
        _ => 0o022,
    };
    if mode & others != 0 {
        return Verdict::Refused(
            "others can write to it: make sure that everything in it is yours, then run `chmod \
             go-w` on it",
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
pub(super) fn verdict(metadata: &Metadata, writers: Writers) -> Verdict {
    let owner = Whose {
        user: metadata.uid(),
        group: metadata.gid(),
    };
    let us = Whose {
        user: us(),
        group: rustix::process::getegid().as_raw(),
    };
    judge(owner, metadata.mode(), us, writers)
}

#[cfg(unix)]
pub(crate) fn is_us(metadata: &Metadata) -> bool {
    metadata.uid() == us()
}

/// Returns whether it belongs to the user, or to root, who can change everything anyway.
#[cfg(unix)]
pub(super) fn is_trusted(metadata: &Metadata) -> bool {
    is_us(metadata) || metadata.uid() == 0
}

/// Returns whether others can read it.
#[cfg(unix)]
pub(super) fn is_loose(metadata: &Metadata) -> bool {
    metadata.mode() & 0o077 != 0
}

/// Restricts created files to their owner.
#[cfg(unix)]
pub(super) fn private(options: &mut OpenOptions) {
    options.mode(0o600);
}

/// Refuses to open symbolic links, and does not block on pipes.
#[cfg(unix)]
pub(crate) fn no_follow(options: &mut OpenOptions) {
    use rustix::fs::OFlags;

    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
}

// On other systems a user's folders are private by default.

#[cfg(not(unix))]
pub(super) fn verdict(_: &Metadata, _: Writers) -> Verdict {
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

    const US: Whose = Whose { user: 7, group: 9 };
    const BOTH: [Writers; 2] = [Writers::OwnerOnly, Writers::OwnGroup];

    #[track_caller]
    fn is_refused(owner: Whose, mode: u32, writers: Writers, hint: &str) {
        let Verdict::Refused(why) = judge(owner, mode, US, writers) else {
            panic!("{owner:?} {mode:o}");
        };
        assert!(why.contains(hint), "{why}");
    }

    #[test]
    fn a_folder_is_ours_and_nobody_else_can_write_to_it() {
        for writers in BOTH {
            for mode in [0o040_700, 0o040_500, 0o041_700, 0o042_700] {
                assert_eq!(judge(US, mode, US, writers), Verdict::Closed, "{mode:o}");
            }
            for mode in [0o040_755, 0o040_750, 0o040_711, 0o040_701, 0o040_704] {
                assert_eq!(judge(US, mode, US, writers), Verdict::Readable, "{mode:o}");
            }
            for mode in [0o040_777, 0o041_777, 0o040_707, 0o040_702] {
                is_refused(US, mode, writers, "chmod go-w");
            }
            // Whatever its mode, be it root's.
            for user in [8, 0] {
                for mode in [0o040_700, 0o040_777] {
                    is_refused(Whose { user, ..US }, mode, writers, "QWEN_OPENCLAW_HOME");
                }
            }
        }
    }

    #[test]
    fn a_group_may_write_only_if_it_is_ours_and_that_is_allowed() {
        let other = Whose { group: 10, ..US };
        for mode in [0o040_770, 0o040_775, 0o040_720] {
            is_refused(US, mode, Writers::OwnerOnly, "chmod go-w");
            is_refused(other, mode, Writers::OwnGroup, "chmod go-w");
            let verdict = judge(US, mode, US, Writers::OwnGroup);
            assert_eq!(verdict, Verdict::Readable, "{mode:o}");
        }
    }
}
