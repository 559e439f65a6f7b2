//! A softphone in a few lines: it registers, answers, declines and hangs up over a real socket.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use md5::{Digest as _, Md5};
use ozonetel_sim::Server;
use sip_ucid::{Auth, Message as Sip, Name};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
    a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 AA:BB\r\na=setup:active\r\n\
    a=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n";

pub(crate) struct Softphone {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    extension: String,
    /// The URI of its Contact.
    pub(crate) contact: String,
    /// `+sip.instance`, quotes and all.
    pub(crate) instance: Option<String>,
    cseq: u32,
}

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// A header's value.
pub(crate) fn value(message: &str, name: &str) -> Option<String> {
    let message = Sip::websocket(message.as_bytes()).unwrap();
    message.value_of(name).map(sip_ucid::Text::to_owned_string)
}

/// What is before the blank of a response's second, or a request's first word.
pub(crate) fn start(message: &str) -> String {
    let first = message.lines().next().unwrap();
    let words: Vec<&str> = first.split(' ').collect();
    if words[0] == "SIP/2.0" { words[1].to_owned() } else { words[0].to_owned() }
}

pub(crate) fn body(message: &str) -> &str {
    message.split_once("\r\n\r\n").unwrap().1
}

impl Softphone {
    pub(crate) async fn connect(server: &Server, extension: &str) -> Self {
        Self::connect_from(server, extension, None).await
    }

    /// A softphone in a page of this origin.
    pub(crate) async fn connect_from(
        server: &Server,
        extension: &str,
        origin: Option<&str>,
    ) -> Self {
        let mut request = server.sip_url().into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("Origin", origin.parse().unwrap());
        }
        request.headers_mut().insert("Sec-WebSocket-Protocol", "sip".parse().unwrap());
        let (socket, response) = connect_async(request).await.unwrap();
        assert_eq!(response.headers()["Sec-WebSocket-Protocol"], "sip");
        let contact = format!("sip:{extension}@a.invalid;transport=ws");
        Self { socket, extension: extension.into(), contact, instance: None, cseq: 0 }
    }

    /// A registered softphone.
    pub(crate) async fn registered(server: &Server, extension: &str) -> Self {
        let mut phone = Self::connect(server, extension).await;
        let ok = phone.register(extension, 600).await;
        assert_eq!(start(&ok), "200", "{ok}");
        assert!(value(&ok, "Contact").unwrap().contains("expires="));
        phone
    }

    /// The same softphone over a new connection, registered; the old connection breaks.
    pub(crate) async fn reconnect(self, server: &Server) -> Self {
        let mut again = Self::connect(server, &self.extension).await;
        again.contact.clone_from(&self.contact);
        again.instance.clone_from(&self.instance);
        again.cseq = self.cseq;
        drop(self);
        let extension = again.extension.clone();
        assert_eq!(start(&again.register(&extension, 600).await), "200");
        again
    }

    pub(crate) async fn send(&mut self, text: String) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// The next message; `None` once the connection has ended.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await.unwrap();
            match frame {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next message, which has to begin like this.
    pub(crate) async fn expect(&mut self, what: &str) -> String {
        let message = self.next().await.unwrap();
        assert_eq!(start(&message), what, "{message}");
        message
    }

    pub(crate) fn request(&mut self, method: &str, headers: &str) -> String {
        self.cseq += 1;
        let (extension, cseq) = (&self.extension, self.cseq);
        format!(
            "{method} sip:sim.example.test SIP/2.0\r\nVia: SIP/2.0/WS a.invalid;branch=z9hG4bK{cseq}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{extension}@sim.example.test>;tag=f{extension}\r\n\
             To: <sip:{extension}@sim.example.test>\r\nCall-ID: r{extension}\r\nCSeq: {cseq} {method}\r\n\
             {headers}Content-Length: 0\r\n\r\n"
        )
    }

    /// Registers with a password, challenge and all; the last answer.
    pub(crate) async fn register(&mut self, password: &str, expires: u32) -> String {
        let extension = self.extension.clone();
        let instance = self.instance.as_ref().map(|id| format!(";+sip.instance={id}"));
        let instance = instance.unwrap_or_default();
        let contact = format!("Contact: <{}>{instance};expires={expires}\r\n", self.contact);
        let request = self.request("REGISTER", &contact);
        self.send(request).await;
        let challenge = self.next().await.unwrap();
        if start(&challenge) != "401" {
            return challenge;
        }
        let wanted = value(&challenge, "WWW-Authenticate").unwrap();
        let auth = Auth::parse(wanted.as_bytes()).unwrap();
        let (realm, nonce) =
            (auth.get("realm").unwrap().to_string(), auth.get("nonce").unwrap().to_string());
        let secret = md5(&format!("{extension}:{realm}:{password}"));
        let asked = md5("REGISTER:sip:sim.example.test");
        let response = md5(&format!("{secret}:{nonce}:00000001:c0:auth:{asked}"));
        let header = format!(
            "{contact}Authorization: Digest username=\"{extension}\", realm=\"{realm}\", \
             nonce=\"{nonce}\", uri=\"sip:sim.example.test\", response=\"{response}\", \
             algorithm=MD5, qop=auth, nc=00000001, cnonce=\"c0\"\r\n"
        );
        let request = self.request("REGISTER", &header);
        self.send(request).await;
        self.next().await.unwrap()
    }

    /// Answers a request of the simulator.
    pub(crate) async fn reply(&mut self, request: &str, code: u16, sdp: Option<&str>) {
        let message = Sip::websocket(request.as_bytes()).unwrap();
        let take = |name: Name| message.value(name).unwrap().to_owned_string();
        let mut to = take(Name::To);
        if message.to().unwrap().tag().is_none() {
            to.push_str(";tag=t1");
        }
        let (via, from) = (take(Name::Via), take(Name::From));
        let (id, cseq) = (take(Name::CallId), take(Name::CSeq));
        let kind = if sdp.is_some() { "Content-Type: application/sdp\r\n" } else { "" };
        let sdp = sdp.unwrap_or_default();
        let contact = &self.contact;
        let text = format!(
            "SIP/2.0 {code} Whatever\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {id}\r\n\
             CSeq: {cseq}\r\nContact: <{contact}>\r\n{kind}\
             Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        self.send(text).await;
    }

    /// Picks up, waiting for ACK.
    pub(crate) async fn pick_up(&mut self, invite: &str) -> String {
        self.reply(invite, 100, None).await;
        self.reply(invite, 180, None).await;
        self.reply(invite, 200, Some(OFFER)).await;
        self.expect("ACK").await
    }

    /// Picks up with an offer, to an INVITE without one; its ACK comes when the other telephone is there.
    pub(crate) async fn pick_up_late(&mut self, invite: &str) {
        assert_eq!(body(invite), "");
        self.reply(invite, 180, None).await;
        self.reply(invite, 200, Some(OFFER)).await;
    }

    /// A request within the dialog of an INVITE that was answered.
    pub(crate) async fn within(&mut self, invite: &str, method: &str, sdp: &str) {
        let message = Sip::websocket(invite.as_bytes()).unwrap();
        self.cseq += 1;
        let cseq = self.cseq;
        let from = message.value(Name::From).unwrap().to_owned_string();
        let to = message.value(Name::To).unwrap().to_owned_string();
        let id = message.call_id().unwrap().to_owned_string();
        let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{method} sip:simulator@sim.example.test;transport=ws SIP/2.0\r\n\
             Via: SIP/2.0/WS a.invalid;branch=z9hG4bK{cseq}\r\nMax-Forwards: 70\r\n\
             From: {to};tag=t1\r\nTo: {from}\r\nCall-ID: {id}\r\nCSeq: {cseq} {method}\r\n{kind}\
             Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        self.send(text).await;
    }
}
