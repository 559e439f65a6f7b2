//! The page of assumptions.

use std::fmt::Write as _;

use ozonetel_sdk::endpoint::ASSUMPTIONS;

const HEAD: &str = "\
# What is assumed

No one of this project has seen the live service. What its pages and public programs leave open is listed here, each with an id that the \
[OpenAPI](openapi/cloudagent.json) and [AsyncAPI](asyncapi/cloudagent.json) documents use in `x-unproven`. If one of these is wrong for your \
account, the setting mends it. The list is `ozonetel_sdk::endpoint::ASSUMPTIONS`; this page is generated from it (`scripts/describe`).
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
            "\n## `{}`\n\n{}{about}\n\n- Sources: {}\n- Setting: {}\n- Test: `{}`\n",
            one.id, one.assumed, one.sources, one.setting, one.test
        );
    }
    out
}

fn code(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
