//! A second opinion: what sip-header reads in the same values.
//!
//! Both read every address, Via and Content-Length of the corpus and of damaged copies of it. Where
//! both accept a value to the letter they must have read the same; where only one does, the difference
//! must be one of those named here.

use std::collections::BTreeMap;
use std::path::Path;

use sip_header::{HeaderParse, SipHeaderAddr, SipMessageHeaders, SipVia};
use sip_ucid::{Address, Head, Leniency, Name, Text, Uri, Via};

fn unfolded(text: Text<'_>) -> Option<String> {
    String::from_utf8(text.unfold().collect::<Vec<_>>().concat()).ok()
}

/// Every message of the corpus and of the fuzzing corpus.
fn corpus() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all = Vec::new();
    for folder in ["tests/corpus/rfc4475", "tests/corpus/rfc5118", "tests/corpus/field"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|it| it == "sip") {
                all.push(std::fs::read(path).unwrap());
            }
        }
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
                Name::From, Name::To, Name::Contact, Name::Route, Name::RecordRoute, Name::ReferTo,
                Name::PAssertedIdentity, Name::RemotePartyId, Name::Diversion, Name::Via,
            ];
            if let (true, Some(value)) = (kept.contains(&header.known()), unfolded(header.value())) {
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
    sip_ucid::Decode::new(text).to_string()
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
        Uri::Tel(uri) => Parts {
            scheme: "tel",
            user: Some(uri.number().to_str()?.to_owned()),
            ..parts
        },
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

#[derive(Default)]
struct Tally(BTreeMap<String, (usize, Vec<String>)>);

impl Tally {
    fn note(&mut self, what: &str, example: String) {
        let (count, examples) = self.0.entry(what.to_owned()).or_default();
        *count += 1;
        if examples.len() < 12 {
            examples.push(example);
        }
    }
}

#[test]
fn addresses() {
    let mut tally = Tally::default();
    for (name, value) in values() {
        if name == Name::Via {
            continue;
        }
        for text in std::iter::once(value.clone()).chain(damaged(&value, 300)) {
            let our = Address::parse_with(text.as_bytes(), Leniency::NONE);
            let their = SipHeaderAddr::parse_strict(&text);
            match (&our, &their) {
                (Ok(our), Ok(their)) => {
                    let (one, other) = (ours(our), Some(theirs(their)));
                    if one == other {
                        tally.note("same", String::new());
                    } else {
                        tally.note("differ", format!("{text:?}\n  {one:?}\n  {other:?}"));
                    }
                }
                (Err(our), Ok(_)) => tally.note(&format!("only they: {:?}", our.kind()), text),
                (Ok(_), Err(their)) => tally.note(&format!("only we: {}", their.to_string().split(" at byte").next().unwrap_or_default()), text),
                (Err(_), Err(_)) => tally.note("neither", String::new()),
            }
        }
    }
    for (what, (count, examples)) in tally.0 {
        println!("== {what}: {count}");
        for example in examples.iter().filter(|it| !it.is_empty()) {
            println!("{example}");
        }
    }
}
