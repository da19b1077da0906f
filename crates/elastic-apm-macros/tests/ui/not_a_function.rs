use elastic_apm::{capture_span, transaction};

#[capture_span]
struct Cart;

#[capture_span]
impl Cart {
    fn pay(&self) {}
}

#[transaction]
mod shop {}

#[capture_span]
const LIMIT: u32 = 1;

trait Till {
    #[capture_span]
    fn count(&self);
}

fn main() {
    Cart.pay();
    let _ = LIMIT;
}
