//! What the service replies to a token of an agent's socket.
//!
//! The form of a reply is documented, the words after the outcome only for one token; what stands
//! there for a refused dial is constructed, and so is `ucid` in the reply to a dial.

use ozonetel_sdk::endpoint::Effect;
use ozonetel_sdk::mdl::{ManualDial, SYSTEM_NS, Token};
use serde_json::Value;

use crate::world::{AgentDial, DialRefusal, UtidForm, World};

/// A reply, and what the token changed.
pub(crate) type TokenReply = (Token, Option<&'static str>);

/// Acts on a token and answers it.
pub(crate) fn answer(world: &mut World, token: &Token) -> TokenReply {
    let (reply, effect) = match token.kind() {
        Some("ping") => (Token::new("response").with("ns", SYSTEM_NS).with("code", 0), None),
        Some(ManualDial::KIND) => dial(world, token),
        // Not documented; the form is jWebSocket's.
        _ => {
            let reply = Token::new("response").with("code", -1);
            (reply.with("msg", "the simulator does not know this token"), None)
        }
    };
    (with_utid(reply, token, world.setup().mdl.utid), effect)
}

fn with_utid(reply: Token, asked: &Token, form: UtidForm) -> Token {
    let Some(utid) = asked.get("utid").filter(|utid| !utid.is_null()) else { return reply };
    let text = asked.utid();
    let as_number = || text.as_ref()?.parse::<u64>().ok().map(Value::from);
    let value = match form {
        UtidForm::AsSent => None,
        UtidForm::Text => text.as_deref().map(Value::from),
        UtidForm::Number => as_number(),
    };
    reply.with("utid", value.unwrap_or_else(|| utid.clone()))
}

fn dial(world: &mut World, token: &Token) -> TokenReply {
    let agent = token.text("agentId").unwrap_or_default().into_owned();
    let dialled =
        wanted(world, &agent, token).and_then(|dial| world.dial_agent(&dial).map_err(refusal_text));
    let (resp, ucid) = match dialled {
        Ok(ucid) => {
            let mode = world.agent(&agent).map_or("", |a| a.setup.mode.word());
            (format!("Success:{}~{}", ManualDial::KIND, mode.to_ascii_uppercase()), Some(ucid))
        }
        Err(why) => (format!("Failure:{}~{why}", ManualDial::KIND), None),
    };
    let mut reply = Token::new("response")
        .with("resp", resp)
        .with("agentId", agent.as_str())
        .with("user", world.setup().account.as_str());
    if let Some(state) = world.agent(&agent).map(|a| a.state.word()) {
        reply = reply.with("agentStatus", state);
    }
    match ucid {
        Some(ucid) => (reply.with("ucid", ucid.to_string()), Some(Effect::Dial.as_str())),
        None => (reply, None),
    }
}

/// The dial a token asks for, or what is wrong with it.
fn wanted(world: &World, agent: &str, token: &Token) -> Result<AgentDial, &'static str> {
    let text = |name: &str| token.text(name).unwrap_or_default();
    if text("customer") != world.setup().account {
        return Err("unknown customer");
    }
    let known = world.agent(agent).ok_or("unknown agent")?;
    if text("agentUniqId") != known.setup.number.to_string() {
        return Err("unknown agent");
    }
    if text("usId").trim().is_empty() || text("browserSessionId").trim().is_empty() {
        return Err("no session");
    }
    if token.get("isSip") != Some(&Value::from("true")) || text("mode") != "manual" {
        return Err("not a manual dial");
    }
    let params = text("params");
    let parts: Vec<&str> = params.split(',').collect();
    let [campaign, number, extension, "SIP:true"] = parts[..] else {
        return Err("params not understood");
    };
    let campaign = campaign.parse::<u32>().ok();
    let campaign = world.campaigns().iter().find(|c| Some(c.id) == campaign);
    if extension != known.phone() {
        return Err("not the agent's extension");
    }
    Ok(AgentDial {
        agent: agent.to_owned(),
        campaign: campaign.ok_or("unknown campaign")?.name.clone(),
        number: number.to_owned(),
        uui: String::new(),
    })
}

fn refusal_text(refusal: DialRefusal) -> &'static str {
    match refusal {
        DialRefusal::Agent => "unknown agent",
        DialRefusal::Campaign => "not a campaign to dial for",
        DialRefusal::NotRunning => "campaign is not running",
        DialRefusal::Number => "no number",
        DialRefusal::Uui => "not a reference that a header can carry",
        _ => "agent is not available",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Setup, Timestamp};
    use serde_json::json;

    fn world() -> World {
        let mut world = World::new(Setup::default(), Timestamp::from_unix_s(1_795_000_000));
        world.toolbar_login("agent01", "secret").unwrap();
        world
    }

    fn token() -> Token {
        Token::parse(
            r#"{"type":"tbManualDial","ns":"ozonetel.cloudagent","customer":"acme_support",
            "agentId":"agent01","agentUniqId":1001,
            "browserSessionId":"5b0e6c1e-0000-4000-8000-000000000001","usId":"c2Vzc2lvbi0wMDE=",
            "isSip":"true","mode":"manual","params":"77,9000000001,500001,SIP:true","utid":57}"#,
        )
        .unwrap()
    }

    #[test]
    fn the_documented_dial_is_placed_and_answered() {
        let mut world = world();
        let (reply, effect) = answer(&mut world, &token());
        let ucid = world.calls().iter().next().unwrap().ucid().to_string();
        let want = json!({"type": "response", "utid": 57, "resp": "Success:tbManualDial~BLENDED",
            "agentStatus": "BUSY", "agentId": "agent01", "user": "acme_support", "ucid": ucid});
        assert_eq!((Value::from(reply.fields().clone()), effect), (want, Some("dial")));
        let (again, effect) = answer(&mut world, &token());
        assert_eq!(again.text("resp").unwrap(), "Failure:tbManualDial~agent is not available");
        assert_eq!((effect, world.calls().iter().count()), (None, 1));
    }

    #[test]
    fn what_is_wrong_with_a_dial_is_said_and_nothing_is_dialled() {
        for (name, value, why) in [
            ("customer", json!("other"), "unknown customer"),
            ("agentId", json!("agent09"), "unknown agent"),
            ("agentUniqId", json!(1002), "unknown agent"),
            ("usId", json!(null), "no session"),
            ("browserSessionId", json!(""), "no session"),
            ("isSip", json!(true), "not a manual dial"),
            ("params", json!("77,9000000001,500001"), "params not understood"),
            ("params", json!("77,9000000001,500001,SIP:true,"), "params not understood"),
            ("params", json!("70,9000000001,500001,SIP:true"), "unknown campaign"),
            ("params", json!("78,9000000001,500001,SIP:true"), "not a campaign to dial for"),
            ("params", json!("77,,500001,SIP:true"), "no number"),
            ("params", json!("77,9000000001,500002,SIP:true"), "not the agent's extension"),
        ] {
            let mut world = world();
            let (reply, effect) = answer(&mut world, &token().with(name, value.clone()));
            let want = format!("Failure:tbManualDial~{why}");
            assert_eq!(reply.text("resp").as_deref(), Some(&*want), "{name} {value}");
            assert_eq!((effect, world.calls().iter().count()), (None, 0));
        }
    }

    #[test]
    fn utid_comes_back_in_the_form_that_is_set() {
        let ping = |utid: Value| Token::new("ping").with("echo", true).with("utid", utid);
        for (form, sent, back) in [
            (UtidForm::AsSent, json!(7), json!(7)),
            (UtidForm::AsSent, json!("7"), json!("7")),
            (UtidForm::Text, json!(7), json!("7")),
            (UtidForm::Number, json!("7"), json!(7)),
            (UtidForm::Number, json!("seven"), json!("seven")),
        ] {
            let reply = with_utid(Token::new("response"), &ping(sent), form);
            assert_eq!(reply.get("utid"), Some(&back));
        }
        let (reply, _) = answer(&mut world(), &ping(json!(null)));
        assert_eq!((reply.get("utid"), reply.get("code")), (None, Some(&json!(0))));
    }
}
