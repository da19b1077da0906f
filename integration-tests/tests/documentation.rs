//! Pages that are generated are what the code generates today.

#[test]
fn the_page_of_options_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");

    let page = std::fs::read_to_string(path).unwrap();

    assert_eq!(
        page,
        elastic_apm_core::render_options_markdown(),
        "run: cargo run -p elastic-apm-core --example options > docs/configuration.md"
    );
}
