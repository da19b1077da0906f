//! `GET /api/events`: tells open pages what changed, as server-sent events.
//!
//! Changes are gathered for a moment, so that a busy server does not flood the page. A slow page misses
//! nothing: each message says what changed since the one before, however long ago that was.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::{Stream, stream};
use tokio::sync::watch;

use crate::state::App;

const GATHER: Duration = Duration::from_millis(100);
const MOST_TRACES: usize = 500;

struct Feed {
    app: App,
    version: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    /// The version of the last message.
    told: u64,
    first: bool,
}

/// Sends `hello` at once, then a `change` whenever the store changes, until the server stops.
pub(crate) async fn events(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let version = app.store.watch();
    let told = *version.borrow();
    let stopping = app.stopping.subscribe();
    let feed = Feed { app, version, stopping, told, first: true };
    let messages = stream::unfold(feed, |mut feed| async move {
        let message = feed.next().await?;
        Some((Ok(message), feed))
    });
    Sse::new(messages).keep_alive(KeepAlive::default())
}

impl Feed {
    async fn next(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.first) {
            return Some(Event::default().event("hello").data("{}"));
        }
        tokio::select! {
            _ = self.stopping.wait_for(|stopping| *stopping) => return None,
            changed = self.version.changed() => changed.ok()?,
        }
        tokio::time::sleep(GATHER).await;
        let changes = self.app.store.changes_since(self.told, MOST_TRACES);
        self.told = changes.version;
        Event::default().event("change").json_data(changes).ok()
    }
}
