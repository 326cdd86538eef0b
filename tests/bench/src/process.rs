//! What processes have used, as the kernel counts it.

use std::fs;
use std::time::Duration;

/// Ticks of processor time in a second; the kernel's interface has 100 on every machine.
const TICKS: u64 = 100;

/// Processor time and memory.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Processor time so far.
    pub(crate) cpu: Duration,
    /// The most memory it held at once, in bytes.
    pub(crate) peak_memory: u64,
    /// The memory it holds, in bytes.
    pub(crate) memory: u64,
}

/// Returns what a process has used.
pub(crate) fn usage(process: u32) -> Usage {
    Usage {
        cpu: cpu(process).unwrap_or_default(),
        peak_memory: memory(process, "VmHWM:").unwrap_or_default(),
        memory: memory(process, "VmRSS:").unwrap_or_default(),
    }
}

/// Returns what the processes that one started have used, together.
pub(crate) fn usage_of_children(process: u32) -> Usage {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|child| parent(*child) == Some(process))
        .map(usage)
        .fold(Usage::default(), |sum, one| Usage {
            cpu: sum.cpu + one.cpu,
            peak_memory: sum.peak_memory + one.peak_memory,
            memory: sum.memory + one.memory,
        })
}

/// Returns the fields of `stat` from the process's state on: its name before them may hold blanks.
fn stat(process: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn parent(process: u32) -> Option<u32> {
    stat(process)?.get(1)?.parse().ok()
}

fn cpu(process: u32) -> Option<Duration> {
    let fields = stat(process)?;
    let user: u64 = fields.get(11)?.parse().ok()?;
    let system: u64 = fields.get(12)?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 1000 / TICKS))
}

fn memory(process: u32, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
