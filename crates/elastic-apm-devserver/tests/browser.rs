//! The page in a real browser.
#![allow(clippy::unwrap_used, reason = "test code")]

#[path = "support/browser.rs"]
mod driver;
mod support;

use driver::{Browser, chromium};
use elastic_apm_devserver::RunningServer;
use serde_json::{Value, json};
use support::*;
use tokio::runtime::Runtime;

/// A server on a runtime of its own, since the driver blocks.
struct Site {
    runtime: Runtime,
    server: RunningServer,
}

impl Site {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(start());
        Self { runtime, server }
    }

    fn send(&self, lines: &[Value]) {
        self.runtime.block_on(send(&self.server, lines));
    }

    fn page(&self, fragment: &str) -> String {
        format!("{}/ui{fragment}", self.server.url())
    }
}

const ROWS: &str = "document.querySelectorAll('.row').length";
const NAMES: &str = "[...document.querySelectorAll('.row .name')].map((name) => name.textContent)";
const DETAILS: &str = "document.getElementById('details').textContent";

#[test]
fn a_linked_trace_is_drawn_with_its_services_errors_and_details() {
    let Some(chromium) = chromium() else { return };
    let site = Site::start();
    site.send(&stock_lines());
    site.send(&checkout_lines());
    let mut browser = Browser::open(&chromium, "linked");

    browser.navigate(&site.page(&format!("#/trace/{TRACE}")));
    browser.wait_until(&format!("{ROWS} === 4"));

    let names = json!(["POST /checkout", "POST stock:8080", "POST /reserve", "SELECT FROM stock"]);
    assert_eq!(browser.evaluate(NAMES), names);
    let legend = "[...document.querySelectorAll('.legend span')].map((service) => service.textContent)";
    assert_eq!(browser.evaluate(legend), json!(["checkout", "stock"]));
    let colours = "new Set([...document.querySelectorAll('.bar')].map((bar) => getComputedStyle(bar).backgroundColor)).size";
    assert!(browser.evaluate(colours).as_u64() >= Some(3));
    let failed = "[...document.querySelectorAll('.row')].map((row) => row.classList.contains('failed'))";
    assert_eq!(browser.evaluate(failed), json!([false, true, true, true]));
    let left = "document.querySelectorAll('.bar')[3].getBoundingClientRect().left > document.querySelectorAll('.bar')[2].getBoundingClientRect().left";
    assert_eq!(browser.evaluate(left), json!(true));

    browser.evaluate("document.querySelectorAll('.row')[3].click()");
    browser.wait_until(&format!("{DETAILS}.includes('out of stock')"));
    let details = browser.evaluate(DETAILS);
    for part in ["StockError", "caused by", "io::Error", "connection reset by peer", "postgresql", QUERY] {
        assert!(details.as_str().unwrap().contains(part), "{part}: {details}");
    }
    assert_eq!(browser.evaluate("location.hash"), json!(format!("#/trace/{TRACE}/{QUERY}")));
    assert!(browser.screenshot("devserver-light.png") > 20_000);
    browser.prefer_dark(true);
    assert!(browser.screenshot("devserver-dark.png") > 20_000);
    browser.resize(390, 800);
    assert!(browser.screenshot("devserver-narrow.png") > 10_000);
    let overflow = "document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(browser.evaluate(overflow), json!(true));
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn traces_and_their_later_parts_appear_without_a_reload() {
    let Some(chromium) = chromium() else { return };
    let site = Site::start();
    let mut browser = Browser::open(&chromium, "live");
    browser.navigate(&site.page(""));
    browser.wait_until(
        "document.querySelector('.welcome') && document.getElementById('live').textContent === 'live'",
    );
    browser.screenshot("devserver-empty.png");
    browser.evaluate("window.loadedOnce = true");

    site.send(&stock_lines());
    browser.wait_until("document.querySelectorAll('.item').length === 1");
    browser.evaluate("document.querySelector('.item').click()");
    browser.wait_until(&format!("{ROWS} === 2"));
    assert_eq!(browser.evaluate("document.querySelectorAll('.row .orphan').length"), json!(1));

    site.send(&checkout_lines());
    browser.wait_until(&format!("{ROWS} === 4"));
    assert_eq!(browser.evaluate("document.querySelectorAll('.row .orphan').length"), json!(0));
    browser.wait_until("document.querySelector('.item .name').textContent === 'POST /checkout'");
    assert_eq!(browser.evaluate("window.loadedOnce"), json!(true));
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn the_example_is_one_click_away() {
    let Some(chromium) = chromium() else { return };
    let site = Site::start();
    let mut browser = Browser::open(&chromium, "example");
    browser.navigate(&site.page(""));
    browser.wait_until("document.getElementById('example')");

    browser.evaluate("document.getElementById('example').click()");

    browser.wait_until("document.querySelectorAll('.item').length === 1 && document.querySelectorAll('.overview section').length === 3");
    let traces = site.server.store().traces();
    assert!(traces[0].summary().complete, "{:?}", traces[0].summary());
    assert_eq!(site.server.store().stats().rejected, 0);
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn options_are_set_on_the_page_while_traces_come_in() {
    let Some(chromium) = chromium() else { return };
    let site = Site::start();
    site.send(&stock_lines());
    let mut browser = Browser::open(&chromium, "configuration");
    browser.navigate(&site.page(""));
    browser.wait_until("document.querySelector('.overview h2 button')");

    browser.evaluate("document.querySelector('.overview h2 button').click()");
    browser.wait_until("document.getElementById('options')");
    browser.evaluate("document.getElementById('options').value = 'transaction_sample_rate = 0.5'");
    site.send(&checkout_lines());
    browser.wait_until("document.querySelectorAll('.overview section').length === 2");
    browser.evaluate("document.getElementById('configure').click()");
    browser.wait_until("document.querySelector('#details .actions').textContent.includes('Set.')");

    let answer = site.runtime.block_on(get_json(&site.server, "/config/v1/agents?service.name=stock"));
    assert_eq!(answer, json!({"transaction_sample_rate": "0.5"}));
    browser.press("Escape");
    browser.wait_until("document.getElementById('details').hidden");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn whatever_is_sent_stays_text() {
    let Some(chromium) = chromium() else { return };
    let site = Site::start();
    let evil = "<img src=x onerror='window.stolen = 1'><script>window.stolen = 1</script>";
    let mut root = transaction(CHECKOUT, None, evil, 0, 5.0);
    root["transaction"]["context"] = json!({"tags": {(evil): evil}, "custom": {"x": evil}});
    root["transaction"]["type"] = json!(evil);
    root["transaction"]["result"] = json!(evil);
    site.send(&[metadata("a"), root, error(CHECKOUT, CHECKOUT, evil, 1)]);
    let mut browser = Browser::open(&chromium, "markup");

    browser.navigate(&site.page(&format!("#/trace/{TRACE}/{CHECKOUT}")));
    browser.wait_until(&format!("{DETAILS}.split('onerror').length > 5"));

    assert_eq!(browser.evaluate(NAMES), json!([evil]));
    assert_eq!(
        browser.evaluate("[window.stolen, document.querySelectorAll('main img, main script').length]"),
        json!([null, 0])
    );
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn a_thousand_rows_are_drawn_at_once_and_walked_with_the_keyboard() {
    let Some(chromium) = chromium() else { return };
    let site = Site::start();
    let mut lines = vec![metadata("big"), transaction(CHECKOUT, None, "root", 0, 1000.0)];
    lines.extend((1..1000).map(|number| {
        span(&format!("{number:016x}"), CHECKOUT, CHECKOUT, &format!("s{number}"), number, 1.0)
    }));
    site.send(&lines);
    let mut browser = Browser::open(&chromium, "big");

    browser.navigate(&site.page(""));
    browser.wait_until("document.querySelector('.item')");
    browser.evaluate("document.querySelector('.item').focus()");
    browser.press("Enter");
    browser.wait_until(&format!("{ROWS} === 1000 && document.activeElement.classList.contains('row')"));
    for _ in 0..3 {
        browser.press("ArrowDown");
    }
    browser.press("Enter");
    browser.wait_until("document.querySelector('#details h2')?.textContent === 's3'");
    browser.press("ArrowDown");
    browser.wait_until("document.querySelector('#details h2')?.textContent === 's4'");
    browser.press("Escape");
    browser.wait_until("document.getElementById('details').hidden");
    browser.evaluate("document.querySelector('.row').focus()");
    browser.press("ArrowLeft");
    browser.wait_until("[...document.querySelectorAll('.row')].filter((row) => !row.hidden).length === 1");

    assert_eq!(browser.complaints, Vec::<String>::new());
}
