//! How many may watch at once: in this process, and of one caller. A seat is free
//! again when its stream is dropped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Who holds how many.
#[derive(Debug, Clone)]
pub struct Seats {
    taken: Arc<Mutex<HashMap<String, usize>>>,
    all: usize,
    each: usize,
}

/// No seat is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// For that caller, who has so many.
    Caller(usize),
    /// In this process, which has so many.
    Process(usize),
}

impl Seats {
    pub fn new(all: usize, each: usize) -> Self {
        Self {
            taken: Arc::default(),
            all,
            each,
        }
    }

    /// # Errors
    /// [`Full`].
    pub fn take(&self, caller: &str) -> Result<Seat, Full> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.get(caller).is_some_and(|mine| *mine >= self.each) || self.each == 0 {
            return Err(Full::Caller(self.each));
        }
        if taken.values().sum::<usize>() >= self.all {
            return Err(Full::Process(self.all));
        }
        *taken.entry(caller.to_owned()).or_default() += 1;
        Ok(Seat {
            taken: Arc::clone(&self.taken),
            caller: caller.to_owned(),
        })
    }
}

/// One place, held.
#[derive(Debug)]
pub struct Seat {
    taken: Arc<Mutex<HashMap<String, usize>>>,
    caller: String,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = taken.get_mut(&self.caller) {
            *mine -= 1;
            if *mine == 0 {
                taken.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_bounded_for_each_and_for_all_and_come_back() {
        let seats = Seats::new(3, 2);
        let first = seats.take("one").unwrap();
        let _second = seats.take("one").unwrap();
        assert_eq!(seats.take("one").unwrap_err(), Full::Caller(2));
        let _other = seats.take("two").unwrap();
        assert_eq!(seats.take("three").unwrap_err(), Full::Process(3));
        drop(first);
        drop(seats.take("three").unwrap());
        drop(seats.take("one").unwrap());
        assert_eq!(seats.taken.lock().unwrap().len(), 2);
    }
}
