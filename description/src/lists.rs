//! The page of assumptions.

use std::fmt::Write as _;

use ozonetel_sdk::endpoint::{ASSUMPTIONS, ShownBy};

const HEAD: &str = "\
# What is assumed

No one of this project has seen the live service. What its pages and public programs leave open is listed here, each with an id that the \
[OpenAPI](openapi/cloudagent.json) and [AsyncAPI](asyncapi/cloudagent.json) documents use in `x-unproven`. If one of these is wrong for your \
account, the setting mends it; [`ozonetel live check`](cli/live.md) finds out which are. The list is `ozonetel_sdk::endpoint::ASSUMPTIONS`; this page is generated from it (`scripts/describe`).
";

/// The page.
pub(crate) fn assumptions() -> String {
    let mut out = String::from(HEAD);
    for one in ASSUMPTIONS {
        let about = match (one.endpoints, one.fields) {
            ([], _) => String::new(),
            (endpoints, []) => format!(" ({})", code(endpoints)),
            (endpoints, fields) => format!(" ({}: {})", code(endpoints), code(fields)),
        };
        let _ = write!(
            out,
            "\n## `{}`\n\n{}{about}\n\n- Sources: {}\n- If it is wrong: {}\n- Setting: {}\n- Check: {}\n- Test: `{}`\n",
            one.id,
            one.assumed,
            one.sources,
            one.if_wrong,
            one.setting,
            check(one.shown_by),
            one.test
        );
    }
    out
}

/// The command that looks, or why none does.
fn check(shown_by: ShownBy) -> String {
    match shown_by {
        ShownBy::Reading => "`ozonetel live check`".to_owned(),
        ShownBy::SigningIn => "`ozonetel live check --agent ID`".to_owned(),
        ShownBy::Calling => "`ozonetel live check --call NUMBER`".to_owned(),
        ShownBy::Nothing(why) => format!("none: {why}"),
        _ => "none".to_owned(),
    }
}

fn code(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
