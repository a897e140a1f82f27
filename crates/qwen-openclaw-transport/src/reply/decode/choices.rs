//! Which of several answers is read: the one with the lowest index.

/// How many chunks of other answers are held back for the first one to come. Whoever sends several
/// at once begins them all together.
const PATIENCE: usize = 16;

/// The choice that is read, and what came of others before it.
#[derive(Debug, Default)]
pub(super) struct Choices {
    read: Option<u64>,
    /// The lowest index so far.
    lowest: u64,
    held: Vec<Box<str>>,
}

/// What to do with a choice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Read,
    /// Keep its chunk until it is known whether a lower one comes.
    Hold(u64),
    Skip,
}

impl Choices {
    /// The index to look for; `None` before it is known.
    pub(super) fn read(&self) -> Option<u64> {
        self.read
    }

    /// A choice without an index is the one that is read, or the lowest of those held back.
    pub(super) fn judge(&mut self, index: Option<u64>) -> Verdict {
        match (self.read, index) {
            (None, None) if !self.held.is_empty() => Verdict::Read,
            (None, None | Some(0)) => {
                self.read = Some(0);
                Verdict::Read
            }
            (None, Some(index)) => Verdict::Hold(index),
            (Some(_), None) => Verdict::Read,
            (Some(read), Some(index)) if read == index => Verdict::Read,
            _ => Verdict::Skip,
        }
    }

    /// Holds a chunk back; true when that was the last one to wait for.
    pub(super) fn hold(&mut self, index: u64, chunk: &str) -> bool {
        if self.held.is_empty() || index < self.lowest {
            self.lowest = index;
        }
        self.held.push(chunk.into());
        self.held.len() >= PATIENCE
    }

    /// Gives what was held back, and reads the lowest of the choices in it from now on, unless a
    /// lower one is read already.
    pub(super) fn release(&mut self) -> Vec<Box<str>> {
        if !self.held.is_empty() {
            self.read.get_or_insert(self.lowest);
        }
        std::mem::take(&mut self.held)
    }
}
