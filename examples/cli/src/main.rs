//! The `ozonetel` command line.
fn main() {}
