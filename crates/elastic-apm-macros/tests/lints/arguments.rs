//! Every argument, alone and together.
#![deny(warnings, clippy::all, clippy::pedantic)]

use elastic_apm::{capture_span, transaction};

mod reexported {
    pub(crate) use elastic_apm as apm;
}

#[capture_span()]
fn nothing() {}

#[capture_span(name = "a name", type = "db", subtype = "postgresql", action = "query", exit, leaf)]
fn everything_about_the_span() {}

#[capture_span(type = "db.postgresql.query")]
fn a_dotted_type() {}

#[capture_span(labels(tenant = tenant, "user.id" = user.id, type = 1, big = -2.5, flag = true, text = "t", len = tenant.len() + 1))]
fn labels(tenant: &str, user: &User) -> usize {
    tenant.len() + user.id.len()
}

#[capture_span(labels(own = own, shared = shared, reference = reference, double = double))]
async fn labels_leave_their_values(
    own: String,
    shared: std::sync::Arc<str>,
    reference: &u64,
    double: &&str,
) -> String {
    format!("{own}{shared}{reference}{double}")
}

#[capture_span(crate = reexported::apm)]
fn another_path() {}

#[capture_span(crate = ::elastic_apm, err, labels(id = id))]
async fn the_absolute_path(id: u64) -> Result<u64, String> {
    Err(id.to_string())
}

#[transaction]
fn a_transaction() {}

#[transaction(name = "nightly", type = "scheduled", labels(day = day), err, crate = reexported::apm)]
async fn everything_about_a_transaction(day: u32) -> Result<(), std::fmt::Error> {
    if day == 0 { Err(std::fmt::Error) } else { Ok(()) }
}

struct User {
    id: String,
}

pub(crate) fn main() {
    nothing();
    everything_about_the_span();
    a_dotted_type();
    labels("t", &User { id: String::new() });
    drop(labels_leave_their_values(String::new(), "s".into(), &1, &"d"));
    another_path();
    drop(the_absolute_path(1));
    a_transaction();
    drop(everything_about_a_transaction(1));
}
