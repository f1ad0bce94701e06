//! Plays the client's role for a fuzzing server: `client ws://HOST:PORT NAME`.
//!
//! The server says how many cases it has. In each it sends what it likes, and gets back what it sent. Its verdicts are
//! written when it is asked to.

#![forbid(unsafe_code)]

mod chance;
mod connect;
mod session;

use std::env;
use std::process::ExitCode;

use session::Session;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, name] = arguments.as_slice() else {
        eprintln!("Say where and who: client ws://HOST:PORT NAME");
        return ExitCode::from(2);
    };
    let Some(address) = url.strip_prefix("ws://") else {
        eprintln!("The address must begin with ws://, not be {url}.");
        return ExitCode::from(2);
    };
    match play(address.trim_end_matches('/'), name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(address: &str, name: &str) -> Result<(), String> {
    let said = Session::open(address, "/getCaseCount")?.listen()?;
    let count: u32 = said.parse().map_err(|_| format!("{said:?} is no number of cases"))?;
    for case in 1..=count {
        let target = format!("/runCase?case={case}&agent={name}");
        // A server that fuzzes may end a case as it likes: its verdict counts, not how the connection ended.
        if let Err(error) = Session::open(address, &target).and_then(Session::echo) {
            eprintln!("case {case}: {error}");
        }
    }
    Session::open(address, &format!("/updateReports?agent={name}"))?.echo()
}
