//! Rows of the store as CSV and as lines of JSON.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_store::StoredLeg;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, de::DeserializeSeed};
use serde_json::value::RawValue;

use crate::notes::note;
use crate::output::Output;

/// Forms that are a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextFormat {
    Csv,
    Jsonl,
}

/// Writes rows in one form.
pub(super) struct RowWriter<W: Write> {
    form: Form<W>,
    output: Output,
    pub(super) unread: u64,
    left_out: BTreeSet<String>,
}

enum Form<W: Write> {
    Csv(Box<csv::Writer<W>>, HashMap<&'static str, usize>),
    Jsonl(W),
}

impl<W: Write> RowWriter<W> {
    pub(super) fn new(format: TextFormat, output: Output, to: W) -> Self {
        let form = match format {
            TextFormat::Jsonl => Form::Jsonl(to),
            TextFormat::Csv => Form::Csv(Box::new(csv::Writer::from_writer(to)), places()),
        };
        Self { form, output, unread: 0, left_out: BTreeSet::new() }
    }

    pub(super) fn begin(&mut self) -> io::Result<()> {
        match &mut self.form {
            Form::Csv(writer, _) => Ok(writer.write_record(CallRecord::FIELDS)?),
            Form::Jsonl(_) => Ok(()),
        }
    }

    pub(super) fn leg(&mut self, leg: &StoredLeg) -> io::Result<()> {
        self.unread += u64::from(leg.unread.is_some());
        let Some(row) = leg.row.as_deref() else { return Ok(()) };
        match &mut self.form {
            // As the SDK writes a row, so is it stored.
            Form::Jsonl(to) => {
                to.write_all(row.as_bytes())?;
                to.write_all(b"\n")
            }
            Form::Csv(writer, places) => {
                let cells = cells(row, places, &mut self.left_out)?;
                for cell in &cells {
                    writer.write_field(self.output.cell_of_csv(cell).as_bytes())?;
                }
                Ok(writer.write_record(None::<&[u8]>)?)
            }
        }
    }
}

/// The place of each documented field.
pub(super) fn places() -> HashMap<&'static str, usize> {
    CallRecord::FIELDS.iter().enumerate().map(|(at, name)| (*name, at)).collect()
}

/// A row's cells, each in its place.
pub(super) fn cells<'r>(
    row: &'r str,
    places: &HashMap<&'static str, usize>,
    left_out: &mut BTreeSet<String>,
) -> io::Result<Vec<Cow<'r, str>>> {
    let mut cells = vec![Cow::Borrowed(""); places.len()];
    let seed = RowFields { places, texts: &mut cells, left_out };
    seed.deserialize(&mut serde_json::Deserializer::from_str(row))?;
    Ok(cells)
}

/// The fields of a row, each into its place.
struct RowFields<'c, 'r> {
    places: &'c HashMap<&'static str, usize>,
    texts: &'c mut Vec<Cow<'r, str>>,
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
                note(&format!("rows have a field {name}, which tables leave out; jsonl has it"));
                self.left_out.insert(name.into_owned());
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
