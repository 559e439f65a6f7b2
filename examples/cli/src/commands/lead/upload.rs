//! `lead upload`: leads out of a file, in batches.

mod columns;
mod progress;
mod results;
mod row_key;
mod table;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::leads::Sheet;
use ozonetel_sdk::types::PhoneNumber;
use ozonetel_sdk::{Batched, Call, ErrorKind};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::perform::Confirmation;
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::notes::{note, show};
use crate::output;
use columns::Column;
use progress::{BatchState, Progress, RowState};
use results::{BadRow, BadRows, Results};
use row_key::{RowKey, SentRow};
use table::{TableOptions, TextTable};

/// Every row is checked before the first is sent. A row whose number an earlier upload to the campaign has sent is left
/// out, and said: an upload that stopped goes on where it was when the same command is given again, and a file that was
/// corrected or has grown has only its new numbers sent. A batch of which it is unknown whether it arrived is listed and
/// not sent again.
#[derive(Debug, Args)]
pub(crate) struct Upload {
    /// The file: CSV in any encoding, or a workbook (xlsx).
    file: PathBuf,
    /// The campaign. Default: OZONETEL_CAMPAIGN.
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
    /// Which column is which header, such as PhoneNumber=Mobile, or PhoneNumber=#3 for the third; give the flag once for
    /// each.
    #[arg(long, value_name = "HEADER=COLUMN", value_parser = pair)]
    map: Vec<(String, String)>,
    /// Sends no column but those that --map names and those of the service's own names.
    #[arg(long)]
    only_named: bool,
    /// The sheet of a spreadsheet. Default: the first.
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// The encoding of a CSV file, such as utf-8 or windows-1252. Default: it is found out.
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// What is between the cells of a CSV file. Default: it is found out.
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
    /// Puts the leads on the schedule; they need a column ScheduledTime.
    #[arg(long)]
    schedule: bool,
    /// Leaves out numbers that the campaign has already.
    #[arg(long)]
    check_duplicate: bool,
    /// Sends the good rows although there are bad ones.
    #[arg(long)]
    skip_bad: bool,
    /// Where bad rows go, with line and reason. Default: FILE.bad.csv.
    #[arg(long, value_name = "FILE")]
    bad_rows: Option<PathBuf>,
    /// Sends batches again of which it is unknown whether they arrived: their leads may then be there twice.
    #[arg(long)]
    repeat_unknown: bool,
    /// Sends all rows, those too that an earlier upload has sent to the campaign: for one that was cleared. If it stops,
    /// the same command without --again goes on.
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((header, column)) if !header.is_empty() && !column.is_empty() => {
            Ok((header.to_owned(), column.to_owned()))
        }
        _ => Err("expected HEADER=COLUMN".to_owned()),
    }
}

/// A file that has been read and mapped.
struct Prepared {
    table: TextTable,
    columns: Vec<Column>,
    campaign: String,
    /// The places of the rows that are sent, in the table.
    good: Vec<usize>,
    bad: Vec<BadRow>,
}

impl Prepared {
    /// The rows at these places.
    fn sheet(&self, places: &[usize]) -> Sheet {
        let headers = self.columns.iter().map(|column| column.header.clone()).collect();
        let cell = |cells: &[String], at: usize| {
            Value::from(cells.get(at).map(String::as_str).unwrap_or_default())
        };
        let rows = places
            .iter()
            .filter_map(|place| self.table.rows.get(*place))
            .map(|row| self.columns.iter().map(|column| cell(&row.cells, column.at)).collect());
        Sheet::new(headers, rows.collect())
    }

    /// The number of a row as it is sent.
    fn number(&self, place: usize) -> &str {
        let phone = self.columns.iter().find(|column| column.header == "PhoneNumber");
        let row = self.table.rows.get(place);
        let cell = phone.zip(row).and_then(|(column, row)| row.cells.get(column.at));
        cell.map(String::as_str).unwrap_or_default()
    }

    /// What tells where this upload goes from other places: the address, unless that is the region's own, the campaign
    /// and the endpoint.
    fn target(&self, service: Option<&str>, account: &str, endpoint: &str) -> String {
        let service = service.unwrap_or_default();
        digest([account, &self.campaign, endpoint, service].into_iter())
    }

    /// What an earlier version told this upload by: where it goes, and every cell that is sent.
    fn whole(&self, service: Option<&str>, account: &str, endpoint: &str) -> String {
        let headers = self.columns.iter().map(|column| column.header.as_str());
        let rows = self.good.iter().filter_map(|place| self.table.rows.get(*place));
        let cells = rows.flat_map(|row| {
            self.columns.iter().map(|column| row.cells.get(column.at).map_or("", String::as_str))
        });
        let to = [account, &self.campaign, endpoint].into_iter();
        digest(to.chain(headers).chain(cells).chain(service))
    }

    /// The keys of all rows, with their numbers.
    fn keys(&self) -> Vec<(RowKey, &str)> {
        let mut columns: Vec<&Column> = self.columns.iter().collect();
        columns.retain(|column| column.header != "PhoneNumber");
        columns.sort_by(|one, other| one.header.cmp(&other.header));
        let rows = self.table.rows.iter().enumerate().map(|(place, row)| {
            let cell = |at: usize| row.cells.get(at).map_or("", String::as_str);
            let cells = columns.iter().map(|column| (column.header.as_str(), cell(column.at)));
            SentRow { number: self.number(place), cells: cells.collect() }
        });
        let numbers = (0..self.table.rows.len()).map(|place| self.number(place));
        RowKey::all(rows).into_iter().zip(numbers).collect()
    }
}

/// A digest of texts, as the name of a file.
fn digest<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    let mut name = String::new();
    for byte in hash.finalize().iter().take(16) {
        // A text takes all that is written.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// A row that can be sent: its place in the table, and by what it is known again.
type GoodRow = (usize, RowKey);

impl Upload {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        if self.schedule {
            let make = |prepared: &Prepared, places: &[usize]| {
                let call = context.client.leads();
                let call = call.schedule(prepared.campaign.as_str(), prepared.sheet(places));
                if self.check_duplicate { call.check_duplicate() } else { call }
            };
            self.upload(context, make).await
        } else {
            let make = |prepared: &Prepared, places: &[usize]| {
                let call = context.client.leads();
                let call = call.bulk(prepared.campaign.as_str(), prepared.sheet(places));
                if self.check_duplicate { call.check_duplicate() } else { call }
            };
            self.upload(context, make).await
        }
    }

    async fn upload<'c, E: Batched>(
        &self,
        context: &'c Context,
        make: impl Fn(&Prepared, &[usize]) -> Call<'c, E>,
    ) -> Result<Completion, Failure> {
        let mut prepared = self.read(context)?;
        self.check(&mut prepared, context.is_dry_run(), &make)?;
        let (rows, mut progress) = known_rows::<E>(context, &prepared)?;
        let is_due = |(_, key): &&GoodRow| match progress.of(key) {
            RowState::NotSent | RowState::NotTaken => true,
            RowState::Refused(says) => self.again || !is_there(says),
            RowState::Unknown | RowState::Unclear(_) => self.repeat_unknown,
            RowState::Taken { .. } => self.again,
        };
        let due: Vec<GoodRow> = rows.iter().filter(is_due).copied().collect();
        let batches: Vec<&[GoodRow]> = due.chunks(E::MOST).collect();
        if context.is_dry_run() {
            return self.describe(context, &prepared, &due, batches.len(), E::SPEC.name);
        }
        note_taken(context, &prepared, &rows, &progress, self.again);
        let mut ended = None;
        if !batches.is_empty() {
            context
                .confirm(question(&prepared, &due, batches.len()), self.confirmation.yes)
                .await?;
            if self.again {
                let keys: Vec<Vec<RowKey>> = batches.iter().map(|rows| keys_of(rows)).collect();
                progress.begin_anew(&keys).map_err(|error| not_noted(&error))?;
            }
        }
        for (number, rows) in batches.iter().enumerate() {
            let places: Vec<usize> = rows.iter().map(|(place, _)| *place).collect();
            let left = batches.len() - number;
            let sent = send(context, rows, left, || make(&prepared, &places), &mut progress).await;
            if let Err(failure) = sent {
                ended = Some(failure);
                break;
            }
        }
        let results = Results::of(&prepared, &rows, &progress);
        let printed = results.print(context);
        match ended {
            Some(failure) if self.again => Err(failure.resume("the same command without --again")),
            Some(failure) => Err(failure.resume("the same command")),
            None if !results.unknown.is_empty() => Err(results.unknown_failure()),
            None => match printed {
                Ok(done) => results.refused().map_or(Ok(done), Err),
                Err(failure) if batches.is_empty() => Err(failure),
                Err(failure) => {
                    Err(failure.accepted(E::SPEC.name, &json!({ "batches": batches.len() })))
                }
            },
        }
    }

    fn read(&self, context: &Context) -> Result<Prepared, Failure> {
        let campaign = context.campaign(self.campaign.as_ref())?;
        let delimiter = self.delimiter.map(u8::try_from).transpose();
        let delimiter =
            delimiter.map_err(|_| Failure::usage("--delimiter is not one ASCII character"))?;
        let options =
            TableOptions { sheet: self.sheet.clone(), encoding: self.encoding.clone(), delimiter };
        let named = |reason: String| Failure::usage(format!("{} {reason}", self.file.display()));
        let table = table::read(&self.file, &options).map_err(named)?;
        let columns = columns::chosen(&table.headers, &self.map, self.only_named).map_err(named)?;
        if table.of_bad_rows {
            note("a file of bad rows: its columns line and reason are not sent");
        }
        if table.rows.is_empty() {
            return Err(named("has no rows".to_owned()));
        }
        Ok(Prepared {
            table,
            columns,
            campaign: campaign.as_str().to_owned(),
            good: Vec::new(),
            bad: Vec::new(),
        })
    }

    /// Checks all rows; bad ones go into a file of their own, and unless they are to be skipped, nothing is sent.
    fn check<'c, E: Batched>(
        &self,
        prepared: &mut Prepared,
        is_dry_run: bool,
        make: &impl Fn(&Prepared, &[usize]) -> Call<'c, E>,
    ) -> Result<(), Failure> {
        let width = prepared.table.headers.len();
        let all: Vec<usize> = (0..prepared.table.rows.len()).collect();
        let call = make(prepared, &all);
        call.request().map_err(|invalid| Failure::from(invalid.clone()))?;
        let mut invalid: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for found in call.invalid_rows() {
            invalid.entry(found.row).or_default().push(found.invalid.to_string());
        }
        for (place, row) in prepared.table.rows.iter().enumerate() {
            let mut reasons = invalid.remove(&(place + 1)).unwrap_or_default();
            if row.cells.iter().skip(width).any(|cell| !cell.is_empty()) {
                reasons.push(format!("has {} cells, the line of headers {width}", row.cells.len()));
            }
            if reasons.is_empty() {
                prepared.good.push(place);
            } else {
                prepared.bad.push(BadRow { place, reason: reasons.join("; ") });
            }
        }
        note_repeated(prepared, self.check_duplicate);
        if prepared.bad.is_empty() {
            return Ok(());
        }
        let path = self.bad_rows.clone().unwrap_or_else(|| beside(&self.file));
        let (bad, all) = (prepared.bad.len(), prepared.table.rows.len());
        let written = if is_dry_run {
            None
        } else {
            let written = results::write_bad_rows(&path, &self.file, prepared);
            Some(written.map_err(|error| {
                Failure::usage(format!("{} cannot be written: {error}", path.display()))
            })?)
        };
        let path = path.display();
        let said = match written {
            None => format!("{bad} of {all} rows are bad; a dry run writes no file of them"),
            Some(BadRows::Written) => {
                format!("{bad} of {all} rows are bad: {path} has them, with line and reason")
            }
            Some(BadRows::LeftAsItIs) => format!(
                "{bad} of {all} rows are bad; {path} was changed after the file of leads and is left as it is: \
                 --bad-rows names another"
            ),
        };
        if prepared.good.is_empty() || !self.skip_bad {
            let failure = Failure::usage(format!("{said}; nothing was sent"));
            return Err(failure.advise("correct them, or send the others with --skip-bad"));
        }
        note(&said);
        Ok(())
    }

    fn describe(
        &self,
        context: &Context,
        prepared: &Prepared,
        due: &[GoodRow],
        batches: usize,
        endpoint: &str,
    ) -> Result<Completion, Failure> {
        let columns: Vec<String> = prepared
            .columns
            .iter()
            .map(|column| {
                let own = prepared.table.headers.get(column.at).map_or("", String::as_str);
                format!("{own} as {}", column.header)
            })
            .collect();
        output::one(
            context.output,
            &json!({
                "file": self.file.display().to_string(),
                "read_as": prepared.table.form,
                "campaign": prepared.campaign,
                "columns": columns.join(", "),
                "rows": prepared.table.rows.len(),
                "good": prepared.good.len(),
                "bad": prepared.bad.len(),
                "due": due.len(),
                "batches": batches,
                "endpoint": endpoint,
                "sent": false,
            }),
        )
    }
}

/// Says which good rows have the number of an earlier one: they are leads of their own, and people are rung twice.
fn note_repeated(prepared: &Prepared, check_duplicate: bool) {
    let mut seen = HashSet::new();
    let repeated = prepared.good.iter().filter(|place| {
        let key = PhoneNumber::from(prepared.number(**place)).key();
        key.is_some_and(|key| !seen.insert(key))
    });
    let rows = repeated.filter_map(|place| prepared.table.rows.get(*place));
    let lines: BTreeSet<u64> = rows.map(|row| row.line).collect();
    let (noun, each) = match lines.len() {
        0 => return,
        1 => ("line", "has the number of an earlier one: it is a lead of its own"),
        _ => ("lines", "have the number of an earlier one: each is a lead of its own"),
    };
    let flag = if check_duplicate { "" } else { "; --check-duplicate leaves such numbers out" };
    note(&format!("{noun} {} {each}{flag}", ranges(&lines)));
}

/// Says how many rows were taken before, and when: they are left out, or sent again.
fn note_taken(
    context: &Context,
    prepared: &Prepared,
    rows: &[GoodRow],
    progress: &Progress,
    again: bool,
) {
    let taken = rows.iter().filter_map(|(_, key)| match progress.of(key) {
        RowState::Taken { at, .. } => Some(at),
        _ => None,
    });
    let (count, first, last) = taken.fold((0_usize, i64::MAX, i64::MIN), |(n, first, last), at| {
        (n + 1, first.min(at), last.max(at))
    });
    if count == 0 {
        return;
    }
    let local = |at: i64| {
        let at = jiff::Timestamp::from_second(at).unwrap_or_default();
        context.client.zone().stamp(at.into()).to_minutes()
    };
    let when = if local(first) == local(last) {
        local(first)
    } else {
        format!("{} to {}", local(first), local(last))
    };
    let (what, are) = match count {
        1 => ("1 row was".to_owned(), "is"),
        _ => (format!("{count} rows were"), "are"),
    };
    let then = if again {
        "sent again"
    } else if prepared.table.of_bad_rows {
        "left out: a row of a file of bad rows is known by all its cells; --again sends all"
    } else {
        "left out: a row is known by its number, whatever its other cells say now; --again sends all"
    };
    note(&format!("{what} taken by an earlier upload to the campaign ({when}), and {are} {then}"));
}

/// Whether the service refused a row because the campaign has its number.
fn is_there(says: &str) -> bool {
    says.trim().eq_ignore_ascii_case("Number Already Exist")
}

fn keys_of(rows: &[GoodRow]) -> Vec<RowKey> {
    rows.iter().map(|(_, key)| *key).collect()
}

/// What is asked before leads are sent.
fn question(prepared: &Prepared, due: &[GoodRow], batches: usize) -> String {
    format!(
        "{} leads go to campaign {} in {batches} batches, which it rings while it runs; a batch is sent once and never \
         repeated. Go on?",
        due.len(),
        prepared.campaign,
    )
}

fn not_noted(error: &std::io::Error) -> Failure {
    Failure::usage(format!("progress cannot be written: {error}"))
}

/// Sends one batch, noted before and after.
async fn send<'c, E: Batched>(
    context: &'c Context,
    rows: &[GoodRow],
    left: usize,
    make: impl Fn() -> Call<'c, E>,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let not_noted = |error: std::io::Error| not_noted(&error);
    loop {
        let now = jiff::Timestamp::try_from(context.client.clock().now()).unwrap_or_default();
        let at = progress.begin(&keys_of(rows), now.as_second()).map_err(not_noted)?;
        // Waiting is done here, so that a batch that waits is not one that may have been sent.
        let sent = context.until_stopped(attempt(make())).await;
        let (state, result) = match sent {
            Ok(Sent::Taken(state)) => (state, Ok(())),
            Ok(Sent::Paced(wait)) => {
                progress.note(at, BatchState::NotSent).map_err(not_noted)?;
                show(&format!("{left} batches to go; the next one in {} s", wait.as_secs() + 1));
                let nap = async {
                    tokio::time::sleep(wait).await;
                    Ok::<_, Failure>(())
                };
                context.until_stopped(nap).await?;
                continue;
            }
            Err(failure) if failure.may_have_happened() => (BatchState::Unknown, Err(failure)),
            Err(failure) if failure.is_stopped() => (BatchState::NotSent, Err(failure)),
            Err(failure) => (BatchState::Refused, Err(failure)),
        };
        let noted = progress.note(at, state.clone());
        return match (noted, result) {
            (Ok(()), result) => result,
            // On disk it is one that was begun, so that it is not sent again: whether it arrived is said here alone.
            (Err(error), Ok(())) => Err(not_noted(error).accepted(E::SPEC.name, &state)),
            (Err(_), Err(failure)) if failure.may_have_happened() => Err(failure),
            (Err(error), Err(failure)) => Err(failure.within(&not_noted(error).told().0)),
        };
    }
}

enum Sent {
    /// The service took the batch, but for some rows.
    Taken(BatchState),
    /// The published limit is used up.
    Paced(Duration),
}

async fn attempt<E: Batched>(call: Call<'_, E>) -> Result<Sent, ozonetel_sdk::Error> {
    let request = call.request().ok().map(|request| request.pick(&all_of(request)));
    match call.patience(Patience::Never).await {
        Ok(reply) => {
            let not_taken = request.map(|request| request.not_taken(&reply));
            Ok(Sent::Taken(BatchState::taken(not_taken.unwrap_or_default())))
        }
        Err(error) if error.kind() == ErrorKind::Paced && error.call() == E::SPEC.name => {
            Ok(Sent::Paced(error.ready_in().unwrap_or(Duration::from_secs(1))))
        }
        Err(error) => Err(error),
    }
}

fn all_of<E: Batched>(request: &E) -> Vec<usize> {
    (1..=request.rows()).collect()
}

/// The address that leads are sent to, where one is set: what a simulator took, the service has not.
fn service_of<E: Batched>(context: &Context) -> Option<&str> {
    let environment = &context.environment;
    let own = environment.base_urls.iter().find(|(host, _)| *host == E::SPEC.host);
    let address = own.map(|(_, address)| address).or(environment.base_url.as_ref());
    address.map(|address| address.trim_end_matches('/'))
}

/// The good rows by what they are known, and what is known of those that were sent to the campaign before. A dry run
/// changes nothing of it.
fn known_rows<E: Batched>(
    context: &Context,
    prepared: &Prepared,
) -> Result<(Vec<GoodRow>, Progress), Failure> {
    let cannot_go_on = |error| Failure::usage(format!("the upload cannot go on: {error}"));
    let account = context.environment.account.as_deref().unwrap_or_default();
    let service = service_of::<E>(context);
    let (own, good) = (prepared.keys(), &prepared.good);
    let keys = |progress: &Progress| progress.known_as(&own, good, prepared.table.of_bad_rows);
    let (keys, progress) = if context.is_dry_run() && context.environment.state_dir.is_none() {
        let progress = Progress::default();
        (keys(&progress), progress)
    } else {
        let path = progress_file(context, &prepared.target(service, account, E::SPEC.name))?;
        let before = progress_file(context, &prepared.whole(service, account, E::SPEC.name))?;
        let opened =
            if context.is_dry_run() { Progress::look(&path) } else { Progress::open(&path) };
        let mut progress = opened.map_err(cannot_go_on)?;
        let keys = keys(&progress);
        progress.take_over(&before, &keys, E::MOST).map_err(cannot_go_on)?;
        (keys, progress)
    };
    Ok((good.iter().copied().zip(keys).collect(), progress))
}

/// Where the progress of an upload is kept.
fn progress_file(context: &Context, digest: &str) -> Result<PathBuf, Failure> {
    let state = context.environment.state_dir.as_ref().ok_or_else(|| {
        Failure::usage(
            "there is no state directory to keep the progress in: set OZONETEL_STATE_DIR",
        )
    })?;
    Ok(state.join("uploads").join(format!("{digest}.jsonl")))
}

/// The file of bad rows, beside the file of leads.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".bad.csv");
    PathBuf::from(name)
}

/// The lines of rows as a short list: `2-501, 503`.
fn ranges(lines: &BTreeSet<u64>) -> String {
    let mut parts: Vec<(u64, u64)> = Vec::new();
    for line in lines {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *line => *last = *line,
            _ => parts.push((*line, *line)),
        }
    }
    let part = |(first, last): (u64, u64)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    parts.into_iter().map(part).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_listed_shortly() {
        let lines = |list: &[u64]| ranges(&list.iter().copied().collect());
        assert_eq!(lines(&[2, 3, 4, 7, 9, 10]), "2-4, 7, 9-10");
        assert_eq!(lines(&[]), "");
    }
}
