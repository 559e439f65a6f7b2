//! `api`: any endpoint of the catalogue by its name.

mod fields;
mod words;

use clap::Args;
use ozonetel_sdk::endpoint::{ALL, Auth, Discriminator, Effect, Endpoint, LEGACY, Repeat, Spec};
use serde_json::{Map, Value, json};

use super::dial::fresh_reference;
use super::perform::{Confirmation, is_asked, perform_as};
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
    /// Lists the endpoint's fields, with the values that are known of them, and sends nothing.
    #[arg(long)]
    describe: bool,
    /// The agent: the field agentID, agentId, agentid or AgentId of an endpoint that has it, or its credential where it takes agent
    /// and password as one, and there the default is OZONETEL_AGENT_ID.
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
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
    let required = match required_fields(spec.name) {
        Some(names) => {
            let names: Vec<String> = names.into_iter().filter(|name| !is_secret(name)).collect();
            (!names.is_empty()).then(|| names.join(" "))
        }
        // That nothing is said would say that nothing is required.
        None => Some("(not known)".to_owned()),
    };
    let known = known_fields(spec.name);
    let values = words::text(spec.name, known.as_deref());
    let fields = match known {
        Some(fields) if fields.is_empty() => "(none)".to_owned(),
        Some(fields) => fields.join(" "),
        None => "those of its page, and any that the account's settings name".to_owned(),
    };
    output::one(
        output,
        &json!({
            "name": spec.name,
            "title": spec.title,
            "request": format!("{} {}", spec.method.as_str(), spec.path),
            "fields": fields,
            "values": values,
            "required": required,
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
    let has_no = |other: &str, known: &[&str]| {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Failure::usage(format!("{name} has no field {other}; it has {known}"))
    };
    let known = fields::of::<E>();
    if let Some(known) = &known
        && let Some(other) = given.keys().find(|given| !known.contains(&given.as_str()))
    {
        return Err(has_no(other, known));
    }
    let names: Vec<String> = given.keys().cloned().collect();
    let request = serde_json::from_value(Value::Object(given)).map_err(|error| {
        let reason = mask::shortened(&error.to_string());
        Failure::usage(format!(
            "{name}: {reason}; `ozonetel api {name} --describe` lists its fields"
        ))
    })?;
    // A request in several parts does not say its names before it has its values; then it shows what it kept.
    if known.is_none() {
        let kept = kept(&request);
        if let Some(other) = names.iter().find(|name| !kept.contains_key(name.as_str())) {
            let known: Vec<&str> = kept.keys().map(String::as_str).collect();
            return Err(has_no(other, &known));
        }
    }
    Ok(request)
}

/// The fields of a request, absent ones as null.
fn kept<E: Endpoint>(request: &E) -> Map<String, Value> {
    match serde_json::to_value(request) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// What dials carry unless they are told otherwise: the id of an accepted dial has to be asked for, and one of unknown
/// outcome is found by its reference alone. The reference, if it is a fresh one.
fn complete_dial<E: Endpoint>(given: &mut Map<String, Value>) -> Result<Option<String>, Failure> {
    let kept = kept(&request::<E>(given.clone())?);
    let is_open = |name: &str| kept.get(name).is_some_and(Value::is_null);
    if is_open("UCID") && !given.contains_key("UCID") {
        given.insert("UCID".to_owned(), "true".into());
    }
    if !is_open("uui") {
        return Ok(None);
    }
    let reference = fresh_reference();
    given.insert("uui".to_owned(), reference.as_str().into());
    Ok(Some(reference))
}

/// Fields with a number that is rung.
const RUNG: [&str; 5] =
    ["customerNumber", "custNumber", "phone_no", "conferenceNumber", "PhoneNumber"];

/// Whom a request rings, or has rung: the number is whole, as it is sent, since one that is hidden cannot be confirmed.
fn whom<E: Endpoint>(request: &E) -> String {
    let fields = kept(request);
    let number = RUNG.iter().find_map(|name| fields.get(*name)?.as_str());
    number.map_or_else(String::new, |number| format!(" to {}", mask::printable(number)))
}

/// The fields that name the agent of a request.
const AGENTS: [&str; 4] = ["agentID", "agentId", "agentid", "AgentId"];

/// Puts the agent of `--agent` into the field for it. An endpoint without one refuses the flag: it would not be sent.
fn name_agent<E: Endpoint>(given: &mut Map<String, Value>, agent: &str) -> Result<(), Failure> {
    let name = E::SPEC.name;
    let known = fields::of::<E>().unwrap_or_default();
    let Some(field) = AGENTS.iter().find(|field| known.contains(*field)) else {
        if matches!(E::SPEC.auth, Auth::AgentBasic { .. }) {
            return Ok(());
        }
        return Err(Failure::usage(format!(
            "{name} takes no --agent; `ozonetel api {name} --describe` lists its fields"
        )));
    };
    if given.insert((*field).to_owned(), agent.into()).is_some() {
        return Err(Failure::usage(format!("{field} is given twice, by --agent as well")));
    }
    Ok(())
}

async fn invoke<E: Endpoint>(
    context: &Context,
    given: Map<String, Value>,
    options: &Api,
) -> Result<Completion, Failure> {
    let mut given = given;
    if let Some(agent) = &options.agent {
        name_agent::<E>(&mut given, agent)?;
    }
    let is_dial = E::SPEC.effect == Effect::Dial;
    let reference = if is_dial { complete_dial::<E>(&mut given)? } else { None };
    let names: Vec<String> = given.keys().cloned().collect();
    for secret in fields::of::<E>().unwrap_or_default().into_iter().filter(|name| is_secret(name)) {
        given.insert(secret.to_owned(), context.agent_password()?.reveal().into());
    }
    let mut request = request::<E>(given)?;
    if matches!(E::SPEC.auth, Auth::AgentBasic { .. }) {
        let agent = context.agent(&AgentFlag { agent: options.agent.clone() })?;
        request.set_agent(agent.as_str(), context.agent_password()?);
    }
    let names =
        if names.is_empty() { String::new() } else { format!(" with {}", names.join(", ")) };
    let call = context.client.call(request);
    let whom = call.request().map(whom).unwrap_or_default();
    let what = format!("{} ({}){whom}{names}", E::SPEC.title, E::SPEC.name);
    perform_as(context, call, &what, &options.confirmation, reference).await
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

        pub(super) fn required(name: &str) -> Option<Vec<String>> {
            $(
                if name == <$endpoint as Endpoint>::SPEC.name {
                    return fields::required::<$endpoint>();
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

/// The names of the fields that an endpoint has to be given.
fn required_fields(name: &str) -> Option<Vec<String>> {
    current::required(name).or_else(|| legacy::required(name))
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::agents::Login;
    use ozonetel_sdk::campaigns::FetchStatus;
    use ozonetel_sdk::cdr::FetchDay;
    use ozonetel_sdk::dial::AgentDial;
    use ozonetel_sdk::leads::AddLead;
    use ozonetel_sdk::legacy::{AgentDetails, Legacy};

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
    fn a_field_that_a_request_in_several_parts_does_not_have_is_refused_too() {
        let day = ["fromDate=2026-11-20 00:00:00", "toDate=2026-11-20 23:59:59"];
        let with = |field| given(&[&day[..], &[field]].concat()).unwrap();
        let failure = request::<FetchDay>(with("campaing=support_out")).unwrap_err();
        let text = format!("{failure:?}");
        assert!(text.contains("has no field campaing; it has"), "{text}");
        assert!(text.contains("campaignName"), "{text}");
        assert!(request::<FetchDay>(with("campaignName=support_out")).is_ok());
        let dial = ["agentID=a", "campaignName=c", "customerNumber=9000000001"];
        let with = |field| given(&[&dial[..], &[field]].concat()).unwrap();
        assert!(request::<Legacy<AgentDial>>(with("uuid=order-7")).is_err());
        assert!(request::<Legacy<AgentDial>>(with("uui=order-7")).is_ok());
        // Where any name is a column, it is kept.
        let lead = given(&["campaign_name=c", "PhoneNumber=9000000001", "City=Pune"]).unwrap();
        assert_eq!(request::<AddLead>(lead).unwrap().columns["City"].as_str(), "Pune");
    }

    #[test]
    fn the_agent_of_the_flag_is_the_requests_or_the_flag_is_refused() {
        let mut fields = given(&["campaignName=c", "customerNumber=9000000001"]).unwrap();
        name_agent::<AgentDial>(&mut fields, "agent01").unwrap();
        assert_eq!(request::<AgentDial>(fields.clone()).unwrap().agent.as_str(), "agent01");
        let twice = name_agent::<AgentDial>(&mut fields, "agent02").unwrap_err();
        assert!(format!("{twice:?}").contains("agentID is given twice"), "{twice:?}");
        let other = name_agent::<FetchStatus>(&mut Map::new(), "agent01").unwrap_err();
        assert!(format!("{other:?}").contains("campaigns.status takes no --agent"), "{other:?}");
        let mut fields = Map::new();
        name_agent::<AgentDetails>(&mut fields, "agent01").unwrap();
        assert_eq!(Value::Object(fields), json!({"AgentId": "agent01"}));
        // A credential is no field.
        let mut none = Map::new();
        name_agent::<Login>(&mut none, "agent01").unwrap();
        assert!(none.is_empty());
    }

    #[test]
    fn a_dial_asks_for_its_id_and_has_a_reference() {
        let fields = ["agentID=a", "campaignName=c", "customerNumber=9000000001"];
        let completed = |more: &[&str]| {
            let mut given = given(&[&fields[..], more].concat()).unwrap();
            let reference = complete_dial::<AgentDial>(&mut given).unwrap();
            let former = complete_dial::<Legacy<AgentDial>>(&mut given.clone()).unwrap();
            assert_eq!(former, None, "it has one by now");
            (given["UCID"].clone(), given["uui"].clone(), reference)
        };
        let (ucid, uui, reference) = completed(&[]);
        assert_eq!((ucid, uui.as_str()), (json!("true"), reference.as_deref()));
        let (ucid, uui, reference) = completed(&["UCID=false", "uui=order-7"]);
        assert_eq!((ucid, uui, reference), (json!("false"), json!("order-7"), None));
        let dial = AgentDial::new("a", "c", "9000000417");
        assert_eq!(whom(&dial), " to 9000000417");
    }

    #[test]
    fn every_endpoint_of_the_catalogue_is_reached_by_its_name() {
        for spec in ALL.iter().chain(LEGACY) {
            let known = current::known(spec.name).or_else(|| legacy::known(spec.name));
            assert!(known.is_some(), "{}", spec.name);
        }
        assert_eq!(known_fields("campaigns.status"), Some(vec!["campaignName"]));
        let required = |name| required_fields(name).map(|names| names.join(" "));
        let dial = required("dial.agent");
        assert_eq!(dial.as_deref(), Some("agentID campaignName customerNumber"));
        assert_eq!(required("campaigns.list").as_deref(), Some(""));
        let names = ALL.iter().chain(LEGACY).map(|spec| spec.name);
        let untold: Vec<&str> = names.filter(|name| required(name).is_none()).collect();
        let not_known = [
            "campaigns.create_outbound",
            "leads.bulk",
            "leads.schedule",
            "whatsapp.send_template",
            "legacy.bulk",
            "legacy.cdr_current_day",
            "legacy.schedule",
        ];
        assert_eq!(untold, not_known);
        assert_eq!(known_fields("campaigns.list"), Some(vec![]));
    }
}
