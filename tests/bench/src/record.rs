//! The file that keeps figures, so that parts can be taken one after the other and drawn together.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::figure::{Figure, LIMIT};

/// All figures there are, and where they were taken.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    /// What they were taken on.
    pub(crate) machine: Machine,
    /// The figures, in the order in which they were taken first.
    pub(crate) figures: Vec<Figure>,
}

/// What figures were taken on.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// Processor model.
    pub(crate) processor: String,
    /// How many cores there are.
    pub(crate) cores: usize,
    /// Memory, in GiB.
    pub(crate) memory: u64,
    /// Version of the kernel.
    pub(crate) kernel: String,
}

impl Record {
    /// Reads a record; a file that is not there is an empty one.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read(path).with_context(|| format!("failed to read {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is no record", path.display()))
    }

    /// Puts figures in the places of those of the same part, step and program, and writes the file.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(crate) fn keep(&mut self, figures: &[Figure], path: &Path) -> anyhow::Result<()> {
        self.machine = Machine::read();
        for figure in figures {
            self.put(figure.clone());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
    }

    fn put(&mut self, figure: Figure) {
        let place = self.figures.iter_mut().find(|held| {
            (&held.part, &held.step, &held.who) == (&figure.part, &figure.step, &figure.who)
        });
        match place {
            Some(held) => *held = figure,
            None => self.figures.push(figure),
        }
    }

    /// Returns how many bare requests the API server answers in a second.
    pub(crate) fn limit(&self) -> Option<f64> {
        self.figures
            .iter()
            .find(|figure| figure.part == LIMIT)
            .map(Figure::rate)
    }
}

impl Machine {
    fn read() -> Self {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':'))
                .map(|(_, value)| value.trim().to_owned())
                .unwrap_or_default()
        };
        let memory = field(&text("/proc/meminfo"), "MemTotal");
        let kilobytes: u64 = memory
            .split_whitespace()
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or_default();
        Self {
            processor: field(&text("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: (kilobytes + 512 * 1024) / (1024 * 1024),
            kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(part: &str, who: &str, wall: f64) -> Figure {
        Figure {
            part: part.to_owned(),
            step: "first sync".to_owned(),
            who: who.to_owned(),
            what: String::new(),
            wanted: 1,
            done: 1,
            wall,
            requests: crate::requests::Requests::default(),
            programs: std::collections::BTreeMap::new(),
            times: None,
        }
    }

    #[test]
    fn figures_of_a_part_that_ran_again_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/figures.json");
        let mut record = Record::read(&path).unwrap();
        let taken = [figure("limit", "a", 1.0), figure("fleet", "a", 2.0)];
        record.keep(&taken, &path).unwrap();
        let mut record = Record::read(&path).unwrap();
        record.keep(&[figure("limit", "a", 3.0)], &path).unwrap();
        let walls: Vec<f64> = Record::read(&path)
            .unwrap()
            .figures
            .iter()
            .map(|figure| figure.wall)
            .collect();
        assert_eq!(walls, [3.0, 2.0]);
    }
}
