//! One kind of objects as a watch tells of them, and whether it may be believed.
//! Pure; the watch itself is `follow.rs`.

use std::collections::BTreeMap;

/// Namespace and name; a namespace itself has its name as the first.
pub type Key = (String, String);

/// What a watch tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// All objects will be told anew.
    Begun,
    /// It is there, and so.
    Found(Key, T),
    /// It is gone.
    Gone(Key),
    /// All that were there when it began have been told.
    Told,
    /// The watch runs (again).
    Runs,
    /// The watch broke; what is known gets old.
    Broke,
}

/// Whether a mirror shows what is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    NeverTold,
    Runs,
    Broke,
}

/// The objects of one kind.
#[derive(Debug)]
pub struct Mirror<T> {
    found: BTreeMap<Key, T>,
    /// Those told so far while all are told anew.
    telling: Option<BTreeMap<Key, T>>,
    state: State,
}

impl<T> Default for Mirror<T> {
    fn default() -> Self {
        Self {
            found: BTreeMap::new(),
            telling: None,
            state: State::default(),
        }
    }
}

impl<T: PartialEq> Mirror<T> {
    /// Take a change in; gives the keys that it touched.
    pub fn apply(&mut self, change: Change<T>) -> Vec<Key> {
        match change {
            Change::Begun => self.telling = Some(BTreeMap::new()),
            Change::Found(key, object) => {
                if let Some(telling) = &mut self.telling {
                    telling.insert(key, object);
                } else if self.found.get(&key) != Some(&object) {
                    self.found.insert(key.clone(), object);
                    return vec![key];
                }
            }
            Change::Gone(key) => {
                let place = self.telling.as_mut().unwrap_or(&mut self.found);
                if place.remove(&key).is_some() && self.telling.is_none() {
                    return vec![key];
                }
            }
            Change::Told => {
                self.state = State::Runs;
                return self.exchange();
            }
            Change::Runs if self.state == State::Broke => self.state = State::Runs,
            Change::Broke if self.state == State::Runs => self.state = State::Broke,
            Change::Runs | Change::Broke => {}
        }
        Vec::new()
    }

    /// What was told anew takes the place of what was known.
    fn exchange(&mut self) -> Vec<Key> {
        let Some(told) = self.telling.take() else {
            return Vec::new();
        };
        let before = std::mem::replace(&mut self.found, told);
        let changed = self
            .found
            .iter()
            .filter(|(key, now)| before.get(*key) != Some(*now));
        let gone = before.keys().filter(|key| !self.found.contains_key(*key));
        changed.map(|(key, _)| key).chain(gone).cloned().collect()
    }

    /// Whether all objects were told once.
    pub fn is_told(&self) -> bool {
        self.state != State::NeverTold
    }

    /// Whether it shows what is now.
    pub fn is_live(&self) -> bool {
        self.state == State::Runs && self.telling.is_none()
    }

    /// One object.
    pub fn get(&self, namespace: &str, name: &str) -> Option<&T> {
        self.found.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// All of a namespace, with their names.
    pub fn of<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = (&'a str, &'a T)> {
        let from = self.found.range((namespace.to_owned(), String::new())..);
        from.take_while(move |((found, _), _)| found == namespace)
            .map(|((_, name), object)| (name.as_str(), object))
    }

    /// All.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &T)> {
        self.found.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        ("store-k7q2mx".to_owned(), name.to_owned())
    }

    fn found(name: &str, value: u8) -> Change<u8> {
        Change::Found(key(name), value)
    }

    fn told(objects: &[(&str, u8)]) -> Mirror<u8> {
        let mut mirror = Mirror::default();
        mirror.apply(Change::Begun);
        for (name, value) in objects {
            assert_eq!(mirror.apply(found(name, *value)), []);
        }
        mirror.apply(Change::Told);
        mirror
    }

    #[test]
    fn nothing_is_believed_before_all_is_told() {
        let mut mirror = Mirror::default();
        mirror.apply(Change::Begun);
        mirror.apply(found("a", 1));
        mirror.apply(Change::Runs);
        assert!(!mirror.is_told() && !mirror.is_live());
        assert_eq!(mirror.iter().count(), 0);

        assert_eq!(mirror.apply(Change::Told), [key("a")]);
        assert!(mirror.is_told() && mirror.is_live());
    }

    #[test]
    fn an_error_makes_it_old_until_the_watch_runs_again() {
        let mut mirror = told(&[("a", 1)]);
        mirror.apply(Change::Broke);
        assert!(mirror.is_told() && !mirror.is_live());
        mirror.apply(found("a", 2));
        assert!(!mirror.is_live(), "a late word is no health");
        mirror.apply(Change::Runs);
        assert!(mirror.is_live());

        // All anew: not to be believed while it is told.
        mirror.apply(Change::Broke);
        mirror.apply(Change::Begun);
        mirror.apply(Change::Runs);
        assert!(!mirror.is_live());
        assert_eq!(mirror.get("store-k7q2mx", "a"), Some(&2));
    }

    #[test]
    fn telling_anew_touches_only_what_differs() {
        let mut mirror = told(&[("same", 1), ("other", 1), ("gone", 1)]);
        mirror.apply(Change::Begun);
        for change in [found("same", 1), found("other", 2), found("new", 1)] {
            mirror.apply(change);
        }

        let touched = mirror.apply(Change::Told);

        assert_eq!(touched, [key("new"), key("other"), key("gone")]);
    }

    #[test]
    fn only_real_changes_touch() {
        let mut mirror = told(&[("a", 1)]);
        assert_eq!(mirror.apply(found("a", 1)), []);
        assert_eq!(mirror.apply(found("a", 2)), [key("a")]);
        assert_eq!(mirror.apply(Change::Gone(key("b"))), []);
        assert_eq!(mirror.apply(Change::Gone(key("a"))), [key("a")]);
    }

    #[test]
    fn a_namespace_has_its_own_objects_only() {
        let mut mirror = told(&[("a", 1), ("b", 2)]);
        mirror.apply(Change::Found(
            ("store-zzzzzz".to_owned(), "c".to_owned()),
            3,
        ));
        let names: Vec<&str> = mirror.of("store-k7q2mx").map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b"]);
    }
}
