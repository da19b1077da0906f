use elastic_apm::capture_span;

async fn pour() {
    let _span = capture_span("pour");
    tokio::task::yield_now().await;
}

fn main() {
    tokio::spawn(pour());
}
