//! A local stand-in for Elastic's APM Server, with a waterfall page.
//!
//! It takes what Elastic APM agents of any language send, judges it as a real server does, keeps it in memory and shows it: as
//! a page in the browser, as JSON, as text in the terminal, and as decoded events to a test. It stores nothing on disk,
//! asks nothing of the network, and never links the agent: it knows only the wire format.
//!
//! # On a laptop
//!
//! ```text
//! $ elastic-apm-devserver
//! waterfall page  http://127.0.0.1:8200/ui
//! for agents      ELASTIC_APM_SERVER_URL=http://127.0.0.1:8200
//! ```
//!
//! That is the address agents use by default. `--help` lists the options.
//!
//! # In a test
//!
//! ```
//! use std::time::Duration;
//!
//! use elastic_apm_devserver::{DevServer, render_waterfall};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let server = DevServer::builder().address("127.0.0.1:0").start().await?;
//! # let sent = concat!(
//! #     r#"{"metadata":{"service":{"name":"shop","agent":{"name":"x","version":"1"}}}}"#, "\n",
//! #     r#"{"transaction":{"id":"b7ad6b7169203331","trace_id":"0af7651916cd43dd8448eb211c80319c","name":"GET /","type":"request","#,
//! #     r#""duration":5,"span_count":{"started":0}}}"#, "\n");
//! # let url = format!("{}/intake/v2/events", server.url());
//! # reqwest::Client::new().post(url).body(sent).send().await?;
//!
//! // … run the program under test against `server.url()`, then:
//! server.wait_for(|store| store.traces().len() == 1, Duration::from_secs(10)).await?;
//! let trace = server.store().traces().remove(0);
//! assert_eq!(trace.root().and_then(|root| root.transaction()?.name.as_deref()), Some("GET /"));
//! println!("{}", render_waterfall(&trace, 100));
//!
//! server.shutdown().await;
//! # Ok::<_, Box<dyn std::error::Error>>(()) })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! [`RunningServer::answer_with`] makes it answer as a server in trouble, [`RunningServer::set_config`] sets options for agents while they
//! run.
//!
//! # What agents see
//!
//! `POST /intake/v2/events`, `GET /` and `/config/v1/agents` answer as APM Server 8.15 does: statuses, bodies, headers and
//! words. Differences: `GET /` has a further field `server`, ids have to be hex and text has to be UTF-8, what is wrong with an event is told in
//! other words, central configuration is asked for every 5 s instead of 30 s and does not depend on the environment, and there is no rate limit, no TLS and no RUM or OTLP intake.
//!
//! # The JSON API
//!
//! Times are microseconds since the Unix epoch where a name ends in `_us` and is no offset or duration. Nothing here asks for credentials; while the
//! server listens on a loopback address, requests under `/api` have to name it by address or as `localhost`.
//!
//! | Request | Answer |
//! |---|---|
//! | `GET /api/traces?limit=100&service=` | `{"traces": [..], "total": 7}`: [`TraceSummary`] objects, newest first, at most 1,000; `total` counts the whole store |
//! | `GET /api/traces/{id}?rows=5000` | a [`Waterfall`] (`summary`, `start_us`, `extent_us`, `rows`, `errors`) with the first `rows` rows and `rows_total`; each row and error has the event as `document`. 404 if unknown |
//! | `DELETE /api/traces` | 204; drops all events |
//! | `GET /api/services` | [`ServiceSummary`] objects: what each service did, by transaction name |
//! | `GET /api/stats` | [`Stats`] |
//! | `GET /api/events` | server-sent events: `hello` at once, then `change` with `{"first_seq", "traces", "stats"}`: the changed traces as summaries, at most every 100 ms; traces with a lower `seq` than `first_seq` are gone |
//! | `GET /api/faults` | `{"fault": {"status": 503, "times": 2}}`, or `null` |
//! | `POST /api/faults` | `{"status": 503, "times": 2}`: answers the next two intake requests so; without `times`, all |
//! | `DELETE /api/faults` | 204; answers truly again |
//! | `GET /api/config` | `{"services": {"shop": {"transaction_sample_rate": "0.5"}}}`: the central configuration |
//! | `PUT /api/config/{service}` | `{"transaction_sample_rate": 0.5}`: sets these options for the service's agents and no others |
//! | `DELETE /api/config/{service}` | 204; sets none |

mod api;
#[cfg(test)]
mod fixtures;
mod page;
mod protocol;
mod render;
mod routes;
mod server;
mod state;
mod store;
mod waterfall;

pub use render::{render_waterfall, render_waterfall_in_colour};
pub use server::{DEFAULT_ADDRESS, DEFAULT_MAX_BYTES, DEFAULT_VERSION, DevServer, RunningServer, StartError};
pub use store::{
    DeadlinePassed, Record, ServiceSummary, Source, Stats, Store, Trace, TraceSummary, TransactionSummary,
};
pub use waterfall::{ErrorRow, Row, RowKind, Waterfall};
