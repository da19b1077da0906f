use elastic_apm::capture_span;

#[capture_span(name = "one", err, name = "two", err)]
fn work() -> Result<(), String> {
    Ok(())
}

fn main() {}
