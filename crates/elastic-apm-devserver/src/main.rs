//! The command `elastic-apm-devserver`: starts the server and says where it is.

mod cli;

use std::process::ExitCode;

use crate::cli::Command;

#[tokio::main]
async fn main() -> ExitCode {
    let result = match cli::parse(std::env::args().skip(1)) {
        Ok(Command::Print(text)) => {
            println!("{text}");
            return ExitCode::SUCCESS;
        }
        Ok(Command::Serve(server)) => server.start().await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let server = match result {
        Ok(server) => server,
        Err(error) => {
            eprintln!("elastic-apm-devserver: {error}");
            return ExitCode::FAILURE;
        }
    };
    let url = server.url();
    println!("waterfall page  {url}/ui");
    println!("for agents      ELASTIC_APM_SERVER_URL={url}");
    stop_signal().await;
    server.shutdown().await;
    ExitCode::SUCCESS
}

/// Waits for Ctrl-C, or for the signal with which a container is stopped.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a way to hear the signal, run until the process is killed.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
