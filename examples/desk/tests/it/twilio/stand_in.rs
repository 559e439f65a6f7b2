//! A stand-in of Twilio on this machine: it answers over HTTP as twilio.com/docs/voice/api/call-resource and
//! twilio.com/docs/api/errors say, and carries out what a leg is told, with the callbacks of
//! twilio.com/docs/voice/twiml/dial. Answers can be cut off, held back, or be no answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use desk::core::twilio::FormParams;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use url::form_urlencoded;

/// The account, and what it logs in with.
pub(super) const ACCOUNT: &str = "AC00000000000000000000000000000001";
const LOGIN: &str = "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTp0ZXN0LXRva2Vu";

/// What becomes of the next requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answering {
    /// As documented.
    Well,
    /// With an error document.
    Error(u16, u32, &'static str),
    /// The call is made, and nothing is answered.
    Held,
    /// The call is made, and the connection ends without an answer.
    Closed,
    /// The call is made, and the answer breaks off in its body.
    CutOff,
    /// The call is made, and the answer is a page of something in between.
    Page(u16),
    /// The call is made, and the answer does not name it.
    Nameless,
}

/// A leg at Twilio.
#[derive(Debug, Clone)]
pub(super) struct Leg {
    pub(super) status: &'static str,
    /// What the request that made it, or sent it elsewhere, said.
    pub(super) form: FormParams,
}

#[derive(Debug)]
struct World {
    answering: Answering,
    legs: BTreeMap<String, Leg>,
    requests: Vec<String>,
}

/// Twilio's interface for calls.
#[derive(Debug)]
pub(super) struct StandIn {
    world: Arc<Mutex<World>>,
    /// A request has come and is held.
    pub(super) held: Arc<Notify>,
    pub(super) address: String,
    server: Mutex<JoinSet<()>>,
}

struct HttpRequest {
    method: String,
    path: String,
    login: String,
    kind: String,
    body: String,
}

async fn read(stream: &mut TcpStream) -> Option<HttpRequest> {
    let (mut text, mut piece) = (Vec::new(), [0; 4096]);
    let end = loop {
        if let Some(at) = text.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        let count = stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        text.extend_from_slice(&piece[..count]);
    };
    let head = String::from_utf8(text[..end].to_vec()).ok()?;
    let field = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let length: usize = field("content-length").parse().ok()?;
    while text.len() < end + 4 + length {
        let count = stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        text.extend_from_slice(&piece[..count]);
    }
    let body = String::from_utf8(text[end + 4..].to_vec()).ok()?;
    let mut line = head.lines().next()?.split(' ');
    let (method, path) = (line.next()?.to_owned(), line.next()?.to_owned());
    Some(HttpRequest {
        method,
        path,
        login: field("authorization"),
        kind: field("content-type"),
        body,
    })
}

fn error(status: u16, code: u32, message: &str) -> (u16, Value) {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    (status, json!({"code": code, "message": message, "more_info": more, "status": status}))
}

fn resource(sid: &str, leg: &Leg) -> Value {
    let value = |name: &str| leg.form.iter().find(|(known, _)| known == name).map(|(_, text)| text);
    json!({
        "account_sid": ACCOUNT, "annotation": null, "answered_by": null, "api_version": "2010-04-01",
        "caller_name": null, "date_created": null, "date_updated": null, "direction": "outbound-api",
        "duration": null, "end_time": null, "forwarded_from": null, "from": value("From"),
        "from_formatted": value("From"), "group_sid": null, "parent_call_sid": null,
        "phone_number_sid": null, "price": null, "price_unit": "USD", "queue_time": "0", "sid": sid,
        "start_time": null, "status": leg.status, "subresource_uris": {}, "to": value("To"),
        "to_formatted": value("To"), "trunk_sid": null,
        "uri": format!("/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}.json"),
    })
}

impl World {
    /// Does what is asked, if it can be: status, document, and whether a leg was made or moved.
    fn answer(&mut self, request: &HttpRequest) -> (u16, Value, bool) {
        let refused = |(status, document)| (status, document, false);
        if request.login != LOGIN {
            return refused(error(401, 20_003, "Authenticate"));
        }
        let calls = format!("/2010-04-01/Accounts/{ACCOUNT}/Calls");
        let Some(rest) = request.path.strip_prefix(&calls).filter(|_| request.method == "POST")
        else {
            let text = format!("The requested resource {} was not found", request.path);
            return refused(error(404, 20_404, &text));
        };
        if request.kind != "application/x-www-form-urlencoded" {
            return refused(error(400, 20_001, "Unknown parameters"));
        }
        let form: FormParams =
            form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
        let has = |name: &str| form.iter().any(|(known, value)| known == name && !value.is_empty());
        if !has("Url") {
            return refused(error(400, 21_205, "Url is not valid"));
        }
        if let Some(sid) = rest.strip_prefix('/').and_then(|rest| rest.strip_suffix(".json")) {
            let Some(leg) = self.legs.get_mut(sid) else {
                let text = format!("The requested resource {} was not found", request.path);
                return refused(error(404, 20_404, &text));
            };
            if leg.status != "in-progress" {
                return refused(error(400, 21_220, "Call is not in-progress. Cannot redirect."));
            }
            leg.form = form;
            return (200, resource(sid, leg), true);
        }
        for (field, code, text) in [
            ("To", 21_201, "No 'To' number is specified"),
            ("From", 21_213, "'From' phone number is required"),
        ] {
            if !has(field) {
                return refused(error(400, code, text));
            }
        }
        let sid = format!("CA{:032}", 100 + self.legs.len());
        let leg = Leg { status: "queued", form };
        let document = resource(&sid, &leg);
        self.legs.insert(sid, leg);
        (201, document, true)
    }
}

async fn serve(mut stream: TcpStream, world: Arc<Mutex<World>>, held: Arc<Notify>) {
    let Some(request) = read(&mut stream).await else { return };
    let (answering, (status, document, _)) = {
        let mut world = world.lock().unwrap();
        world.requests.push(request.path.clone());
        let answering = world.answering;
        let answer = match answering {
            Answering::Error(status, code, text) => {
                let (status, document) = error(status, code, text);
                (status, document, false)
            }
            _ => world.answer(&request),
        };
        (answering, answer)
    };
    let (status, body) = match answering {
        Answering::Held => {
            held.notify_one();
            std::future::pending::<()>().await;
            return;
        }
        Answering::Closed => return,
        Answering::Page(status) => (status, "<html><body>Bad gateway</body></html>".to_owned()),
        Answering::Nameless => (status, json!({"status": "queued"}).to_string()),
        _ => (status, document.to_string()),
    };
    let length = body.len();
    let sent = if answering == Answering::CutOff { &body[..length / 2] } else { &body[..] };
    let text = format!(
        "HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{sent}"
    );
    // Whoever asked may have gone.
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

impl StandIn {
    /// Listens on this machine. The caller's leg is up.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let caller = Leg { status: "in-progress", form: Vec::new() };
        let world = World {
            answering: Answering::Well,
            legs: BTreeMap::from([("CA1".to_owned(), caller)]),
            requests: Vec::new(),
        };
        let (world, held) = (Arc::new(Mutex::new(world)), Arc::new(Notify::new()));
        let mut server = JoinSet::new();
        let (shared, told) = (Arc::clone(&world), Arc::clone(&held));
        server.spawn(async move {
            let mut carried = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                carried.spawn(serve(stream, Arc::clone(&shared), Arc::clone(&told)));
            }
        });
        Self { world, held, address, server: Mutex::new(server) }
    }

    /// Nothing listens any more.
    pub(super) async fn stop(&self) {
        let mut server = std::mem::take(&mut *self.server.lock().unwrap());
        server.shutdown().await;
    }

    pub(super) fn set(&self, answering: Answering) {
        self.world.lock().unwrap().answering = answering;
    }

    /// The paths that were asked for.
    pub(super) fn requests(&self) -> Vec<String> {
        self.world.lock().unwrap().requests.clone()
    }

    pub(super) fn leg(&self, sid: &str) -> Leg {
        self.world.lock().unwrap().legs[sid].clone()
    }

    /// The ids of the legs that were made.
    pub(super) fn made(&self) -> Vec<String> {
        let world = self.world.lock().unwrap();
        world.legs.keys().filter(|sid| *sid != "CA1").cloned().collect()
    }

    /// A leg goes on.
    pub(super) fn becomes(&self, sid: &str, status: &'static str) {
        self.world.lock().unwrap().legs.get_mut(sid).unwrap().status = status;
    }
}

/// Longer than the desk waits for an answer.
pub(super) const LONGER: Duration = Duration::from_secs(11);
