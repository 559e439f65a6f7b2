//! What a check found, for people and for programs.

use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::Path;

use ozonetel_sdk::endpoint::{ASSUMPTIONS, ShownBy};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::evidence::Evidence;
use super::judge::{AssumptionVerdict, Judgment, NOT_ASKED, judge};
use crate::failure::Failure;
use crate::part_file::PartFile;

/// The largest report that is read again.
const LARGEST: u64 = 1 << 20;

/// A report. Fields are only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LiveReport {
    /// When the last check ended.
    pub(super) at: String,
    /// token or key.
    pub(super) mode: String,
    pub(super) region: String,
    /// A digest of the account and its address, by which another one's report is told from its own.
    #[serde(default)]
    pub(super) account: String,
    /// Why the last check ended before its time.
    pub(super) stopped: Option<String>,
    pub(super) assumptions: Vec<AssumptionFinding>,
}

/// One assumption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AssumptionFinding {
    pub(super) id: String,
    pub(super) verdict: AssumptionVerdict,
    pub(super) expected: String,
    /// Masked.
    pub(super) seen: String,
    /// What it means for a program if it is wrong.
    pub(super) means: String,
    /// What mends it.
    pub(super) setting: String,
    /// The command that looks; none if none does.
    pub(super) check: Option<String>,
    /// When it was last seen to hold or not.
    pub(super) at: Option<String>,
}

/// The command that looks at an assumption.
pub(super) fn command(shown_by: ShownBy) -> Option<&'static str> {
    match shown_by {
        ShownBy::Reading => Some("ozonetel live check"),
        ShownBy::SigningIn => Some("ozonetel live check --agent ID"),
        ShownBy::Calling => Some("ozonetel live check --call NUMBER"),
        _ => None,
    }
}

/// The digest by which a report names an account: nothing that could be read out of it.
pub(super) fn digest(account: &str, address: Option<&str>) -> String {
    let mut hash = Sha256::new();
    for text in [account, address.unwrap_or_default().trim_end_matches('/')] {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
        // A text takes all that is written.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What mends it in a program, and on this command line where it can be said there.
fn setting(one: &ozonetel_sdk::endpoint::Assumption) -> String {
    let here = match one.id {
        "zone.account" => "OZONETEL_TIMEZONE",
        "mdl.session-fields" => "--us-id-field, --browser-session-field",
        _ => return one.setting.to_owned(),
    };
    format!("{}; here: {here}", one.setting)
}

/// A finding about every assumption.
pub(super) fn findings(seen: &Evidence, at: &str) -> Vec<AssumptionFinding> {
    let finding = |one: &ozonetel_sdk::endpoint::Assumption| {
        let Judgment { verdict, seen } = judge(one, seen);
        AssumptionFinding {
            id: one.id.to_owned(),
            verdict,
            expected: one.assumed.to_owned(),
            seen: crate::mask::shortened(&seen),
            means: one.if_wrong.to_owned(),
            setting: setting(one),
            check: command(one.shown_by).map(str::to_owned),
            at: (verdict != AssumptionVerdict::NotSeen).then(|| at.to_owned()),
        }
    };
    ASSUMPTIONS.iter().map(finding).collect()
}

impl LiveReport {
    /// Reads the report of an earlier check; none if there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Failure> {
        let cannot = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("{}: {error}; choose another folder with --to", path.display()))
        };
        let mut file = match std::fs::File::open(path) {
            Ok(file) => file.take(LARGEST),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot(&error)),
        };
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| cannot(&error))?;
        serde_json::from_str(&text).map(Some).map_err(|error| cannot(&error))
    }

    /// Refuses to go on with the report of an earlier check of another account.
    pub(super) fn refuse_another(
        earlier: Option<&Self>,
        (account, mode, region): (&str, &str, &str),
        folder: &Path,
    ) -> Result<(), Failure> {
        let Some(earlier) = earlier else { return Ok(()) };
        let what = if earlier.account != account {
            "account or address"
        } else if earlier.mode != mode {
            "authentication mode"
        } else if earlier.region != region {
            "region"
        } else {
            return Ok(());
        };
        let text = format!("the report in {} is of another {what}", folder.display());
        Err(Failure::usage(text).advise("choose another folder with --to"))
    }

    /// Keeps what an earlier check saw and this one did not look at.
    pub(super) fn with_earlier(mut self, earlier: Option<Self>) -> Self {
        let earlier = earlier.map(|report| report.assumptions).unwrap_or_default();
        for finding in
            self.assumptions.iter_mut().filter(|one| one.verdict == AssumptionVerdict::NotSeen)
        {
            let Some(before) = earlier.iter().find(|one| one.id == finding.id) else { continue };
            if before.at.is_some() || finding.seen == NOT_ASKED {
                finding.verdict = before.verdict;
                finding.seen.clone_from(&before.seen);
                finding.at.clone_from(&before.at);
            }
        }
        self
    }

    /// Writes `report.json` and `report.txt`.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let json = serde_json::to_string_pretty(self);
        let json = json.map_err(|error| Failure::output(&error.into()))?;
        for (name, text) in [("report.json", format!("{json}\n")), ("report.txt", self.text())] {
            let written = PartFile::write(&folder.join(name), text.as_bytes());
            written.map_err(|error| Failure::output(&error))?;
        }
        Ok(())
    }

    /// How many assumptions are wrong for this account.
    pub(super) fn contradicted(&self) -> usize {
        self.count(AssumptionVerdict::Contradicted)
    }

    fn count(&self, verdict: AssumptionVerdict) -> usize {
        self.assumptions.iter().filter(|one| one.verdict == verdict).count()
    }

    /// What other commands look at, by command.
    fn tell_left_out(&self, out: &mut String) {
        let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
        for one in self.assumptions.iter().filter(|one| one.is_left_out()) {
            let command = one.check.as_deref().unwrap_or("no command");
            match commands.iter_mut().find(|(known, _)| *known == command) {
                Some((_, ids)) => ids.push(&one.id),
                None => commands.push((command, vec![&one.id])),
            }
        }
        for (command, ids) in commands {
            let _ = writeln!(out, "{:<12}  {command}", "not asked");
            for id in ids {
                let _ = writeln!(out, "{:<12}  {id}", "");
            }
        }
    }

    /// For people: what is wrong first, with what to set.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let order =
            [AssumptionVerdict::Contradicted, AssumptionVerdict::Holds, AssumptionVerdict::NotSeen];
        for verdict in order {
            let of = |one: &&AssumptionFinding| one.verdict == verdict && !one.is_left_out();
            self.assumptions.iter().filter(of).for_each(|one| one.tell(&mut out));
        }
        self.tell_left_out(&mut out);
        let _ = writeln!(
            out,
            "{} hold, {} contradicted, {} not seen",
            self.count(AssumptionVerdict::Holds),
            self.contradicted(),
            self.count(AssumptionVerdict::NotSeen)
        );
        if let Some(stopped) = &self.stopped {
            let _ = writeln!(out, "stopped: {stopped}");
        }
        out
    }
}

impl AssumptionFinding {
    /// Whether another command looks at it.
    fn is_left_out(&self) -> bool {
        self.verdict == AssumptionVerdict::NotSeen && self.seen == NOT_ASKED
    }

    fn tell(&self, out: &mut String) {
        let word = match self.verdict {
            AssumptionVerdict::Holds => "holds",
            AssumptionVerdict::Contradicted => "contradicted",
            AssumptionVerdict::NotSeen => "not seen",
        };
        let seen = &self.seen;
        let _ = writeln!(out, "{word:<12}  {}", self.id);
        let mut line = |name: &str, text: &str| {
            let _ = writeln!(out, "{:<12}  {name}: {text}", "");
        };
        match (self.verdict, &self.check) {
            (AssumptionVerdict::Holds, _) => line("seen", seen),
            (AssumptionVerdict::NotSeen, Some(check)) => {
                line("why", seen);
                line("then", check);
            }
            (AssumptionVerdict::NotSeen, None) => line("why", seen),
            (AssumptionVerdict::Contradicted, _) => {
                line("expected", &self.expected);
                line("seen", seen);
                line("means", &self.means);
                line("setting", &self.setting);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdict: AssumptionVerdict, at: Option<&str>) -> LiveReport {
        let mut assumptions = findings(&Evidence::default(), "2026-11-20T00:00:00Z");
        assumptions[0].verdict = verdict;
        assumptions[0].at = at.map(str::to_owned);
        let (at, mode, region) = ("now".to_owned(), "key".to_owned(), "india".to_owned());
        let account = digest("acme_support", None);
        LiveReport { at, mode, region, account, stopped: None, assumptions }
    }

    #[test]
    fn a_report_of_another_account_is_not_gone_on_with() {
        let (own, other) = (digest("acme_support", None), digest("acme_sales", None));
        let abroad = digest("acme_support", Some("https://api.example.test"));
        let earlier = report(AssumptionVerdict::Contradicted, Some("yesterday"));
        let checked = |account: &str, mode: &str, region: &str| {
            let done =
                LiveReport::refuse_another(Some(&earlier), (account, mode, region), Path::new("x"));
            done.map_err(|failure| failure.told().0)
        };
        assert_eq!(checked(&own, "key", "india"), Ok(()));
        for (account, mode, region, what) in [
            (&other, "key", "india", "another account or address"),
            (&abroad, "key", "india", "another account or address"),
            (&own, "token", "india", "another authentication mode"),
            (&own, "key", "international", "another region"),
        ] {
            let refused = checked(account, mode, region).unwrap_err();
            assert_eq!(refused, format!("the report in x is of {what}"));
        }
        let text = serde_json::to_string(&earlier).unwrap();
        assert!(!text.contains("acme"), "{text}");
    }

    #[test]
    fn nothing_seen_is_said_of_each_with_the_command_that_looks() {
        let report = report(AssumptionVerdict::NotSeen, None);
        assert_eq!(report.assumptions.len(), ASSUMPTIONS.len());
        let text = report.text();
        assert!(text.contains("not asked     ozonetel live check --call NUMBER\n"), "{text}");
        assert!(text.contains("why: a text message costs money"), "{text}");
        assert!(!text.contains("then: "), "{text}");
        assert!(text.ends_with("0 hold, 0 contradicted, 26 not seen\n"), "{text}");
    }

    #[test]
    fn what_an_earlier_check_saw_is_kept_and_what_this_one_saw_is_newer() {
        let earlier = report(AssumptionVerdict::Contradicted, Some("yesterday"));
        let kept = report(AssumptionVerdict::NotSeen, None).with_earlier(Some(earlier.clone()));
        assert_eq!(kept.assumptions[0].verdict, AssumptionVerdict::Contradicted);
        assert_eq!(kept.assumptions[0].at.as_deref(), Some("yesterday"));
        let newer = report(AssumptionVerdict::Holds, Some("today")).with_earlier(Some(earlier));
        assert_eq!(newer.assumptions[0].verdict, AssumptionVerdict::Holds);
        assert_eq!(newer.contradicted(), 0);
    }

    #[test]
    fn a_contradiction_says_what_it_means_and_what_to_set() {
        let report = report(AssumptionVerdict::Contradicted, Some("now"));
        let of = |id: &str| report.assumptions.iter().find(|one| one.id == id).unwrap();
        assert!(of("zone.account").setting.ends_with("; here: OZONETEL_TIMEZONE"));
        assert!(of("mdl.session-fields").setting.ends_with("--browser-session-field"));
        let text = report.text();
        for part in
            ["contradicted  missed.range-fields", "means: A range", "field_name(\"missed.fetch\""]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
