use std::process::Command;
use std::{env, io, process};

pub(crate) fn reads_the_environment() -> (usize, bool) {
    (env::args().count() + env::vars().count(), env::var("HOME").is_ok() || env::var_os("HOME").is_some())
}

pub(crate) fn talks_to_the_terminal() -> (io::Stdin, io::Stdout, io::Stderr) {
    (io::stdin(), io::stdout(), io::stderr())
}

pub(crate) fn ends_the_process(kindly: bool) {
    if kindly {
        process::exit(0);
    }
    process::abort();
}

pub(crate) fn starts_a_process() -> bool {
    Command::new("true").status().is_ok()
}
