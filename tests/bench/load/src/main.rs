//! A closed-loop load generator: N keep-alive connections, each with one exchange in flight.
//!
//! It connects, warms up, falls silent, says `ready` and waits for a line on stdin. Then it measures, lets the last
//! exchanges finish, and prints one line of JSON. At both edges the server is idle, so that whoever reads the server's
//! CPU clock there gets exactly the cost of the exchanges counted here.

mod arguments;
mod connection;
mod exchange;
mod generator;
mod report;
mod upgrade;
mod websocket;

use std::io::{BufRead, Write};
use std::process::ExitCode;

use arguments::{Arguments, Mode};
use exchange::Exchange;
use generator::{Generator, Until};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("load: {message}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let exchange = Exchange::from_arguments(&arguments)?;
    let failed = |error: std::io::Error| format!("{}: {error}", arguments.address);
    let mut generator = Generator::connect(arguments.address, arguments.connections, &exchange).map_err(failed)?;
    match arguments.mode {
        Mode::Measure => {
            generator.run(Until::Elapsed(arguments.warmup)).map_err(failed)?;
            say("ready")?;
            wait_for_a_line()?;
            let report = generator.run(arguments.until).map_err(failed)?;
            say(&report.to_json())
        }
        Mode::Idle => {
            let report = generator.run(Until::OneEach).map_err(failed)?;
            say(&report.to_json())?;
            wait_for_a_line()?;
            // A second answer on each proves that none was closed meanwhile.
            let report = generator.run(Until::OneEach).map_err(failed)?;
            say(&report.to_json())
        }
    }
}

fn say(line: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(|error| error.to_string())
}

fn wait_for_a_line() -> Result<(), String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map(drop).map_err(|error| error.to_string())
}
