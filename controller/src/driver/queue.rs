//! Who is reconciled next. Pure: what time it is comes in as an argument.
//!
//! Three rules keep one namespace's objects from slowing another's:
//!
//! 1. Namespaces take turns, however many objects of each are waiting.
//! 2. Who takes longer than [`Bounds::patience`] gives its place back and goes on beside the others,
//!    in one of the [`Bounds::lasting`] places: it waits for a server, a render or its own many
//!    objects, and nobody has to wait with it. Next time it begins there.
//! 3. A namespace that has no more places for those that last blocks a part of the quick places at
//!    most.
//! 4. However many namespaces hang, a quarter of the places of either sort is for those that have
//!    none: who owns several namespaces cannot take all places with them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;
use std::time::{Duration, Instant};

use cluster::Line;

/// How many may be under way at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How many that have just begun.
    pub(super) quick: usize,
    /// How many that take longer.
    pub(super) lasting: usize,
    /// How many of these in one namespace.
    pub(super) lasting_each: usize,
    /// How long one counts as just begun.
    pub(super) patience: Duration,
}

/// What waits and what is under way.
pub(super) struct Queue<Id> {
    bounds: Bounds,
    namespace: fn(&Id) -> &str,
    entries: HashMap<Id, Entry>,
    timers: BTreeMap<Due, Id>,
    timed: u64,
    quick: Line<Id>,
    lasting: Line<Id>,
    /// Those in quick places, oldest first, and when their time is up.
    begun: VecDeque<(Instant, Id)>,
    /// Those whose time in a quick place was up when there was no other.
    overdue: Vec<Id>,
    under_way: Counts,
    tenants: HashMap<String, Counts>,
}

/// When, and a number that makes it unique.
type Due = (Instant, u64);

#[derive(Default)]
struct Entry {
    next: Next,
    running: Option<Running>,
    /// Whether the last run took longer than patience.
    lasts: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Next {
    #[default]
    Never,
    At(Due),
    Ready,
    /// Ready as soon as the present run is over.
    AfterThis,
}

#[derive(Clone, Copy)]
struct Running {
    since: Instant,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Quick,
    /// A quick place whose time is up, and there is none for those that last.
    Overdue,
    Lasting,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    quick: usize,
    overdue: usize,
    lasting: usize,
}

impl Counts {
    fn of(&mut self, place: Place) -> &mut usize {
        match place {
            Place::Quick => &mut self.quick,
            Place::Overdue => &mut self.overdue,
            Place::Lasting => &mut self.lasting,
        }
    }
}

impl Bounds {
    /// Whether a namespace with `own` under way gets one more quick place.
    ///
    /// What has begun may turn out to last; as long as there are places for that, nobody has to wait.
    fn may_begin(&self, own: Counts, all: Counts) -> bool {
        let taken = all.quick + all.overdue;
        let quarter = (self.quick / 4).max(1);
        if taken >= self.quick || own.overdue >= quarter {
            return false;
        }
        let room = self.room(all);
        let is_stuck_with_all = (taken + 1).saturating_sub(room) > (self.quick - quarter).max(1);
        let own_room = room.min(self.lasting_each.saturating_sub(own.lasting));
        let is_stuck = (own.quick + own.overdue + 1).saturating_sub(own_room) > quarter;
        match (own.quick + own.overdue, own.lasting) {
            (0, 0) => true,
            (_, 0) if own.overdue == 0 => !is_stuck_with_all,
            _ => !is_stuck && !is_stuck_with_all,
        }
    }

    /// Whether a namespace with `own` under way gets one more place for those that last.
    fn may_last(&self, own: Counts, all: Counts) -> bool {
        if own.lasting == 0 {
            return all.lasting < self.lasting;
        }
        own.lasting < self.lasting_each && self.room(all) > 0
    }

    /// Returns how many places for those that last are left to namespaces that have some.
    fn room(&self, all: Counts) -> usize {
        (self.lasting - self.lasting / 4).saturating_sub(all.lasting)
    }
}

impl<Id: Clone + Eq + Hash> Queue<Id> {
    /// Begins with nothing; `namespace` says whose turn an object takes.
    pub(super) fn new(bounds: Bounds, namespace: fn(&Id) -> &str) -> Self {
        Self {
            bounds,
            namespace,
            entries: HashMap::new(),
            timers: BTreeMap::new(),
            timed: 0,
            quick: Line::default(),
            lasting: Line::default(),
            begun: VecDeque::new(),
            overdue: Vec::new(),
            under_way: Counts::default(),
            tenants: HashMap::new(),
        }
    }

    /// Has an object reconciled as soon as it is its turn.
    pub(super) fn wake(&mut self, id: &Id) {
        let entry = self.entries.entry(id.clone()).or_default();
        match (entry.next, entry.running) {
            (Next::Ready | Next::AfterThis, _) => {}
            (next, Some(_)) => {
                entry.next = Next::AfterThis;
                self.disarm(next);
            }
            (next, None) => {
                entry.next = Next::Ready;
                let lasts = entry.lasts;
                self.disarm(next);
                self.line_up(id, lasts);
            }
        }
    }

    /// Returns the next object whose turn it is, and counts it as under way.
    pub(super) fn start(&mut self, now: Instant) -> Option<Id> {
        self.settle(now);
        let (id, place) = self.next()?;
        let entry = self.entries.entry(id.clone()).or_default();
        entry.next = Next::Never;
        entry.running = Some(Running { since: now, place });
        self.count(&id, place);
        if place == Place::Quick {
            self.begun
                .push_back((now + self.bounds.patience, id.clone()));
        }
        Some(id)
    }

    /// Notes the end of a run; `again` says when to look again at the latest.
    pub(super) fn finished(&mut self, id: &Id, again: Option<Duration>, now: Instant) {
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        let Some(running) = entry.running.take() else {
            return;
        };
        let lasts = now.duration_since(running.since) >= self.bounds.patience;
        entry.lasts = lasts;
        let next = entry.next;
        entry.next = Next::Never;
        self.discount(id, running.place);
        match (next, again) {
            (Next::AfterThis | Next::Ready, _) => self.wake(id),
            (Next::Never | Next::At(_), Some(again)) => self.arm(id, now + again),
            (Next::Never | Next::At(_), None) => {
                self.entries.remove(id);
            }
        }
    }

    /// Forgets an object that is gone.
    pub(super) fn forget(&mut self, id: &Id) {
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        let next = entry.next;
        if entry.running.is_some() {
            entry.next = Next::Never;
        } else {
            self.entries.remove(id);
        }
        self.disarm(next);
        if next == Next::Ready {
            let namespace = (self.namespace)(id);
            self.quick.remove(namespace, id);
            self.lasting.remove(namespace, id);
        }
    }

    /// Returns when something changes without anything happening.
    pub(super) fn next_change(&self) -> Option<Instant> {
        let timer = self.timers.keys().next().map(|(at, _)| *at);
        let patience = self.begun.front().map(|(at, _)| *at);
        timer.into_iter().chain(patience).min()
    }

    /// Makes ready what is due, and moves those whose time in a quick place is up.
    fn settle(&mut self, now: Instant) {
        while let Some(first) = self.timers.first_entry()
            && first.key().0 <= now
        {
            let id = first.remove();
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.next = Next::Ready;
                let lasts = entry.lasts;
                self.line_up(&id, lasts);
            }
        }
        while let Some((at, _)) = self.begun.front()
            && *at <= now
        {
            let Some((at, id)) = self.begun.pop_front() else {
                break;
            };
            // It may have ended since, and even begun again.
            let is_this = self
                .running(&id)
                .is_some_and(|running| running.since + self.bounds.patience == at);
            if is_this {
                self.place(&id, Place::Overdue);
                self.overdue.push(id);
            }
        }
        if !self.overdue.is_empty() {
            self.promote();
        }
    }

    /// Gives those whose time is up the places that are free for them.
    fn promote(&mut self) {
        for id in std::mem::take(&mut self.overdue) {
            let running = self.running(&id);
            if !running.is_some_and(|running| running.place == Place::Overdue) {
                // It has ended since.
            } else if self.may_last((self.namespace)(&id)) {
                self.place(&id, Place::Lasting);
            } else {
                self.overdue.push(id);
            }
        }
    }

    fn next(&mut self) -> Option<(Id, Place)> {
        let Self {
            bounds,
            quick,
            lasting,
            under_way,
            tenants,
            ..
        } = self;
        let own = |namespace: &str| tenants.get(namespace).copied().unwrap_or_default();
        if let Some(id) = quick.take(|namespace| bounds.may_begin(own(namespace), *under_way)) {
            return Some((id, Place::Quick));
        }
        let id = lasting.take(|namespace| bounds.may_last(own(namespace), *under_way))?;
        Some((id, Place::Lasting))
    }

    fn may_last(&self, namespace: &str) -> bool {
        let own = self.tenants.get(namespace).copied().unwrap_or_default();
        self.bounds.may_last(own, self.under_way)
    }

    fn running(&self, id: &Id) -> Option<Running> {
        self.entries.get(id)?.running
    }

    fn place(&mut self, id: &Id, place: Place) {
        let Some(running) = self
            .entries
            .get_mut(id)
            .and_then(|entry| entry.running.as_mut())
        else {
            return;
        };
        let before = std::mem::replace(&mut running.place, place);
        self.discount(id, before);
        self.count(id, place);
    }

    fn count(&mut self, id: &Id, place: Place) {
        let namespace = (self.namespace)(id).to_owned();
        *self.under_way.of(place) += 1;
        *self.tenants.entry(namespace).or_default().of(place) += 1;
    }

    fn discount(&mut self, id: &Id, place: Place) {
        let namespace = (self.namespace)(id);
        *self.under_way.of(place) -= 1;
        if let Some(own) = self.tenants.get_mut(namespace) {
            *own.of(place) -= 1;
            if own.quick + own.overdue + own.lasting == 0 {
                self.tenants.remove(namespace);
            }
        }
    }

    fn line_up(&mut self, id: &Id, lasts: bool) {
        let line = if lasts {
            &mut self.lasting
        } else {
            &mut self.quick
        };
        line.join((self.namespace)(id), id.clone());
    }

    fn arm(&mut self, id: &Id, at: Instant) {
        self.timed += 1;
        let due = (at, self.timed);
        self.timers.insert(due, id.clone());
        self.entries.entry(id.clone()).or_default().next = Next::At(due);
    }

    fn disarm(&mut self, next: Next) {
        if let Next::At(due) = next {
            self.timers.remove(&due);
        }
    }
}

#[cfg(test)]
mod tests;
