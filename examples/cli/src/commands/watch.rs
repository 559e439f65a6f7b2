//! `watch`: a wallboard.

mod board;
mod plain;
mod screen;
mod source;

use std::future::pending;
use std::io::{IsTerminal as _, stdout};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::client::Clock;
use ozonetel_sdk::mdl::SocketSender;
use ozonetel_sdk::push::PushReader;
use ozonetel_sdk::types::Zone;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::mdl::Socket;
use crate::args::Global;
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::listen_address;
use crate::notes::note;
use crate::output::{Format, reader_gone};
use crate::push_url;
use crate::settings::{self, Variables};
use crate::stop::{self, Stop};
use crate::web::{self, Web};
use board::{Board, Change};
use plain::PlainBoard;
use screen::View;
use source::Changes;
use source::desk::DeskPlace;
use source::push::EventPlace;

/// Agents with state and time in it, live calls, the queue, figures; full-screen on a terminal, else a line per change.
/// With --output jsonl a line is an object.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Where news come from.
    #[arg(long, value_enum, default_value_t = From::Desk)]
    source: From,
    /// The desk's address. Default: OZONETEL_DESK_URL; its token comes from OZONETEL_DESK_TOKEN.
    #[arg(long, value_name = "URL")]
    desk: Option<String>,
    /// Where events are received: 4100, localhost:4100 or 127.0.0.1:4100.
    #[arg(
        long = "listen",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:4100",
        value_parser = listen_address::parse
    )]
    address: SocketAddr,
    /// How often to poll; not shorter than the published limit allows.
    #[arg(long, value_name = "SECONDS", default_value_t = source::poll::shortest().as_secs())]
    interval: u64,
    /// After how many minutes without an event a call is taken for one whose end was lost; 0: never. Events only.
    #[arg(long, value_name = "MINUTES", default_value_t = 120)]
    forget: u32,
    /// A line per change instead of a screen, as for screen readers.
    #[arg(long)]
    plain: bool,
    /// Ends after this long.
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
    #[command(flatten)]
    socket: Socket,
}

/// Sources of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// The stream of a desk.
    Desk,
    /// The service's events, sent to --listen.
    Events,
    /// The agent socket: one agent's own state and calls.
    Agent,
    /// The simulator.
    Simulator,
    /// The list of agents who are logged in, asked for at an interval.
    Poll,
}

/// How often the screen is drawn at most.
const FRAME: Duration = Duration::from_millis(250);

/// A source that runs, by its name. The agent socket closes with its sender.
struct Running {
    name: String,
    _sender: Option<SocketSender>,
}

impl Running {
    fn of(name: String) -> Self {
        Self { name, _sender: None }
    }
}

impl Watch {
    pub(crate) async fn run(self, flags: &Global) -> Result<Completion, Failure> {
        let stop = stop::listen().map_err(|error| Failure::output(&error))?;
        let variables = settings::variables(flags)?;
        let clock = settings::environment(flags, &variables)?.clock();
        let (changes, news) = mpsc::channel(source::WAITING);
        let running = match self.source {
            From::Simulator => simulator(flags, &variables, changes)?,
            From::Desk => self.desk(flags, &variables, changes)?,
            From::Events => self.events(flags, &variables, changes).await?,
            From::Agent => self.agent(flags, variables, changes)?,
            From::Poll => self.poll(flags, variables, changes)?,
        };
        let source = running.name.clone();
        let watching = Watching { clock, news, stop, source, seconds: self.seconds };
        let is_screen = !self.plain
            && stdout().is_terminal()
            && flags.output == Format::Table
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let done = if is_screen {
            watching.on_screen().await
        } else {
            watching.in_lines(PlainBoard::new(flags.printing())).await
        };
        drop(running);
        done.map(|()| Completion::Clean)
    }

    fn desk(
        &self,
        flags: &Global,
        variables: &Variables,
        changes: Changes,
    ) -> Result<Running, Failure> {
        let given = self.desk.clone().or_else(|| variables.get("OZONETEL_DESK_URL").cloned());
        let url = given.ok_or_else(|| {
            missing("the desk's address", "OZONETEL_DESK_URL")
                .advise("give --desk, or another --source: events, agent, simulator, poll")
        })?;
        let url = web::address("--desk", &url)?;
        let token = variables.get("OZONETEL_DESK_TOKEN");
        let token = token.ok_or_else(|| missing("the desk's token", "OZONETEL_DESK_TOKEN"))?;
        let running = Running::of(format!("desk {}", url.host_str().unwrap_or_default()));
        let (token, show_numbers) = (Secret::from(token.as_str()), flags.show_numbers);
        let place = DeskPlace { url, token, show_numbers };
        tokio::spawn(source::desk::run(Web::new()?, place, changes));
        Ok(running)
    }

    async fn events(
        &self,
        flags: &Global,
        variables: &Variables,
        changes: Changes,
    ) -> Result<Running, Failure> {
        let mut reader = PushReader::new();
        let secret = variables.get(push_url::VARIABLE).map(String::as_str);
        if let Some(verifier) = push_url::verifier(secret)? {
            reader = reader.verifier(verifier);
        }
        let listener = TcpListener::bind(self.address).await.map_err(|error| {
            Failure::usage(format!("{} cannot be listened on: {error}", self.address))
                .advise("--listen 0 takes a free port")
        })?;
        let address = listener.local_addr().map_err(|error| Failure::output(&error))?;
        let running = Running::of(format!("events to http://{address}"));
        note(&running.name);
        let zone = settings::environment(flags, variables)?.zone.unwrap_or_else(Zone::india);
        let silent = (self.forget > 0).then(|| SignedDuration::from_mins(self.forget.into()));
        let place = EventPlace { zone, silent, show_numbers: flags.show_numbers };
        tokio::spawn(source::push::run(listener, reader, place, changes));
        Ok(running)
    }

    fn agent(
        &self,
        flags: &Global,
        variables: Variables,
        changes: Changes,
    ) -> Result<Running, Failure> {
        let context = Context::of(flags, variables)?;
        let settings = self.socket.settings(&context)?;
        let agent = self.socket.agent_of(&context)?;
        let (events, sender) = settings.connect()?;
        let name = format!("agent socket of {agent}");
        tokio::spawn(source::agent_socket::run(events, agent, flags.show_numbers, changes));
        Ok(Running { name, _sender: Some(sender) })
    }

    fn poll(
        &self,
        flags: &Global,
        variables: Variables,
        changes: Changes,
    ) -> Result<Running, Failure> {
        let interval = Duration::from_secs(self.interval);
        note(&source::poll::cost(interval).map_err(Failure::usage)?);
        let context = Context::of(flags, variables)?;
        tokio::spawn(source::poll::run(context.client, interval, changes));
        Ok(Running::of(format!("polling every {} s", self.interval)))
    }
}

fn simulator(flags: &Global, variables: &Variables, changes: Changes) -> Result<Running, Failure> {
    let base = variables.get("OZONETEL_BASE_URL");
    let base = base.ok_or_else(|| missing("the simulator's address", "OZONETEL_BASE_URL"))?;
    let base = web::address("OZONETEL_BASE_URL", base)?;
    let running = Running::of(format!("simulator {base}"));
    tokio::spawn(source::simulator::run(Web::new()?, base, flags.show_numbers, changes));
    Ok(running)
}

fn missing(what: &str, variable: &str) -> Failure {
    Failure::usage(format!("{what} is not known: set {variable}"))
}

/// What both forms work with.
struct Watching {
    clock: Arc<dyn Clock>,
    news: mpsc::Receiver<Change>,
    stop: Stop,
    source: String,
    seconds: Option<u64>,
}

impl Watching {
    fn now(&self) -> Timestamp {
        Timestamp::try_from(self.clock.now()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Resolves when it has been watched for long enough.
    fn end(&self) -> impl Future<Output = ()> + use<> {
        let seconds = self.seconds;
        async move {
            match seconds {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => pending().await,
            }
        }
    }

    async fn in_lines(mut self, mut out: PlainBoard) -> Result<(), Failure> {
        let mut board = Board::new(self.now());
        let mut end = pin!(self.end());
        let mut gone = pin!(reader_gone());
        loop {
            let change = tokio::select! {
                biased;
                _ = self.stop.clone() => return Ok(()),
                () = &mut end => return Ok(()),
                () = &mut gone => return Ok(()),
                change = self.news.recv() => change,
            };
            let Some(change) = change else { return Ok(()) };
            let now = self.now();
            let told = board.apply(change.clone(), now);
            if !out.told(&change, &told, &board, now)? {
                return Ok(());
            }
        }
    }

    async fn on_screen(self) -> Result<(), Failure> {
        // Sets the terminal back when it is dropped, and when anything panics.
        let mut terminal = Screen::open()?;
        self.draw(&mut terminal.0).await
    }

    async fn draw(mut self, terminal: &mut DefaultTerminal) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::output(&error);
        let mut board = Board::new(self.now());
        let is_colored = std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        let mut view = View { is_colored, ..View::default() };
        let mut keys = keys();
        let mut frame = tokio::time::interval(FRAME);
        frame.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut is_dirty, mut drawn_at) = (true, Timestamp::UNIX_EPOCH);
        let mut end = pin!(self.end());
        loop {
            tokio::select! {
                biased;
                _ = self.stop.clone() => return Ok(()),
                () = &mut end => return Ok(()),
                key = keys.recv() => match key {
                    None | Some(Key::Quit) => return Ok(()),
                    Some(Key::Up) => view.scrolled = view.scrolled.saturating_sub(1),
                    Some(Key::Down) => view.scrolled = (view.scrolled + 1).min(board.agent_count()),
                    Some(Key::PageUp) => view.scrolled = view.scrolled.saturating_sub(10),
                    Some(Key::PageDown) => {
                        view.scrolled = (view.scrolled + 10).min(board.agent_count());
                    }
                    Some(Key::Resized) => {}
                },
                _ = frame.tick() => {
                    let now = self.now();
                    // Times are shown in seconds: without news there is one new picture a second.
                    if is_dirty || now.as_second() != drawn_at.as_second() {
                        let source = self.source.as_str();
                        terminal
                            .draw(|frame| screen::draw(frame, &board, source, view, now))
                            .map_err(failed)?;
                        (is_dirty, drawn_at) = (false, now);
                    }
                    continue;
                }
                change = self.news.recv() => match change {
                    Some(change) => drop(board.apply(change, self.now())),
                    None => return Ok(()),
                },
            }
            is_dirty = true;
        }
    }
}

/// A terminal that is set back whatever happens.
struct Screen(DefaultTerminal);

impl Screen {
    fn open() -> Result<Self, Failure> {
        ratatui::try_init().map(Self).map_err(|error| Failure::output(&error))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// What is pressed, as far as it means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Quit,
    Up,
    Down,
    PageUp,
    PageDown,
    Resized,
}

/// Reads keys on a thread of its own, which ends with the program: a terminal cannot be waited for otherwise.
fn keys() -> mpsc::Receiver<Key> {
    let (sender, keys) = mpsc::channel(32);
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if let Some(key) = meaning(&event)
                && sender.blocking_send(key).is_err()
            {
                return;
            }
        }
    });
    keys
}

fn meaning(event: &Event) -> Option<Key> {
    match event {
        Event::Resize(..) => Some(Key::Resized),
        Event::Key(key) if key.kind != KeyEventKind::Release => match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Key::Quit),
            KeyCode::Char('q') | KeyCode::Esc => Some(Key::Quit),
            KeyCode::Up | KeyCode::Char('k') => Some(Key::Up),
            KeyCode::Down | KeyCode::Char('j') => Some(Key::Down),
            KeyCode::PageUp => Some(Key::PageUp),
            KeyCode::PageDown => Some(Key::PageDown),
            _ => None,
        },
        _ => None,
    }
}
