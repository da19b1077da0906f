//! The JSON API and the live stream of the page, over a real socket.

mod support;

use elastic_apm_devserver::{DevServer, render_waterfall};
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use support::*;

#[tokio::test]
async fn traces_are_listed_newest_first_and_can_be_narrowed() {
    let server = start().await;
    send(&server, &stock_lines()).await;
    send(&server, &checkout_lines()).await;
    let mut other = transaction("f7ad6b7169203335", None, "job", 0, 5.0);
    other["transaction"]["trace_id"] = json!("1af7651916cd43dd8448eb211c80319c");
    send(&server, &[metadata("worker"), other]).await;

    let all = get_json(&server, "/api/traces").await;

    assert_eq!(all["total"], 2);
    assert_eq!(all["traces"][0]["name"], "job");
    assert_eq!(
        all["traces"][1],
        json!({
            "id": TRACE, "seq": 0, "name": "POST /checkout", "services": ["checkout", "stock"], "start_us": START,
            "duration_ms": 120.0, "transactions": 2, "spans": 2, "errors": 1, "outcome": "success",
            "missing_root": false, "complete": true,
        })
    );
    assert_eq!(get_json(&server, "/api/traces?limit=1").await["traces"].as_array().unwrap().len(), 1);
    let stock = get_json(&server, "/api/traces?service=stock").await;
    assert_eq!(
        (stock["traces"][0]["id"].as_str(), stock["traces"].as_array().unwrap().len()),
        (Some(TRACE), 1)
    );
}

#[tokio::test]
async fn a_trace_is_given_as_rows_with_everything_to_draw_them() {
    let server = start().await;
    send(&server, &stock_lines()).await;
    send(&server, &checkout_lines()).await;

    let trace = get_json(&server, &format!("/api/traces/{TRACE}")).await;

    assert_eq!(
        (&trace["start_us"], &trace["extent_us"], &trace["rows_total"]),
        (&json!(START), &json!(120_000), &json!(4))
    );
    let column =
        |name: &str| trace["rows"].as_array().unwrap().iter().map(|row| row[name].clone()).collect::<Value>();
    assert_eq!(
        column("name"),
        json!(["POST /checkout", "POST stock:8080", "POST /reserve", "SELECT FROM stock"])
    );
    assert_eq!(column("kind"), json!(["transaction", "span", "transaction", "span"]));
    assert_eq!(column("depth"), json!([0, 1, 2, 3]));
    assert_eq!(column("offset_us"), json!([0, 10_000, 15_000, 20_000]));
    assert_eq!(column("service"), json!(["checkout", "checkout", "stock", "stock"]));
    assert_eq!(column("subtype"), json!([null, "http", null, "postgresql"]));
    assert_eq!(column("outcome"), json!(["success", "failure", "failure", "success"]));
    assert_eq!(trace["rows"][0]["document"], checkout_lines()[2]["transaction"]);
    let error = &trace["rows"][3]["errors"][0];
    assert_eq!((&error["type"], &error["message"]), (&json!("StockError"), &json!("out of stock")));
    assert_eq!(error["document"], stock_lines()[1]["error"]);
}

#[tokio::test]
async fn a_huge_trace_is_cut_and_says_so() {
    let server = start().await;
    send(&server, &checkout_lines()).await;

    let trace = get_json(&server, &format!("/api/traces/{TRACE}?rows=1")).await;

    assert_eq!((trace["rows"].as_array().unwrap().len(), &trace["rows_total"]), (1, &json!(2)));
}

#[tokio::test]
async fn unknown_traces_are_404() {
    let server = start().await;

    for id in [TRACE, "nonsense"] {
        assert_eq!(get(&server, &format!("/api/traces/{id}")).await.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn services_and_stats_are_summed_up() {
    let server = start().await;
    send(&server, &stock_lines()).await;

    let services = get_json(&server, "/api/services").await;
    let stats = get_json(&server, "/api/stats").await;

    assert_eq!(
        services,
        json!([{"service": "stock", "agent": "rust/0.1.0", "errors": 1, "transactions": [{
            "name": "POST /reserve", "type": "request", "count": 1, "p50_ms": 80.0, "p95_ms": 80.0, "error_rate": 1.0,
            "spans": 1,
        }]}])
    );
    let counts =
        ["requests", "failed_requests", "accepted", "rejected", "evicted_traces", "traces", "events"];
    assert_eq!(counts.map(|name| stats[name].as_u64().unwrap()), [1, 0, 3, 0, 0, 1, 3]);
    assert!(stats["bytes"].as_u64().unwrap() > 500);
}

#[tokio::test]
async fn traces_can_be_dropped() {
    let server = start().await;
    send(&server, &stock_lines()).await;

    let answer = Client::new().delete(format!("{}/api/traces", server.url())).send().await.unwrap();

    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(get_json(&server, "/api/traces").await, json!({"traces": [], "total": 0}));
}

#[tokio::test]
async fn faults_are_switched_over_http() {
    let server = start().await;
    let url = format!("{}/api/faults", server.url());
    let status = async || intake(&server).send().await.unwrap().status().as_u16();

    let set = Client::new().post(&url).json(&json!({"status": 503, "times": 1})).send().await.unwrap();
    assert_eq!(set.json::<Value>().await.unwrap(), json!({"fault": {"status": 503, "times": 1}}));
    assert_eq!([status().await, status().await], [503, 202]);

    Client::new().post(&url).json(&json!({"status": 401})).send().await.unwrap();
    assert_eq!([status().await, status().await], [401, 401]);
    assert_eq!(get_json(&server, "/api/faults").await, json!({"fault": {"status": 401, "times": null}}));
    Client::new().delete(&url).send().await.unwrap();
    assert_eq!(status().await, 202);

    let odd = Client::new().post(&url).json(&json!({"status": 99})).send().await.unwrap();
    assert_eq!(odd.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_live_stream_announces_changed_traces_and_ends_with_the_server() {
    let server = start().await;
    let mut stream = get(&server, "/api/events").await;
    assert_eq!(stream.headers()[CONTENT_TYPE], "text/event-stream");
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "event: hello\ndata: {}\n\n");

    send(&server, &stock_lines()).await;
    let message = String::from_utf8(stream.chunk().await.unwrap().unwrap().to_vec()).unwrap();

    let data = message.strip_prefix("event: change\ndata: ").unwrap();
    let change: Value = serde_json::from_str(data).unwrap();
    assert_eq!((&change["traces"][0]["id"], &change["first_seq"]), (&json!(TRACE), &json!(0)));
    assert_eq!(change["stats"]["accepted"], 3);
    tokio::time::timeout(DEADLINE, server.shutdown()).await.unwrap();
    assert_eq!(stream.chunk().await.unwrap(), None);
}

#[tokio::test]
async fn foreign_host_names_are_kept_out_of_the_api_but_not_of_the_intake() {
    let server = start().await;
    let get = async |path: &str, host: &str| {
        Client::new().get(format!("{}{path}", server.url())).header(HOST, host).send().await.unwrap().status()
    };

    assert_eq!(get("/api/traces", "evil.example").await, StatusCode::FORBIDDEN);
    assert_eq!(get("/api/traces", "localhost:8200").await, StatusCode::OK);
    let sent =
        intake(&server).header(HOST, "apm-server:8200").body(ndjson(&stock_lines())).send().await.unwrap();
    assert_eq!(sent.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn browsers_get_the_page_and_may_run_nothing_but_its_files() {
    let server = start_with(DevServer::builder().secret_token("s3cret")).await;
    for path in ["/", "/ui"] {
        let page = Client::new().get(format!("{}{path}", server.url())).header(ACCEPT, "text/html,*/*;q=0.8");
        let page = page.send().await.unwrap();

        let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        let html = page.text().await.unwrap();
        assert!(html.starts_with("<!doctype html>") && !html.contains("style=") && !html.contains("onclick"));
    }
}

#[tokio::test]
async fn every_file_of_the_page_is_there_and_builds_nothing_from_markup() {
    let server = start().await;
    let mut seen = Vec::new();
    let mut wanted = vec!["/ui".to_owned()];
    while let Some(path) = wanted.pop() {
        let response = get(&server, &path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let text = response.text().await.unwrap();
        for forbidden in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "https://"]
        {
            assert!(!text.contains(forbidden), "{path} has {forbidden}");
        }
        let quoted = text.split(['"', '\'']).filter_map(|word| match word.strip_prefix("./") {
            Some(module) if module.ends_with(".js") => Some(format!("/ui/{module}")),
            _ if word.starts_with("/ui/") => Some(word.to_owned()),
            _ => None,
        });
        let new: Vec<_> = quoted.filter(|path| !seen.contains(path)).collect();
        seen.extend(new.clone());
        wanted.extend(new);
    }
    assert!(seen.len() >= 15, "{seen:?}");
}

#[tokio::test]
async fn answers_to_browsers_are_compressed_and_answers_to_agents_are_not() {
    let server = start().await;
    let encoding = async |path: &str| {
        let request = Client::new().get(format!("{}{path}", server.url())).header("accept-encoding", "gzip");
        request.send().await.unwrap().headers().get(CONTENT_ENCODING).cloned()
    };

    assert_eq!(encoding("/ui/app.js").await.unwrap(), "gzip");
    assert_eq!(encoding("/").await, None);
}

#[tokio::test]
async fn the_library_reads_what_was_sent() {
    let server = start().await;
    send(&server, &stock_lines()).await;
    send(&server, &checkout_lines()).await;

    let trace = server.store().trace(TRACE.parse().unwrap()).unwrap();

    let kinds: Vec<_> = server.events().iter().map(|event| event.event().kind()).collect();
    assert_eq!(kinds, ["error", "span", "transaction", "span", "transaction"]);
    assert_eq!(trace.spans().next().unwrap().span().unwrap().name, "SELECT FROM stock");
    assert_eq!(trace.root().unwrap().source().metadata().service.environment.as_deref(), Some("test"));
    assert_eq!(trace.waterfall().rows[3].errors[0].message, "out of stock");
    assert!(render_waterfall(&trace, 100).contains("└─ SELECT FROM stock"));
}

#[tokio::test]
async fn a_stopped_server_frees_its_port_and_keeps_its_store() {
    let server = start().await;
    send(&server, &stock_lines()).await;
    let (address, store) = (server.address().to_string(), server.store().clone());

    server.shutdown().await;

    assert_eq!(store.traces().len(), 1);
    DevServer::builder().address(address).start().await.unwrap();
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let server = start().await;
    let address = server.address().to_string();

    let error = DevServer::builder().address(&address).start().await.unwrap_err();

    assert_eq!(error.to_string(), format!("{address} is taken by another process"));
    let error = DevServer::builder().address("nonsense").start().await.unwrap_err();
    assert!(error.to_string().starts_with("cannot listen on nonsense: "), "{error}");
}

#[tokio::test]
async fn what_is_set_for_a_service_reaches_its_agents_and_no_others() {
    let server = start().await;
    let set = |body: Value| Client::new().put(format!("{}/api/config/shop", server.url())).json(&body).send();
    let asked = async |service: &str| {
        let answer = get(&server, &format!("/config/v1/agents?service.name={service}")).await;
        (answer.headers()["etag"].to_str().unwrap().to_owned(), answer.json::<Value>().await.unwrap())
    };

    let answer = set(json!({"transaction_sample_rate": 0.5, "recording": true})).await.unwrap();
    let options = json!({"recording": "true", "transaction_sample_rate": "0.5"});

    assert_eq!(parts(answer).await, (StatusCode::OK, json!({"services": {"shop": options}})));
    let (etag, shop) = asked("shop").await;
    assert_eq!(shop, options);
    assert_eq!(asked("stock").await, ("\"-\"".to_owned(), json!({})));
    let url = format!("{}/config/v1/agents?service.name=shop", server.url());
    let known = Client::new().get(url).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    server.set_config("shop", [("recording", "false")]);
    assert_ne!(asked("shop").await.0, etag);
    let deleted = Client::new().delete(format!("{}/api/config/shop", server.url())).send().await.unwrap();
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    assert_eq!(get_json(&server, "/api/config").await, json!({"services": {}}));
    let refused = set(json!({"recording": [true]})).await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
