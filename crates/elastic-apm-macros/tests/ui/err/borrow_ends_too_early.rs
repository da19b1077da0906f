//! A borrowed argument does not outlive its owner because of the attribute.
use elastic_apm::capture_span;

#[capture_span]
async fn work(text: &str) -> usize {
    text.len()
}

fn main() {
    let work = {
        let text = String::from("short-lived");
        work(&text)
    };
    drop(work);
}
