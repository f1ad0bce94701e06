use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::remote::Remote;
use crate::slots::{Key, Slots};

/// A task's key.
pub type TaskKey = Key;

/// What a task runs. It catches its own panics.
pub type TaskFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tasks of one loop, polled on its thread only.
pub(crate) struct Executor {
    tasks: Slots<Task>,
    remote: Remote,
}

struct Task {
    /// Absent while it is polled.
    future: Option<TaskFuture>,
    waker: Waker,
}

struct TaskWaker {
    task: TaskKey,
    remote: Remote,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.remote.schedule(self.task);
    }
}

impl Executor {
    pub(crate) fn new(remote: Remote) -> Self {
        Self { tasks: Slots::new(), remote }
    }

    pub(crate) fn insert(&mut self, future: TaskFuture) -> TaskKey {
        let remote = self.remote.clone();
        self.tasks
            .insert_with(|task| Task { future: Some(future), waker: Waker::from(Arc::new(TaskWaker { task, remote })) })
    }

    pub(crate) fn take(&mut self, task: TaskKey) -> Option<(TaskFuture, Waker)> {
        let task = self.tasks.get_mut(task)?;
        Some((task.future.take()?, task.waker.clone()))
    }

    /// Puts the future of a polled task back; answers it if the task was cancelled meanwhile.
    pub(crate) fn put_back(&mut self, task: TaskKey, future: TaskFuture) -> Option<TaskFuture> {
        match self.tasks.get_mut(task) {
            Some(task) => task.future.replace(future),
            None => Some(future),
        }
    }

    /// Removes a task; its future is the caller's to drop, outside the lock.
    pub(crate) fn cancel(&mut self, task: TaskKey) -> Option<TaskFuture> {
        self.tasks.remove(task)?.future
    }

    pub(crate) fn is_runnable(&self) -> bool {
        self.remote.is_runnable()
    }

    /// Removes all tasks; what they held is the caller's to drop.
    pub(crate) fn clear(&mut self) -> impl Sized + use<> {
        std::mem::take(&mut self.tasks)
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("tasks", &self.tasks.len()).finish_non_exhaustive()
    }
}
