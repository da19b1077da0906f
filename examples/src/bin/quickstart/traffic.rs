//! The shop's visitors: the same requests in the same order every time, from a client that nobody traces.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::back::LOCKED_ITEM;
use crate::front::BAD_COUPON;

/// Time between two requests of a round.
const BRISK: Duration = Duration::from_millis(40);
/// Time between two requests of the stream.
const GENTLE: Duration = Duration::from_millis(700);
/// How often the list of requests is gone through in one round.
const REPEATS: usize = 4;

/// Visitors, and the shop they visit.
#[derive(Clone, Debug)]
pub(crate) struct Traffic {
    http: reqwest::Client,
    front_url: String,
}

/// What the visitors of a round saw.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) by_class: BTreeMap<Class, usize>,
    pub(crate) took: Duration,
}

/// A class of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Success,
    Refused,
    Failed,
    NoAnswer,
}

struct Visit {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Traffic {
    pub(crate) fn new(front_url: &str) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
        Ok(Self { http, front_url: front_url.to_owned() })
    }

    /// One round of requests, close together; ends when all are answered.
    pub(crate) async fn round(&self) -> Tally {
        let start = Instant::now();
        let mut under_way = JoinSet::new();
        for visit in (0..REPEATS).flat_map(visits) {
            under_way.spawn(self.clone().visit(visit));
            tokio::time::sleep(BRISK).await;
        }
        let mut tally = Tally::default();
        while let Some(answered) = under_way.join_next().await {
            *tally.by_class.entry(answered.unwrap_or(Class::NoAnswer)).or_default() += 1;
        }
        tally.took = start.elapsed();
        tally
    }

    /// One request after the other, for ever.
    pub(crate) async fn stream(&self) {
        for visit in (0..).flat_map(visits) {
            self.clone().visit(visit).await;
            tokio::time::sleep(GENTLE).await;
        }
    }

    async fn visit(self, visit: Visit) -> Class {
        let mut request = self.http.request(visit.method, format!("{}{}", self.front_url, visit.path));
        if let Some(body) = &visit.body {
            request = request.json(body);
        }
        let Ok(response) = request.send().await else { return Class::NoAnswer };
        let class = Class::of(response.status());
        if response.bytes().await.is_ok() { class } else { Class::NoAnswer }
    }
}

impl Class {
    fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            500.. => Self::Failed,
            400.. => Self::Refused,
            _ => Self::Success,
        }
    }
}

/// The visits of one go: mostly fine, some slow, some unknown, some failing. The rarest failures come in every other go.
fn visits(go: usize) -> Vec<Visit> {
    let mut visits = vec![
        get("/products/teapot"),
        get("/search?q=tea"),
        get("/products/mug"),
        order("ada", "mug", 4),
        get("/products/samovar"),
        get("/products/unicorn"),
        get("/search?q=porcelain"),
        order("grace", "teapot", 1),
        get("/products/honey"),
        get("/favicon.ico"),
        post("/coupons/TEATIME", None),
        get("/products/kettle"),
        order("linus", "kettle", 9),
    ];
    match go % 2 {
        0 => visits.extend([order("edsger", LOCKED_ITEM, 1), post(&format!("/coupons/{BAD_COUPON}"), None)]),
        _ => visits.extend([get("/search?q=everything"), get("/products/teapot")]),
    }
    visits
}

fn get(path: &str) -> Visit {
    Visit { method: Method::GET, path: path.to_owned(), body: None }
}

fn post(path: &str, body: Option<Value>) -> Visit {
    Visit { method: Method::POST, path: path.to_owned(), body }
}

fn order(customer: &str, item: &str, pieces: u32) -> Visit {
    post("/orders", Some(json!({ "customer": customer, "item": item, "pieces": pieces })))
}
