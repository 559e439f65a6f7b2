//! Writes the JavaScript and the types around a WebAssembly file: `pack FILE.wasm FOLDER`. What `wasm-bindgen` does with
//! `--target web`, pinned by this package's lock file and built without what its program has beside that.

use std::env;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let (Some(file), Some(folder), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        eprintln!("pack FILE.wasm FOLDER");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    let written = bindgen
        .input_path(file)
        .out_name("index")
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .web(true)
        .and_then(|bindgen| bindgen.generate(folder));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}
