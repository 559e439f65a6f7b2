//! How values are written on the wire: loose scalars, words from open lists, durations, days and times.
//!
//! The service writes the same field as text, as a number, as `""` or as `null`, depending on the store a row comes
//! from. Every type here accepts all of these and writes one of them. Words from open lists are kept as they came.
//!
//! Nothing here converts a time to UTC unasked: a [`LocalDateTime`] is wall-clock time in the
//! account's zone, and turning it into an instant takes a [`Zone`].

mod borrowed;
mod name_table;
mod raw;
mod record;
mod scalar;
mod sensitive;
mod string_enum;
mod time;

pub use borrowed::BorrowedValue;
pub(crate) use borrowed::borrowed;
pub(crate) use name_table::NameTable;
pub(crate) use raw::shown_name;
pub use raw::{Extra, RawJson};
pub(crate) use record::{FillGaps, field, put, record};
pub use scalar::{Flag, Scalar, YesNo};
pub(crate) use scalar::{
    Kept, Key, Loose, commas, exact_whole, float_text, loose, means_nothing, nested, text,
};
pub use sensitive::SensitiveText;
pub(crate) use string_enum::string_enum;
pub use time::{ClockDuration, Day, LocalDateTime, TimeOfDay, Zone};
