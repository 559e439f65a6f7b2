//! One result.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use super::rows::written;
use super::{Format, Output, table, text};
use crate::failure::{Completion, Failure};
use crate::mask::printable;

/// Prints one object.
pub(crate) fn one(output: Output, value: &impl Serialize) -> Result<Completion, Failure> {
    let mut to = io::stdout().lock();
    written(write(output, value, &mut to).and_then(|()| to.flush()))?;
    Ok(Completion::Clean)
}

fn write(output: Output, value: &impl Serialize, to: &mut impl Write) -> io::Result<()> {
    match output.format {
        Format::Json | Format::Jsonl => {
            serde_json::to_writer(&mut *to, value)?;
            writeln!(to)
        }
        Format::Csv => {
            let fields = fields(value)?;
            output.record(to, fields.keys())?;
            output.record(to, fields.values().map(text))
        }
        Format::Table => {
            let pairs = fields(value)?
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| [printable(name), output.cell(name, value)])
                .collect();
            writeln!(to, "{}", table::pairs(pairs))
        }
    }
}

fn fields(value: &impl Serialize) -> io::Result<Map<String, Value>> {
    match serde_json::to_value(value)? {
        Value::Object(fields) => Ok(fields),
        other => Ok(Map::from_iter([("value".to_owned(), other)])),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn printed(format: Format, show_numbers: bool) -> String {
        let mut out = Vec::new();
        let value = json!({"ucid": "12345170000000099", "callerID": "9000000001", "note": null});
        write(Output { format, show_numbers, raw_csv: false }, &value, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_object_in_every_format() {
        assert_eq!(printed(Format::Table, false), "callerID  …01\nucid      12345170000000099\n");
        assert!(printed(Format::Table, true).contains("9000000001"));
        assert_eq!(
            printed(Format::Csv, false),
            "callerID,note,ucid\n9000000001,,12345170000000099\n"
        );
        assert!(printed(Format::Json, false).contains("\"note\":null"));
    }

    #[test]
    fn a_name_of_a_field_that_would_move_the_cursor_does_not() {
        let mut out = Vec::new();
        let output = Output { format: Format::Table, show_numbers: false, raw_csv: false };
        write(output, &json!({"a\u{1b}[2J": 1}), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a [2J  1\n");
    }
}
