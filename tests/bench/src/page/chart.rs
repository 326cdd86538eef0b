//! The chart: how long the same work takes, ours above the upstream controller's.

use std::fmt::Write as _;

use super::tables::{pairs, took};
use crate::figure::Figure;
use crate::record::Record;

const WIDTH: f64 = 760.0;
const LEFT: f64 = 12.0;
const BAR: f64 = 16.0;
const GROUP: f64 = 76.0;
/// Room for the text behind the longest bar.
const BEHIND: f64 = 250.0;

/// Draws the chart as SVG. It is legible on light and on dark ground.
pub(super) fn draw(record: &Record) -> String {
    let pairs = pairs(record);
    let longest = pairs
        .iter()
        .flat_map(|(ours, theirs)| [ours.wall, theirs.wall])
        .fold(1.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "there are a handful of pairs")]
    let height = GROUP * pairs.len() as f64 + 24.0;
    let mut chart = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n\
         <title>Seconds for the same work, shorter is better</title>\n\
         <style>text {{ fill: #57606a }} .ours {{ fill: #2da44e }} .theirs {{ fill: #8c959f }}</style>\n"
    );
    for (index, (ours, theirs)) in pairs.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "there are a handful of pairs")]
        let top = GROUP * index as f64 + 20.0;
        let _ = writeln!(
            chart,
            "<text x=\"{LEFT}\" y=\"{top}\">{}, {}</text>",
            ours.what, ours.step
        );
        bar(&mut chart, ours, "ours", top + 8.0, longest);
        bar(&mut chart, theirs, "theirs", top + 12.0 + BAR, longest);
    }
    chart.push_str("</svg>\n");
    chart
}

fn bar(chart: &mut String, figure: &Figure, class: &str, top: f64, longest: f64) {
    let length = ((WIDTH - LEFT - BEHIND) * figure.wall / longest).max(1.0);
    let _ = writeln!(
        chart,
        "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{top:.0}\" width=\"{length:.1}\" \
         height=\"{BAR}\"/>\n<text x=\"{:.1}\" y=\"{:.0}\">{}, {}</text>",
        LEFT + length + 6.0,
        top + BAR - 4.0,
        took(figure),
        figure.who
    );
}
