use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};

use crate::engine::Engine;
use crate::executor::TaskKey;
use crate::reactor::Reactor;

/// What other threads, and wakers, may do to an engine: push to a queue and wake it once.
#[derive(Clone)]
pub struct Remote {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Weak<Engine>,
    owner: AtomicUsize,
    /// The loop waits in this engine's own `turn`, which looks at the queues before it blocks.
    native: bool,
    in_turn: AtomicBool,
    waker: selector::Waker,
    posts: Mutex<Vec<Post>>,
    runnable: Mutex<VecDeque<TaskKey>>,
}

type Post = Box<dyn FnOnce(&mut Reactor) + Send>;

thread_local! {
    static MARKER: Cell<u8> = const { Cell::new(0) };
}

/// A number that no two living threads share.
fn this_thread() -> usize {
    MARKER.with(|marker| std::ptr::from_ref(marker).addr())
}

/// A poisoned queue is still a queue: nothing that runs under these locks leaves it half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Remote {
    pub(crate) fn new(engine: Weak<Engine>, waker: selector::Waker, native: bool) -> Self {
        Self {
            shared: Arc::new(Shared {
                engine,
                owner: AtomicUsize::new(this_thread()),
                native,
                in_turn: AtomicBool::new(false),
                waker,
                posts: Mutex::default(),
                runnable: Mutex::default(),
            }),
        }
    }

    /// Whether this thread runs the loop.
    pub fn is_here(&self) -> bool {
        self.shared.owner.load(Ordering::Relaxed) == this_thread()
    }

    /// Makes this thread the one that runs the loop.
    pub(crate) fn claim(&self) {
        self.shared.owner.store(this_thread(), Ordering::Relaxed);
    }

    /// Marks the turn as begun; false when one is under way already.
    pub(crate) fn enter(&self) -> bool {
        !self.shared.in_turn.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn leave(&self) {
        self.shared.in_turn.store(false, Ordering::Relaxed);
    }

    /// Whether a turn is under way.
    pub fn is_in_turn(&self) -> bool {
        self.shared.in_turn.load(Ordering::Relaxed)
    }

    /// Ends the engine's wait, now or at its next one.
    pub fn wake(&self) {
        self.shared.waker.wake();
    }

    /// Runs `act` on the engine's thread, at its next turn.
    pub fn post(&self, act: impl FnOnce(&mut Reactor) + Send + 'static) {
        lock(&self.shared.posts).push(Box::new(act));
        self.wake();
    }

    pub(crate) fn take_posts(&self) -> Vec<Post> {
        std::mem::take(&mut *lock(&self.shared.posts))
    }

    /// Queues a task to be polled.
    pub(crate) fn schedule(&self, task: TaskKey) {
        lock(&self.shared.runnable).push_back(task);
        let seen = self.is_here() && (self.shared.native || self.is_in_turn());
        if !seen {
            self.wake();
        }
    }

    pub(crate) fn next_runnable(&self) -> Option<TaskKey> {
        lock(&self.shared.runnable).pop_front()
    }

    pub(crate) fn is_runnable(&self) -> bool {
        !lock(&self.shared.runnable).is_empty()
    }

    pub(crate) fn engine(&self) -> Option<Arc<Engine>> {
        self.shared.engine.upgrade()
    }

    /// Polls `act` against the reactor: at once on its own thread, by posting from any other.
    ///
    /// Errors with `NotConnected` once the loop is gone.
    pub(crate) async fn call<R, F>(&self, act: F) -> io::Result<R>
    where
        R: Send + 'static,
        F: Fn(&mut Reactor, &Waker) -> Poll<R> + Clone + Send + 'static,
    {
        let reply: Arc<Mutex<Option<R>>> = Arc::default();
        poll_fn(move |cx| {
            let Some(engine) = self.engine() else {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::NotConnected, "the event loop is closed")));
            };
            if let Some(answer) = lock(&reply).take() {
                return Poll::Ready(Ok(answer));
            }
            if let Ok(mut reactor) = engine.lock() {
                return act(&mut reactor, cx.waker()).map(Ok);
            }
            let (act, reply, waker) = (act.clone(), reply.clone(), cx.waker().clone());
            self.post(move |reactor| {
                if let Poll::Ready(answer) = act(reactor, &waker) {
                    *lock(&reply) = Some(answer);
                    reactor.wake_later(waker);
                }
            });
            Poll::Pending
        })
        .await
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("here", &self.is_here()).finish_non_exhaustive()
    }
}
