//! `cdr export`: rows out of the store, as a file.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ozonetel_sdk::cdr::CallRecord;
use ozonetel_store::{CallQuery, StoredLeg};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, de::DeserializeSeed};
use serde_json::value::RawValue;

use super::place::{RangeFlags, StoreFlag, failure, note_missing};
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::notes::note;
use crate::output::{Output, Reader, written};

/// Writes the rows of a range out of the store, oldest first, whole numbers included. Asks the service nothing.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    store: StoreFlag,
    #[command(flatten)]
    range: RangeFlags,
    /// The form of the file.
    #[arg(long, value_enum, default_value_t = FileFormat::Csv)]
    format: FileFormat,
    /// The file, which is there once it is whole. Default: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Forms of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// A line of names, then a line per row, under the service's names.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

impl Export {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let (from, to) = self.range.days(context)?;
        let (store, _) = self.store.open(context).await?;
        note_missing(&store, from, to).await?;
        let mut calls = store.stream(CallQuery::days(from, to));
        let mut target = Target::open(self.out.as_deref())?;
        let mut writer = RowWriter::new(self.format, context.output, &mut target);
        let mut gone = written(writer.begin())? == Reader::Gone;
        while !gone {
            let next = async { calls.try_next().await.map_err(failure) };
            let Some(call) = context.until_stopped(next).await? else { break };
            for leg in &call.legs {
                gone |= written(writer.leg(leg))? == Reader::Gone;
            }
        }
        let unread = writer.unread;
        drop(writer);
        if !gone {
            written(target.finish())?;
        }
        if unread == 0 {
            return Ok(Completion::Clean);
        }
        note(&format!(
            "{unread} rows cannot be parsed as last sent; the store has them as they came"
        ));
        Ok(Completion::BadRows)
    }
}

/// Standard output, or a file that takes its name once it is whole.
enum Target {
    Standard(BufWriter<io::Stdout>),
    File { writer: BufWriter<File>, part: PathBuf, path: PathBuf },
}

impl Target {
    fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Standard(BufWriter::new(io::stdout()))) };
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        // Numbers are in it: it is its owner's alone.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&part).map_err(|error| {
            Failure::usage(format!("{} cannot be written: {error}", part.display()))
        })?;
        Ok(Self::File {
            writer: BufWriter::with_capacity(1 << 16, file),
            part,
            path: path.to_owned(),
        })
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Standard(mut writer) => writer.flush(),
            Self::File { writer, part, path } => {
                writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
                std::fs::rename(part, path)
            }
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard(writer) => writer.write(bytes),
            Self::File { writer, .. } => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard(writer) => writer.flush(),
            Self::File { writer, .. } => writer.flush(),
        }
    }
}

/// Writes rows in one form.
struct RowWriter<W: Write> {
    form: Form<W>,
    output: Output,
    unread: u64,
    left_out: BTreeSet<String>,
}

enum Form<W: Write> {
    Csv(Box<csv::Writer<W>>, HashMap<&'static str, usize>),
    Jsonl(W),
}

impl<W: Write> RowWriter<W> {
    fn new(format: FileFormat, output: Output, to: W) -> Self {
        let form = match format {
            FileFormat::Jsonl => Form::Jsonl(to),
            FileFormat::Csv => {
                let places = CallRecord::FIELDS.iter().enumerate().map(|(at, name)| (*name, at));
                Form::Csv(Box::new(csv::Writer::from_writer(to)), places.collect())
            }
        };
        Self { form, output, unread: 0, left_out: BTreeSet::new() }
    }

    fn begin(&mut self) -> io::Result<()> {
        match &mut self.form {
            Form::Csv(writer, _) => Ok(writer.write_record(CallRecord::FIELDS)?),
            Form::Jsonl(_) => Ok(()),
        }
    }

    fn leg(&mut self, leg: &StoredLeg) -> io::Result<()> {
        self.unread += u64::from(leg.unread.is_some());
        let Some(row) = leg.row.as_deref() else { return Ok(()) };
        match &mut self.form {
            // As the SDK writes a row, so is it stored.
            Form::Jsonl(to) => {
                to.write_all(row.as_bytes())?;
                to.write_all(b"\n")
            }
            Form::Csv(writer, places) => {
                let mut cells = vec![std::borrow::Cow::Borrowed(""); places.len()];
                let seed = RowFields { places, texts: &mut cells, left_out: &mut self.left_out };
                seed.deserialize(&mut serde_json::Deserializer::from_str(row))?;
                for cell in &cells {
                    writer.write_field(self.output.cell_of_csv(cell).as_bytes())?;
                }
                Ok(writer.write_record(None::<&[u8]>)?)
            }
        }
    }
}

/// The fields of a row, each into its place.
struct RowFields<'c, 'r> {
    places: &'c HashMap<&'static str, usize>,
    texts: &'c mut Vec<std::borrow::Cow<'r, str>>,
    left_out: &'c mut BTreeSet<String>,
}

impl<'r> DeserializeSeed<'r> for RowFields<'_, 'r> {
    type Value = ();

    fn deserialize<D: Deserializer<'r>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'r> Visitor<'r> for RowFields<'_, 'r> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'r>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            if let Some(at) = self.places.get(name.as_ref()) {
                let value: &RawValue = map.next_value()?;
                if let Some(text) = self.texts.get_mut(*at) {
                    *text = bare(value.get());
                }
                continue;
            }
            map.next_value::<IgnoredAny>()?;
            if !self.left_out.contains(name.as_ref()) {
                note(&format!("rows have a field {name}, which csv leaves out; jsonl has it"));
                self.left_out.insert(name.into_owned());
            }
        }
        Ok(())
    }
}

/// A name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'r>(#[serde(borrow)] std::borrow::Cow<'r, str>);

/// A value's bare text: `null` is empty, a text has no quotes.
fn bare(json: &str) -> std::borrow::Cow<'_, str> {
    use std::borrow::Cow;
    let text = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match text {
        Some(text) if !text.contains('\\') => Cow::Borrowed(text),
        Some(_) => serde_json::from_str::<String>(json).map_or(Cow::Borrowed(json), Cow::Owned),
        None if json == "null" => Cow::Borrowed(""),
        None => Cow::Borrowed(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lose_their_quotes_and_nothing_else() {
        for (json, text) in [
            ("null", ""),
            (r#""""#, ""),
            (r#""a,b""#, "a,b"),
            (r#""say \"no\" \u0031""#, r#"say "no" 1"#),
            ("12345170000000099", "12345170000000099"),
            ("[1,null]", "[1,null]"),
        ] {
            assert_eq!(bare(json), text);
        }
    }
}
