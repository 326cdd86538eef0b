use std::collections::BTreeMap;

use super::*;
use crate::figure::{Figure, Times, Used};
use crate::ours::SIGNET;
use crate::requests::Requests;

fn figure(part: &str, who: &str, wall: f64, done: usize) -> Figure {
    let used = Used {
        cpu: 1.5,
        peak_memory: 40,
        memory: 30,
    };
    Figure {
        part: part.to_owned(),
        step: "one commit".to_owned(),
        who: who.to_owned(),
        what: format!("10 of {part}"),
        wanted: 10,
        done,
        wall,
        requests: Requests::parse(
            "apiserver_request_total{dry_run=\"\",resource=\"configmaps\",verb=\"APPLY\"} 100",
        ),
        programs: BTreeMap::from([("controller".to_owned(), used)]),
        times: None,
    }
}

fn record() -> Record {
    let mut single = figure("own-folder", SIGNET, 9.0, 10);
    "commit to applied".clone_into(&mut single.step);
    single.times = Times::of(vec![std::time::Duration::from_millis(120)]);
    Record {
        figures: vec![
            figure("limit", "bare requests", 0.1, 10),
            figure("shared-folder", SIGNET, 2.0, 10),
            figure("shared-folder", "peer 1", 30.0, 10),
            figure("own-folder", SIGNET, 2.0, 10),
            figure("own-folder", "peer 1", 30.0, 5),
            single,
            figure("fleet", SIGNET, 4.0, 10),
        ],
        ..Record::default()
    }
}

#[test]
fn each_place_of_the_page_has_its_table() {
    let page = page(&record());
    assert!(!page.contains("<!--"), "{page}");
    for expected in [
        "| 10 of shared-folder, one commit | 2.0 s | 30.0 s (peer 1) | 15.0 |",
        "5 of 10 after 30 s (peer 1) | more than 15, about 30 at that pace |",
        "| 50 | 5 % | 1.5 s | 40 MiB |",
        "| 10 of own-folder, commit to applied | 1 | 120 ms | 120 ms | 120 ms |",
        "**1000 requests/s**",
        "100 `APPLY configmaps`",
    ] {
        assert!(page.contains(expected), "{expected} is not in:\n{page}");
    }
}

#[test]
fn chart_has_two_bars_for_each_pair() {
    let chart = chart::draw(&record());
    assert_eq!(chart.matches("<rect").count(), 4);
    assert!(chart.contains("30.0 s, peer 1"));
}

#[test]
fn without_figures_there_is_no_page() {
    let folder = tempfile::tempdir().unwrap();
    assert!(write(&Record::default(), folder.path()).is_err());
    assert!(write(&record(), folder.path()).is_ok());
    assert!(folder.path().join("performance.svg").exists());
}
