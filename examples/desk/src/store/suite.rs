//! What holds for every store: each case runs on a SQLite file, on PostgreSQL and in memory, on a store of its own.

mod account_state;
mod agents;
mod appointments;
mod assist;
mod audit;
mod bookings;
mod calls;
pub(super) mod dials;
mod events;
mod handoffs;
mod leads;
mod lease;
mod messages;
mod meta;
mod outbox;
mod owed;
mod reports;
mod sessions;
mod users;
mod work;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Db, Memory, Store};

/// Name and body of a case.
pub(super) type Case = (&'static str, fn(Arc<dyn Store>) -> BoxFuture<'static, ()>);

/// Cases out of functions: `cases![one, other]`.
macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        vec![$((stringify!($name), |store| Box::pin($name(store)))),+]
    };
}
use cases;

/// All cases; an area adds its own here.
fn all() -> Vec<Case> {
    [
        meta::cases(),
        events::cases(),
        lease::cases(),
        account_state::cases(),
        audit::cases(),
        users::cases(),
        sessions::cases(),
        calls::cases(),
        dials::cases(),
        outbox::cases(),
        owed::cases(),
        work::cases(),
        agents::cases(),
        leads::cases(),
        appointments::cases(),
        bookings::cases(),
        handoffs::cases(),
        reports::cases(),
        messages::cases(),
        assist::cases(),
    ]
    .concat()
}

#[tokio::test]
async fn every_case_holds_in_memory() {
    for (name, case) in all() {
        eprintln!("{name}");
        case(Arc::new(Memory::new())).await;
    }
}

#[tokio::test]
async fn every_case_holds_in_a_sqlite_file() {
    for (name, case) in all() {
        eprintln!("{name}");
        let folder = tempfile::tempdir().unwrap();
        let store = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
        case(Arc::new(store.clone())).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_holds_in_postgresql() {
    for (name, case) in all() {
        eprintln!("{name}");
        let store = Db::postgres(&postgres().await).await.unwrap();
        case(Arc::new(store.clone())).await;
        store.close().await;
    }
}

/// The address of a new database with the desk's tables.
pub(crate) async fn postgres() -> String {
    let server = ozonetel_postgres::server().unwrap();
    let prepare = async |url: &str| {
        Db::postgres(url).await.unwrap().close().await;
        Ok(())
    };
    server.database("desk", prepare).await.unwrap()
}
