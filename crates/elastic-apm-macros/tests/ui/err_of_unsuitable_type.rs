use elastic_apm::capture_span;

struct Broken;

#[capture_span(err)]
fn work() -> Result<(), Broken> {
    Err(Broken)
}

#[capture_span(err)]
async fn work_async() -> Result<(), Broken> {
    Err(Broken)
}

fn main() {}
