//! Writes the generated documents.

use std::fs;
use std::process::ExitCode;

fn main() -> ExitCode {
    for document in ozonetel_description::documents() {
        let file = document.file();
        let written = file.parent().map_or(Ok(()), fs::create_dir_all);
        if let Err(error) = written.and_then(|()| fs::write(&file, &document.text)) {
            eprintln!("{}: {error}", document.path);
            return ExitCode::FAILURE;
        }
        println!("{}", document.path);
    }
    ExitCode::SUCCESS
}
