//! One trace across three services over real sockets: the ids that are recorded are the ids in the headers.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as the test does")]

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Router, routing::get};
use elastic_apm::axum::ApmLayer;
use elastic_apm::reqwest::ApmMiddleware;
use elastic_apm_integration_tests::CheckedAgent;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tokio::net::TcpListener;

/// What a service received as `traceparent` and `tracestate`.
type Seen = Arc<Mutex<Vec<(String, String)>>>;

fn client() -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new()).with(ApmMiddleware::new()).build()
}

fn note(seen: &Seen, headers: &HeaderMap) {
    let text = |name| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    seen.lock().unwrap().push((text("traceparent"), text("tracestate")));
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_job_a_front_and_a_back_service_share_one_trace() {
    let (job, front, back) = (CheckedAgent::new(), CheckedAgent::new(), CheckedAgent::new());
    let (at_front, at_back) = (Seen::default(), Seen::default());

    let back_router = Router::new()
        .route(
            "/stock/{item}",
            get(|State(seen): State<Seen>, headers: HeaderMap| async move {
                note(&seen, &headers);
                "7"
            }),
        )
        .with_state(at_back.clone())
        .layer(ApmLayer::new().tracer(back.tracer()));
    let back_url = serve(back_router).await;

    let front_router = Router::new()
        .route(
            "/order/{item}",
            get(move |State(seen): State<Seen>, headers: HeaderMap| async move {
                note(&seen, &headers);
                let answer = client().get(format!("{back_url}/stock/9")).send().await.unwrap();
                answer.text().await.unwrap()
            }),
        )
        .with_state(at_front.clone())
        .layer(ApmLayer::new().tracer(front.tracer()));
    let front_url = serve(front_router).await;

    let answer = job
        .tracer()
        .transaction("nightly", "scheduled")
        .run(async {
            client().get(format!("{front_url}/order/9")).send().await.unwrap().text().await.unwrap()
        })
        .await;

    let (job, front, back) = (job.events(), front.events(), back.events());
    assert_eq!(answer, "7");
    let (job_tx, job_span) = (&job.transactions[0], &job.spans[0]);
    let (front_tx, front_span) = (front.transaction("GET /order/{item}"), &front.spans[0]);
    let back_tx = back.transaction("GET /stock/{item}");
    for trace in [job_span.trace_id, front_tx.trace_id, front_span.trace_id, back_tx.trace_id] {
        assert_eq!(trace, job_tx.trace_id);
    }
    assert_eq!(
        [Some(job_span.parent_id), front_tx.parent_id, Some(front_span.parent_id), back_tx.parent_id],
        [Some(job_tx.id), Some(job_span.id), Some(front_tx.id), Some(front_span.id)]
    );
    let header = |span: &elastic_apm::intake::SpanEvent| {
        (format!("00-{}-{}-01", span.trace_id, span.id), "es=s:1".to_owned())
    };
    assert_eq!(*at_front.lock().unwrap(), [header(job_span)]);
    assert_eq!(*at_back.lock().unwrap(), [header(front_span)]);
    assert_eq!(back_tx.sample_rate, job_tx.sample_rate);
}
