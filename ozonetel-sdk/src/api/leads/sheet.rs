//! Rows to upload: headers, and one value per header and row.

use std::fmt;
use std::ops::Range;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::types::ids::{AgentId, SkillName};
use crate::types::invalid::{Invalid, InvalidRow};
use crate::types::phone::{PhoneNumber, Region};
use crate::types::wire::{Day, LocalDateTime, SensitiveText};

/// The header that every sheet has.
const PHONE: &str = "PhoneNumber";

/// One lead: a number, and what the campaign's map file knows about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    number: PhoneNumber,
    cells: Vec<(String, Cell)>,
}

/// From an object with one field per header, such as a line of a CSV file: `PhoneNumber` is mandatory, values may be
/// text, numbers or booleans, and empty ones are left out.
impl<'de> Deserialize<'de> for Lead {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Lead;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a field PhoneNumber")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lead, A::Error> {
                let (mut number, mut lead) = (None, Lead::new(""));
                while let Some(header) = map.next_key::<String>()? {
                    let value: Value = map.next_value()?;
                    if value.is_array() || value.is_object() {
                        return Err(de::Error::custom(
                            "a value is not text, a number or a boolean",
                        ));
                    }
                    let is_empty = text(&value).is_empty();
                    if header.eq_ignore_ascii_case(PHONE) {
                        number = Some(text(&value)).filter(|_| !is_empty);
                    } else if !is_empty {
                        lead = lead.column(header, value);
                    }
                }
                let number = number.ok_or_else(|| de::Error::missing_field(PHONE))?;
                Ok(Lead { number: PhoneNumber::from(number.as_str()), ..lead })
            }
        }
        from.deserialize_map(Fields)
    }
}

/// As an object with one field per header.
impl Serialize for Lead {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.cells.len() + 1))?;
        map.serialize_entry(PHONE, &self.number)?;
        for (header, Cell(value)) in &self.cells {
            map.serialize_entry(header, value)?;
        }
        map.end()
    }
}

/// A row's value under one header.
#[derive(Clone, PartialEq)]
struct Cell(Value);

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Lead {
    /// A lead with nothing but a number.
    pub fn new(number: impl Into<PhoneNumber>) -> Self {
        Self { number: number.into(), cells: Vec::new() }
    }

    /// The person's name: letters, digits, `_`, blanks and `( ) . + $ % - :`.
    #[must_use]
    pub fn name(self, name: impl Into<SensitiveText>) -> Self {
        self.column("Name", name.into().as_str())
    }

    /// From 1 to 99, higher first.
    #[must_use]
    pub fn priority(self, priority: u32) -> Self {
        self.column("Priority", priority)
    }

    /// The last day on which it is dialled.
    #[must_use]
    pub fn expires(self, day: Day) -> Self {
        self.column("ExpiryDate", day.to_string())
    }

    /// The time from which a scheduled lead is no longer dialled, in the account's zone.
    #[must_use]
    pub fn expires_at(self, time: LocalDateTime) -> Self {
        self.column("ExpiryDate", time.to_string())
    }

    /// When a scheduled lead is dialled, in the account's zone.
    #[must_use]
    pub fn scheduled(self, time: LocalDateTime) -> Self {
        self.column("ScheduledTime", time.to_string())
    }

    /// The agent it is for. Pages write the header `AgentId` and `AgentID`; this is the former, of the bulk page.
    #[must_use]
    pub fn agent(self, agent: impl Into<AgentId>) -> Self {
        self.column("AgentId", agent.into().as_str())
    }

    /// The skill it is for.
    #[must_use]
    pub fn skill(self, skill: impl Into<SkillName>) -> Self {
        self.column("skill", skill.into().as_str())
    }

    /// Any header of the campaign's map file.
    #[must_use]
    pub fn column(mut self, header: impl Into<String>, value: impl Into<Value>) -> Self {
        let (header, value) = (header.into(), Cell(value.into()));
        match self.cells.iter_mut().find(|(known, _)| *known == header) {
            Some(slot) => slot.1 = value,
            None => self.cells.push((header, value)),
        }
        self
    }
}

/// Headers and rows, as `bulkData` has them. `Debug` shows headers and the number of rows.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Sheet {
    /// The headers.
    pub map: Vec<String>,
    /// The rows: one value per header.
    pub data: Vec<Vec<Value>>,
}

impl fmt::Debug for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sheet").field("map", &self.map).field("rows", &self.data.len()).finish()
    }
}

impl Sheet {
    /// Leads as rows, numbers in the region's form; a header that a lead lacks is an empty text there.
    ///
    /// # Errors
    /// The row of a lead whose number is not one, and why.
    pub fn of(region: Region, leads: impl IntoIterator<Item = Lead>) -> Result<Self, InvalidRow> {
        let leads: Vec<Lead> = leads.into_iter().collect();
        let mut map = vec![PHONE.to_owned()];
        for (header, _) in leads.iter().flat_map(|lead| &lead.cells) {
            if !map.contains(header) {
                map.push(header.clone());
            }
        }
        let mut data = Vec::with_capacity(leads.len());
        for (at, lead) in leads.into_iter().enumerate() {
            let number =
                lead.number.for_dial(region).map_err(|invalid| InvalidRow { row: at, invalid })?;
            let cell = |header: &String| {
                let found = lead.cells.iter().find(|(known, _)| known == header);
                found.map_or_else(|| Value::from(""), |(_, cell)| cell.0.clone())
            };
            let mut row = vec![Value::from(number.as_str())];
            row.extend(map.iter().skip(1).map(cell));
            data.push(row);
        }
        Ok(Self { map, data })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    pub(crate) fn part(&self, rows: Range<usize>) -> Self {
        let data = self.data.get(rows).unwrap_or_default().to_vec();
        Self { map: self.map.clone(), data }
    }

    fn column(&self, header: &str) -> Option<usize> {
        self.map.iter().position(|known| known.eq_ignore_ascii_case(header))
    }

    /// The number in a row.
    pub fn number(&self, row: usize) -> Option<PhoneNumber> {
        let cell = self.data.get(row)?.get(self.column(PHONE)?)?;
        Some(PhoneNumber::from(text(cell).as_str()))
    }

    /// Checks headers and the number of rows.
    pub(crate) fn check(&self, most: usize, needs: &[&str]) -> Result<(), Invalid> {
        if !needs.iter().all(|header| self.column(header).is_some()) {
            return Err(Invalid::new("map", "lacks a mandatory header"));
        }
        if self.is_empty() {
            return Err(Invalid::new("data", "has no rows"));
        }
        if self.len() > most {
            return Err(Invalid::new("data", "has too many rows for one request; see in_batches"));
        }
        Ok(())
    }

    /// Checks each row against the documented limits.
    pub(crate) fn check_rows(&self, form: &RowForm) -> Result<(), InvalidRow> {
        let headers: usize = self.map.iter().map(|header| header.chars().count()).sum();
        for (at, row) in self.data.iter().enumerate() {
            let refuse = |field, reason: &'static str| {
                Err(InvalidRow { row: at, invalid: Invalid::new(field, reason) })
            };
            if row.len() != self.map.len() {
                return refuse("data", "a row needs one value per header");
            }
            let size: usize = row.iter().map(|cell| text(cell).chars().count()).sum();
            if headers + size > form.characters {
                return refuse("data", "a row with its headers is over 2000 characters long");
            }
            for (header, cell) in self.map.iter().zip(row) {
                form.cell(header, &text(cell))
                    .map_err(|invalid| InvalidRow { row: at, invalid })?;
            }
        }
        Ok(())
    }
}

/// What the cells of an upload have to look like.
pub(crate) struct RowForm {
    pub(crate) characters: usize,
    /// Times as `YYYY-MM-DD HH:MM:SS` instead of days.
    pub(crate) scheduled: bool,
}

impl RowForm {
    fn cell(&self, header: &str, text: &str) -> Result<(), Invalid> {
        match header {
            PHONE if text.trim().is_empty() => Err(Invalid::new(PHONE, "is empty")),
            "Name" => name(text),
            "Priority" if !text.is_empty() => priority(text),
            "ExpiryDate" if !text.is_empty() && !self.scheduled => match text.parse::<Day>() {
                Ok(_) => Ok(()),
                Err(_) => Err(Invalid::new("ExpiryDate", "has to be YYYY-MM-DD")),
            },
            "ExpiryDate" if !text.is_empty() => time("ExpiryDate", text),
            "ScheduledTime" => time("ScheduledTime", text),
            _ => Ok(()),
        }
    }
}

/// What the page allows in a name. Other alphabets are left to the service.
pub(super) fn name(text: &str) -> Result<(), Invalid> {
    let allowed = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "_ ().+$%-:".contains(c);
    if text.chars().all(allowed) {
        Ok(())
    } else {
        Err(Invalid::new("Name", "takes letters, digits, blanks and _ ( ) . + $ % - : only"))
    }
}

pub(super) fn priority(text: &str) -> Result<(), Invalid> {
    match text.trim().parse::<u32>() {
        Ok(1..=99) => Ok(()),
        _ => Err(Invalid::new("Priority", "has to be 1 to 99")),
    }
}

fn time(field: &'static str, text: &str) -> Result<(), Invalid> {
    match (text.len(), text.parse::<LocalDateTime>()) {
        (19, Ok(_)) => Ok(()),
        _ => Err(Invalid::new(field, "has to be YYYY-MM-DD HH:MM:SS")),
    }
}

fn text(cell: &Value) -> String {
    match cell {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BULK: RowForm = RowForm { characters: 2000, scheduled: false };

    #[test]
    fn leads_become_rows_under_the_union_of_their_headers() {
        let leads = [
            Lead::new("+91 90000 00001").name("A B").priority(6),
            Lead::new("9000000002").skill("General"),
        ];
        let sheet = Sheet::of(Region::India, leads).unwrap();
        let want = serde_json::json!({"map": ["PhoneNumber", "Name", "Priority", "skill"],
            "data": [["9000000001", "A B", 6, ""], ["9000000002", "", "", "General"]]});
        assert_eq!(serde_json::to_value(&sheet).unwrap(), want);
        assert_eq!(sheet.check(2, &["PhoneNumber"]), Ok(()));
        assert_eq!(sheet.check_rows(&BULK), Ok(()));
        assert_eq!(sheet.number(1), Some("9000000002".into()));
        assert!(!format!("{sheet:?}").contains("A B"));
    }

    #[test]
    fn a_number_that_is_none_is_named_by_its_row() {
        let leads = [Lead::new("9000000001"), Lead::new("letters")];
        let error = Sheet::of(Region::India, leads).unwrap_err();
        assert_eq!((error.row, error.invalid.field()), (1, "phone_number"));
        assert_eq!(crate::Error::from(error).row(), Some(1));
    }

    #[test]
    fn a_lead_is_read_from_the_fields_of_a_row_and_written_as_them() {
        let lead: Lead = serde_json::from_str(
            r#"{"phonenumber":"9000000001","Name":"A B","Priority":6,"City":"","skill":null}"#,
        )
        .unwrap();
        assert_eq!(lead, Lead::new("9000000001").name("A B").priority(6));
        let json = serde_json::to_value(&lead).unwrap();
        let want = serde_json::json!({"PhoneNumber": "9000000001", "Name": "A B", "Priority": 6});
        assert_eq!(json, want);
        assert_eq!(serde_json::from_value::<Lead>(json).unwrap(), lead);
        for bad in [r#"{"Name":"A B"}"#, r#"{"PhoneNumber":""}"#, r#"{"PhoneNumber":["9"]}"#, "7"] {
            assert!(serde_json::from_str::<Lead>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rows_are_held_to_the_documented_limits() {
        let row = |cells: &[(&str, &str)]| Sheet {
            map: cells.iter().map(|(header, _)| (*header).to_owned()).collect(),
            data: vec![cells.iter().map(|(_, cell)| Value::from(*cell)).collect()],
        };
        let number = ("PhoneNumber", "9000000001");
        let long = "x".repeat(1985);
        for (cells, good) in [
            (vec![number, ("Name", "A_B (c) 1.+$%-:")], true),
            (vec![number, ("Name", "A;B")], false),
            (vec![number, ("Name", "आशा")], true),
            (vec![number, ("Priority", "99")], true),
            (vec![number, ("Priority", "0")], false),
            (vec![number, ("Priority", "100")], false),
            (vec![number, ("ExpiryDate", "2030-01-01")], true),
            (vec![number, ("ExpiryDate", "2030-01-01 10:00:00")], false),
            (vec![("PhoneNumber", " ")], false),
            // 11 + 1 characters of headers, 10 + 1978 of cells.
            (vec![number, ("N", &long[..1978])], true),
            (vec![number, ("N", &long[..1979])], false),
        ] {
            assert_eq!(row(&cells).check_rows(&BULK).is_ok(), good, "{cells:?}");
        }
        let scheduled = RowForm { characters: 2000, scheduled: true };
        let at = |time| row(&[number, ("ScheduledTime", time)]).check_rows(&scheduled).is_ok();
        assert!(at("2030-02-13 21:14:00") && !at("2030-02-13") && !at(""));
        let short = Sheet { map: vec![PHONE.into(), "Name".into()], data: vec![vec!["9".into()]] };
        assert_eq!(short.check_rows(&BULK).unwrap_err().row, 0);
    }

    proptest! {
        #[test]
        fn parts_put_together_are_the_sheet(rows in 0usize..40, size in 1usize..9) {
            let data: Vec<_> = (0..rows).map(|n| vec![Value::from(n)]).collect();
            let sheet = Sheet { map: vec![PHONE.into()], data };
            let mut back = Vec::new();
            for start in (0..rows).step_by(size) {
                back.extend(sheet.part(start..(start + size).min(rows)).data);
            }
            prop_assert_eq!(back, sheet.data);
        }
    }
}
