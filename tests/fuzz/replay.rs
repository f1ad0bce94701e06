//! Replays the seeds of a fuzz target, and inputs that once broke something: part of each machine's `tests/seeds.rs`.

use std::path::Path;

#[allow(clippy::disallowed_methods, reason = "the seeds are files")]
pub(crate) fn replay(target: &str, play: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/seeds").join(target);
    let mut seeds = 0;
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.map(|entry| entry.path()).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let seed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if let Err(panic) = std::panic::catch_unwind(|| play(&seed)) {
            panic!("{}: {}", path.display(), panic.downcast_ref::<String>().map_or("see above", String::as_str));
        }
        seeds += 1;
    }
    assert!(seeds > 4, "{seeds} seeds in {}", folder.display());
}
