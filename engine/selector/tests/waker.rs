//! Waking from other threads.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use selector::{Ready, Selector};

#[test]
fn a_wait_on_nothing_blocks_until_it_is_woken() {
    let mut selector = Selector::new().unwrap();
    for _ in 0..50 {
        let waker = selector.waker();
        let thread = thread::spawn(move || waker.wake());
        selector.wait(None).unwrap();
        assert_eq!(selector.ready().collect::<Vec<_>>(), [Ready::Woken]);
        thread.join().unwrap();
    }
}

#[test]
fn many_wakes_are_one() {
    let mut selector = Selector::new().unwrap();
    let waker = selector.waker();
    for _ in 0..3 {
        for _ in 0..1000 {
            waker.clone().wake();
        }
        selector.wait(None).unwrap();
        assert_eq!(selector.ready().collect::<Vec<_>>(), [Ready::Woken]);
        selector.wait(Some(Duration::ZERO)).unwrap();
        assert_eq!(selector.ready().count(), 0);
    }
}

#[test]
fn no_wake_of_eight_threads_is_lost() {
    const EACH: usize = 5_000;
    let mut selector = Selector::new().unwrap();
    let queue = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for thread in 0..8 {
            let (waker, queue) = (selector.waker(), &queue);
            scope.spawn(move || {
                for item in 0..EACH {
                    queue.lock().unwrap().push((thread, item));
                    waker.wake();
                }
            });
        }
        let mut taken = 0;
        while taken < 8 * EACH {
            // A lost wake is a wait without end.
            selector.wait(None).unwrap();
            assert_eq!(selector.ready().collect::<Vec<_>>(), [Ready::Woken]);
            taken += queue.lock().unwrap().drain(..).count();
        }
    });
}

#[test]
fn a_waker_outlives_its_selector() {
    let waker = Selector::new().unwrap().waker();
    waker.wake();
    thread::spawn(move || waker.wake()).join().unwrap();
}
