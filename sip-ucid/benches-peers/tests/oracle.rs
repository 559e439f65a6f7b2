//! A second opinion: what sip-header reads in the same values.
//!
//! Both read every address, Via and Content-Length of the corpus and of damaged copies of it. Where
//! both accept a value to the letter they must have read the same; where only one does, the difference
//! must be one of those named here.

use std::collections::BTreeMap;
use std::path::Path;

use sip_header::{HeaderParse, ListParse, SipHeaderAddr, SipMessageHeaders, SipVia};
use sip_ucid::{Address, Head, Leniency, Name, Text, Uri, Via};

#[path = "../../tests/it/corpus/sections.rs"]
mod sections;

fn unfolded(text: Text<'_>) -> Option<String> {
    String::from_utf8(text.unfold().collect::<Vec<_>>().concat()).ok()
}

/// Every message of the corpus.
fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus");
    let mut all = Vec::new();
    for file in ["rfc4475.txt", "rfc5118.txt", "field.txt"] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let sections = sections::read(&text).unwrap();
        all.extend(sections.into_iter().map(|(_, message)| message));
    }
    all.sort();
    assert_eq!(all.len(), 82);
    all
}

/// The values of the headers with addresses and of Via, in the corpus.
fn values() -> Vec<(Name, String)> {
    let mut all = Vec::new();
    for message in corpus() {
        let Ok(sip_ucid::Status::Complete(head)) = Head::parse(&message) else { continue };
        for header in head.headers().flatten() {
            let kept = [
                Name::From,
                Name::To,
                Name::Contact,
                Name::Route,
                Name::RecordRoute,
                Name::ReferTo,
                Name::PAssertedIdentity,
                Name::RemotePartyId,
                Name::Diversion,
                Name::Via,
            ];
            if let (true, Some(value)) = (kept.contains(&header.known()), unfolded(header.value()))
            {
                all.push((header.known(), value));
            }
        }
    }
    all.sort_by(|one, other| one.1.cmp(&other.1));
    all.dedup();
    assert!(all.len() > 200, "{}", all.len());
    all
}

/// Copies of a value with one to three places changed, always the same ones.
fn damaged(value: &str, copies: u64) -> impl Iterator<Item = String> {
    const ODD: &[u8] = b"<>\"\\;,:@[]%=?*#&+ /\t.aA09_-(){}'~!$|^`";
    let mut state = value.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    }) | 1;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let value = value.as_bytes().to_vec();
    (0..copies).filter_map(move |_| {
        let mut copy = value.clone();
        for _ in 0..=next(3) {
            let at = next(copy.len().max(1));
            let odd = ODD[next(ODD.len())];
            match next(3) {
                0 if at < copy.len() => copy[at] = odd,
                1 if at < copy.len() => drop(copy.remove(at)),
                _ => copy.insert(at, odd),
            }
        }
        String::from_utf8(copy).ok().map(|text| text.trim().to_owned())
    })
}

/// The parts of an address by which two readers can be compared.
#[derive(Debug, PartialEq, Eq, Default)]
struct Parts {
    display: Option<String>,
    scheme: &'static str,
    user: Option<String>,
    host: Option<String>,
    port: Option<u16>,
    tag: Option<String>,
}

fn decoded(text: &[u8]) -> String {
    sip_ucid::PercentDecode::new(text).to_string()
}

fn host(text: &str) -> String {
    match text.parse::<std::net::Ipv6Addr>() {
        Ok(address) => address.to_string(),
        Err(_) => decoded(text.as_bytes()).to_ascii_lowercase(),
    }
}

fn ours(address: &Address<'_>) -> Option<Parts> {
    let parts = Parts {
        display: address.display_name().map(|name| name.to_string()),
        tag: address.tag().map(|tag| tag.to_string()),
        ..Parts::default()
    };
    Some(match address.parsed_uri().ok()? {
        Uri::Sip(uri) => Parts {
            scheme: if uri.is_secure() { "sips" } else { "sip" },
            user: uri.user().map(|user| decoded(user.as_bytes())),
            host: Some(host(uri.host().to_str()?)),
            port: uri.port(),
            ..parts
        },
        Uri::Tel(uri) => {
            Parts { scheme: "tel", user: Some(uri.number().to_str()?.to_owned()), ..parts }
        }
        Uri::Other(_) => Parts { scheme: "other", ..parts },
    })
}

fn theirs(address: &SipHeaderAddr) -> Parts {
    let parts = Parts {
        display: address.display_name().map(str::to_owned),
        tag: address.tag().map(str::to_owned),
        ..Parts::default()
    };
    if let Some(uri) = address.sip_uri() {
        return Parts {
            scheme: uri.scheme().map_or("none", |scheme| scheme.as_str()),
            user: uri.user().map(|user| decoded(user.as_bytes())),
            host: uri.host().map(|it| host(&it.bare().to_string())),
            port: uri.port(),
            ..parts
        };
    }
    match address.tel_uri() {
        Some(uri) => Parts { scheme: "tel", user: uri.number().map(str::to_owned), ..parts },
        None => Parts { scheme: "other", ..parts },
    }
}

/// How often what was seen, and one example of each.
#[derive(Default)]
struct Tally(BTreeMap<String, (usize, Vec<String>)>);

impl Tally {
    fn note(&mut self, what: impl Into<String>, example: impl Into<String>) {
        let (count, examples) = self.0.entry(what.into()).or_default();
        *count += 1;
        if examples.len() < 6 {
            examples.push(example.into());
        }
    }

    /// Everything seen must be named, and `same` be seen often.
    fn check(self, named: &[&str], same: usize) {
        assert!(self.0["same"].0 > same, "{}", self.0["same"].0);
        let mut unknown = Vec::new();
        for (what, (count, examples)) in self.0 {
            let known =
                ["same", "neither"].contains(&what.as_str()) || named.contains(&what.as_str());
            if !known {
                unknown.push(format!("{what}: {count}\n{}", examples.join("\n")));
            }
        }
        assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    }
}

/// What sip-header complains of, without the place.
fn complaint(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let text = text.split(" at byte").next().unwrap_or_default();
    text.trim_start_matches("non-conformant header value: ").to_owned()
}

#[test]
fn addresses() {
    let mut tally = Tally::default();
    for (_, value) in values().iter().filter(|(name, _)| *name != Name::Via) {
        for text in std::iter::once(value.clone()).chain(damaged(value, 300)) {
            let our = Address::parse_with(text.as_bytes(), Leniency::NONE);
            let their = SipHeaderAddr::parse_strict(&text);
            match (&our, &their) {
                (Ok(our), Ok(their)) => {
                    let (one, mut other) = (ours(our), theirs(their));
                    if our.tag().is_some_and(Text::is_empty) {
                        // A `tag` without value: we say that it is there, they that it is not.
                        other.tag = Some(String::new());
                    }
                    let what = if one.as_ref() == Some(&other) { "same" } else { "differ" };
                    tally.note(what, format!("{text:?}\n  {one:?}\n  {other:?}"));
                }
                (Err(our), Ok(_)) => tally.note(format!("only they: {:?}", our.kind()), text),
                (Ok(_), Err(their)) => tally.note(format!("only we: {}", complaint(their)), text),
                (Err(_), Err(_)) => tally.note("neither", text),
            }
        }
    }
    let named = [
        // They do not look at the characters after a scheme that they do not know.
        "only they: Uri",
        // `;lr=`: RFC 3261 has no empty value.
        "only they: Parameter",
        // White space before the `;` of an address without brackets is SWS.
        "only we: uri host: uri-invalid-char",
        // RFC 5118 4.10: three colons are to be accepted.
        "only we: uri host: uri-invalid-ipv6",
        // Host names whose last label begins with a digit are those of containers.
        "only we: uri host: uri-numeric-toplabel",
        // `tel:` without `+` and without phone-context is common, and no reason for a 400.
        "only we: uri number: uri-missing-phone-context",
        // `sap127.0.0.1:5080` has a scheme, as odd as it is.
        "only we: uri scheme: uri-missing-scheme",
        // The user part may hold `;` and `?` wherever it likes.
        "only we: uri uparam: uri-empty-segment",
        "only we: uri user: uri-empty-user",
        "only we: uri user: uri-header-shaped-user",
        // A quoted pair may hold a control character: RFC 4475 3.1.1.2.
        "only we: value: control-char",
    ];
    tally.check(&named, 10_000);
}

#[test]
fn vias() {
    let mut tally = Tally::default();
    for (_, value) in values().iter().filter(|(name, _)| *name == Name::Via) {
        for text in std::iter::once(value.clone()).chain(damaged(value, 300)) {
            let our = Via::parse_with(text.as_bytes(), Leniency::NONE);
            let their = SipVia::from_entries_strict([text.as_str()]);
            match (&our, &their) {
                (Ok(our), Ok(their)) => {
                    let their = &their.entries()[0];
                    // A parameter without value is there for us and not for them.
                    let text_of = |text: Option<Text<'_>>| {
                        text.filter(|text| !text.is_empty()).map(|text| text.to_string())
                    };
                    let rport = our.rport().map(|it| it.to_string().parse::<u16>().ok());
                    let one = (
                        our.transport().to_string(),
                        host(&our.host().to_string()),
                        our.port(),
                        text_of(our.branch()),
                        text_of(our.received()),
                        rport,
                    );
                    let received =
                        their.received().map(|it| it.trim_matches(['[', ']']).to_owned());
                    let other = (
                        their.transport().to_owned(),
                        host(&their.host().bare().to_string()),
                        their.port(),
                        their.branch().map(str::to_owned),
                        received,
                        their.rport(),
                    );
                    let what = if one == other { "same" } else { "differ" };
                    tally.note(what, format!("{text:?}\n  {one:?}\n  {other:?}"));
                }
                (Err(our), Ok(_)) => tally.note(format!("only they: {:?}", our.kind()), text),
                (Ok(_), Err(their)) => tally.note(format!("only we: {}", complaint(their)), text),
                (Err(_), Err(_)) => tally.note("neither", text),
            }
        }
    }
    let named = [
        "only we: uri host: uri-numeric-toplabel",
        // RFC 3261 knows no rport, and any value may stand in an unknown parameter.
        "only we: param: invalid-rport",
    ];
    tally.check(&named, 3_000);
}

#[test]
fn header_lines() {
    let mut compared = 0;
    for message in corpus() {
        let Ok(sip_ucid::Status::Complete(head)) = Head::parse(&message) else { continue };
        let Ok(text) = std::str::from_utf8(head.as_bytes()) else { continue };
        // A lone LF ends a line for them in any message, for us only where it ends the first.
        if !head.is_bare() && text.replace("\r\n", "").contains('\n') {
            continue;
        }
        let our: Option<Vec<(String, String)>> = head
            .headers()
            .map(|header| {
                let header = header.ok()?;
                Some((header.name().to_string(), unfolded(header.value())?))
            })
            .collect();
        let Some(our) = our else { continue };
        let (_, block) = text.split_once('\n').unwrap();
        let rows = SipMessageHeaders::from_header_block(block);
        let their: Vec<(String, String)> =
            rows.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(our, their, "{text}");
        compared += our.len();
    }
    assert!(compared > 600, "{compared}");
}
