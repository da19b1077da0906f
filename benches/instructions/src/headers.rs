//! Trace headers, read and written.

use std::hint::black_box;

use elastic_apm::TraceParent;
use http::HeaderMap;

use crate::agent::{OpenTransaction, StillAgent};
use crate::paths::Round;

/// A valid `traceparent`, parsed.
pub(crate) fn parse() -> Round {
    let value = black_box(*b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    Box::new(move || {
        let parsed = TraceParent::parse(black_box(&value));
        assert!(black_box(parsed).is_ok());
    })
}

/// The headers of the current transaction, put into a map that has them already.
pub(crate) fn inject() -> Round {
    let open = OpenTransaction::of(StillAgent::sampled());
    let mut headers = HeaderMap::new();
    open.rounds(move || elastic_apm::inject(black_box(&mut headers)))
}
