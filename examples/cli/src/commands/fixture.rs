//! `fixture`: exchanges in the form of the project's fixtures.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ozonetel_sdk::testing::record::{
    Exchange, ExchangeFile, Masked, Masker, RecordedExchange, RecordedRequest,
};
use serde_json::{Value, json};

use crate::failure::{Completion, Failure};
use crate::output::{self, Output};
use crate::private_file;

/// Exchanges in the form of the project's fixtures.
#[derive(Debug, Subcommand)]
pub(crate) enum Fixture {
    /// Masks exchanges that were written down by hand or by another program.
    Mask(Mask),
}

/// Replaces key, token, account, agents, numbers, ids, names, addresses and free text, equal values by equal stand-ins,
/// and adds each exchange to DIR/ENDPOINT.http, as `--record` does. Read what was written before you hand it on.
#[derive(Debug, Args)]
pub(crate) struct Mask {
    /// Files of exchanges: `### NAME`, the request, an empty line, the answer (fixtures/README.md).
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where the masked ones go.
    #[arg(long, value_name = "DIR", default_value = "masked")]
    to: PathBuf,
}

/// The largest file that is read.
const LARGEST: u64 = 64 << 20;

/// What the name of a masked exchange begins with: the recorder's.
const NAME: &str = "recorded_";

impl Fixture {
    pub(crate) fn run(self, output: Output) -> Result<Completion, Failure> {
        match self {
            Self::Mask(mask) => mask.run(output),
        }
    }
}

impl Mask {
    fn run(self, output: Output) -> Result<Completion, Failure> {
        let masker = Masker::default();
        let mut written = Vec::new();
        for path in &self.files {
            for exchange in read(path)?.exchanges {
                let name = exchange.name.clone();
                let one = mask(exchange, &masker).ok_or_else(|| {
                    Failure::usage(format!("{}: {name} has no request", path.display()))
                })?;
                written.push(one);
            }
        }
        std::fs::create_dir_all(&self.to).map_err(|error| Failure::output(&error))?;
        let rows: Result<Vec<Value>, Failure> =
            written.into_iter().map(|masked| add(&self.to, masked)).collect();
        output::table_of(output, &["endpoint", "name", "outcome", "file"], &rows?)
    }
}

fn cannot(path: &Path, problem: impl std::fmt::Display) -> Failure {
    Failure::usage(format!("{}: {problem}", path.display()))
}

/// The exchanges of a file.
fn read(path: &Path) -> Result<ExchangeFile, Failure> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| cannot(path, error))?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| cannot(path, error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(cannot(path, "is larger than 64 MiB"));
    }
    ExchangeFile::parse(&bytes).map_err(|error| cannot(path, error))
}

/// The exchange with stand-ins; `None` without a request.
fn mask(exchange: RecordedExchange, masker: &Masker) -> Option<Masked> {
    let request = exchange.request.as_ref().map(RecordedRequest::to_http)?;
    let mut raw = Exchange::of(&request);
    let answer = exchange.answer;
    if let Some(answer) = &answer {
        let mut head = http::Response::new(());
        *head.status_mut() = answer.status;
        for (name, value) in &answer.headers {
            head.headers_mut().append(name, value.clone());
        }
        raw.answered(&head);
        raw.answer = answer.body.clone();
    }
    let mut copy = raw.masked(masker);
    if answer.is_none() {
        copy.exchange.answer = None;
        copy.exchange.notes.retain(|note| !note.starts_with("outcome = "));
    }
    Some(copy)
}

/// Adds an exchange to its endpoint's file, under a name of its own.
fn add(folder: &Path, Masked { endpoint, mut exchange, .. }: Masked) -> Result<Value, Failure> {
    let path = folder.join(format!("{endpoint}.http"));
    let mut file = if path.exists() { read(&path)? } else { ExchangeFile::default() };
    let numbers = file.exchanges.iter().filter_map(|one| one.name.strip_prefix(NAME)?.parse().ok());
    exchange.name = format!("{NAME}{}", numbers.max().unwrap_or(0_u32).saturating_add(1));
    let outcome = exchange.notes.iter().find_map(|note| note.strip_prefix("outcome = "));
    let outcome = outcome.unwrap_or("\"no answer\"").trim_matches('"').to_owned();
    let row =
        json!({ "endpoint": endpoint, "name": exchange.name, "outcome": outcome, "file": path });
    file.exchanges.push(exchange);
    let text = file.to_bytes().map_err(|error| cannot(&path, error))?;
    write(folder, &path, &text).map_err(|error| Failure::output(&error))?;
    Ok(row)
}

/// Writes a file whole or not at all.
fn write(folder: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    let beside = folder.join(format!(".{}.new", path.file_name().unwrap_or_default().display()));
    let file = private_file::options().write(true).create(true).truncate(true).open(&beside);
    file?.write_all(text)?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = "### mine\nPOST /ca_apis/AgentManualDial\napikey: s3cret-key\n\
        content-type: application/json\n\n\
        {\"agentID\":\"ravi\",\"customerNumber\":\"9812345678\",\"userName\":\"shop\",\"campaignName\":\"Diwali\",\"UCID\":\"true\"}\\\n\n\
        HTTP/1.1 200 OK\ncontent-type: application/json\n\n\
        {\"ucid\":\"16330000000000017\",\"status\":\"queued successfully\"}\\\n";

    #[test]
    fn an_exchange_written_by_hand_is_masked_as_the_recorder_masks() {
        let folder = tempfile::tempdir().unwrap();
        let file = ExchangeFile::parse(RAW.as_bytes()).unwrap();
        let masker = Masker::default();
        for expected in ["recorded_1", "recorded_2"] {
            let copy = mask(file.exchanges[0].clone(), &masker).unwrap();
            let row = add(folder.path(), copy).unwrap();
            assert_eq!((&row["endpoint"], &row["name"]), (&json!("dial.agent"), &json!(expected)));
            assert_eq!(row["outcome"], "done");
        }
        let text = std::fs::read_to_string(folder.path().join("dial.agent.http")).unwrap();
        for secret in ["s3cret", "ravi", "9812345678", "shop", "Diwali", "16330000000000017"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert!(text.contains("# basis = \"recorded\"\n") && text.contains("9000000001"), "{text}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_answer_that_is_missing_stays_missing_and_a_request_has_to_be_there() {
        let masker = Masker::default();
        let only = |text: &[u8]| ExchangeFile::parse(text).unwrap().exchanges.remove(0);
        let copy = mask(only(b"### a\nGET /ping\n"), &masker).unwrap();
        assert_eq!((copy.endpoint, copy.exchange.answer), ("unknown", None));
        assert!(mask(only(b"### a\nHTTP/1.1 200 OK\n\nx\\\n"), &masker).is_none());
    }
}
