//! Set-up and chores in Rust.

fn main() {}
