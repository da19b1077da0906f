//! What agents see around the streams, over a real socket: methods, headers, credentials, the other routes.

mod support;

use elastic_apm_devserver::DevServer;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use support::*;

#[tokio::test]
async fn other_content_types_are_refused_and_a_missing_one_is_not() {
    let server = start().await;
    let url = format!("{}/intake/v2/events", server.url());
    let send = async |content_type: Option<&str>| {
        let mut request = Client::new().post(&url).body(ndjson(&checkout_lines()));
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        parts(request.send().await.unwrap()).await
    };

    let invalid = refusal("invalid content type: 'application/json'");
    assert_eq!(send(Some("application/json")).await, (StatusCode::BAD_REQUEST, invalid));
    assert_eq!(send(Some("application/x-ndjson; charset=utf-8")).await.0, StatusCode::ACCEPTED);
    assert_eq!(send(None).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn only_post_is_supported_and_the_refusal_is_a_400() {
    let server = start().await;

    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let url = format!("{}/intake/v2/events", server.url());
        let response = Client::new().request(method, url).send().await.unwrap();

        assert_eq!(
            parts(response).await,
            (StatusCode::BAD_REQUEST, refusal("only POST requests are supported"))
        );
    }
}

#[tokio::test]
async fn errors_close_the_connection_and_follow_the_accept_header() {
    let server = start().await;
    let send = async |accept: &str| {
        let response = intake(&server).header(ACCEPT, accept).body("{}\n").send().await.unwrap();
        let content_type = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        assert_eq!(response.headers()[CONNECTION], "close");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        (content_type, response.text().await.unwrap())
    };

    let message = r#""\"metadata\" or \"m\" required""#;
    assert_eq!(
        send("text/html, */*").await,
        (
            "application/json".to_owned(),
            format!(
                "{{\n  \"accepted\": 0,\n  \"errors\": [\n    {{\n      \"message\": {message},\n      \"document\": \"{{}}\"\n    \
                 }}\n  ]\n}}\n"
            )
        )
    );
    assert_eq!(
        send("text/plain").await,
        (
            "text/plain; charset=utf-8".to_owned(),
            format!("{{\"accepted\":0,\"errors\":[{{\"message\":{message},\"document\":\"{{}}\"}}]}}\n")
        )
    );
}

#[tokio::test]
async fn credentials_are_asked_for_when_configured() {
    let server = start_with(DevServer::builder().secret_token("s3cret").api_key("id:key")).await;
    let send = async |authorization: Option<&str>| {
        let mut request = intake(&server).body(ndjson(&checkout_lines()));
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        parts(request.send().await.unwrap()).await
    };

    let missing = "authentication failed: missing or improperly formatted Authorization header: expected \
                   'Authorization: Bearer secret_token' or 'Authorization: ApiKey base64(API key ID:API key)'";
    assert_eq!(send(None).await, (StatusCode::UNAUTHORIZED, json!({"error": missing})));
    let failed = (StatusCode::UNAUTHORIZED, json!({"error": "authentication failed"}));
    assert_eq!(send(Some("Bearer wrong")).await, failed);
    assert!(server.events().is_empty());
    assert_eq!(send(Some("Bearer s3cret")).await.0, StatusCode::ACCEPTED);
    assert_eq!(send(Some("ApiKey aWQ6a2V5")).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_large_body_does_not_hide_an_early_refusal() {
    let server = start_with(DevServer::builder().secret_token("s3cret")).await;

    let (status, _) = post(&server, vec![b'x'; 3 << 20]).await;

    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn faults_replace_the_true_answer_as_often_as_asked() {
    let server = start().await;
    server.answer_next_with(503, 1);

    let (status, body) = post(&server, ndjson(&checkout_lines())).await;
    assert_eq!((status, body), (StatusCode::SERVICE_UNAVAILABLE, refusal("queue is full")));
    assert!(server.events().is_empty());

    server.answer_with(429);
    for _ in 0..3 {
        assert_eq!(post(&server, "").await.0, StatusCode::TOO_MANY_REQUESTS);
    }
    server.answer_truly();
    assert_eq!(post(&server, ndjson(&checkout_lines())).await.0, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn the_root_tells_agents_the_version_and_that_it_is_ours() {
    let server = start_with(DevServer::builder().version("8.7.1")).await;

    let info = get_json(&server, "/").await;

    let keys: Vec<_> = info.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["build_date", "build_sha", "publish_ready", "server", "version"]);
    assert_eq!((&info["version"], &info["server"]), (&json!("8.7.1"), &json!("elastic-apm-devserver")));
    let request = async |method| Client::new().request(method, server.url()).send().await.unwrap().status();
    assert_eq!(request(Method::HEAD).await, StatusCode::OK);
    assert_eq!(request(Method::POST).await, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_root_is_silent_without_valid_credentials() {
    let server = start_with(DevServer::builder().secret_token("s3cret")).await;

    assert_eq!(parts(get(&server, "/").await).await, (StatusCode::OK, json!("")));
    let known = Client::new().get(server.url()).header(AUTHORIZATION, "Bearer s3cret").send().await.unwrap();
    assert_eq!(known.json::<Value>().await.unwrap()["version"], "8.15.0");
}

#[tokio::test]
async fn unknown_paths_get_the_servers_404() {
    let server = start().await;

    let answer = parts(get(&server, "/nope").await).await;

    assert_eq!(answer, (StatusCode::NOT_FOUND, json!({"error": "404 page not found"})));
}

#[tokio::test]
async fn central_configuration_is_empty_and_known_by_its_etag() {
    let server = start().await;
    let url = format!("{}/config/v1/agents", server.url());
    let get = Client::new().get(format!("{url}?service.name=a&service.environment=b"));
    let post = Client::new().post(&url).body(r#"{"service":{"name":"a"}}"#);

    for request in [get.try_clone().unwrap(), post] {
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["etag"], "\"-\"");
        assert_eq!(response.headers()["cache-control"], "max-age=5, must-revalidate");
        assert_eq!(parts(response).await, (StatusCode::OK, json!({})));
    }
    let known = get.header("if-none-match", "\"-\"").send().await.unwrap();
    assert_eq!(known.headers()["etag"], "\"-\"");
    assert_eq!(parts(known).await, (StatusCode::NOT_MODIFIED, json!("")));
    let known = Client::new().get(format!("{url}?service.name=a&ifnonematch=-")).send().await.unwrap();
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn central_configuration_refuses_with_a_longer_max_age() {
    let server = start().await;
    let url = format!("{}/config/v1/agents", server.url());

    let nameless = Client::new().get(&url).send().await.unwrap();
    assert_eq!(nameless.headers()["cache-control"], "max-age=300, must-revalidate");
    assert_eq!(
        parts(nameless).await,
        (StatusCode::BAD_REQUEST, json!({"error": "service.name is required"}))
    );
    let put = Client::new().put(&url).send().await.unwrap();
    assert_eq!(put.status(), StatusCode::METHOD_NOT_ALLOWED);
}
