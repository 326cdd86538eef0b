//! Waiting for a state instead of for a time.

use std::time::{Duration, Instant};

/// Asks again and again until there is an answer, and returns it.
///
/// # Panics
///
/// When there is none before the deadline; the panic says what was waited for and the last reason.
pub fn eventually<T>(
    what: &str,
    deadline: Duration,
    mut ask: impl FnMut() -> Result<T, String>,
) -> T {
    let started = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(reason) => {
                assert!(
                    started.elapsed() < deadline,
                    "{what} did not happen within {deadline:?}: {reason}"
                );
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
