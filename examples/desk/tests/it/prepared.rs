//! A store as a desk with a real account finds it.

use std::sync::Arc;

use desk::core::caller::Role;
use desk::people::token::new_id;
use desk::people::{People, PeopleSettings};
use desk::store::audit::AuditRow;
use desk::store::sessions::ApiToken;
use desk::store::users::{User, UserLogin};
use desk::store::{Db, Meta as _, Owner, Users as _};
use ozonetel_sdk::client::SystemClock;

/// Makes the store the account's, with an administrator, and a token of a role that acts for these agents.
pub(crate) async fn with_token(store: &Db, role: Role, agents: &[&str]) -> String {
    store.take_for(&Owner::Account("acme_support".to_owned())).await.unwrap();
    let people =
        People::new(Arc::new(store.clone()), Arc::new(SystemClock), PeopleSettings::default());
    let row = |action: &str| AuditRow::of_desk(people.now(), action, "test");
    let user = User {
        id: new_id(),
        email: "admin@desk.test".to_owned(),
        name: "Administrator".to_owned(),
        role: Role::Administrator,
        has_password: true,
        must_change: false,
        disabled: false,
        made_at: people.now(),
    };
    let login = UserLogin { user, hash: Some("no one signs in".into()) };
    store.add_user(login, row("user.add")).await.unwrap();
    let token = ApiToken {
        id: new_id(),
        name: "test".to_owned(),
        role,
        agents: agents.iter().map(|agent| (*agent).into()).collect(),
        made_by: "test".to_owned(),
        made_at: people.now(),
        ends_at: None,
        seen_at: None,
    };
    people.add_token(token, row("token.add")).await.unwrap().reveal().to_owned()
}
