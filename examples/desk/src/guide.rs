//! What to try on the simulated desk, request by request. A test sends every one of these requests.

use std::fmt::Write as _;

/// What the demo says of its stand-ins.
pub const STAND_INS: &str = "Live assist runs on stand-ins: they hear that someone speaks, and make up what.\n\
                             Simulated customers have no voice. DESK_SIM_ASSIST=off turns them off.";

/// One request of the guide.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// What it is for.
    pub why: &'static str,
    /// The path, query included.
    pub path: &'static str,
    /// The body of a POST, in which `$UCID` stands for the call's id; none for a GET.
    pub body: Option<&'static str>,
    /// Seconds to wait afterwards: telephones ring, records are read.
    pub wait: u64,
}

const fn post(why: &'static str, path: &'static str, body: &'static str) -> Step {
    Step { why, path, body: Some(body), wait: 0 }
}

const fn get(why: &'static str, path: &'static str) -> Step {
    Step { why, path, body: None, wait: 0 }
}

/// A whole call and the reports on it, in order.
pub const STEPS: &[Step] = &[
    post("log the desk's agent in", "/api/ozonetel/agent-login", "{}"),
    Step {
        wait: 4,
        ..post("dial a customer", "/api/ozonetel/dial", r#"{"phoneNumber":"9000012345"}"#)
    },
    post("hold", "/api/ozonetel/call-control", r#"{"ucid":"$UCID","action":"HOLD"}"#),
    post("and back", "/api/ozonetel/call-control", r#"{"ucid":"$UCID","action":"UNHOLD"}"#),
    post("mute the agent", "/api/ozonetel/call-control", r#"{"ucid":"$UCID","action":"MUTE"}"#),
    post("and back", "/api/ozonetel/call-control", r#"{"ucid":"$UCID","action":"UNMUTE"}"#),
    post("stop recording", "/api/ozonetel/recording", r#"{"ucid":"$UCID","action":"pause"}"#),
    post("and go on", "/api/ozonetel/recording", r#"{"ucid":"$UCID","action":"unPause"}"#),
    Step {
        wait: 3,
        ..post(
            "ring a third party into the call",
            "/api/ozonetel/call-control",
            r#"{"ucid":"$UCID","action":"CONFERENCE","conferenceNumber":"9000012346"}"#,
        )
    },
    post(
        "drop the agent: with the conference before, this is a transfer; without, it ends the call",
        "/api/ozonetel/call-control",
        r#"{"ucid":"$UCID","action":"KICK_CALL","conferenceNumber":"500001"}"#,
    ),
    Step {
        wait: 8,
        ..post(
            "dispose of it, which ends after-call work and brings the day's records up to date",
            "/api/ozonetel/dispose",
            r#"{"ucid":"$UCID","disposition":"FOLLOW_UP_SCHEDULED","notes":"call on Monday"}"#,
        )
    },
    get("the day's calls with their legs", "/api/ozonetel/call-history"),
    get("the agent's figures of the day", "/api/ozonetel/performance"),
    get("calls that no one answered", "/api/ozonetel/missed-calls"),
    post("pause", "/api/ozonetel/agent-state", r#"{"state":"Pause","pauseReason":"lunch"}"#),
    post("be ready again", "/api/ozonetel/agent-state", r#"{"state":"Ready"}"#),
    post("log out and in again, out of whatever state", "/api/ozonetel/force-ready", "{}"),
    post("log out", "/api/ozonetel/agent-logout", "{}"),
];

/// The guide as text, with commands that work on this address.
pub fn text(desk: &str, simulator: &str, token: &str) -> String {
    let mut out = String::from(
        "\nNo account is set: these are simulated calls. agent01 is the desk's own and free; agent02 to agent05 have\n\
         traffic of their own. Set OZONETEL_ACCOUNT to use a real account.\n\n\
         What programs do, request by request (for the page see the end):\n\n",
    );
    let _ = writeln!(out, "TOKEN={token}   # agent01's");
    // What logs out comes last: the two below need the agent.
    let (steps, last) = STEPS.split_at(STEPS.len().saturating_sub(1));
    for step in steps {
        write_step(&mut out, desk, step);
    }
    let _ = writeln!(
        out,
        "\nThe day's records are read once a minute. A customer calls in, and what the simulator thinks:\n\n\
         curl -sw '\\n' {simulator}/_sim/inbound -H 'content-type: application/json' \
         -d '{{\"did\":\"918000000001\",\"caller\":\"9000012347\"}}'\n\
         curl -sw '\\n' {simulator}/_sim/state\n\n\
         The answer to the next dial is lost: 504, it may have happened. The desk looks for it in the day's calls;\n\
         until it is settled the agent dials no one else. A supervisor who knows settles it, by its `id`:\n\n\
         curl -sw '\\n' {simulator}/_sim/faults -H 'content-type: application/json' \
         -d '{{\"path\":\"/ca_apis/AgentManualDial\",\"kind\":\"close_after\"}}'\n\
         curl -sw '\\n' -c jar {desk}/api/session -H 'content-type: application/json' \
         -d '{{\"email\":\"supervisor01@desk.test\",\"password\":\"demo\"}}'\n\
         curl -sw '\\n' -b jar '{desk}/api/dials?state=unknown'\n\
         curl -sw '\\n' -b jar -H 'origin: {desk}' -H 'content-type: application/json' {desk}/api/dials/ID/settle \
         -d '{{\"outcome\":\"placed\",\"reason\":\"the phone rang\"}}'\n"
    );
    for step in last {
        write_step(&mut out, desk, step);
    }
    let _ = writeln!(
        out,
        "\nThe page: open {desk} in a browser and sign in as agent01@desk.test, password demo.\n\
         Others see other pages: agent02@desk.test, supervisor01@desk.test, admin@desk.test, password demo.\n"
    );
    out
}

fn write_step(out: &mut String, desk: &str, step: &Step) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "# {}", step.why);
    let address = format!("{desk}{}", step.path);
    let _ = match step.body {
        None => writeln!(out, "curl -sw '\\n' {address} -H \"authorization: Bearer $TOKEN\""),
        Some(body) if step.path.ends_with("/dial") => writeln!(
            out,
            "UCID=$(curl -sw '\\n' {address} -H \"authorization: Bearer $TOKEN\" \
             -H 'content-type: application/json' -d '{body}' | tee /dev/stderr | \
             sed 's/.*\"ucid\":\"\\([0-9]*\\)\".*/\\1/')"
        ),
        Some(body) => {
            // Double quotes, so that the shell puts the call's id in.
            let body = body.replace('"', "\\\"");
            writeln!(
                out,
                "curl -sw '\\n' {address} -H \"authorization: Bearer $TOKEN\" \
                 -H 'content-type: application/json' -d \"{body}\""
            )
        }
    };
    if step.wait > 0 {
        let _ = writeln!(out, "sleep {}   # it takes a moment", step.wait);
    }
}

/// How the first administrator is made.
pub fn set_up(desk: &str, link: &str) -> String {
    format!(
        "\nThere is no administrator yet, and nothing is served but this. Within an hour, and once:\n\n\
         {desk}/setup#{link}\n\n\
         or\n\n\
         curl -sw '\\n' {desk}/api/setup -H 'content-type: application/json' \
         -d '{{\"link\":\"{link}\",\"email\":\"admin@example.test\",\"password\":\"…\"}}'\n\n\
         or, at any time, `desk user add ADDRESS --role administrator`.\n"
    )
}
