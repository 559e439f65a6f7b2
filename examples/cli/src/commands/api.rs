//! `api`: any endpoint of the catalogue by its name.

mod fields;

use clap::Args;
use ozonetel_sdk::endpoint::{ALL, Auth, Discriminator, Endpoint, LEGACY, Repeat, Spec};
use serde_json::{Map, Value, json};

use super::perform::{Confirmation, is_asked, perform};
use crate::args::AgentFlag;
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::mask;
use crate::output::{self, Output};

/// Without a name, lists all endpoints. An endpoint's fields are those of its page, by their names there.
#[derive(Debug, Args)]
pub(crate) struct Api {
    /// The endpoint, such as campaigns.list.
    name: Option<String>,
    /// Its fields: `name=text`, or `name:=JSON` for numbers, lists and objects.
    #[arg(value_name = "FIELD=VALUE")]
    fields: Vec<String>,
    /// Lists the endpoint's fields and sends nothing.
    #[arg(long)]
    describe: bool,
    /// The agent, where an endpoint takes agent and password as its credential.
    #[command(flatten)]
    agent: AgentFlag,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Api {
    /// What needs neither account nor network.
    pub(crate) fn offline(&self, output: Output) -> Option<Result<Completion, Failure>> {
        let Some(name) = &self.name else { return Some(list(output)) };
        let Some(spec) = spec(name) else { return Some(Err(unknown(name))) };
        self.describe.then(|| describe(output, spec))
    }

    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let name = self.name.as_deref().unwrap_or_default();
        let given = parsed(&self.fields)?;
        match send(context, name, given, &self).await {
            Some(done) => done,
            None => Err(unknown(name)),
        }
    }
}

fn spec(name: &str) -> Option<&'static Spec> {
    ALL.iter().chain(LEGACY).find(|spec| spec.name == name)
}

/// Says what there is under a similar name.
fn unknown(name: &str) -> Failure {
    let family = name.split('.').next().unwrap_or_default();
    let similar: Vec<&str> = ALL
        .iter()
        .chain(LEGACY)
        .map(|spec| spec.name)
        .filter(|known| !family.is_empty() && known.contains(family))
        .collect();
    let similar = match similar.as_slice() {
        [] => String::new(),
        some => format!("; there are {}", some.join(", ")),
    };
    let name = mask::printable(name);
    Failure::usage(format!("there is no endpoint {name}{similar}; `ozonetel api` lists them all"))
}

fn list(output: Output) -> Result<Completion, Failure> {
    let row = |spec: &Spec| {
        json!({
            "name": spec.name,
            "title": spec.title,
            "repeated": if spec.repeat == Repeat::Once { "never" } else { "safely" },
            "limit": spec.rate.limit().map(|(requests, seconds)| format!("{requests} in {seconds} s")),
        })
    };
    let rows: Vec<Value> = ALL.iter().chain(LEGACY).map(row).collect();
    output::table_of(output, &["name", "title", "repeated", "limit"], &rows)
}

fn describe(output: Output, spec: &'static Spec) -> Result<Completion, Failure> {
    let fields = match known_fields(spec.name) {
        Some(fields) if fields.is_empty() => "(none)".to_owned(),
        Some(fields) => fields.join(" "),
        None => "any: they depend on the account's settings".to_owned(),
    };
    output::one(
        output,
        &json!({
            "name": spec.name,
            "title": spec.title,
            "request": format!("{} {}", spec.method.as_str(), spec.path),
            "fields": fields,
            "effect": spec.effect.as_str(),
            "repeated": if spec.repeat == Repeat::Once { "never" } else { "safely" },
            "asks_first": is_asked(spec),
            "limit": spec.rate.limit().map(|(requests, seconds)| format!("{requests} in {seconds} s")),
            "page": spec.docs,
        }),
    )
}

/// Whether a field's value must not be an argument.
fn is_secret(field: &str) -> bool {
    field.to_ascii_lowercase().contains("password")
}

/// The fields as they were given.
fn parsed(fields: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut parsed = Map::new();
    for (at, field) in fields.iter().enumerate() {
        let (name, value) = field.split_once('=').ok_or_else(|| {
            Failure::usage(format!("field {} is not name=text or name:=JSON", at + 1))
        })?;
        let (name, value) = match name.strip_suffix(':') {
            Some(name) => {
                let value = serde_json::from_str(value).map_err(|error| {
                    Failure::usage(format!("{name} is not JSON: {error}; name=text takes a text"))
                })?;
                (name, value)
            }
            None => (name, Value::from(value)),
        };
        if is_secret(name) {
            return Err(Failure::usage(format!(
                "{name} is a secret, and others can see arguments: it is taken from OZONETEL_AGENT_PASSWORD"
            )));
        }
        if parsed.insert(name.to_owned(), value).is_some() {
            return Err(Failure::usage(format!("{name} is given twice")));
        }
    }
    Ok(parsed)
}

/// The request that the fields describe. A field that the request has no place for is refused, not dropped.
fn request<E: Endpoint>(mut given: Map<String, Value>) -> Result<E, Failure> {
    let name = E::SPEC.name;
    if let Discriminator::Is(field, _) = E::SPEC.discriminator {
        given.remove(field);
    }
    if let Some(known) = fields::of::<E>()
        && let Some(other) = given.keys().find(|given| !known.contains(&given.as_str()))
    {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(Failure::usage(format!("{name} has no field {other}; it has {known}")));
    }
    serde_json::from_value(Value::Object(given)).map_err(|error| {
        let reason = mask::shortened(&error.to_string());
        Failure::usage(format!(
            "{name}: {reason}; `ozonetel api {name} --describe` lists its fields"
        ))
    })
}

async fn invoke<E: Endpoint>(
    context: &Context,
    given: Map<String, Value>,
    options: &Api,
) -> Result<Completion, Failure> {
    let names: Vec<String> = given.keys().cloned().collect();
    let mut given = given;
    for secret in fields::of::<E>().unwrap_or_default().into_iter().filter(|name| is_secret(name)) {
        given.insert(secret.to_owned(), context.agent_password()?.reveal().into());
    }
    let mut request = request::<E>(given)?;
    if matches!(E::SPEC.auth, Auth::AgentBasic { .. }) {
        let agent = context.agent(&options.agent)?;
        request.set_agent(agent.as_str(), context.agent_password()?);
    }
    let names =
        if names.is_empty() { String::new() } else { format!(" with {}", names.join(", ")) };
    let what = format!("{} ({}){names}", E::SPEC.title, E::SPEC.name);
    perform(context, context.client.call(request), &what, &options.confirmation).await
}

macro_rules! by_name {
    ($($name:ident: $endpoint:ty,)*) => {
        pub(super) async fn send(
            context: &Context,
            name: &str,
            given: &Map<String, Value>,
            options: &Api,
        ) -> Option<Result<Completion, Failure>> {
            $(
                if name == <$endpoint as Endpoint>::SPEC.name {
                    return Some(Box::pin(invoke::<$endpoint>(context, given.clone(), options)).await);
                }
            )*
            None
        }

        pub(super) fn known(name: &str) -> Option<Option<Vec<&'static str>>> {
            $(
                if name == <$endpoint as Endpoint>::SPEC.name {
                    return Some(fields::of::<$endpoint>());
                }
            )*
            None
        }
    };
}
mod current {
    use super::{Api, Completion, Context, Endpoint, Failure, Map, Value, fields, invoke};

    ozonetel_sdk::each_endpoint!(by_name);
}

mod legacy {
    use super::{Api, Completion, Context, Endpoint, Failure, Map, Value, fields, invoke};

    ozonetel_sdk::each_legacy_endpoint!(by_name);
}

async fn send(
    context: &Context,
    name: &str,
    given: Map<String, Value>,
    options: &Api,
) -> Option<Result<Completion, Failure>> {
    match current::send(context, name, &given, options).await {
        Some(done) => Some(done),
        None => legacy::send(context, name, &given, options).await,
    }
}

/// The names of an endpoint's fields; none if it takes any.
fn known_fields(name: &str) -> Option<Vec<&'static str>> {
    current::known(name).or_else(|| legacy::known(name)).flatten()
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::campaigns::FetchStatus;
    use ozonetel_sdk::dial::AgentDial;

    use super::*;

    fn given(fields: &[&str]) -> Result<Map<String, Value>, Failure> {
        parsed(&fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn fields_are_texts_or_json() {
        let fields = given(&["a=1=2", "b:=[1]", "c="]).unwrap();
        assert_eq!(Value::Object(fields), json!({"a": "1=2", "b": [1], "c": ""}));
        for bad in [&["a"][..], &["a:=x"], &["a=1", "a=2"]] {
            assert!(given(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_field_that_no_request_has_is_refused_by_name() {
        let failure = request::<FetchStatus>(given(&["campaign=x"]).unwrap()).unwrap_err();
        let text = format!("{failure:?}");
        assert!(text.contains("has no field campaign; it has campaignName"), "{text}");
        let failure = request::<AgentDial>(given(&["agentID=agent01"]).unwrap()).unwrap_err();
        assert!(format!("{failure:?}").contains("missing field"), "{failure:?}");
        assert!(request::<FetchStatus>(given(&["campaignName=x"]).unwrap()).is_ok());
    }

    #[test]
    fn every_endpoint_of_the_catalogue_is_reached_by_its_name() {
        for spec in ALL.iter().chain(LEGACY) {
            let known = current::known(spec.name).or_else(|| legacy::known(spec.name));
            assert!(known.is_some(), "{}", spec.name);
        }
        assert_eq!(known_fields("campaigns.status"), Some(vec!["campaignName"]));
        assert_eq!(known_fields("campaigns.list"), Some(vec![]));
    }
}
