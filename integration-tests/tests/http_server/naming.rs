//! What a request is called beyond its route: name groups, paths, the user's word.

use axum::body::Body;
use elastic_apm::set_transaction_name;
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response};

use crate::client::events_of;
use crate::stack::{Framework, PATH, Stack};

async fn answers(_: Request<Body>) -> Response<Body> {
    Response::new(Body::from("hello"))
}

pub(crate) async fn the_first_name_group_that_matches_is_the_name(stack: Stack) {
    let agent = CheckedAgent::with(|options| options.transaction_name_groups(["POST *", "get *", "GET /*"]));
    let server = stack.serve(&agent, answers).await;

    server.connect().await.get().await;

    events_of(&agent, 1).await.transaction("get *");
}

pub(crate) async fn names_that_are_set_fall_into_groups_too(stack: Stack) {
    let agent = CheckedAgent::with(|options| options.transaction_name_groups(["tenant *"]));
    let names = |_| async {
        set_transaction_name(format!("tenant {}", "acme"));
        elastic_apm::capture_message("named so by then");
        Response::new(Body::empty())
    };
    let server = stack.serve(&agent, names).await;

    server.connect().await.get().await;

    let events = events_of(&agent, 1).await;
    events.transaction("tenant *");
    assert_eq!(events.errors[0].transaction.as_ref().unwrap().name.as_deref(), Some("tenant *"));
}

pub(crate) async fn the_path_is_the_name_where_no_route_is_known_and_the_option_says_so(stack: Stack) {
    for sample_rate in [1.0, 0.0] {
        let agent = CheckedAgent::with(|options| {
            options.use_path_as_transaction_name(true).transaction_sample_rate(sample_rate)
        });
        let server = stack.serve(&agent, answers).await;

        server.connect().await.exchange(Request::get(format!("{PATH}?query=1"))).await;
        server.connect().await.exchange(Request::get("/nowhere/7?query=1")).await;

        let events = events_of(&agent, 2).await;
        events.transaction(match stack.framework {
            Framework::Tower => "GET /orders/7",
            Framework::Axum => "GET /orders/{id}",
        });
        events.transaction("GET /nowhere/7");
    }
}
