//! The page's first example: a script that makes two HTTP calls in a transaction it begins and ends itself.

use crate::common::{CALLS, Called, JOBS, METADATA, agent, compare, get};

#[tokio::test]
async fn a_script_with_two_calls_is_what_python_sends() {
    let agent = agent();
    let called = Called::start().await;
    let port = called.port;

    let transaction = agent.tracer().unnamed_transaction("script").start();
    let calls = async {
        get(format!("http://127.0.0.1:{port}/")).await;
        get(format!("http://localhost:{port}/?q=1")).await;
    };
    transaction.context().run(calls).await;
    transaction.set_name("__main__");
    transaction.set_result("success");
    drop(transaction);

    compare("script_two_http", &agent, &[port], &[METADATA, JOBS, CALLS]);
}
