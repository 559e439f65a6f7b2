//! Which column of a file is which header of the service.

use ozonetel_sdk::types::redact_numbers_in;

use crate::mask::printable;

/// The headers that the service documents; further ones are those of the campaign's map file.
const KNOWN: [&str; 7] =
    ["PhoneNumber", "Name", "Priority", "ExpiryDate", "ScheduledTime", "AgentId", "skill"];

/// Names that lists give to the number: suggested, and not taken for it.
const LIKE_A_NUMBER: [&str; 7] =
    ["number", "phone", "mobile", "phoneno", "mobileno", "mobilenumber", "telephone"];

/// The fewest digits of a number, which are those of an extension.
const SHORTEST: usize = 6;

const NO_HEADERS: &str =
    "has a telephone number where its headers should be: its first line has to name the columns";

/// A column that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Its place in the file.
    pub(super) at: usize,
    /// The header under which it is sent.
    pub(super) header: String,
}

/// Letters and digits alone: `Phone Number` is `PhoneNumber`, and what letters mean is no guess of ours.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// The place of a column that is named by its number, counted from 1: `#3`.
fn numbered(column: &str, count: usize) -> Option<usize> {
    let number: usize = column.strip_prefix('#')?.parse().ok()?;
    number.checked_sub(1).filter(|place| *place < count)
}

/// Whether a header is a telephone number: then the line it is in is a lead, and not one of headers.
fn is_number(header: &str) -> bool {
    let digits = header.chars().filter(char::is_ascii_digit).count();
    digits >= SHORTEST && !header.chars().any(char::is_alphabetic)
}

/// The headers for a message, without what is a number in a file that has none.
fn listed(headers: &[String]) -> String {
    redact_numbers_in(&printable(&headers.join(", ")))
}

/// The columns: those that `map` names (`Header=column of the file`), those of the service's own names, and the rest
/// under their own names, unless only named ones are wanted.
pub(super) fn chosen(
    headers: &[String],
    map: &[(String, String)],
    only_named: bool,
) -> Result<Vec<Column>, String> {
    let mut columns: Vec<Column> = Vec::new();
    for (header, column) in map {
        let found = numbered(column, headers.len())
            .or_else(|| headers.iter().position(|known| known == column))
            .or_else(|| headers.iter().position(|known| plain(known) == plain(column)));
        let at = found.ok_or_else(|| {
            let turned = headers.iter().any(|known| plain(known) == plain(header));
            let hint =
                if turned { ": it is --map HEADER=COLUMN, the file's column last" } else { "" };
            let column = redact_numbers_in(&printable(column));
            format!("has no column {column}; there are {}{hint}", listed(headers))
        })?;
        columns.push(Column { at, header: header.clone() });
    }
    for (at, own) in headers.iter().enumerate() {
        if own.is_empty() || columns.iter().any(|column| column.at == at) {
            continue;
        }
        let known = KNOWN.iter().find(|known| plain(known) == plain(own));
        let header = match known {
            Some(known) => (*known).to_owned(),
            None if only_named => continue,
            None => own.clone(),
        };
        if columns.iter().any(|column| column.header == header) {
            // A column that `--map` put in the place of this one.
            if map.iter().any(|(named, _)| *named == header) {
                continue;
            }
            let before = columns.iter().find(|column| column.header == header);
            let before = before.map_or(0, |column| column.at) + 1;
            return Err(format!(
                "has two columns for {header}, #{before} and #{}: name the one with --map {header}=#{before}",
                at + 1
            ));
        }
        columns.push(Column { at, header });
    }
    let phone = columns.iter().find(|column| column.header == "PhoneNumber");
    let Some(phone) = phone else {
        let mut like =
            headers.iter().filter(|header| LIKE_A_NUMBER.contains(&plain(header).as_str()));
        let such_as = match (like.next(), like.next()) {
            (Some(only), None) => format!(", such as --map 'PhoneNumber={only}'"),
            (None, _) if headers.iter().any(|header| is_number(header)) => {
                return Err(NO_HEADERS.to_owned());
            }
            _ => String::new(),
        };
        return Err(format!(
            "has no column PhoneNumber; there are {}: say which one it is with --map PhoneNumber=COLUMN{such_as}",
            listed(headers)
        ));
    };
    if headers.get(phone.at).is_some_and(|header| is_number(header)) {
        return Err(NO_HEADERS.to_owned());
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    fn named(list: &[&str], map: &[(&str, &str)], only: bool) -> Result<Vec<String>, String> {
        let map: Vec<_> = map.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let columns = chosen(&headers(list), &map, only)?;
        Ok(columns.iter().map(|column| format!("{}:{}", column.at, column.header)).collect())
    }

    #[test]
    fn the_services_names_are_found_however_they_are_written() {
        let list = ["phone number", "NAME", "expiry_date", "City", ""];
        let want = ["0:PhoneNumber", "1:Name", "2:ExpiryDate", "3:City"];
        assert_eq!(named(&list, &[], false).unwrap(), want);
        assert_eq!(named(&list, &[], true).unwrap(), want[..3]);
    }

    #[test]
    fn a_lead_in_the_place_of_the_headers_is_not_lost() {
        let map = [("PhoneNumber", "#1"), ("Name", "#2")];
        for number in ["9000000001", "+91 90000-00001", "'09000000001", "500001"] {
            for map in [&map[..], &map[..1], &[("PhoneNumber", number)]] {
                let error = named(&[number, "Asha"], map, false).unwrap_err();
                assert_eq!(error, NO_HEADERS);
            }
        }
        for map in [&[][..], &[("PhoneNumber", "Mobile")]] {
            let error = named(&["9000000001", "Asha"], map, false).unwrap_err();
            assert!(!error.contains("9000000001"), "{error}");
        }
        // A number beside the headers is the name of a column, and so is a short one.
        assert!(named(&["Mobile", "9000000001"], &[("PhoneNumber", "Mobile")], false).is_ok());
        assert!(named(&["1", "2"], &[("PhoneNumber", "1")], false).is_ok());
        let error = named(&["Mobile", "Line 9000000001"], &[], false).unwrap_err();
        assert!(error.contains("there are Mobile, Line …01"), "{error}");
    }

    #[test]
    fn a_map_names_what_is_not_found_and_nothing_is_guessed() {
        let list = ["Mobile", "Customer"];
        let error = named(&list, &[], false).unwrap_err();
        assert!(error.contains("there are Mobile, Customer"), "{error}");
        assert!(
            error.ends_with("PhoneNumber=COLUMN, such as --map 'PhoneNumber=Mobile'"),
            "{error}"
        );
        for list in [&["Phone", "Mobile"][..], &["City"]] {
            let error = named(list, &[], false).unwrap_err();
            assert!(error.ends_with("--map PhoneNumber=COLUMN"), "{error}");
        }
        let map = [("PhoneNumber", "mobile"), ("Name", "Customer")];
        assert_eq!(named(&list, &map, false).unwrap(), ["0:PhoneNumber", "1:Name"]);
        let error = named(&list, &[("PhoneNumber", "Phone")], false).unwrap_err();
        assert!(!error.contains("HEADER=COLUMN"), "{error}");
        let turned = named(&list, &[("Mobile", "PhoneNumber")], false).unwrap_err();
        assert!(turned.ends_with("HEADER=COLUMN, the file's column last"), "{turned}");
        let twice = ["PhoneNumber", "Phone number"];
        assert!(named(&twice, &[], false).unwrap_err().contains("two columns"));
        let alike = ["PhoneNumber", "City", "City"];
        let error = named(&alike, &[], false).unwrap_err();
        assert!(error.contains("two columns for City, #2 and #3"), "{error}");
        let third = named(&alike, &[("City", "#3")], false).unwrap();
        assert_eq!(third, ["2:City", "0:PhoneNumber"]);
        assert!(named(&alike, &[("City", "#4")], false).is_err());
        let second = [("PhoneNumber", "Phone number")];
        assert_eq!(named(&twice, &second, false).unwrap(), ["1:PhoneNumber"]);
    }
}
