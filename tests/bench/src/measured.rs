//! Readings of clocks and counters, and the figures between two of them.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::figure::{Figure, Used};
use crate::flags::Part;
use crate::process::{self, Usage};
use crate::requests::Requests;
use crate::rig::Rig;

/// A program that is watched while a step runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched {
    /// What it is called in the figures.
    pub(crate) name: &'static str,
    /// Its process.
    pub(crate) process: u32,
}

/// A step of a part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step<'a> {
    /// The part.
    pub(crate) part: Part,
    /// The step's name.
    pub(crate) name: &'a str,
    /// Whose controller does it.
    pub(crate) who: &'a str,
    /// What is done, in words.
    pub(crate) what: &'a str,
    /// How many objects are to be done.
    pub(crate) wanted: usize,
}

/// A reading of clocks and counters.
pub(crate) struct Reading {
    at: Instant,
    requests: Requests,
    used: BTreeMap<&'static str, Usage>,
}

impl Reading {
    /// Reads everything; a program that is not there yet has used nothing.
    ///
    /// # Errors
    ///
    /// When the API server does not answer.
    pub(crate) async fn take(rig: &Rig, programs: &[Watched]) -> anyhow::Result<Self> {
        let at = Instant::now();
        let [etcd, api_server] = rig.servers();
        let servers = [("etcd", etcd), ("API server", api_server)]
            .map(|(name, process)| Watched { name, process });
        let mut used = BTreeMap::new();
        for program in servers.iter().chain(programs) {
            used.insert(program.name, process::usage(program.process));
            let children = process::usage_of_children(program.process);
            if children.memory > 0 {
                used.insert("render workers", children);
            }
        }
        let requests = rig.requests().await?;
        Ok(Self { at, requests, used })
    }

    /// Returns what was done since this reading.
    ///
    /// # Errors
    ///
    /// When the API server does not answer.
    pub(crate) async fn done(
        &self,
        step: Step<'_>,
        done: usize,
        rig: &Rig,
        programs: &[Watched],
    ) -> anyhow::Result<Figure> {
        let now = Self::take(rig, programs).await?;
        let programs = now.used.iter().map(|(name, after)| {
            let before = self.used.get(name).copied().unwrap_or_default();
            ((*name).to_owned(), Used::between(before, *after))
        });
        Ok(Figure {
            part: step.part.name(),
            step: step.name.to_owned(),
            who: step.who.to_owned(),
            what: step.what.to_owned(),
            wanted: step.wanted,
            done,
            wall: (now.at - self.at).as_secs_f64(),
            requests: now.requests.since(&self.requests),
            programs: programs.collect(),
            times: None,
        })
    }
}
