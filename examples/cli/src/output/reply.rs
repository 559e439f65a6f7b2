//! Answers whose shape no type of this program knows: a text, an object, or a list.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::rows::written;
use super::{Format, Output, one, table, text};
use crate::failure::{Completion, Failure};
use crate::mask::printable;

/// The widest column of a table of any rows.
const WIDEST: usize = 40;

/// Prints an answer: a list as rows, an object as one, a text as a message.
pub(crate) fn reply(output: Output, value: Value) -> Result<Completion, Failure> {
    match value {
        Value::Array(rows) => table_of(output, &[], &rows),
        Value::Object(fields) => {
            match wrapped(&fields).filter(|_| output.format == Format::Table) {
                Some(rows) => table_of(output, &[], rows),
                None => one(output, &Value::Object(fields)),
            }
        }
        Value::Null => one(output, &serde_json::json!({ "none": true })),
        other => one(output, &serde_json::json!({ "message": other })),
    }
}

/// The rows of an answer that is a word of success and a list of objects: for people the list is all of it. Any other word
/// may be the state of what was asked for.
fn wrapped(fields: &Map<String, Value>) -> Option<&[Value]> {
    let is_success = |value: &Value| match value {
        Value::String(word) => {
            ["success", "true"].iter().any(|it| it.eq_ignore_ascii_case(word.trim()))
        }
        value => *value == Value::Bool(true),
    };
    let is_status = |name: &str| name.eq_ignore_ascii_case("status");
    let mut rest = fields.iter().filter(|(name, value)| !(is_status(name) && is_success(value)));
    let (_, rows) = rest.next().filter(|_| rest.next().is_none())?;
    let rows = rows.as_array()?;
    (!rows.is_empty() && rows.iter().all(Value::is_object)).then_some(rows.as_slice())
}

/// Prints rows, these columns first.
pub(crate) fn table_of(
    output: Output,
    first: &[&str],
    rows: &[Value],
) -> Result<Completion, Failure> {
    let mut to = io::BufWriter::new(io::stdout().lock());
    written(list(output, first, rows, &mut to).and_then(|()| to.flush()))?;
    Ok(Completion::Clean)
}

/// The names of all rows: the given ones, then the others in the order in which they come.
fn names(first: &[&str], rows: &[Value]) -> Vec<String> {
    let mut names: Vec<String> = first.iter().map(|name| (*name).to_owned()).collect();
    for key in rows.iter().filter_map(Value::as_object).flat_map(Map::keys) {
        if !names.contains(key) {
            names.push(key.clone());
        }
    }
    if names.is_empty() && !rows.is_empty() {
        names.push("value".to_owned());
    }
    names
}

fn cell<'v>(row: &'v Value, name: &str) -> &'v Value {
    match row {
        Value::Object(fields) => fields.get(name).unwrap_or(&Value::Null),
        bare if name == "value" => bare,
        _ => &Value::Null,
    }
}

fn list(output: Output, first: &[&str], rows: &[Value], to: &mut impl Write) -> io::Result<()> {
    match output.format {
        Format::Json => {
            serde_json::to_writer(&mut *to, rows)?;
            writeln!(to)
        }
        Format::Jsonl => rows.iter().try_for_each(|row| {
            serde_json::to_writer(&mut *to, row)?;
            writeln!(to)
        }),
        Format::Csv => {
            let names = names(first, rows);
            output.record(&mut *to, &names)?;
            for row in rows {
                output.record(&mut *to, names.iter().map(|name| text(cell(row, name))))?;
            }
            Ok(())
        }
        Format::Table => {
            let names = names(first, rows);
            let lines: Vec<Vec<String>> = rows
                .iter()
                .map(|row| names.iter().map(|name| output.cell(name, cell(row, name))).collect())
                .collect();
            let width = |(at, name): (usize, &String)| {
                let cells = lines.iter().filter_map(|line| line.get(at));
                let most = cells.map(|cell| cell.chars().count()).max().unwrap_or_default();
                most.max(name.chars().count()).min(WIDEST)
            };
            let widths: Vec<usize> = names.iter().enumerate().map(width).collect();
            let columns: Vec<(&str, u16)> = names
                .iter()
                .zip(widths)
                .map(|(name, width)| (name.as_str(), u16::try_from(width).unwrap_or(u16::MAX)))
                .collect();
            if columns.is_empty() {
                return writeln!(to, "(none)");
            }
            let head = names.iter().map(|name| printable(name)).collect();
            writeln!(to, "{}", table::line(&columns, head))?;
            lines.into_iter().try_for_each(|line| writeln!(to, "{}", table::line(&columns, line)))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_under_a_status_is_rows() {
        let rows = |answer: &Value| wrapped(answer.as_object().unwrap()).map(<[Value]>::len);
        assert_eq!(rows(&json!({"status": "success", "message": [{"a": 1}, {"a": 2}]})), Some(2));
        assert_eq!(rows(&json!({"Status": "SUCCESS", "message": [{"a": 1}]})), Some(1));
        for answer in [
            json!({"status": "READY", "skills": [{"name": "General"}]}),
            json!({"status": "success", "message": [1]}),
            json!({"status": "success", "message": []}),
            json!({"message": [{"a": 1}], "total": 9}),
            json!({"status": "success"}),
        ] {
            assert_eq!(rows(&answer), None, "{answer}");
        }
    }

    fn printed(format: Format, rows: &Value) -> String {
        let mut out = Vec::new();
        let output = Output { format, show_numbers: false, raw_csv: false };
        list(output, &[], rows.as_array().unwrap(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rows_of_any_shape_have_the_columns_of_them_all() {
        let rows = json!([{"DID": "918000000001", "a": 1}, {"b": null, "a": "=x"}]);
        assert_eq!(printed(Format::Csv, &rows), "DID,a,b\n918000000001,1,\n,'=x,\n");
        assert_eq!(printed(Format::Table, &rows), "DID  a   b\n…01  1\n     =x\n");
        assert_eq!(printed(Format::Jsonl, &rows).lines().count(), 2);
        assert_eq!(printed(Format::Json, &json!([])), "[]\n");
        assert_eq!(printed(Format::Table, &json!([])), "(none)\n");
        assert_eq!(printed(Format::Csv, &json!(["x"])), "value\nx\n");
    }

    #[test]
    fn a_name_in_the_head_does_not_move_the_cursor_or_break_the_line() {
        let rows = json!([{"a\u{1b}[2J\n": 1, "b": 2}]);
        assert_eq!(printed(Format::Table, &rows), "a [2J   b\n1       2\n");
    }
}
