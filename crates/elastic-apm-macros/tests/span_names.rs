//! A span is called after its function, unless it is given a name.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::pin::Pin;

use elastic_apm::capture_span;
use elastic_apm::testing::RecordingAgent;

mod shop {
    use super::*;

    #[capture_span]
    pub(crate) fn open() {}

    #[capture_span]
    pub(crate) fn sell<T>(_item: T) {}

    #[capture_span]
    pub(crate) async fn deliver() {}

    #[capture_span]
    #[allow(unknown_lints, reason = "also where the function has to stay async")]
    #[must_use]
    pub(crate) async fn invoice() -> u32 {
        7
    }

    #[capture_span]
    pub(crate) fn advertise() -> impl Future<Output = ()> {
        async {}
    }

    #[capture_span]
    pub(crate) fn close() -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async {})
    }

    pub(crate) struct Cart<T>(pub(crate) T);

    impl<T> Cart<T> {
        #[capture_span]
        pub(crate) fn new(item: T) -> Self {
            Cart(item)
        }

        #[capture_span]
        pub(crate) async fn pay(&self) {}
    }

    pub(crate) trait Till {
        fn count(&self);

        #[capture_span]
        fn lock(&self) {}
    }

    impl Till for Cart<u8> {
        #[capture_span]
        fn count(&self) {}
    }
}

/// The name of the one span that `work` records.
#[track_caller]
fn name_of<T>(work: impl FnOnce() -> T) -> String {
    let agent = RecordingAgent::new();
    let transaction = agent.tracer().begin_transaction("test");
    work();
    drop(transaction);
    let events = agent.events();
    assert_eq!(events.spans.len(), 1, "{}", events.tree());
    events.spans[0].name.to_string()
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn a_function_gives_its_path() {
    assert_eq!(name_of(shop::open), "span_names::shop::open");
    assert_eq!(name_of(|| shop::sell(1)), "span_names::shop::sell");
}

#[test]
fn a_function_that_returns_a_future_gives_its_path() {
    assert_eq!(name_of(|| block_on(shop::deliver())), "span_names::shop::deliver");
    assert_eq!(name_of(|| block_on(shop::invoice())), "span_names::shop::invoice");
    assert_eq!(name_of(|| block_on(shop::advertise())), "span_names::shop::advertise");
    assert_eq!(name_of(|| block_on(shop::close())), "span_names::shop::close");
}

#[test]
fn a_method_gives_its_type_too() {
    let cart = shop::Cart(1_u8);

    assert_eq!(name_of(|| shop::Cart::new(1)), "span_names::shop::Cart<_>::new");
    assert_eq!(name_of(|| block_on(cart.pay())), "span_names::shop::Cart<_>::pay");
}

#[test]
fn a_method_of_a_trait_gives_type_and_trait() {
    use shop::Till;
    let cart = shop::Cart(1_u8);

    assert_eq!(name_of(|| cart.count()), "<span_names::shop::Cart<u8> as span_names::shop::Till>::count");
    assert_eq!(name_of(|| cart.lock()), "span_names::shop::Till::lock");
}

#[test]
fn a_given_name_is_taken_as_it_is() {
    #[capture_span(name = "pour the coffee")]
    fn pour() {}

    assert_eq!(name_of(pour), "pour the coffee");
}
