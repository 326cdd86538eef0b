//! The tables of the page.

use std::fmt::Write as _;

use crate::figure::Figure;
use crate::record::Record;

/// Returns what stands in a place of the page, `None` when there is no such place.
pub(super) fn named(name: &str, record: &Record) -> Option<String> {
    Some(match name {
        "machine" => machine(record),
        "limit" => limit(record),
        "times" => times(record),
        "work" => work(record),
        "fleet" => fleet(record),
        "single" => single(record),
        "requests" => requests(record),
        _ => return None,
    })
}

fn machine(record: &Record) -> String {
    let machine = &record.machine;
    format!(
        "{} cores of {}, {} GiB, Linux {}.\n",
        machine.cores, machine.processor, machine.memory, machine.kernel
    )
}

fn limit(record: &Record) -> String {
    record.limit().map_or_else(String::new, |rate| {
        format!("On this machine: **{rate:.0} requests/s**.\n")
    })
}

/// What was done once by each controller.
fn work(record: &Record) -> String {
    let mut table = String::from(
        "| work | controller | time | requests/s | of the limit | its CPU | its memory at most |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for figure in compared(record) {
        let share = record.limit().map_or_else(
            || "–".to_owned(),
            |limit| format!("{:.0} %", 100.0 * figure.rate() / limit),
        );
        let _ = writeln!(
            table,
            "| {}, {} | {} | {} | {:.0} | {share} | {:.1} s | {} MiB |",
            figure.what,
            figure.step,
            figure.who,
            took(figure),
            figure.rate(),
            cpu(figure),
            memory(figure)
        );
    }
    table
}

/// How many times as long the upstream controller takes.
fn times(record: &Record) -> String {
    let mut table = String::from("| work | ours | upstream | times as long |\n|---|---|---|---|\n");
    for (ours, theirs) in pairs(record) {
        let ratio = theirs.wall / ours.wall.max(f64::EPSILON);
        let ratio = if theirs.is_whole() {
            format!("{ratio:.1}")
        } else {
            // As if it went on as fast as until then.
            #[expect(clippy::cast_precision_loss, reason = "counts of objects are small")]
            let share = theirs.wanted as f64 / theirs.done.max(1) as f64;
            format!(
                "more than {ratio:.0}, about {:.0} at that pace",
                ratio * share
            )
        };
        let _ = writeln!(
            table,
            "| {}, {} | {} | {} ({}) | {ratio} |",
            ours.what,
            ours.step,
            took(ours),
            took(theirs),
            theirs.who
        );
    }
    table
}

fn fleet(record: &Record) -> String {
    let mut table = String::from(
        "| size | step | time | requests | writes | CPU | memory | memory at most |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let parts = ["fleet", "growth"];
    for figure in record
        .figures
        .iter()
        .filter(|figure| parts.contains(&figure.part.as_str()))
    {
        let used = figure.programs.get("controller");
        let workers = figure.programs.get("render workers");
        let memory = |used: Option<&crate::figure::Used>| used.map_or(0, |used| used.memory);
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {:.1} s | {} MiB | {} MiB |",
            figure.what,
            figure.step,
            took(figure),
            figure.requests.total(),
            figure.requests.writes(),
            cpu(figure),
            memory(used) + memory(workers),
            self::memory(figure)
        );
    }
    table
}

fn single(record: &Record) -> String {
    let mut table = String::from(
        "| way of one commit | samples | p50 | p95 | longest |\n|---|---|---|---|---|\n",
    );
    for figure in &record.figures {
        if let Some(times) = figure.times {
            let _ = writeln!(
                table,
                "| {}, {} | {} | {} ms | {} ms | {} ms |",
                figure.what, figure.step, times.samples, times.p50, times.p95, times.longest
            );
        }
    }
    table
}

/// What each kind of work asks of the API server.
fn requests(record: &Record) -> String {
    let mut text = String::new();
    for figure in &record.figures {
        let _ = writeln!(text, "- {}, {}, {}:", figure.what, figure.step, figure.who);
        let names = figure.requests.by_count();
        let words: Vec<_> = names
            .iter()
            .take(8)
            .map(|(name, count)| format!("{count} `{name}`"))
            .collect();
        let _ = writeln!(text, "  {}", words.join(", "));
    }
    text
}

/// Returns the figures of work that both kinds of controllers do.
fn compared(record: &Record) -> impl Iterator<Item = &Figure> {
    let parts = [
        "shared-folder",
        "own-folder",
        "sealed-secrets",
        "external-secrets",
    ];
    record
        .figures
        .iter()
        .filter(move |figure| parts.contains(&figure.part.as_str()) && figure.times.is_none())
}

/// Returns each figure of ours with that of the upstream controller.
pub(super) fn pairs(record: &Record) -> Vec<(&Figure, &Figure)> {
    let is_ours = |figure: &&Figure| figure.who == crate::ours::SIGNET;
    let mut pairs = Vec::new();
    for ours in compared(record).filter(is_ours) {
        let theirs = compared(record).find(|theirs| {
            !is_ours(theirs) && (&theirs.part, &theirs.step) == (&ours.part, &ours.step)
        });
        pairs.extend(theirs.map(|theirs| (ours, theirs)));
    }
    pairs
}

/// Returns the time a step took, or how far it came.
pub(super) fn took(figure: &Figure) -> String {
    if figure.is_whole() {
        format!("{:.1} s", figure.wall)
    } else {
        let (done, wanted) = (figure.done, figure.wanted);
        format!("{done} of {wanted} after {:.0} s", figure.wall)
    }
}

fn own(figure: &Figure) -> impl Iterator<Item = &crate::figure::Used> {
    ["controller", "render workers"]
        .into_iter()
        .filter_map(|name| figure.programs.get(name))
}

fn cpu(figure: &Figure) -> f64 {
    own(figure).map(|used| used.cpu).sum()
}

fn memory(figure: &Figure) -> u64 {
    own(figure).map(|used| used.peak_memory).sum()
}
