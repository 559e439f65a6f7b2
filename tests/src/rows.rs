//! Rows do not depend on how their bytes arrive.

use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::StreamExt as _;
use ozonetel_sdk::Error;
use ozonetel_sdk::endpoint::Rows;

use crate::doubles::{Canned, client};
use crate::findings::Findings;
use crate::fixture::{Case, Way, cases};
use crate::reply;
use crate::runtime::paused;

/// The sizes of pieces that are tried beside the whole answer.
pub const PIECES: [usize; 5] = [1, 2, 3, 7, 64];

/// An endpoint that may or may not have rows. `Probe::<E>::new().rows()` compiles for both: the method of the type
/// itself comes first, and exists for endpoints with rows only.
#[derive(Debug)]
pub struct Probe<E>(PhantomData<E>);

impl<E> Probe<E> {
    /// A probe.
    #[allow(clippy::new_without_default, reason = "a probe is not a value")]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

/// For endpoints without rows there is nothing to check.
pub trait NoRows {
    /// Whether there was something to check.
    fn rows(&self) -> bool {
        false
    }
}

impl<E> NoRows for Probe<E> {}

impl<E: Rows> Probe<E> {
    /// Reads every recorded answer through the client's stream in pieces of several sizes: the same rows, the same
    /// errors, and the same as reading it whole.
    pub fn rows(&self) -> bool {
        check::<E>();
        true
    }
}

/// Rows as JSON texts, errors in their own words.
fn streamed<E: Rows>(case: &Case, piece: usize) -> Vec<Result<String, String>> {
    let (request, presented) = case.typed::<E>().expect("a request that can be sent");
    let client = client(presented, Arc::new(Canned::of(case).pieces(piece)));
    paused(async {
        let items: Vec<Result<E::Row, Error>> = client.call(request).stream().collect().await;
        items
            .into_iter()
            .map(|item| item.map(|row| reply::json(&row)).map_err(|error| word(&error)))
            .collect()
    })
}

fn word(error: &Error) -> String {
    let text = error.refusal().map(|refusal| refusal.message().to_owned()).unwrap_or_default();
    let path = error.unreadable().and_then(|u| u.path()).unwrap_or_default().to_owned();
    format!("{error} [{}] {text} {path}", error.kind().as_str())
}

fn check<E: Rows>() {
    let mut findings = Findings::default();
    let mut with_rows = 0;
    for case in cases(&E::SPEC).iter().filter(|case| case.about.request == Way::Sent) {
        let whole = streamed::<E>(case, usize::MAX);
        with_rows += usize::from(whole.iter().filter(|item| item.is_ok()).count() > 1);
        for piece in PIECES {
            let items = streamed::<E>(case, piece);
            findings.hold(items == whole, case, || {
                format!("in pieces of {piece}: {items:#?}\nwhole: {whole:#?}")
            });
        }
        let (request, presented) = case.typed::<E>().expect("a request that can be sent");
        let client = client(presented, Arc::new(Canned::of(case)));
        let rows: Result<Vec<_>, _> = whole.iter().cloned().collect();
        match (paused(client.call(request).send()), rows) {
            (Ok(reply), Ok(rows)) => {
                let reply = reply::json(&reply);
                let streamed = format!("[{}]", rows.join(","));
                findings.hold(reply == streamed, case, || format!("{streamed}\nwhole: {reply}"));
            }
            (Err(_), Err(_)) => {}
            (whole, rows) => {
                findings.add(case, format!("awaited {:?}, streamed {:?}", whole.err(), rows.err()));
            }
        }
    }
    findings.hold(with_rows > 0, E::SPEC.name, || "no case has two rows".to_owned());
    findings.done();
}
