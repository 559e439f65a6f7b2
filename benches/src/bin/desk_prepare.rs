//! Makes a desk's store for a benchmark, and prints the tokens of its callers.
//!
//! `desk_prepare FILE [CALLERS]`: a store of account `acme_support` with an administrator who cannot sign in, and so
//! many tokens, a line each, the first of an administrator, who acts for any agent, the others of an agent each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::path::Path;
use std::sync::Arc;

use desk::core::caller::Role;
use desk::people::{People, PeopleSettings, token::new_id};
use desk::store::audit::AuditRow;
use desk::store::sessions::ApiToken;
use desk::store::users::{User, UserLogin};
use desk::store::{Db, Meta as _, Owner, Users as _};
use ozonetel_sdk::client::SystemClock;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let file = args.first().expect("desk_prepare FILE [CALLERS]");
    let callers = args.get(1).map_or(1, |count| count.parse::<u32>().unwrap());
    runtime.block_on(async {
        let store = Db::sqlite(Path::new(file)).await.unwrap();
        store.take_for(&Owner::Account("acme_support".to_owned())).await.unwrap();
        let people =
            People::new(Arc::new(store.clone()), Arc::new(SystemClock), PeopleSettings::default());
        let row = |action: &str| AuditRow::of_desk(people.now(), action, "bench");
        let user = User {
            id: new_id(),
            email: "admin@desk.test".to_owned(),
            name: "Bench".to_owned(),
            role: Role::Administrator,
            has_password: true,
            must_change: false,
            disabled: false,
            made_at: people.now(),
        };
        store
            .add_user(UserLogin { user, hash: Some("no one signs in".into()) }, row("user.add"))
            .await
            .unwrap();
        for n in 0..callers {
            let (role, agents) = match n {
                0 => (Role::Administrator, Vec::new()),
                _ => (Role::Agent, vec![format!("bench{n:06}").as_str().into()]),
            };
            let token = ApiToken {
                id: new_id(),
                name: format!("bench {n}"),
                role,
                agents,
                made_by: "bench".to_owned(),
                made_at: people.now(),
                ends_at: None,
                seen_at: None,
            };
            println!("{}", people.add_token(token, row("token.add")).await.unwrap().reveal());
        }
        store.close().await;
    });
}
