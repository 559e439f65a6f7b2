//! What a JSON text may take in memory once it is decoded.
//!
//! A limit on bytes says little about that: `[0]` is three bytes and 180 in memory, an object of one field 700.

/// An element of a list, with the room that a growing list leaves behind it.
const ELEMENT: usize = 64;
/// The first block of a list that is not empty.
const LIST: usize = 160;
/// The first block of an object that is not empty.
const OBJECT: usize = 680;
/// A field's share of its object's blocks.
const FIELD: usize = 120;
/// A text's own block.
const TEXT: usize = 32;

/// What is known of a list of records before it is decoded.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ListShape {
    /// The level of the list: 1 if it is all there is, 2 inside an object.
    pub(crate) level: usize,
    /// What a record takes by itself.
    pub(crate) element: usize,
    /// Fields that have their place in it, which takes nothing more.
    pub(crate) fields: &'static [&'static str],
}

/// The most that a text takes once it is decoded, in bytes, if it is JSON. Goes through the text once.
pub(crate) fn weight(json: &str, shape: ListShape) -> usize {
    let bytes = json.as_bytes();
    let (mut sum, mut at) = (bytes.len(), 0);
    // One bit for each level: whether it is an object. Deeper ones than these are refused by every reader.
    let (mut depth, mut objects) = (0_usize, 0_u128);
    let (mut is_name, mut is_known) = (false, false);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        let in_object = objects & 1 == 1;
        match byte {
            b'"' => {
                let from = at;
                at = after_text(bytes, at);
                let text = bytes.get(from..at.saturating_sub(1)).unwrap_or_default();
                if is_name {
                    let field = |field: &&str| field.as_bytes() == text;
                    is_known = depth == shape.level + 1 && shape.fields.iter().any(field);
                }
                let takes = if is_name { !is_known } else { !text.is_empty() };
                sum += if takes { TEXT } else { 0 };
            }
            b':' if in_object => {
                sum += if is_known { 0 } else { FIELD };
                is_name = false;
            }
            b',' if in_object => is_name = true,
            b',' => sum += ELEMENT + if depth == shape.level { shape.element } else { 0 },
            b'{' => {
                (sum, depth, objects) = (sum + OBJECT, depth + 1, objects << 1 | 1);
                is_name = true;
            }
            b'[' => {
                sum += LIST + if depth + 1 == shape.level { shape.element } else { 0 };
                (depth, objects) = (depth + 1, objects << 1);
                is_name = false;
            }
            b'}' | b']' => {
                (depth, objects) = (depth.saturating_sub(1), objects >> 1);
                is_name = false;
            }
            _ => {}
        }
    }
    sum
}

/// Where a text ends that begins here.
fn after_text(bytes: &[u8], mut at: usize) -> usize {
    loop {
        let tail = bytes.get(at..).unwrap_or_default();
        let Some(found) = memchr::memchr2(b'"', b'\\', tail) else { return bytes.len() };
        at += found + 1;
        if tail.get(found) == Some(&b'"') {
            return at;
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// What a value takes at least: its blocks, without what the allocator adds.
    fn taken(value: &Value) -> usize {
        let inside: usize = match value {
            Value::String(text) => text.len(),
            Value::Array(list) => {
                list.capacity() * size_of::<Value>() + list.iter().map(taken).sum::<usize>()
            }
            Value::Object(map) => {
                // Nodes of a B-tree hold five to eleven entries.
                let node = 11 * (size_of::<String>() + size_of::<Value>()) + 16;
                let entries = map.iter().map(|(name, value)| name.len() + taken(value));
                map.len().div_ceil(5) * node + entries.sum::<usize>()
            }
            _ => 0,
        };
        inside
    }

    #[test]
    fn nothing_takes_more_than_its_weight() {
        for (piece, name) in [
            ("0,", "numbers"),
            ("[],", "empty lists"),
            ("[0],", "lists of one"),
            ("[[0]],", "lists of lists"),
            ("{},", "empty objects"),
            (r#"{"":0},"#, "objects of one"),
            (r#"{"a":{"":0}},"#, "objects of objects"),
            (r#""","#, "empty texts"),
            (r#""a\"b\\",0,"#, "texts with escapes"),
        ] {
            for many in [1, 3, 1000] {
                let list = format!("[{}0]", piece.repeat(many));
                let value: Value = serde_json::from_str(&list).unwrap();
                let (taken, weight) = (taken(&value), weight(&list, ListShape::default()));
                assert!(taken <= weight, "{many} {name}: {taken} over {weight}");
            }
        }
        let fields: String = (0..2000).map(|n| format!(r#""{n}":0,"#)).collect();
        let object = format!(r#"{{{fields}"":0}}"#);
        let value: Value = serde_json::from_str(&object).unwrap();
        assert!(taken(&value) <= weight(&object, ListShape::default()));
    }

    #[test]
    fn a_list_of_records_weighs_what_its_records_take() {
        let shape = ListShape { level: 1, element: 1000, fields: &["UCID", "Comments"] };
        let plain = |json: &str| weight(json, ListShape::default());
        for (json, records) in [("[{},{}]", 2), ("[]", 1), ("[[1,2],[3]]", 2), (r#"["a,b",7]"#, 2)]
        {
            assert_eq!(weight(json, shape), plain(json) + records * 1000, "{json}");
        }
        let known = r#"[{"UCID":"7","Comments":"a \"word\""}]"#;
        assert_eq!(weight(known, shape), known.len() + LIST + OBJECT + 1000 + 2 * TEXT);
        let within = format!(r#"{{"status":"success","details":{known}}}"#);
        let around = weight(&within, ListShape { level: 2, ..shape }) - weight(known, shape);
        assert_eq!(around, plain(&within) - plain(known));
        // Inside a field that has no place, a name is any name.
        let nested = r#"[{"New":{"UCID":7}}]"#;
        assert_eq!(weight(nested, shape), plain(nested) + 1000);
    }

    #[test]
    fn a_row_as_the_service_writes_it_takes_a_few_times_its_bytes() {
        let fields = crate::api::cdr::CallRecord::FIELDS;
        let shape =
            ListShape { level: 1, element: size_of::<crate::api::cdr::CallRecord>(), fields };
        let row: Vec<_> = fields.iter().map(|name| format!(r#""{name}":"00:00:00""#)).collect();
        let row = format!("{{{}}}", row.join(","));
        let day = format!("[{}]", vec![row.clone(); 100].join(","));
        let ratio = weight(&day, shape) / day.len();
        assert!(ratio <= 5, "{ratio}");
    }
}
