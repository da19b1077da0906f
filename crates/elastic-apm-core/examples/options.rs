//! Prints the page of all options: `cargo run -p elastic-apm-core --example options > docs/configuration.md`.

fn main() {
    print!("{}", elastic_apm_core::render_options_markdown());
}
