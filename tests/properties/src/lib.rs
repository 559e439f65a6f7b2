//! What holds for any bytes that arrive: one function for each fuzz target.
//!
//! A fuzz target hands its bytes to one of them, and the tests hand it every seed. They panic where a property does
//! not hold.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a property that does not hold says so and stops"
)]

mod answers;
mod kookoo;
mod phone_call;
mod push;
mod socket;
mod values;

pub use answers::{borrowed_rows, envelope, exchanges, plain_answers, rows};
pub use kookoo::{kookoo_answer, kookoo_request, media};
pub use phone_call::phone_call;
pub use push::{callbacks, events, screen_pop};
pub use socket::socket;
pub use values::values;

/// A property of some bytes.
pub type Property = fn(&[u8]);

/// Every property, by the name of its fuzz target.
pub const ALL: [(&str, Property); 14] = [
    ("borrowed_rows", borrowed_rows),
    ("callbacks", callbacks),
    ("envelope", envelope),
    ("events", events),
    ("exchanges", exchanges),
    ("kookoo_answer", kookoo_answer),
    ("kookoo_request", kookoo_request),
    ("media", media),
    ("phone_call", phone_call),
    ("plain_answers", plain_answers),
    ("rows", rows),
    ("screen_pop", screen_pop),
    ("socket", socket),
    ("values", values),
];
