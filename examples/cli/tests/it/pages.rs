//! `docs/cli`: a page per command, whose output is what the commands print.
//!
//! A block that begins with ```` ```console ```` holds commands (`$ ozonetel …`) with their output. Each page runs from
//! top to bottom in a world of its own. What differs from run to run is written as a word: `UCID`, `TIME`, `PORT`,
//! `DIR`. `UPDATE_PAGES=1` writes the pages anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::harness::{Desk, Shell};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli")
}

/// A world in which an agent is logged in, with one talk behind it, and files to work with.
async fn world() -> Desk {
    let desk = Desk::with_agent().await;
    let state = desk.shell.state.path();
    let config = state.join("config").display().to_string();
    let leads =
        "PhoneNumber;Name;City\n9000000001;José Müller;Pune\n9000000002;A B;Goa\nletters;C D;\n";
    let (leads, ..) = encoding_rs::WINDOWS_1252.encode(leads);
    std::fs::write(state.join("leads.csv"), leads).unwrap();
    let mine = std::fs::read_to_string(folder().join("fixture.md")).unwrap();
    let mine = mine.split("```http\n").nth(1).unwrap().split("```").next().unwrap();
    std::fs::write(state.join("mine.http"), mine).unwrap();
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let socket = format!("{}/mdl?agentId=agent01", address.replace("http://", "ws://"));
    let desk = desk.set("OZONETEL_MDL_URL", &socket).set("OZONETEL_AGENT_UNIQ_ID", "1001");
    let desk = desk.set("OZONETEL_CAMPAIGN_ID", "77");
    desk.set("OZONETEL_KOOKOO_KEY", "test-key").set("XDG_CONFIG_HOME", &config)
}

/// A command's words, with quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Output without what differs from run to run.
fn steady(text: &str, desk: &Desk) -> String {
    let directory = desk.shell.state.path().display().to_string();
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let text = text.replace(&directory, "DIR").replace(&address, "http://127.0.0.1:PORT");
    let mut out = String::new();
    // A port of this machine that is not the simulator's.
    let text = match text.split_once("listening on http://127.0.0.1:") {
        Some((before, after)) => {
            let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}listening on http://127.0.0.1:PORT{after}")
        }
        None => text,
    };
    let mut rest = text.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let end = from.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(from.len());
        let (found, after) = from.split_at(end);
        let digits = found.trim_end_matches(':');
        let colon = &found[digits.len()..];
        if digits.split(':').count() == 3 {
            out.push_str("TIME");
            if let Some(fraction) = after.strip_prefix('.') {
                rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
                continue;
            }
        } else if digits.len() >= 15 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            out.push_str("UCID");
        } else {
            out.push_str(digits);
        }
        out.push_str(colon);
        rest = after;
    }
    out.push_str(rest);
    // A reference of the command line's own.
    let mut steady = String::new();
    for line in out.lines() {
        match line.find("cli-") {
            Some(at) if line[at + 4..].chars().take(16).all(|c| c.is_ascii_lowercase()) => {
                let _ =
                    writeln!(steady, "{}cli-…{}", &line[..at], &line[(at + 20).min(line.len())..]);
            }
            _ => {
                let _ = writeln!(steady, "{}", line.trim_end());
            }
        }
    }
    steady
}

/// What a block of commands prints.
async fn block(desk: &Desk, ucid: &mut String, lines: &[&str]) -> String {
    let mut out = String::new();
    for line in lines {
        let Some(command) = line.strip_prefix("$ ") else { continue };
        let _ = writeln!(out, "{line}");
        if let Some(seconds) = command.strip_prefix("# ").and_then(|text| text.split(' ').next()) {
            // A comment that begins with a number of seconds: time passes.
            desk.sim.advance(Duration::from_secs(seconds.parse().unwrap())).await;
            continue;
        }
        let words = words(command);
        assert_eq!(words[0], "ozonetel", "{line}");
        let directory = desk.shell.state.path().display().to_string();
        let words: Vec<String> = words[1..]
            .iter()
            .map(|word| word.replace("DIR", &directory).replace("UCID", ucid))
            .collect();
        let ran = desk.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).await;
        if let Some(at) = ran.out.find("ucid") {
            let digits = ran.out[at..].chars().skip_while(|c| !c.is_ascii_digit());
            let digits: String = digits.take_while(char::is_ascii_digit).collect();
            if digits.len() >= 15 {
                *ucid = digits;
            }
        }
        out.push_str(&steady(&ran.out, desk));
        out.push_str(&steady(&ran.err, desk));
        if ran.code != 0 {
            let _ = writeln!(out, "(exit code {})", ran.code);
        }
    }
    out
}

async fn rendered(page: &str) -> String {
    let desk = world().await;
    let mut ucid = String::new();
    let mut out = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line == "```console" {
            let within: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            out.push_str(&block(&desk, &mut ucid, &within).await);
            out.push_str("```\n");
        }
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_show_what_the_commands_print() {
    let mut pages: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    for path in pages {
        let page = std::fs::read_to_string(&path).unwrap();
        let now = rendered(&page).await;
        if std::env::var_os("UPDATE_PAGES").is_some() {
            std::fs::write(&path, now).unwrap();
        } else {
            let name = path.file_name().unwrap().display();
            for (shown, printed) in page.lines().zip(now.lines()) {
                assert_eq!(shown, printed, "{name}: UPDATE_PAGES=1 writes it anew");
            }
            assert_eq!(page.lines().count(), now.lines().count(), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_has_a_page() {
    let help = Shell::new("http://127.0.0.1:9").run(&["--help"]).await.done().out;
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands: BTreeSet<&str> = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|word| !word.is_empty() && *word != "help")
        .collect();
    let pages: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let pages: BTreeSet<&str> = pages.iter().map(String::as_str).collect();
    assert_eq!(pages, commands);
}
