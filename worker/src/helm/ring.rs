//! The last part of an output, in bounded memory.

use std::collections::VecDeque;

/// Keeps the last bytes of what is pushed.
#[derive(Debug, Default)]
pub struct Ring {
    bytes: VecDeque<u8>,
}

impl Ring {
    /// Most bytes that are kept.
    pub const CAPACITY: usize = 16 * 1024;

    /// Add output.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        let surplus = self.bytes.len().saturating_sub(Self::CAPACITY);
        self.bytes.drain(..surplus);
    }

    /// What is kept, as text.
    #[must_use]
    pub fn into_text(self) -> String {
        String::from_utf8_lossy(&Vec::from(self.bytes)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_part_is_kept() {
        let mut ring = Ring::default();
        ring.push(b"first");
        ring.push(&vec![b'x'; Ring::CAPACITY - 1]);
        ring.push(b"!");

        let text = ring.into_text();
        assert_eq!(text.len(), Ring::CAPACITY);
        assert!(text.ends_with("x!") && !text.contains("first"));
    }
}
