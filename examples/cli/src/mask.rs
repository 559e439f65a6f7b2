//! Telephone numbers in what people read: hidden but for the last two digits.

/// Fields whose value is a telephone number, an extension or a line, by the service's own names.
const NUMBERS: [&str; 9] = [
    "CallerID",
    "callerID",
    "DialedNumber",
    "E164",
    "DID",
    "did",
    "DynamicDID",
    "TransferredTo",
    "agentNumber",
];

/// Fields whose digits name a call.
const CALLS: [&str; 4] = ["UCID", "ucid", "CallID", "monitorUCID"];

/// A number's last two digits.
pub(crate) fn number(text: &str) -> String {
    let total = text.chars().count();
    let keep = if total > 4 { 2 } else { 0 };
    std::iter::once('…').chain(text.chars().skip(total - keep)).collect()
}

/// A text without telephone numbers: runs of 7 to 13 digits. UCIDs are longer and stay.
pub(crate) fn numbers_in(text: &str) -> String {
    let (mut out, mut run) = (String::with_capacity(text.len()), String::new());
    for c in text.chars() {
        if c.is_ascii_digit() {
            run.push(c);
        } else {
            close(&mut out, &mut run);
            out.push(c);
        }
    }
    close(&mut out, &mut run);
    out
}

fn close(out: &mut String, run: &mut String) {
    if (7..=13).contains(&run.len()) {
        out.push_str(&number(run));
    } else {
        out.push_str(run);
    }
    run.clear();
}

/// A field's text as a table shows it.
pub(crate) fn field(name: &str, text: &str) -> String {
    if CALLS.contains(&name) {
        text.to_owned()
    } else if NUMBERS.contains(&name) && !text.is_empty() {
        number(text)
    } else {
        numbers_in(text)
    }
}

/// A text that cannot move a terminal's cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_hidden_wherever_they_stand() {
        assert_eq!(numbers_in("call +919000000001, then 09000000002"), "call +…01, then …02");
        assert_eq!(
            numbers_in("on 2026-11-21 at 10:00:00, agent 1001"),
            "on 2026-11-21 at 10:00:00, agent 1001"
        );
        assert_eq!(field("UCID", "12345170000000099"), "12345170000000099");
        assert_eq!(field("DialedNumber", "500001"), "…01");
        assert_eq!(field("CallerID", ""), "");
        assert_eq!(field("Comments", "ring 9000000001"), "ring …01");
        assert_eq!(number("12"), "…");
    }

    #[test]
    fn calls_keep_their_ids_in_any_text() {
        assert_eq!(numbers_in("ucid [12345170000000099]"), "ucid [12345170000000099]");
        assert_eq!(numbers_in("12345170000099"), "12345170000099");
    }
}
