//! Tries that this worker is at, and the delivery that each of them answers to. A
//! second delivery of one never holds a place: with the first one's channel alive
//! it is settled at once, as the broker still has the first to give to another
//! worker; with that channel gone it takes the first one's part. Pure bookkeeping.
//!
//! A try leaves before its outcome is said. What comes after that may be the
//! answer to the outcome, and is begun like any other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::contract::envelope::Envelope;
use shared::ids::{Generation, OperationId};

/// One try: sent again under a higher generation it is another.
type Try = (OperationId, Generation, u32);

/// All tries of this worker, each with what settles its delivery.
#[derive(Debug)]
pub struct Underway<A> {
    tries: Arc<Mutex<HashMap<Try, Answer<A>>>>,
}

/// What settles a delivery, and in which life of the channel it came.
#[derive(Debug)]
struct Answer<A> {
    life: u64,
    acker: A,
}

/// What a delivery is.
#[derive(Debug)]
pub enum Entered<A> {
    /// The first of its try: to be worked on.
    First(Turn<A>),
    /// A second one; the first will be settled when its try ends. This is what
    /// settles the second.
    Again(A),
    /// It took the part of one that was lost with its channel.
    InPlace,
}

/// One try, until its delivery is settled.
#[derive(Debug)]
pub struct Turn<A> {
    all: Underway<A>,
    this: Try,
    left: Mutex<Left<A>>,
}

/// Whether a try has left, and with what settles its delivery.
#[derive(Debug)]
enum Left<A> {
    NotYet,
    With(Option<A>),
}

impl<A> Clone for Underway<A> {
    fn clone(&self) -> Self {
        Self {
            tries: Arc::clone(&self.tries),
        }
    }
}

impl<A> Default for Underway<A> {
    fn default() -> Self {
        Self {
            tries: Arc::default(),
        }
    }
}

impl<A> Underway<A> {
    /// Say what a delivery of that life of the channel is. Lives count upwards.
    pub fn enter<T>(&self, command: &Envelope<T>, life: u64, acker: A) -> Entered<A> {
        let this = (command.operation_id, command.generation, command.attempt);
        let answer = Answer { life, acker };
        let mut tries = lock(&self.tries);
        match tries.get_mut(&this) {
            Some(first) if first.life < life => {
                *first = answer;
                Entered::InPlace
            }
            Some(_) => Entered::Again(answer.acker),
            None => {
                tries.insert(this, answer);
                Entered::First(Turn {
                    all: self.clone(),
                    this,
                    left: Mutex::new(Left::NotYet),
                })
            }
        }
    }
}

impl<A> Turn<A> {
    /// The outcome is about to be said: from now on another delivery is a new one.
    pub fn leave(&self) {
        let mut left = lock(&self.left);
        // Once it has left, the entry may be another's.
        if matches!(*left, Left::NotYet) {
            let answer = lock(&self.all.tries).remove(&self.this);
            *left = Left::With(answer.map(|answer| answer.acker));
        }
    }

    /// What settles its delivery at the moment.
    #[must_use]
    pub fn acker(&self) -> Option<A>
    where
        A: Clone,
    {
        let tries = lock(&self.all.tries);
        tries.get(&self.this).map(|answer| answer.acker.clone())
    }

    /// It is over: what settles its delivery.
    #[must_use]
    pub fn end(self) -> Option<A> {
        self.leave();
        match &mut *lock(&self.left) {
            Left::With(acker) => acker.take(),
            Left::NotYet => None,
        }
    }
}

impl<A> Drop for Turn<A> {
    fn drop(&mut self) {
        self.leave();
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use shared::contract::command::Command;
    use shared::testing::a_create;

    use super::*;

    fn first(
        all: &Underway<&'static str>,
        command: &Envelope<Command>,
        life: u64,
        name: &'static str,
    ) -> Turn<&'static str> {
        match all.enter(command, life, name) {
            Entered::First(turn) => turn,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_second_delivery_of_the_same_life_is_settled_by_itself() {
        let (all, command) = (Underway::default(), a_create());
        let turn = first(&all, &command, 1, "first");

        assert!(matches!(
            all.enter(&command, 1, "second"),
            Entered::Again("second")
        ));
        assert_eq!(turn.end(), Some("first"));
    }

    #[test]
    fn what_was_lost_with_its_channel_is_answered_by_the_delivery_that_came_again() {
        let (all, command) = (Underway::default(), a_create());
        let turn = first(&all, &command, 1, "lost");

        assert!(matches!(all.enter(&command, 2, "again"), Entered::InPlace));
        assert!(matches!(
            all.enter(&command, 2, "third"),
            Entered::Again("third")
        ));
        assert_eq!(turn.end(), Some("again"));
    }

    #[test]
    fn another_try_is_another_and_so_is_what_comes_after_the_outcome() {
        let (all, command) = (Underway::default(), a_create());
        let turn = first(&all, &command, 1, "first");
        let mut next = command.clone();
        next.attempt += 1;
        let mut reissued = command.clone();
        reissued.generation = reissued.generation.next();
        let others = [
            first(&all, &next, 1, "next"),
            first(&all, &reissued, 1, "reissued"),
        ];

        turn.leave();
        let answer = first(&all, &command, 1, "sent again");
        assert_eq!(turn.end(), Some("first"));
        assert_eq!(answer.end(), Some("sent again"));
        drop(others);
        assert!(matches!(all.enter(&next, 1, "free"), Entered::First(_)));
    }
}
