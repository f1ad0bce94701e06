use std::cell::Cell;
use std::sync::{LazyLock, OnceLock};
use std::thread::{self, Builder, JoinHandle};
use std::time::Duration;

static LAZY: LazyLock<u8> = LazyLock::new(|| 1);
static ONCE: OnceLock<u8> = OnceLock::new();

thread_local! {
    static LOCAL: Cell<u8> = const { Cell::new(0) };
}

pub(crate) fn keeps_globals() -> u8 {
    *LAZY + *ONCE.get_or_init(|| 1) + LOCAL.get()
}

pub(crate) fn starts_threads() -> [Option<JoinHandle<()>>; 2] {
    thread::scope(|scope| {
        scope.spawn(|| thread::sleep(Duration::ZERO));
    });
    [Some(thread::spawn(|| ())), Builder::new().spawn(|| ()).ok()]
}
