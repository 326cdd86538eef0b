//! Who may have a request in flight: a bounded number, and everybody in turn.
//!
//! Namespaces take turns, and within a namespace its units: a unit of thousands of objects, or a
//! namespace of many such units, slows itself down and not the others. A request that is answered
//! by nobody for a while gives its place back: it keeps a connection and nothing else busy, for
//! example while an admission webhook hangs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::line::Line;

/// On whose behalf requests are sent: those of one party take turns with those of another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) namespace: Arc<str>,
    pub(crate) unit: Arc<str>,
}

/// The places for requests in flight.
#[derive(Debug)]
pub(crate) struct Gate(Mutex<State>);

#[derive(Debug)]
struct State {
    free: usize,
    /// How many may still give their places back before they are done.
    aside: usize,
    line: Waiting,
}

/// The turns of namespaces, and in each the turns of its units.
#[derive(Debug, Default)]
struct Waiting {
    namespaces: Line<()>,
    units: std::collections::HashMap<Arc<str>, Line<oneshot::Sender<Place>>>,
}

/// A place among the requests in flight, free again with the value's end.
#[derive(Debug)]
pub(crate) struct Place {
    gate: Arc<Gate>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    InFlight,
    Aside,
    /// Counted by nobody any more.
    Given,
}

impl Gate {
    /// Opens a gate with `in_flight` places; `aside` requests at once may outlast theirs.
    pub(crate) fn new(in_flight: usize, aside: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            free: in_flight,
            aside,
            line: Waiting::default(),
        })))
    }

    /// Waits for a place; none when the gate is gone.
    pub(crate) async fn enter(self: &Arc<Self>, party: &Party) -> Option<Place> {
        let turn = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                return Some(self.place(Kind::InFlight));
            }
            let (sender, turn) = oneshot::channel();
            state.line.join(party, sender);
            turn
        };
        turn.await.ok()
    }

    /// Returns how many places nobody has.
    #[cfg(test)]
    pub(crate) fn free(&self) -> usize {
        self.state().free
    }

    /// Gives a free place to whoever is next, or keeps it free.
    fn hand_on(self: &Arc<Self>) {
        loop {
            let Some(next) = ({
                let mut state = self.state();
                let next = state.line.take();
                if next.is_none() {
                    state.free += 1;
                }
                next
            }) else {
                return;
            };
            match next.send(self.place(Kind::InFlight)) {
                Ok(()) => return,
                // It stopped waiting; the place is still to be given.
                Err(mut place) => place.kind = Kind::Given,
            }
        }
    }

    fn place(self: &Arc<Self>, kind: Kind) -> Place {
        Place {
            gate: Arc::clone(self),
            kind,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Counters and a line have no broken state that a panic elsewhere could leave.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn join(&mut self, party: &Party, sender: oneshot::Sender<Place>) {
        self.namespaces.join(&party.namespace, ());
        let units = self.units.entry(Arc::clone(&party.namespace)).or_default();
        units.join(&party.unit, sender);
    }

    fn take(&mut self) -> Option<oneshot::Sender<Place>> {
        let namespace = self.namespaces.take_next()?;
        let units = self.units.get_mut(namespace.as_str())?;
        let sender = units.take(|_unit| true);
        if units.is_empty() {
            self.units.remove(namespace.as_str());
        }
        sender
    }
}

impl Place {
    /// Gives the place back while the request goes on, unless too many did so already.
    pub(crate) fn step_aside(&mut self) {
        let mut state = self.gate.state();
        if self.kind != Kind::InFlight || state.aside == 0 {
            return;
        }
        state.aside -= 1;
        drop(state);
        self.kind = Kind::Aside;
        self.gate.hand_on();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        match self.kind {
            Kind::InFlight => self.gate.hand_on(),
            Kind::Aside => self.gate.state().aside += 1,
            Kind::Given => {}
        }
    }
}

#[cfg(test)]
mod tests;
