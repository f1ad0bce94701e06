//! Declares the one configuration name of this crate, so that a misspelt one is an error.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo on its standard output")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(fasterapi_nested_poller)");
}
