//! An agent's day on the simulator: the socket's session, a dial over it, the INVITE that brings
//! the call to the softphone, the answer by itself, the end, the disposition.
//!
//! The softphone here is a few lines of SIP over WebSocket; a real one is JsSIP in the browser.

use std::error::Error;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use md5::{Digest as _, Md5};
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::{AgentIdentity, LinkState, ManualDial, SocketEvent, SocketSettings};
use ozonetel_sdk::phone_call::{AutoAnswer, InviteHeaders, SoftphonePolicy};
use ozonetel_sim::{Server, Sim};
use sip_ucid::{Auth, Message as Sip, Name};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Failed = Box<dyn Error>;

const ANSWER: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\n";

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let sim = Sim::builder().seed(7).speed(10.0).build();
    let server = sim.serve().await?;
    let mut phone = Phone::register(&server).await?;
    println!("softphone 500001 is registered");

    let agent = AgentIdentity::new("acme_support", "agent01", 1001);
    let url = format!("{}?agentId=agent01", server.mdl_url());
    let (mut events, sender) = SocketSettings::new(&url, agent)?.connect()?;
    while let Some(event) = events.next().await {
        if event? == SocketEvent::Link(LinkState::Up) {
            break;
        }
    }
    println!("session of agent01 is up");
    tokio::spawn(async move { while events.next().await.is_some() {} });

    let begun = tokio::time::Instant::now();
    let mut policy = SoftphonePolicy::new(AutoAnswer::Outbound);
    let ticket = policy.dialing(begun.elapsed());
    let outcome = sender.dial(ManualDial::new(77, "9000000001", "500001")).await;
    policy.dialed(begun.elapsed(), ticket, &outcome);
    let DialOutcome::Accepted(ucid) = outcome else {
        return Err("the dial was not accepted".into());
    };
    println!("tbManualDial was accepted");

    let text = phone.next().await?;
    let invite = Sip::websocket(text.as_bytes())?;
    let header = invite.value(Name::XUcid).and_then(|ucid| ucid.to_str()?.parse().ok());
    let caller = invite.value(Name::XCallerno).is_some();
    println!("INVITE, its X-UCID is the dial's: {}", header.is_some() && header == ucid);
    let decision = policy.decide(begun.elapsed(), InviteHeaders { ucid: header, caller });
    println!("decision: {decision}");
    phone.reply(&invite, 200, ANSWER).await?;
    phone.next().await?;

    let ucid = ucid.ok_or("no UCID")?;
    let number: u64 = ucid.to_string().parse()?;
    while !sim.world().call(number).is_some_and(ozonetel_sim::world::PhoneCall::answered) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("the customer has answered");
    phone.hang_up(&invite).await?;
    println!("the agent has hung up");
    policy.ended(begun.elapsed(), Some(ucid));
    let client = sim.client();
    client.disposition().set(ucid, "918000000001", "agent01", "Follow Up").await?;
    let state = sim.world().agent("agent01").map(|a| a.state.word());
    println!("disposed of; agent01 is {}", state.unwrap_or_default());
    Ok(())
}

struct Phone(WebSocketStream<MaybeTlsStream<TcpStream>>);

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

impl Phone {
    async fn register(server: &Server) -> Result<Self, Failed> {
        let mut request = server.sip_url().into_client_request()?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", "sip".parse()?);
        let mut phone = Self(connect_async(request).await?.0);
        phone.send(ask("REGISTER", 1, "")).await?;
        let text = phone.next().await?;
        let challenge = Sip::websocket(text.as_bytes())?;
        let auth = challenge.value(Name::WwwAuthenticate).ok_or("no challenge")?;
        let auth = Auth::parse(auth.as_bytes())?;
        let param = |name| auth.get(name).map(|v| v.to_string()).unwrap_or_default();
        let (realm, nonce) = (param("realm"), param("nonce"));
        // The password is the extension.
        let secret = md5(&format!("500001:{realm}:500001"));
        let asked = md5("REGISTER:sip:sim.example.test");
        let response = md5(&format!("{secret}:{nonce}:00000001:c0:auth:{asked}"));
        let proof = format!(
            "Authorization: Digest username=\"500001\", realm=\"{realm}\", nonce=\"{nonce}\", \
             uri=\"sip:sim.example.test\", response=\"{response}\", qop=auth, nc=00000001, \
             cnonce=\"c0\"\r\n"
        );
        phone.send(ask("REGISTER", 2, &proof)).await?;
        let text = phone.next().await?;
        let registered = Sip::websocket(text.as_bytes())?.code() == Some(200);
        if registered { Ok(phone) } else { Err("not registered".into()) }
    }

    async fn send(&mut self, text: String) -> Result<(), Failed> {
        Ok(self.0.send(Message::text(text)).await?)
    }

    async fn next(&mut self) -> Result<String, Failed> {
        loop {
            let frame = self.0.next().await.ok_or("the connection has ended")??;
            if let Message::Text(text) = frame {
                return Ok(text.to_string());
            }
        }
    }

    async fn reply(&mut self, request: &Sip<'_>, code: u16, sdp: &str) -> Result<(), Failed> {
        let take = |name| request.value(name).map(|v| v.to_string()).unwrap_or_default();
        let (via, from, to) = (take(Name::Via), take(Name::From), take(Name::To));
        let (id, cseq) = (take(Name::CallId), take(Name::CSeq));
        let text = format!(
            "SIP/2.0 {code} OK\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to};tag=phone\r\n\
             Call-ID: {id}\r\nCSeq: {cseq}\r\nContact: <sip:500001@a.invalid;transport=ws>\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        self.send(text).await
    }

    async fn hang_up(&mut self, invite: &Sip<'_>) -> Result<(), Failed> {
        let take = |name| invite.value(name).map(|v| v.to_string()).unwrap_or_default();
        let (from, to, id) = (take(Name::From), take(Name::To), take(Name::CallId));
        let text = format!(
            "BYE sip:simulator@sim.example.test SIP/2.0\r\nVia: SIP/2.0/WS a.invalid;\
             branch=z9hG4bKbye\r\nMax-Forwards: 70\r\nFrom: {to};tag=phone\r\nTo: {from}\r\n\
             Call-ID: {id}\r\nCSeq: 3 BYE\r\nContent-Length: 0\r\n\r\n"
        );
        self.send(text).await?;
        self.next().await.map(drop)
    }
}

fn ask(method: &str, cseq: u32, more: &str) -> String {
    format!(
        "{method} sip:sim.example.test SIP/2.0\r\nVia: SIP/2.0/WS a.invalid;branch=z9hG4bK{cseq}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:500001@sim.example.test>;tag=a\r\n\
         To: <sip:500001@sim.example.test>\r\nCall-ID: register\r\nCSeq: {cseq} {method}\r\n\
         Contact: <sip:500001@a.invalid;transport=ws>;expires=600\r\n{more}Content-Length: 0\r\n\r\n"
    )
}
