//! Things with a number by which they can be removed.

/// A list whose items have numbers, which are not given again.
#[derive(Debug)]
pub(crate) struct Numbered<T> {
    last: u64,
    items: Vec<(u64, T)>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            last: 0,
            items: Vec::new(),
        }
    }
}

impl<T> Numbered<T> {
    pub(crate) fn push(&mut self, item: T) -> u64 {
        self.last += 1;
        self.items.push((self.last, item));
        self.last
    }

    /// Removes an item; false when there is none with this number.
    pub(crate) fn remove(&mut self, number: u64) -> bool {
        let count = self.items.len();
        self.items.retain(|(own, _)| *own != number);
        self.items.len() < count
    }

    /// Replaces all items; returns how many there were.
    pub(crate) fn set(&mut self, items: Vec<T>) -> usize {
        let count = self.items.len();
        self.items.clear();
        for item in items {
            self.push(item);
        }
        count
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.items.retain(|(_, item)| keep(item));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(u64, T)> {
        self.items.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut (u64, T)> {
        self.items.iter_mut()
    }

    pub(crate) fn to_vec(&self) -> Vec<(u64, T)>
    where
        T: Clone,
    {
        self.items.clone()
    }
}
