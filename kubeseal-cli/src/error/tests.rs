use std::error::Error;
use std::fmt;

use super::{Category, Chain};

#[derive(Debug)]
struct Step(&'static str, Option<Box<Step>>);

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Error for Step {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|step| step as &(dyn Error + 'static))
    }
}

#[test]
fn chain_writes_every_cause_once() {
    let error = Step(
        "cannot read",
        Some(Box::new(Step(
            "open: denied",
            Some(Box::new(Step("denied", None))),
        ))),
    );
    assert_eq!(Chain(&error).to_string(), "cannot read: open: denied");
}

#[test]
fn only_bugs_of_ours_exit_with_seventy() {
    assert_eq!(Category::Internal.exit_status(), 70);
    assert_eq!(Category::Invalid.exit_status(), 2);
    assert_eq!(Category::Unavailable.exit_status(), 1);
}
