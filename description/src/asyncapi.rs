//! The AsyncAPI document: what the service sends on its own, and the agent's socket as far as it is known.

use ozonetel_sdk::endpoint::ASSUMPTIONS;
use ozonetel_sdk::mdl::{ManualDial, SUB_PROTOCOL, SYSTEM_NS, TOOLBAR_NS};
use ozonetel_tests::fixture::{Recorded, folder, load};
use serde_json::{Map, Value, json};

use crate::declared::Declared;
use crate::samples::Samples;

const ABOUT: &str = "\
An unofficial description of what CloudAgent and KooKoo send on their own, and of the socket of an agent's toolbar, \
generated from a typed SDK and its fixtures. `send` is what the service sends. Every field may be missing, every word \
is from an open list (`x-known-words`), and other fields and tokens are normal. The agent's socket has no public \
specification: what is here comes from design documents, from jWebSocket, whose framing it has, and from public \
pages. What no source settles is marked `x-unproven`, with ids of `x-assumptions`.";

/// The document.
pub(crate) fn document(declared: &Declared) -> Value {
    let socket: Map<String, Value> = ASSUMPTIONS
        .iter()
        .filter(|one| ["mdl", "push"].contains(&one.id.split('.').next().unwrap_or_default()))
        .map(|one| {
            let about = json!({"assumed": one.assumed, "sources": one.sources, "setting": one.setting, "test": one.test});
            (one.id.to_owned(), about)
        })
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ozonetel CloudAgent and KooKoo: pushes, events and the agent's socket",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0"},
            "description": ABOUT,
        },
        "defaultContentType": "application/json",
        "servers": {
            "receiver": {
                "host": "{host}",
                "protocol": "https",
                "description": "The customer's own server: the addresses are set in the console and in requests.",
                "variables": {"host": {"description": "The customer's host.", "default": "crm.example.test"}},
            },
            "toolbar": {
                "host": "{host}",
                "protocol": "wss",
                "description": format!("The socket of the agent's toolbar (`mdlConnection`), sub-protocol `{SUB_PROTOCOL}`. No source gives its host and path for every account."),
                "variables": {"host": {"description": "The account's host.", "default": "mdl.example.test"}},
            },
        },
        "channels": channels(),
        "operations": operations(),
        "components": {"messages": messages(), "schemas": schemas(declared)},
        "x-assumptions": socket,
    })
}

/// Channel, server, what it is, its messages, and what is unproven about it.
type ChannelRow =
    (&'static str, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const CHANNELS: &[ChannelRow] = &[
    (
        "callbacks",
        "receiver",
        "After each call: the callback URL of the account and of the campaign.",
        &["Callback"],
        &["push.answer"],
    ),
    (
        "events",
        "receiver",
        "While it happens: the addresses of the event subscription.",
        &["Event"],
        &[],
    ),
    (
        "screenPops",
        "receiver",
        "To an agent's browser when a call comes: the screen pop address, its query.",
        &["ScreenPop"],
        &[],
    ),
    (
        "applications",
        "receiver",
        "KooKoo's requests to an application: query fields; the answer is XML.",
        &["IvrRequest"],
        &[],
    ),
    (
        "outboundStatus",
        "receiver",
        "After a call that was placed over KooKoo: its `callback_url`.",
        &["OutboundCallStatus"],
        &[],
    ),
    (
        "mediaStream",
        "receiver",
        "The audio of a call, over a WebSocket that KooKoo opens.",
        &["MediaStart", "MediaCommand"],
        &[],
    ),
    (
        "agentSocket",
        "toolbar",
        "One agent's toolbar.",
        &["Welcome", "GoodBye", "CallPush", "Reply", "ManualDial", "Ping", "Close"],
        &["mdl.session-fields", "mdl.invite-target"],
    ),
];

fn channels() -> Value {
    let channel = |&(name, server, description, messages, unproven): &ChannelRow| {
        let message = |message: &&str| {
            ((*message).to_owned(), json!({"$ref": format!("#/components/messages/{message}")}))
        };
        let mut out = json!({
            "address": null,
            "description": description,
            "servers": [{"$ref": format!("#/servers/{server}")}],
            "messages": messages.iter().map(message).collect::<Map<_, _>>(),
        });
        if !unproven.is_empty() {
            out["x-unproven"] = json!(unproven);
        }
        (name.to_owned(), out)
    };
    CHANNELS.iter().map(channel).collect::<Map<_, _>>().into()
}

/// Operation, what the service does, channel, HTTP method, messages.
type OperationRow =
    (&'static str, &'static str, &'static str, Option<&'static str>, &'static [&'static str]);

const OPERATIONS: &[OperationRow] = &[
    ("sendCallback", "send", "callbacks", Some("POST"), &["Callback"]),
    ("sendEvent", "send", "events", Some("POST"), &["Event"]),
    ("sendScreenPop", "send", "screenPops", Some("GET"), &["ScreenPop"]),
    ("askApplication", "send", "applications", Some("GET"), &["IvrRequest"]),
    ("sendOutboundStatus", "send", "outboundStatus", Some("POST"), &["OutboundCallStatus"]),
    ("sendMedia", "send", "mediaStream", None, &["MediaStart"]),
    ("receiveMediaCommand", "receive", "mediaStream", None, &["MediaCommand"]),
    ("sendToken", "send", "agentSocket", None, &["Welcome", "GoodBye", "CallPush", "Reply"]),
    ("receiveToken", "receive", "agentSocket", None, &["ManualDial", "Ping", "Close"]),
];

fn operations() -> Value {
    let operation = |&(name, action, channel, method, messages): &OperationRow| {
        let message =
            |message: &&str| json!({"$ref": format!("#/channels/{channel}/messages/{message}")});
        let mut out = json!({
            "action": action,
            "channel": {"$ref": format!("#/channels/{channel}")},
            "messages": messages.iter().map(message).collect::<Vec<_>>(),
        });
        if let Some(method) = method {
            out["bindings"] = json!({"http": {"method": method, "bindingVersion": "0.3.0"}});
        }
        (name.to_owned(), out)
    };
    OPERATIONS.iter().map(operation).collect::<Map<_, _>>().into()
}

/// Message, title, content type.
const MESSAGES: &[(&str, &str, &str)] = &[
    (
        "Callback",
        "The callback after a call: JSON text in the form field `data`; receivers also meet the object itself",
        "application/x-www-form-urlencoded",
    ),
    ("Event", "An event about a call or an agent", "application/json"),
    ("ScreenPop", "A screen pop", "application/x-www-form-urlencoded"),
    ("IvrRequest", "A request to an application", "application/x-www-form-urlencoded"),
    (
        "OutboundCallStatus",
        "The outcome of a call over KooKoo",
        "application/x-www-form-urlencoded",
    ),
    ("MediaStart", "The beginning of a media stream", "application/json"),
    ("MediaCommand", "A command to a media stream", "application/json"),
    ("Welcome", "The first token on a connection", "application/json"),
    ("GoodBye", "The last token on a connection", "application/json"),
    ("CallPush", "A token about a call: `busyAgent`, `dropCall`", "application/json"),
    ("Reply", "The reply to a token, told by its `utid`", "application/json"),
    ("ManualDial", "A dial; never sent twice", "application/json"),
    ("Ping", "A sign of life", "application/json"),
    ("Close", "The end of a connection", "application/json"),
];

fn messages() -> Value {
    let message = |&(name, title, media): &(&str, &str, &str)| {
        let about = json!({
            "name": name,
            "title": title,
            "contentType": media,
            "payload": {"$ref": format!("#/components/schemas/{name}")},
        });
        (name.to_owned(), about)
    };
    MESSAGES.iter().map(message).collect::<Map<_, _>>().into()
}

/// The objects of the callbacks that fixtures show.
fn callbacks() -> Samples {
    let mut samples = Samples::default();
    for exchange in load(&folder().join("push.http")).exchanges {
        let Some(request) = exchange.request.filter(|_| exchange.name.starts_with("form")) else {
            continue;
        };
        let form = Recorded::of(&request.to_http()).form.unwrap_or_default();
        match form.get("data").and_then(|text| serde_json::from_str(text).ok()) {
            Some(Value::Array(calls)) => calls.iter().for_each(|call| samples.add(call)),
            Some(call @ Value::Object(_)) => samples.add(&call),
            _ => {}
        }
    }
    samples
}

fn schemas(declared: &Declared) -> Value {
    let none = Samples::default();
    let record = |name: &str| declared.record_schema(name, &none);
    let mut event = record("EventHeader");
    event["properties"]["data"] = json!({"anyOf": [
        {"$ref": "#/components/schemas/CallEvent"},
        {"$ref": "#/components/schemas/AgentEvent"},
    ]});
    event["description"] = json!("An event. Order is not kept, and events may be missing.");
    let mut schemas = json!({
        "Callback": declared.record_schema("Callback", &callbacks()),
        "Event": event,
        "MediaCommand": {
            "type": "object",
            "required": ["command"],
            "properties": {"command": {"type": "string", "enum": ["clearBuffer", "callDisconnect"]}},
        },
        "ManualDial": manual_dial(),
        "Reply": reply(),
        "Ping": token("ping", SYSTEM_NS, &json!({"echo": {"type": "boolean"}})),
        "Close": token("close", SYSTEM_NS, &json!({"timeout": {"type": "integer", "description": "Milliseconds."}})),
    });
    for name in
        ["CallEvent", "AgentEvent", "ScreenPop", "IvrRequest", "OutboundCallStatus", "MediaStart"]
    {
        schemas[name] = record(name);
    }
    for (name, kind) in [("Welcome", "welcome"), ("GoodBye", "goodBye")] {
        let mut schema = record(name);
        schema["properties"]["type"] = json!({"const": kind});
        schemas[name] = schema;
    }
    let mut push = record("CallPush");
    push["properties"]["type"] = json!({"type": "string", "examples": ["busyAgent", "dropCall"]});
    schemas["CallPush"] = push;
    schemas
}

const UTID: &str = "The sender's counter, one more for every token; the reply carries it back, as text or as a number.";

/// A token of this type.
fn token(kind: &str, ns: &str, properties: &Value) -> Value {
    let mut schema = json!({"type": "object", "required": ["type"], "properties": properties});
    schema["properties"]["type"] = json!({"const": kind});
    schema["properties"]["ns"] = json!({"const": ns});
    schema["properties"]["utid"] = json!({"type": "integer", "description": UTID});
    schema
}

/// The dial as the SDK writes it, with the session's fields.
fn manual_dial() -> Value {
    let draft = ManualDial::new(77, "9000000001", "500001").request();
    let draft = draft.unwrap_or_else(|error| panic!("a dial of placeholders: {error}")).draft();
    let mut properties = json!({
        "customer": {"type": "string", "description": "The account's name."},
        "agentId": {"type": "string", "description": "The agent's login name."},
        "agentUniqId": {"type": "integer", "description": "The agent's numeric id."},
        "browserSessionId": {"type": "string", "description": "The id of the browser's session, from the handshake."},
        "usId": {"type": "string", "description": "The id of the session, from the handshake."},
    });
    for (name, value) in draft.fields() {
        let by_caller = name == "params";
        properties[name] = if by_caller {
            json!({"type": "string", "examples": [value]})
        } else {
            json!({"const": value})
        };
    }
    properties["params"]["description"] = json!(
        "Campaign's id, number, SIP extension and `SIP:true`, divided by commas without escaping."
    );
    let names: Vec<String> =
        properties.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let mut schema = token(ManualDial::KIND, TOOLBAR_NS, &properties);
    schema["required"] = json!(names);
    schema
}

fn reply() -> Value {
    json!({
        "type": "object",
        "required": ["type", "utid"],
        "properties": {
            "type": {"const": "response"},
            "utid": {"type": ["string", "integer"], "description": UTID},
            "code": {"type": ["integer", "string", "null"], "description": "0: done; -1: not."},
            "msg": {"type": ["string", "null"], "description": "The text beside the code."},
            "resp": {"type": ["string", "null"], "description": "The outcome in front of the first colon, such as `Success:tbAgentPause~INBOUND`."},
            "agentStatus": {"type": ["string", "null"], "description": "The agent's state afterwards."},
            "agentId": {"type": ["string", "null"]},
            "user": {"type": ["string", "null"], "description": "The account's name."},
        },
    })
}
