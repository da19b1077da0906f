//! `shop-nightly-job`: no web service, a transaction of its own making that calls one.

use elastic_apm::prelude::*;
use elastic_apm::{TraceId, Tracer, trace_id};
use reqwest_middleware::ClientWithMiddleware;

use crate::back::Reservation;

/// What is ordered when less than this is left.
const LOW: u32 = 5;

/// The name of the job's transaction.
pub(crate) const NAME: &str = "nightly restock";

/// Asks the front what there is and orders what is short. Gives back the id of its trace.
pub(crate) async fn run(
    tracer: &Tracer,
    http: &ClientWithMiddleware,
    front_url: &str,
) -> reqwest_middleware::Result<Option<TraceId>> {
    // A program with one agent writes `elastic_apm::transaction(..)`. An `Err` makes the transaction a failure.
    let job = tracer.transaction(NAME, "scheduled");
    job.try_run(async {
        let report = ask_for_report(http, front_url).await?;
        for line in short_of(&report) {
            order(http, front_url, &line.item).in_span("order supplies").await?;
        }
        Ok(trace_id())
    })
    .await
}

#[capture_span(name = "ask for report")]
async fn ask_for_report(
    http: &ClientWithMiddleware,
    front_url: &str,
) -> reqwest_middleware::Result<Vec<Reservation>> {
    let response = http.get(format!("{front_url}/reports/stock")).send().await?;
    Ok(response.error_for_status()?.json().await?)
}

fn short_of(report: &[Reservation]) -> Vec<&Reservation> {
    let _span = capture_span("find what is short");
    let short: Vec<_> = report.iter().filter(|line| line.pieces < LOW).collect();
    label("short", short.len());
    short
}

async fn order(http: &ClientWithMiddleware, front_url: &str, item: &str) -> reqwest_middleware::Result<()> {
    let order = serde_json::json!({ "customer": "nightly-restock", "item": item, "pieces": 1 });
    let response = http.post(format!("{front_url}/orders")).json(&order).send().await?;
    response.error_for_status()?;
    Ok(())
}
