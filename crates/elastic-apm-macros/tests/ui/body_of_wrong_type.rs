use elastic_apm::capture_span;

#[capture_span]
async fn number() -> u32 {
    "no number"
}

#[capture_span]
fn fails() -> Result<u32, std::num::ParseIntError> {
    Ok("no number")
}

fn main() {}
