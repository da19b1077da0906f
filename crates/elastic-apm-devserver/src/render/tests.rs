use serde_json::json;
use unicode_width::UnicodeWidthStr as _;

use super::{render_waterfall, render_waterfall_in_colour};
use crate::fixtures::{error, only_trace, send, span, store_with, transaction};
use crate::store::Store;

fn two_services() -> Store {
    let store = Store::new(1 << 30);
    let mut served = transaction(3, 2, "POST /reserve", 30, 40);
    served["transaction"]["outcome"] = json!("failure");
    send(&store, "stock", &[error(4, 3, "out of stock"), span(4, 3, 3, "SELECT FROM stock", 35, 20), served]);
    send(
        &store,
        "checkout",
        &[
            span(2, 1, 1, "POST stock:8080", 20, 60),
            span(5, 1, 1, "render", 90, 0),
            transaction(1, 0, "POST /checkout", 0, 100),
        ],
    );
    store
}

#[test]
fn a_trace_is_drawn_as_a_tree_with_bars() {
    let trace = only_trace(&two_services());

    let text = render_waterfall(&trace, 80);

    assert_eq!(
        text,
        "\
trace 00000000000000000000000000000001  2 transactions, 3 spans, 1 error, 100 ms
A checkout   B stock

POST /checkout                   A █████████████████████████████████    100 ms
├─ POST stock:8080               A        ████████████████████         60.0 ms
│  └─ POST /reserve              B           █████████████             40.0 ms ✗
│     └─ SELECT FROM stock       B             ███████                 20.0 ms ✗
            ! Broken: out of stock
└─ render                        A                               ▏        0 µs
"
    );
}

#[test]
fn what_is_missing_is_said() {
    let store = store_with(&[span(2, 9, 9, "", 0, 5), error(8, 9, "late\nnews")]);

    let text = render_waterfall(&only_trace(&store), 0);

    assert_eq!(
        text,
        "\
trace 00000000000000000000000000000001  0 transactions, 1 span, 1 error, root not received
A a

? (no name)         A ██████████████   5.00 ms
   ! Broken: late·news
? parent not received
"
    );
}

#[test]
fn rows_keep_to_the_width_whatever_the_names() {
    let mut lines = vec![transaction(1, 0, &"名前".repeat(60), 0, 100)];
    lines.extend((2..60).map(|id| span(id, id - 1, 1, &"x".repeat(id as usize), i64::from(id), 1)));
    let store = store_with(&lines);

    let text = render_waterfall(&only_trace(&store), 72);

    for line in text.lines().skip(3) {
        assert!(line.width() <= 72, "{}: {line}", line.width());
    }
}

#[test]
fn colour_is_only_used_when_asked_for() {
    let trace = only_trace(&two_services());

    assert!(!render_waterfall(&trace, 80).contains('\x1b'));
    let coloured = render_waterfall_in_colour(&trace, 80);
    assert!(coloured.contains("\x1b[31m✗\x1b[0m") && coloured.contains("\x1b[36mA\x1b[0m"));
}
