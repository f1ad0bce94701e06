//! `pyo3-async-runtimes` on the engine: for third-party crates that want a runtime. The engine itself does not use it.

use std::any::Any;
use std::cell::RefCell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use driver::Engine;
use pyo3::prelude::*;
use pyo3_async_runtimes::TaskLocals;
use pyo3_async_runtimes::generic::{ContextExt, JoinError, Runtime};

use crate::attach::attach;
use crate::spawn::running_loop;

/// Threads for blocking calls, shared by all loops.
const BLOCKING_THREADS: usize = 4;
/// Blocking calls that may wait for a thread before `spawn_blocking` itself waits.
const BLOCKING_QUEUE: usize = 1024;

/// The running loop's reactor as a `pyo3_async_runtimes::generic::Runtime`.
///
/// `spawn` finds the reactor by the thread: it attaches to the running loop if none is known. On a thread without a
/// loop the join handle answers [`TaskError`] at once.
#[derive(Debug)]
pub struct ReactorRuntime;

/// A task ended without finishing.
#[derive(Debug)]
pub struct TaskError {
    panic: Option<Box<dyn Any + Send>>,
}

/// Waits for a spawned task.
#[derive(Debug)]
pub struct JoinHandle {
    shared: Arc<Mutex<Join>>,
}

#[derive(Debug, Default)]
struct Join {
    outcome: Option<Result<(), TaskError>>,
    waker: Option<Waker>,
}

/// The task's side: a task dropped before its end is an error for who joins it.
struct Completion {
    shared: Arc<Mutex<Join>>,
}

impl Completion {
    fn new() -> (Self, JoinHandle) {
        let shared = Arc::<Mutex<Join>>::default();
        (Self { shared: shared.clone() }, JoinHandle { shared })
    }

    fn set(&self, outcome: Result<(), TaskError>) {
        let waker = {
            let mut join = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            join.outcome.get_or_insert(outcome);
            join.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        self.set(Err(TaskError { panic: None }));
    }
}

impl Future for JoinHandle {
    type Output = Result<(), TaskError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut join = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        match join.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                join.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl JoinError for TaskError {
    fn is_panic(&self) -> bool {
        self.panic.is_some()
    }

    fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        self.panic.unwrap_or_else(|| Box::new("the task was dropped before its end"))
    }
}

impl Runtime for ReactorRuntime {
    type JoinError = TaskError;
    type JoinHandle = JoinHandle;

    fn spawn<F>(future: F) -> JoinHandle
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (completion, handle) = Completion::new();
        let task = async move {
            let mut future = Box::pin(future);
            let polled = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
                Ok(poll) => poll.map(Ok),
                Err(payload) => Poll::Ready(Err(TaskError { panic: Some(payload) })),
            });
            let outcome = polled.await;
            completion.set(outcome);
        };
        // Without a loop, or refused by another thread's, the task is dropped, and that tells who joins it.
        let _spawned = engine().map(|engine| engine.spawn(Box::pin(task)));
        handle
    }

    fn spawn_blocking<F>(call: F) -> JoinHandle
    where
        F: FnOnce() + Send + 'static,
    {
        let (completion, handle) = Completion::new();
        let job = move || {
            let outcome = catch_unwind(AssertUnwindSafe(call));
            completion.set(outcome.map_err(|payload| TaskError { panic: Some(payload) }));
        };
        // Without threads the dropped job tells who joins it.
        drop(blocking_threads().send(Box::new(job)));
        handle
    }
}

/// The engine of this thread's loop.
fn engine() -> Option<Arc<Engine>> {
    let attached = Python::try_attach(|py| {
        let host = attach(&running_loop(py)?)?;
        host.engine().claim();
        PyResult::Ok(host.engine().clone())
    });
    match attached {
        Some(Ok(engine)) => Some(engine),
        _ => Engine::current(),
    }
}

type Job = Box<dyn FnOnce() + Send>;

fn blocking_threads() -> &'static SyncSender<Job> {
    static JOBS: OnceLock<SyncSender<Job>> = OnceLock::new();
    JOBS.get_or_init(|| {
        let (sender, receiver) = sync_channel::<Job>(BLOCKING_QUEUE);
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..BLOCKING_THREADS {
            let receiver = receiver.clone();
            // A thread that cannot be made is one fewer; without any the sender's job is dropped.
            drop(thread::Builder::new().name(format!("fasterapi-blocking-{number}")).spawn(move || work(&receiver)));
        }
        sender
    })
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        job();
    }
}

thread_local! {
    static LOCALS: RefCell<Option<TaskLocals>> = const { RefCell::new(None) };
}

impl ContextExt for ReactorRuntime {
    fn scope<F, R>(locals: TaskLocals, future: F) -> Pin<Box<dyn Future<Output = R> + Send>>
    where
        F: Future<Output = R> + Send + 'static,
    {
        let mut future = Box::pin(future);
        let mut locals = Some(locals);
        Box::pin(poll_fn(move |cx| {
            let before = LOCALS.replace(locals.take());
            let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
            locals = LOCALS.replace(before);
            polled.unwrap_or_else(|payload| std::panic::resume_unwind(payload))
        }))
    }

    fn get_task_locals() -> Option<TaskLocals> {
        LOCALS.with_borrow(Clone::clone)
    }
}
