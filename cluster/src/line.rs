//! A line in which parties take turns; of one party, who came first goes first.

use std::collections::{HashMap, VecDeque};

/// A line in which parties take turns, however many of each are waiting. Of one party, who came
/// first goes first.
///
/// ```
/// let mut line = cluster::Line::default();
/// line.join("flood", 1);
/// line.join("flood", 2);
/// line.join("other", 3);
/// let order: Vec<i32> = std::iter::from_fn(|| line.take(|_party| true)).collect();
/// assert_eq!(order, [1, 3, 2]);
/// ```
#[derive(Debug)]
pub struct Line<Id> {
    waiting: HashMap<String, VecDeque<Id>>,
    /// Those in `waiting`, the one whose turn it is first.
    turns: VecDeque<String>,
}

impl<Id> Default for Line<Id> {
    fn default() -> Self {
        Self {
            waiting: HashMap::new(),
            turns: VecDeque::new(),
        }
    }
}

impl<Id> Line<Id> {
    /// Joins the line, behind others of the same party.
    pub fn join(&mut self, party: &str, id: Id) {
        if let Some(waiting) = self.waiting.get_mut(party) {
            waiting.push_back(id);
        } else {
            self.waiting.insert(party.to_owned(), [id].into());
            self.turns.push_back(party.to_owned());
        }
    }

    /// Takes the first of the next party that may go.
    pub fn take(&mut self, may_go: impl Fn(&str) -> bool) -> Option<Id> {
        let turn = self.turns.iter().position(|party| may_go(party))?;
        let party = self.turns.remove(turn)?;
        let waiting = self.waiting.get_mut(&party)?;
        let id = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&party);
        } else {
            self.turns.push_back(party);
        }
        id
    }

    /// Takes whose turn it is, and returns who that was.
    pub(crate) fn take_next(&mut self) -> Option<String> {
        let party = self.turns.front()?.clone();
        self.take(|_party| true)?;
        Some(party)
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Leaves the line.
    pub fn remove(&mut self, party: &str, id: &Id)
    where
        Id: PartialEq,
    {
        let Some(waiting) = self.waiting.get_mut(party) else {
            return;
        };
        waiting.retain(|other| other != id);
        if waiting.is_empty() {
            self.waiting.remove(party);
            self.turns.retain(|other| other != party);
        }
    }
}
