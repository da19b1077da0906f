//! What the compiler says of what does not compile. Everything here fails: then `cargo check` is enough, which takes a fraction of
//! the time that building the agent once more would. What compiles is in `lints`.

#[test]
fn what_does_not_compile_says_why() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
