//! What is said beside the results, on standard error.

use std::io::{IsTerminal as _, Write as _, stderr};

/// A line that scripts should see as well. Standard error may be closed.
pub(crate) fn note(text: &str) {
    let _ = writeln!(stderr(), "note: {text}");
}

/// A line on the terminal; scripts have the report.
pub(crate) fn show(text: &str) {
    if stderr().is_terminal() {
        let _ = writeln!(stderr(), "{text}");
    }
}
