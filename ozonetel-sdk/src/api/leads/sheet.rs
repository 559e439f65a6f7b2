//! Rows to upload: headers, and one value per header and row.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::types::ids::{AgentId, SkillName};
use crate::types::invalid::{Invalid, InvalidRow};
use crate::types::phone::{DialPlan, NumberKey, PhoneNumber};
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

    /// The person's name. A bulk upload takes letters, digits, `_`, blanks and `( ) . + $ % - :` only.
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
    map: Vec<String>,
    data: Vec<Vec<Value>>,
    /// What is wrong with a row's number, by its position: found where the numbers were put into the account's form.
    #[serde(skip)]
    numbers: BTreeMap<usize, Invalid>,
}

impl fmt::Debug for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sheet")
            .field("map", &self.map)
            .field("rows", &self.data.len())
            .finish_non_exhaustive()
    }
}

impl FromIterator<Lead> for Sheet {
    fn from_iter<I: IntoIterator<Item = Lead>>(leads: I) -> Self {
        Self::of(leads)
    }
}

impl Sheet {
    /// Headers and rows of one's own, one value per header in each row.
    pub fn new(headers: Vec<String>, rows: Vec<Vec<Value>>) -> Self {
        Self { map: headers, data: rows, numbers: BTreeMap::new() }
    }

    /// Leads as rows; a header that a lead lacks is an empty text there. Numbers are checked, and put into the form
    /// that the account requires, when the sheet is handed to a client.
    ///
    /// ```
    /// use ozonetel_sdk::leads::{Lead, Sheet};
    /// let sheet = Sheet::of([Lead::new("9000000001").name("A B"), Lead::new("9000000002").priority(6)]);
    /// assert_eq!(sheet.headers(), ["PhoneNumber", "Name", "Priority"]);
    /// assert_eq!(sheet.len(), 2);
    /// ```
    pub fn of(leads: impl IntoIterator<Item = Lead>) -> Self {
        let leads: Vec<Lead> = leads.into_iter().collect();
        let mut map = vec![PHONE.to_owned()];
        for (header, _) in leads.iter().flat_map(|lead| &lead.cells) {
            if !map.contains(header) {
                map.push(header.clone());
            }
        }
        let row = |lead: Lead| {
            let cell = |header: &String| {
                let found = lead.cells.iter().find(|(known, _)| known == header);
                found.map_or_else(|| Value::from(""), |(_, cell)| cell.0.clone())
            };
            let number = Value::from(lead.number.as_str());
            std::iter::once(number).chain(map.iter().skip(1).map(cell)).collect()
        };
        let data = leads.into_iter().map(row).collect();
        Self::new(map, data)
    }

    /// The headers.
    pub fn headers(&self) -> &[String] {
        &self.map
    }

    /// The rows: one value per header.
    pub fn rows(&self) -> &[Vec<Value>] {
        &self.data
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Puts the numbers into the form that is dialled; those that have none are noted.
    pub(crate) fn dialled(&mut self, plan: &DialPlan) {
        let Some(column) = self.column(PHONE) else { return };
        self.numbers.clear();
        for (at, row) in self.data.iter_mut().enumerate() {
            let Some(cell) = row.get_mut(column) else { continue };
            match PhoneNumber::from(text(cell)).for_dial(plan) {
                Ok(number) => *cell = Value::from(number.as_str()),
                Err(invalid) => drop(self.numbers.insert(at, invalid.under(PHONE))),
            }
        }
    }

    /// The same with these rows only, counted from 1.
    pub(crate) fn pick(&self, rows: &[usize]) -> Self {
        let mut picked = Self::new(self.map.clone(), Vec::with_capacity(rows.len()));
        for at in rows.iter().filter_map(|row| row.checked_sub(1)) {
            let Some(row) = self.data.get(at) else { continue };
            if let Some(invalid) = self.numbers.get(&at) {
                picked.numbers.insert(picked.data.len(), invalid.clone());
            }
            picked.data.push(row.clone());
        }
        picked
    }

    /// What the number of each row is known by.
    pub(crate) fn number_keys(&self) -> Vec<Option<NumberKey>> {
        let column = self.column(PHONE);
        let number = |row: &Vec<Value>| PhoneNumber::from(text(row.get(column?)?)).key();
        self.data.iter().map(number).collect()
    }

    fn column(&self, header: &str) -> Option<usize> {
        self.map.iter().position(|known| known.eq_ignore_ascii_case(header))
    }

    /// Checks headers and the number of rows.
    pub(crate) fn check(&self, most: usize, needs: &[&str]) -> Result<(), Invalid> {
        if !needs.iter().all(|header| self.column(header).is_some()) {
            return Err(Invalid::new("map", "lacks a mandatory header"));
        }
        let same = |one: &String, other: &String| {
            one == other || (one.eq_ignore_ascii_case(PHONE) && other.eq_ignore_ascii_case(PHONE))
        };
        let twice = |(at, header): (usize, &String)| {
            self.map.iter().take(at).any(|before| same(before, header))
        };
        if self.map.iter().enumerate().any(twice) {
            return Err(Invalid::new("map", "has a header twice"));
        }
        if self.is_empty() {
            return Err(Invalid::new("data", "has no rows"));
        }
        if self.len() > most {
            return Err(Invalid::new("data", "has too many rows for one request; see in_batches"));
        }
        Ok(())
    }

    /// Checks each row against the documented limits; returns everything that is wrong.
    pub(crate) fn check_rows(&self, form: &RowForm) -> Vec<InvalidRow> {
        let headers: usize = self.map.iter().map(|header| header.chars().count()).sum();
        let mut found = Vec::new();
        for (at, row) in self.data.iter().enumerate() {
            let mut refuse = |invalid| found.push(InvalidRow { row: at + 1, invalid });
            if let Some(invalid) = self.numbers.get(&at) {
                refuse(invalid.clone());
            }
            if row.len() != self.map.len() {
                refuse(Invalid::new("data", "a row needs one value per header"));
                continue;
            }
            let size: usize = row.iter().map(|cell| text(cell).chars().count()).sum();
            if headers + size > form.characters {
                refuse(Invalid::new("data", "a row with its headers is over 2000 characters long"));
            }
            let cells = self.map.iter().zip(row);
            let noted =
                |header: &str| header.eq_ignore_ascii_case(PHONE) && self.numbers.contains_key(&at);
            for (header, cell) in cells.filter(|(header, _)| !noted(header)) {
                if let Err(invalid) = form.cell(header, &text(cell)) {
                    refuse(invalid);
                }
            }
        }
        found
    }
}

/// What the cells of an upload have to look like.
pub(crate) struct RowForm {
    pub(crate) characters: usize,
    /// Whether the page limits the characters of names.
    pub(crate) plain_names: bool,
    /// Times as `YYYY-MM-DD HH:MM:SS` instead of days.
    pub(crate) scheduled: bool,
}

impl RowForm {
    fn cell(&self, header: &str, text: &str) -> Result<(), Invalid> {
        let is = |name: &str| header.eq_ignore_ascii_case(name);
        let filled = !text.trim().is_empty();
        if is(PHONE) && !filled {
            return Err(Invalid::new(PHONE, "is empty"));
        }
        if is("Name") && self.plain_names {
            return name(text);
        }
        if is("Priority") && filled {
            return priority(text);
        }
        if is("ScheduledTime") || (is("ExpiryDate") && filled && self.scheduled) {
            let field = if is("ExpiryDate") { "ExpiryDate" } else { "ScheduledTime" };
            return time(field, text);
        }
        if is("ExpiryDate") && filled && text.parse::<Day>().is_err() {
            return Err(Invalid::new("ExpiryDate", "has to be YYYY-MM-DD"));
        }
        Ok(())
    }
}

/// What the page of the bulk upload allows in a name. Other alphabets are left to the service.
fn name(text: &str) -> Result<(), Invalid> {
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

    const BULK: RowForm = RowForm { characters: 2000, plain_names: true, scheduled: false };

    #[test]
    fn leads_become_rows_under_the_union_of_their_headers() {
        let leads = [
            Lead::new("+91 90000 00001").name("A B").priority(6),
            Lead::new("9000000002").skill("General"),
        ];
        let mut sheet = Sheet::of(leads);
        sheet.dialled(&DialPlan::default());
        let want = serde_json::json!({"map": ["PhoneNumber", "Name", "Priority", "skill"],
            "data": [["9000000001", "A B", 6, ""], ["9000000002", "", "", "General"]]});
        assert_eq!(serde_json::to_value(&sheet).unwrap(), want);
        assert_eq!(sheet.check(2, &["PhoneNumber"]), Ok(()));
        assert_eq!(sheet.check_rows(&BULK), []);
        assert!(!format!("{sheet:?}").contains("A B"));
    }

    fn bad(sheet: &Sheet) -> Vec<(usize, &'static str)> {
        let found = sheet.check_rows(&BULK);
        found.iter().map(|bad| (bad.row, bad.invalid.field())).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_told_by_its_row() {
        let leads = [
            Lead::new("9000000001").name("O'Brien").priority(100),
            Lead::new("9000000002").name("A B"),
            Lead::new("letters"),
            Lead::new("112.0"),
            Lead::new("").name("A B"),
        ];
        let mut sheet = Sheet::of(leads);
        sheet.dialled(&DialPlan::default());
        let want = [(1, "Name"), (1, "Priority"), (3, PHONE), (4, PHONE), (5, PHONE)];
        assert_eq!(bad(&sheet), want);
        let part = sheet.pick(&[2, 3, 5, 9, 0]);
        assert_eq!((part.len(), bad(&part)), (3, vec![(2, PHONE), (3, PHONE)]));
    }

    #[test]
    fn a_spreadsheets_numbers_are_uploaded_as_themselves_or_not_at_all() {
        for (cell, want) in [
            (Value::from("1800123456.0"), Some("1800123456")),
            (Value::from(9_000_000_001.0_f64), Some("9000000001")),
            (Value::from("9000000001.0"), Some("9000000001")),
            (Value::from("112.0"), None),
            (Value::from("9.000000001E9"), None),
            (Value::from(true), None),
            (Value::Null, None),
        ] {
            let mut sheet = Sheet::new(vec!["phonenumber".into()], vec![vec![cell.clone()]]);
            sheet.dialled(&DialPlan::default());
            match want {
                Some(number) => assert_eq!(sheet.rows(), [[Value::from(number)]]),
                None => assert_eq!(bad(&sheet), [(1, PHONE)], "{cell}"),
            }
        }
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
        let row = |cells: &[(&str, &str)]| {
            let headers = cells.iter().map(|(header, _)| (*header).to_owned()).collect();
            Sheet::new(headers, vec![cells.iter().map(|(_, cell)| Value::from(*cell)).collect()])
        };
        let number = ("PhoneNumber", "9000000001");
        let long = "x".repeat(1985);
        for (cells, good) in [
            (vec![number, ("Name", "A_B (c) 1.+$%-:")], true),
            (vec![number, ("Name", "A;B")], false),
            (vec![number, ("name", "A;B")], false),
            (vec![number, ("PRIORITY", "0")], false),
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
            assert_eq!(row(&cells).check_rows(&BULK).is_empty(), good, "{cells:?}");
        }
        let scheduled = RowForm { characters: 2000, plain_names: false, scheduled: true };
        let at = |time| row(&[number, ("ScheduledTime", time)]).check_rows(&scheduled).is_empty();
        assert!(at("2030-02-13 21:14:00") && !at("2030-02-13") && !at(""));
        let short = Sheet::new(vec![PHONE.into(), "Name".into()], vec![vec!["9".into()]]);
        assert_eq!(bad(&short), [(1, "data")]);
    }

    proptest! {
        #[test]
        fn parts_put_together_are_the_sheet(rows in 0usize..40, size in 1usize..9) {
            let data: Vec<_> = (0..rows).map(|n| vec![Value::from(n)]).collect();
            let sheet = Sheet::new(vec![PHONE.into()], data);
            let mut back = Vec::new();
            let all: Vec<usize> = (1..=rows).collect();
            for part in all.chunks(size) {
                back.extend(sheet.pick(part).data);
            }
            prop_assert_eq!(back, sheet.data);
        }
    }
}
