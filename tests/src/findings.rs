//! All that is wrong in one run.

/// Collects what is wrong with each case, so that one run shows all of it.
#[derive(Debug, Default)]
pub struct Findings(Vec<String>);

impl Findings {
    /// Notes what is wrong with a case.
    pub fn add(&mut self, case: impl std::fmt::Display, what: impl std::fmt::Display) {
        self.0.push(format!("{case}: {what}"));
    }

    /// Notes that something does not hold.
    pub fn hold(
        &mut self,
        holds: bool,
        case: impl std::fmt::Display,
        what: impl FnOnce() -> String,
    ) {
        if !holds {
            self.add(case, what());
        }
    }

    /// Fails with all that was found.
    pub fn done(self) {
        assert!(self.0.is_empty(), "{} findings:\n{}", self.0.len(), self.0.join("\n"));
    }
}
