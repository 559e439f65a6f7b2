//! What a push costs that proves nothing: bodies full of fields that are named like the account's key, by size.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss)]
#![allow(clippy::disallowed_methods)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use ozonetel_sdk::push::PushReader;
use ozonetel_sdk::push::verify::Verifier;

/// Every spelling of a key's name by letter case, and how many fields of them fit into so many bytes.
fn body(bytes: usize, share_of_text: usize) -> (String, usize) {
    let spelled = |n: usize| -> String {
        let case = |(at, letter): (usize, char)| {
            if n >> at & 1 == 1 { letter.to_ascii_uppercase() } else { letter }
        };
        "apikey".chars().enumerate().map(case).collect()
    };
    let mut body = format!(r#"[{{"monitorUCID":"1","uui":"{}"}}"#, "a".repeat(share_of_text));
    let mut fields = 0;
    while body.len() + 40 < bytes {
        body.push_str(r#",{"x":"1""#);
        for n in 0..60 {
            if body.len() + 40 >= bytes {
                break;
            }
            write!(body, r#","{}{}":"aaaaaaab""#, spelled(n), "-".repeat(n % 4)).unwrap();
            fields += 1;
        }
        body.push('}');
    }
    body.push(']');
    (body, fields)
}

fn shortest(mut work: impl FnMut()) -> Duration {
    let timed = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..30).map(timed).min().unwrap()
}

fn main() {
    println!(
        "{:>9} {:>7} {:>12} {:>10} {:>12} {:>10}",
        "bytes", "fields", "by URL", "ns/byte", "by key", "ns/byte"
    );
    let by_url = PushReader::new().verifier(Verifier::url("code", "a-long-secret-0123").unwrap());
    let by_key = PushReader::new().verifier(Verifier::key("test-key-0123").unwrap());
    for share in [0, 2] {
        for bytes in [16_000, 32_000, 64_000, 128_000, 256_000] {
            let (body, fields) = body(bytes, bytes * share / 4);
            // Neither the URL's secret nor the key in the body is right.
            let url = shortest(|| {
                assert!(by_url.callbacks(Some("code=wrong"), body.as_bytes()).is_err());
            });
            let key = shortest(|| assert!(by_key.callbacks(None, body.as_bytes()).is_err()));
            let per = |time: Duration| time.as_nanos() as f64 / body.len() as f64;
            println!(
                "{:>9} {fields:>7} {url:>12?} {:>10.1} {key:>12?} {:>10.1}",
                body.len(),
                per(url),
                per(key)
            );
        }
    }
}
