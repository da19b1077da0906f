use elastic_apm::capture_span;

#[capture_span(err)]
fn nothing() {}

#[capture_span(err)]
async fn option() -> Option<u32> {
    None
}

fn main() {}
