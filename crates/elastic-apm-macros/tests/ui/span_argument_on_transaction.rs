use elastic_apm::transaction;

#[transaction(exit, subtype = "postgresql")]
fn job() {}

fn main() {}
