//! Writes the seeds of the fuzz targets: `seeds FOLDER` makes `FOLDER/TARGET/NAME` for each.
//!
//! They are the stored messages for every target, and what `fuzz/corpus` holds beside them.

use std::path::Path;
use std::process::ExitCode;

#[path = "../tests/it/corpus/sections.rs"]
mod sections;

use sections::Section;

const MESSAGES: [(&str, &str); 3] = [
    ("rfc4475", include_str!("../tests/corpus/rfc4475.txt")),
    ("rfc5118", include_str!("../tests/corpus/rfc5118.txt")),
    ("field", include_str!("../tests/corpus/field.txt")),
];
const VALUES: &str = include_str!("../fuzz/corpus/values.txt");
const WRITER: &str = include_str!("../fuzz/corpus/writer.txt");

/// The octet that the target `framer` reads first: pieces of eight.
const PIECES: u8 = 7;

fn messages() -> Result<Vec<Section>, String> {
    let mut all = Vec::new();
    for (group, text) in MESSAGES {
        for (name, message) in sections::read(text)? {
            all.push((format!("{group}-{name}"), message));
        }
    }
    Ok(all)
}

fn store(folder: &Path, seeds: &[Section]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    seeds.iter().try_for_each(|(name, octets)| std::fs::write(folder.join(name), octets))
}

fn write_all(folder: &Path) -> Result<(), String> {
    let messages = messages()?;
    let pieces = |(name, octets): &Section| {
        (format!("{name}-pieces"), [&[PIECES], octets.as_slice()].concat())
    };
    let framer: Vec<Section> = messages.iter().map(pieces).chain(messages.clone()).collect();
    let values = [messages.clone(), sections::read(VALUES)?].concat();
    let writer = [messages.clone(), sections::read(WRITER)?].concat();
    for (target, seeds) in
        [("differential", &messages), ("framer", &framer), ("values", &values), ("writer", &writer)]
    {
        store(&folder.join(target), seeds).map_err(|error| error.to_string())?;
        println!("{target}: {} seeds", seeds.len());
    }
    Ok(())
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: seeds FOLDER");
        return ExitCode::from(2);
    };
    match write_all(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}
