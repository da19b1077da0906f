//! Spans as a decorator, as a context manager and as a call to a database.

use elastic_apm::intake::{Db, Destination, DestinationService, Service, ServiceTarget};
use elastic_apm::{capture_span, span};

use crate::common::{CUSTOM_SPANS, JOBS, METADATA, WHERE_SPANS_STARTED, agent, compare};
use crate::comparison::{Difference, differs};

#[capture_span]
fn coffee_maker() {
    drop(capture_span("near-to-machine"));
    query();
    let _ = failing();
}

fn query() {
    let span = span("labelled").span_type("db.mysql.query").exit();
    let span = span.label("a", 1).label("b", true).label("c", "x").enter();
    span.update_context(|context| {
        context.db = Some(Box::new(Db {
            kind: Some("sql".into()),
            instance: Some("shop".into()),
            statement: Some("SELECT 1".into()),
            user: Some("u".into()),
            ..Db::default()
        }));
        context.destination = Some(Destination {
            address: Some("db.local".into()),
            port: Some(3306),
            service: Some(DestinationService {
                resource: "mysql/shop".into(),
                ..DestinationService::default()
            }),
        });
        context.service = Some(Box::new(Service {
            target: Some(ServiceTarget { kind: Some("mysql".into()), name: Some("shop".into()) }),
            ..Service::default()
        }));
    });
}

#[capture_span(name = "failing")]
fn failing() -> Result<(), std::fmt::Error> {
    Err(std::fmt::Error)
}

const DIFFERENCES: &[Difference] = &[differs(
    "S4.name",
    "\"__main__.coffee_maker\"",
    "\"golden::capture_span::coffee_maker\"",
    "each language's path of the function",
)];

#[test]
fn spans_in_custom_code_are_what_python_sends() {
    let agent = agent();

    let tx = agent.tracer().begin_transaction("script");
    coffee_maker();
    tx.end_with("coffee", "success");

    compare(
        "capture_span",
        &agent,
        &[3306],
        &[METADATA, JOBS, CUSTOM_SPANS, WHERE_SPANS_STARTED, DIFFERENCES],
    );
}
