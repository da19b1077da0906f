use elastic_apm::capture_span;

#[capture_span]
const fn twice(number: u32) -> u32 {
    number * 2
}

fn main() {
    const FOUR: u32 = twice(2);
    let _ = FOUR;
}
