use std::rc::Rc;

use elastic_apm::capture_span;

#[capture_span]
async fn pour() {
    let cup = Rc::new(1);
    tokio::task::yield_now().await;
    drop(cup);
}

fn main() {
    tokio::spawn(pour());
}
