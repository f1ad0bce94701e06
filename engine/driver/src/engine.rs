use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError, Weak};
use std::time::{Duration, Instant};

use selector::Selector;

use crate::executor::{Executor, TaskFuture, TaskKey};
use crate::reactor::Reactor;
use crate::remote::Remote;

/// Waits of one turn that bring parts of long answers only; signals are looked at between turns.
const PARTS: usize = 64;
/// Tasks polled in one turn.
const TASKS: usize = 256;

/// The engine of one event loop: a reactor behind a lock that knows its thread.
///
/// The lock is never held while an application's code runs, nor by two threads in turn: it is uncontended, and a
/// thread that does not run the loop is told so.
#[derive(Debug)]
pub struct Engine {
    reactor: Mutex<Reactor>,
    remote: Remote,
}

/// The reactor belongs to another thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this belongs to an event loop that runs in another thread; use loop.call_soon_threadsafe()")
    }
}

impl Error for Busy {}

/// The reactor, for a moment.
#[derive(Debug)]
pub struct Guard<'a> {
    reactor: MutexGuard<'a, Reactor>,
}

impl Deref for Guard<'_> {
    type Target = Reactor;

    fn deref(&self) -> &Reactor {
        &self.reactor
    }
}

impl DerefMut for Guard<'_> {
    fn deref_mut(&mut self) -> &mut Reactor {
        &mut self.reactor
    }
}

/// A turn under way, from the wait to the last delivery.
#[derive(Debug)]
pub struct Turn<'a> {
    engine: &'a Engine,
    outermost: bool,
}

thread_local! {
    static CURRENT: RefCell<Weak<Engine>> = const { RefCell::new(Weak::new()) };
}

impl Engine {
    /// The engine of a loop. `native`: the loop waits by calling [`Turn::wait`]; else it watches the poller's
    /// descriptor and calls it when that is readable.
    pub fn new(native: bool) -> io::Result<Arc<Self>> {
        let selector = Selector::new()?;
        Ok(Arc::new_cyclic(|engine| {
            let remote = Remote::new(engine.clone(), selector.waker(), native);
            let executor = Executor::new(remote.clone());
            Self { reactor: Mutex::new(Reactor::new(selector, executor)), remote }
        }))
    }

    /// The engine of the loop that last ran on this thread.
    pub fn current() -> Option<Arc<Self>> {
        CURRENT.with_borrow(Weak::upgrade)
    }

    /// Makes this thread the one that runs the loop.
    pub fn claim(self: &Arc<Self>) {
        self.remote.claim();
        CURRENT.with_borrow_mut(|current| {
            if current.as_ptr() != Arc::as_ptr(self) {
                *current = Arc::downgrade(self);
            }
        });
    }

    /// What other threads may use.
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// The reactor, on the thread that runs the loop.
    pub fn lock(&self) -> Result<Guard<'_>, Busy> {
        if self.remote.is_here() { self.lock_anywhere() } else { Err(Busy) }
    }

    /// The reactor, on whatever thread, unless another uses it at this moment: for what a loop does before it runs
    /// and after.
    pub fn lock_anywhere(&self) -> Result<Guard<'_>, Busy> {
        match self.reactor.try_lock() {
            Ok(reactor) => Ok(Guard { reactor }),
            // What panicked was one connection's work; the reactor's tables are whole between calls.
            Err(TryLockError::Poisoned(poisoned)) => Ok(Guard { reactor: poisoned.into_inner() }),
            Err(TryLockError::WouldBlock) => Err(Busy),
        }
    }

    /// Begins a turn. Inside another one it serves foreign files only.
    pub fn turn(&self) -> Turn<'_> {
        Turn { engine: self, outermost: self.remote.enter() }
    }

    /// Starts a task; it is first polled in the next turn.
    pub fn spawn(&self, future: TaskFuture) -> Result<TaskKey, Busy> {
        let task = self.lock()?.executor.insert(future);
        self.remote.schedule(task);
        Ok(task)
    }

    /// Drops the future of a task that has not finished.
    pub fn cancel(&self, task: TaskKey) -> Result<(), Busy> {
        let dropped = self.lock()?.executor.cancel(task);
        drop(dropped);
        Ok(())
    }

    /// After `fork()`, in the child: lets go of all that the parent goes on using.
    pub fn rebuild(&self) -> io::Result<()> {
        self.remote.claim();
        self.remote.leave();
        let mut reactor = self.lock_anywhere().map_err(io::Error::other)?;
        let dropped = reactor.executor.clear();
        let rebuilt = reactor.rebuild();
        drop(reactor);
        drop(dropped);
        rebuilt
    }

    /// Waits once more within a turn, for who finds nothing else left to hand over in it.
    pub fn linger(&self, timeout: Duration) -> io::Result<()> {
        let reactor = self.lock().map_err(io::Error::other)?;
        self.wait(reactor, Some(timeout))
    }

    fn wait(&self, mut reactor: Guard<'_>, timeout: Option<Duration>) -> io::Result<()> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut left = timeout;
        for _ in 0..PARTS {
            reactor.poll(left)?;
            if !reactor.was_quiet() {
                break;
            }
            // A part of a long answer came, and nobody has to hear of it yet.
            left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
        }
        for post in self.remote.take_posts() {
            post(&mut reactor);
        }
        let woken = reactor.take_wakes();
        drop(reactor);
        for waker in woken {
            waker.wake();
        }
        self.run_tasks().map_err(io::Error::other)
    }

    fn run_tasks(&self) -> Result<(), Busy> {
        for _ in 0..TASKS {
            let Some(task) = self.remote.next_runnable() else { break };
            let Some((mut future, waker)) = self.lock()?.executor.take(task) else { continue };
            let finished = future.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_ready();
            let dropped = if finished {
                self.lock()?.executor.cancel(task);
                Some(future)
            } else {
                self.lock()?.executor.put_back(task, future)
            };
            drop(dropped);
        }
        Ok(())
    }
}

impl Turn<'_> {
    /// Whether this is the outermost turn, which delivers.
    pub fn is_outermost(&self) -> bool {
        self.outermost
    }

    /// Waits at most `timeout` (`None`: until something happens), serves the engine's own sockets, timers and tasks.
    ///
    /// An interrupted wait answers `ErrorKind::Interrupted`.
    pub fn wait(&self, timeout: Option<Duration>) -> io::Result<()> {
        let engine = self.engine;
        let mut reactor = engine.lock().map_err(io::Error::other)?;
        if !self.outermost {
            return reactor.poll_foreign(timeout);
        }
        engine.wait(reactor, timeout)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.outermost {
            self.engine.remote.leave();
        }
    }
}
