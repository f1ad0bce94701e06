use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::engine::Engine;
use crate::remote::{Remote, lock};
use crate::slots::Key;
use crate::timers::Due;

/// Waits for a moment on the wheel of the loop that runs on this thread.
///
/// May be moved to, and polled on, another thread once it was made on the loop's.
#[derive(Debug)]
pub struct Sleep {
    deadline: Instant,
    remote: Remote,
    shared: Shared,
    registered: bool,
}

/// What a sleep and the wheel share.
pub(crate) type Shared = Arc<State>;

#[derive(Debug, Default)]
pub(crate) struct State {
    fired: AtomicBool,
    waker: Mutex<Option<Waker>>,
    key: Mutex<Option<Key>>,
}

impl State {
    /// Marks the moment as come; answers who waits for it.
    pub(crate) fn fire(&self) -> Option<Waker> {
        self.fired.store(true, Ordering::Release);
        lock(&self.waker).take()
    }
}

impl Sleep {
    /// Finishes `delay` from now; none where no loop of the engine runs on this thread.
    pub fn new(delay: Duration) -> Option<Self> {
        let remote = Engine::current()?.remote().clone();
        let now = Instant::now();
        // Beyond the clock's range is as good as a century.
        let deadline = now.checked_add(delay).unwrap_or(now + Duration::from_secs(3_153_600_000));
        Some(Self { deadline, remote, shared: Shared::default(), registered: false })
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        *lock(&self.shared.waker) = Some(cx.waker().clone());
        if self.shared.fired.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        if !std::mem::replace(&mut self.registered, true) {
            let (shared, deadline) = (self.shared.clone(), self.deadline);
            with_reactor(&self.remote, move |reactor| {
                let key = reactor.sleeps.insert(shared.clone());
                reactor.wheel.insert(deadline, Due::Sleep(key));
                *lock(&shared.key) = Some(key);
            });
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if !self.registered || self.shared.fired.load(Ordering::Acquire) {
            return;
        }
        let shared = self.shared.clone();
        with_reactor(&self.remote, move |reactor| {
            // The wheel's entry stays until it is due and finds nothing.
            if let Some(key) = lock(&shared.key).take() {
                reactor.sleeps.remove(key);
            }
        });
    }
}

fn with_reactor(remote: &Remote, act: impl FnOnce(&mut crate::Reactor) + Send + 'static) {
    let Some(engine) = remote.engine() else { return };
    match engine.lock() {
        Ok(mut reactor) => act(&mut reactor),
        Err(_) => remote.post(act),
    };
}
