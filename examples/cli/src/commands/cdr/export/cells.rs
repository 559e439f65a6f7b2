//! The cells of a row: what the SDK's serializer writes of its documented fields, as bare text.

use std::fmt::{self, Display, Write as _};

use ozonetel_sdk::cdr::CallRecord;
use serde::ser::{Impossible, Serialize, SerializeMap, Serializer};

/// A row's cells, one per documented field and in their order. Filled again for each row, so that none is allocated.
#[derive(Debug, Default)]
pub(super) struct RecordCells {
    text: String,
    ends: Vec<usize>,
}

impl RecordCells {
    /// Takes the cells of a row in place of what was there.
    ///
    /// # Errors
    /// For a row with a field that is no text, number or absent; the SDK has none.
    pub(super) fn fill(&mut self, row: &CallRecord) -> Result<(), serde_json::Error> {
        self.text.clear();
        self.ends.clear();
        row.serialize(&mut *self).map_err(serde::ser::Error::custom)
    }

    /// The cells.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| self.text.get(begin..*end).unwrap_or_default())
    }
}

impl SerializeMap for &mut RecordCells {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, _: &T) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), fmt::Error> {
        // What follows the documented fields has no column.
        if self.ends.len() < CallRecord::FIELDS.len() {
            value.serialize(CellText(&mut self.text))?;
            self.ends.push(self.text.len());
        }
        Ok(())
    }

    fn end(self) -> Result<(), fmt::Error> {
        Ok(())
    }
}

/// What is neither a row nor a cell.
macro_rules! refused {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)+) => {
        $( fn $method(self, $(_: $argument),*) -> Result<$ok, fmt::Error> { Err(fmt::Error) } )+
    };
}

macro_rules! compounds_refused {
    () => {
        type SerializeSeq = Impossible<(), fmt::Error>;
        type SerializeTuple = Impossible<(), fmt::Error>;
        type SerializeTupleStruct = Impossible<(), fmt::Error>;
        type SerializeTupleVariant = Impossible<(), fmt::Error>;
        type SerializeStruct = Impossible<(), fmt::Error>;
        type SerializeStructVariant = Impossible<(), fmt::Error>;

        refused! {
            serialize_bytes(&[u8]) -> ();
            serialize_unit_struct(&'static str) -> ();
            serialize_unit_variant(&'static str, u32, &'static str) -> ();
            serialize_seq(Option<usize>) -> Self::SerializeSeq;
            serialize_tuple(usize) -> Self::SerializeTuple;
            serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
            serialize_struct(&'static str, usize) -> Self::SerializeStruct;
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
        }

        fn serialize_newtype_struct<T: ?Sized + Serialize>(
            self,
            _: &'static str,
            value: &T,
        ) -> Result<(), fmt::Error> {
            value.serialize(self)
        }

        fn serialize_newtype_variant<T: ?Sized + Serialize>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<(), fmt::Error> {
            Err(fmt::Error)
        }
    };
}

impl<'r> Serializer for &'r mut RecordCells {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeMap = &'r mut RecordCells;

    compounds_refused!();

    fn serialize_map(self, _: Option<usize>) -> Result<Self, fmt::Error> {
        Ok(self)
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    refused! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
    }
}

/// One cell: its text is put behind those before it.
struct CellText<'t>(&'t mut String);

/// Values that are written as they are displayed.
macro_rules! displayed {
    ($($method:ident($ty:ty);)+) => {
        $( fn $method(self, value: $ty) -> Result<(), fmt::Error> { write!(self.0, "{value}") } )+
    };
}

impl Serializer for CellText<'_> {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeMap = Impossible<(), fmt::Error>;

    compounds_refused!();

    displayed! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
    }

    fn serialize_str(self, text: &str) -> Result<(), fmt::Error> {
        self.0.push_str(text);
        Ok(())
    }

    fn collect_str<T: ?Sized + Display>(self, value: &T) -> Result<(), fmt::Error> {
        write!(self.0, "{value}")
    }

    /// An absent value is an empty cell.
    fn serialize_none(self) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    refused! { serialize_map(Option<usize>) -> Self::SerializeMap; }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::rows;
    use super::*;
    use crate::output::LeftOut;

    proptest! {
        /// The store has rows as the SDK writes them: both ways to a file give the same cells.
        #[test]
        fn the_cells_of_a_row_are_those_of_its_json(
            texts in prop::collection::vec("[a-zA-Z0-9 ,;=\"\\\\\u{e9}\u{905}\n-]{0,12}", 8),
            ids in prop::collection::vec(10_000_000_000_000_000_u64..99_999_999_999_999_999, 2),
            seconds in 0_u32..90_000,
            count in prop::option::of(0_u32..9),
        ) {
            let mut row = serde_json::json!({
                "UCID": ids[0], "CallID": ids[1], "CallDate": "2026-01-05", "StartTime": "11:49:33",
                "TalkTime": format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60), "DialCount": count, "New": [1],
            });
            let names = ["CallerID", "AgentName", "Comments", "UUI", "Disposition", "Skill", "Rating", "CallAudio"];
            for (name, text) in names.iter().zip(&texts) {
                row[*name] = text.as_str().into();
            }
            let row: CallRecord = serde_json::from_value(row).unwrap();
            let mut filled = RecordCells::default();
            filled.fill(&CallRecord::default()).unwrap();
            filled.fill(&row).unwrap();
            let json = serde_json::to_string(&row).unwrap();
            let read = rows::cells(&json, &rows::places(), &mut LeftOut::default()).unwrap();
            prop_assert_eq!(filled.iter().collect::<Vec<_>>(), read);
        }
    }

    #[test]
    fn an_absent_value_is_an_empty_cell_in_its_place() {
        let row: CallRecord = serde_json::from_str(r#"{"UCID":7,"DialCount":"2"}"#).unwrap();
        let mut cells = RecordCells::default();
        cells.fill(&row).unwrap();
        let cells: Vec<&str> = cells.iter().collect();
        assert_eq!(cells.len(), CallRecord::FIELDS.len());
        for (name, cell) in CallRecord::FIELDS.iter().zip(cells) {
            let want = match *name {
                "UCID" => "7",
                "DialCount" => "2",
                _ => "",
            };
            assert_eq!(cell, want, "{name}");
        }
    }
}
