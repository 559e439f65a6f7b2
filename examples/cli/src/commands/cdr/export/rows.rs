//! Rows as CSV and as lines of JSON.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufWriter, Write};

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_store::StoredLeg;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de::DeserializeSeed};
use serde_json::value::RawValue;

use super::cells::RecordCells;
use crate::output::{LeftOut, Output};

/// Forms that are a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextFormat {
    Csv,
    Jsonl,
}

/// Bytes that are written at once.
const BUFFER: usize = 1 << 16;

/// Writes rows in one form, through a buffer of its own.
pub(super) struct RowWriter<W: Write> {
    form: Form<W>,
    output: Output,
    pub(super) unread: u64,
    left_out: LeftOut,
}

enum Form<W: Write> {
    Csv(Box<CsvForm<W>>),
    Jsonl(BufWriter<W>),
}

struct CsvForm<W: Write> {
    writer: csv::Writer<W>,
    places: HashMap<&'static str, usize>,
    cells: RecordCells,
}

impl<W: Write> RowWriter<W> {
    pub(super) fn new(format: TextFormat, output: Output, to: W) -> Self {
        let form = match format {
            TextFormat::Jsonl => Form::Jsonl(BufWriter::with_capacity(BUFFER, to)),
            TextFormat::Csv => Form::Csv(Box::new(CsvForm {
                writer: csv::WriterBuilder::new().buffer_capacity(BUFFER).from_writer(to),
                places: places(),
                cells: RecordCells::default(),
            })),
        };
        Self { form, output, unread: 0, left_out: LeftOut::default() }
    }

    pub(super) fn begin(&mut self) -> io::Result<()> {
        match &mut self.form {
            Form::Csv(csv) => Ok(csv.writer.write_record(CallRecord::FIELDS)?),
            Form::Jsonl(_) => Ok(()),
        }
    }

    /// A leg of the store.
    pub(super) fn leg(&mut self, leg: &StoredLeg) -> io::Result<()> {
        self.unread += u64::from(leg.unread.is_some());
        let Some(row) = leg.row.as_deref() else { return Ok(()) };
        match &mut self.form {
            // As the SDK writes a row, so is it stored.
            Form::Jsonl(to) => {
                to.write_all(row.as_bytes())?;
                to.write_all(b"\n")
            }
            Form::Csv(csv) => {
                let cells = cells(row, &csv.places, &mut self.left_out)?;
                for cell in &cells {
                    csv.writer.write_field(self.output.cell_of_csv(cell).as_bytes())?;
                }
                Ok(csv.writer.write_record(None::<&[u8]>)?)
            }
        }
    }

    /// A row of the service.
    pub(super) fn record(&mut self, row: &CallRecord) -> io::Result<()> {
        match &mut self.form {
            Form::Jsonl(to) => {
                serde_json::to_writer(&mut *to, row)?;
                to.write_all(b"\n")
            }
            Form::Csv(csv) => {
                let CsvForm { writer, cells, .. } = &mut **csv;
                cells.fill(row)?;
                for cell in cells.iter() {
                    writer.write_field(self.output.cell_of_csv(cell).as_bytes())?;
                }
                for name in row.extra.0.keys() {
                    note_left_out(name, &mut self.left_out);
                }
                Ok(writer.write_record(None::<&[u8]>)?)
            }
        }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        match &mut self.form {
            Form::Csv(csv) => csv.writer.flush(),
            Form::Jsonl(to) => to.flush(),
        }
    }
}

/// Says once of a field that it has no column.
fn note_left_out(name: &str, left_out: &mut LeftOut) {
    left_out.note(name, |name| {
        format!("rows have a field {name}, which jsonl alone has: it is left out")
    });
}

/// The place of each documented field.
pub(super) fn places() -> HashMap<&'static str, usize> {
    CallRecord::FIELDS.iter().enumerate().map(|(at, name)| (*name, at)).collect()
}

/// A row's cells, each in its place; a field that has none is noted once.
pub(super) fn cells<'r>(
    row: &'r str,
    places: &HashMap<&'static str, usize>,
    left_out: &mut LeftOut,
) -> io::Result<Vec<Cow<'r, str>>> {
    read_cells(row, places, |name, _| note_left_out(name, left_out))
}

/// The fields that have no column.
#[cfg(feature = "parquet")]
pub(super) type UndocumentedFields<'r> = std::collections::BTreeMap<String, &'r RawValue>;

/// A row's cells, each in its place, and the fields that have none.
#[cfg(feature = "parquet")]
pub(super) fn all_cells<'r>(
    row: &'r str,
    places: &HashMap<&'static str, usize>,
) -> io::Result<(Vec<Cow<'r, str>>, UndocumentedFields<'r>)> {
    let mut rest = UndocumentedFields::new();
    let cells = read_cells(row, places, |name, value| _ = rest.insert(name.to_owned(), value))?;
    Ok((cells, rest))
}

fn read_cells<'r>(
    row: &'r str,
    places: &HashMap<&'static str, usize>,
    undocumented: impl FnMut(&str, &'r RawValue),
) -> io::Result<Vec<Cow<'r, str>>> {
    let mut cells = vec![Cow::Borrowed(""); places.len()];
    let seed = RowFields { places, texts: &mut cells, undocumented };
    seed.deserialize(&mut serde_json::Deserializer::from_str(row))?;
    Ok(cells)
}

/// The fields of a row, each into its place.
struct RowFields<'c, 'r, F> {
    places: &'c HashMap<&'static str, usize>,
    texts: &'c mut Vec<Cow<'r, str>>,
    undocumented: F,
}

impl<'r, F: FnMut(&str, &'r RawValue)> DeserializeSeed<'r> for RowFields<'_, 'r, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'r>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'r, F: FnMut(&str, &'r RawValue)> Visitor<'r> for RowFields<'_, 'r, F> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'r>>(mut self, mut map: A) -> Result<(), A::Error> {
        // As a rule the fields come in the order of the columns.
        let mut expected = 0;
        while let Some(Name(name)) = map.next_key()? {
            let value: &RawValue = map.next_value()?;
            let at = match CallRecord::FIELDS.get(expected) {
                Some(field) if *field == name => Some(expected),
                _ => self.places.get(name.as_ref()).copied(),
            };
            match at.and_then(|at| Some((at, self.texts.get_mut(at)?))) {
                Some((at, text)) => {
                    *text = bare(value.get());
                    expected = at + 1;
                }
                None => (self.undocumented)(&name, value),
            }
        }
        Ok(())
    }
}

/// A name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'r>(#[serde(borrow)] Cow<'r, str>);

/// A value's bare text: `null` is empty, a text has no quotes.
fn bare(json: &str) -> Cow<'_, str> {
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
