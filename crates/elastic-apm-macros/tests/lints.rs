//! What the attributes expand to is clean: Clippy reads these files with all its pedantry in
//! `cargo clippy --all-targets`, and every function of them can be called.

#[path = "lints/arguments.rs"]
mod arguments;
#[path = "lints/kinds_of_functions.rs"]
mod kinds_of_functions;

#[test]
fn every_kind_of_function_can_be_called() {
    arguments::main();
    kinds_of_functions::main();
}
