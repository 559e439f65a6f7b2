//! Agent-desk backend: the binary.
fn main() {}
