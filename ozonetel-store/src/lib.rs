//! The call-detail records of a CloudAgent account in a database of yours: a SQLite file or PostgreSQL.
//!
//! The service keeps rows for 15 days and hands them out one day per request, two requests a minute. The SDK's
//! [`CdrSync`](ozonetel_sdk::cdr::CdrSync) copies them; a [`Store`] is where it puts them. What was copied is asked for
//! here, as often as you like:
//!
//! - [`Store::calls`] and [`Store::call`]: phone calls with their legs, by day, agent, direction, outcome, number, page
//!   by page.
//! - [`Store::stream`]: all of them, for an export, in the memory of a page.
//! - [`Store::days`] and [`Store::gaps`]: which days were read, when, and what could not be had. A day without calls
//!   and a day that was never read are two things.
//! - [`Store::summary`]: agents' state summaries, which a program files with [`Store::save_summary`].
//!
//! The tables are meant to be queried, with `sqlite3`, `psql` or a report tool: `SCHEMA.md` in this crate's folder
//! describes every column. [`CallLegs`] puts rows together to phone calls, in the store and for whoever counts them.
//!
//! A store belongs to one account and is refused to any other.
//!
//! ```
//! # ozonetel_sim::doc(async |sim, client| {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("calls.db");
//! use ozonetel_store::{Store, StoreAddress};
//! let address = StoreAddress::Sqlite(path);
//! let store = Store::open(&address, "acme_support", client.zone().clone()).await?;
//! let mut sync = client.cdr().sync(store.sink());
//! let progress = sync.poll().await?;
//! println!("{} days to go", progress.tally.never_read);
//! let today = store.days(client.today(), client.today()).await?;
//! assert_eq!(today[0].read.map(|read| read.rows), Some(0));
//! # Ok(()) });
//! ```

mod address;
mod backend;
mod call;
mod direction;
mod error;
mod export;
mod file;
mod leg;
pub mod postgres;
mod query;
mod sink;
mod store;
mod sync_lock;

pub use address::StoreAddress;
pub use call::CallLegs;
pub use direction::Direction;
pub use error::StoreError;
pub use export::CallStream;
pub use file::create_private;
pub use leg::{StoredLeg, UnreadText};
pub use query::{CallPage, CallQuery, Cursor, DayCoverage, DayRows, MAX_PAGE, Order, StoredCall};
pub use sink::StoreSink;
pub use store::Store;
pub use sync_lock::SyncLock;

/// The README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
