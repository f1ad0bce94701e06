//! The engine's own sockets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use mio::Interest as Own;
use rustix::io::dup2;
use selector::{Interest, Ready, Selector};

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    server.set_nonblocking(true).unwrap();
    (server, client)
}

/// The event of the one own socket that a wait is sure to bring.
fn next_own(selector: &mut Selector) -> Ready {
    loop {
        selector.wait(None).unwrap();
        if let Some(own) = selector.ready().find(|ready| matches!(ready, Ready::Own { .. })) {
            return own;
        }
    }
}

#[test]
fn a_socket_is_reported_by_its_id_and_once_per_edge() {
    let (server, mut client) = pair();
    let mut server = mio::net::TcpStream::from_std(server);
    let mut selector = Selector::new().unwrap();
    let largest = (1 << 62) - 1;
    selector.register(&mut server, largest, Own::READABLE).unwrap();
    for _ in 0..2 {
        client.write_all(b"x").unwrap();
        let edge = next_own(&mut selector);
        assert_eq!(
            edge,
            Ready::Own {
                id: largest,
                readable: true,
                writable: false,
                read_closed: false,
                write_closed: false,
                error: false
            }
        );
        // Nothing was read, and nothing is repeated.
        selector.wait(Some(Duration::ZERO)).unwrap();
        assert_eq!(selector.ready().count(), 0);
    }
    selector.registry().deregister(&mut server).unwrap();
    client.write_all(b"x").unwrap();
    drop(client);
    selector.wait(Some(Duration::ZERO)).unwrap();
    assert_eq!(selector.ready().count(), 0);
}

#[test]
fn data_and_an_end_that_came_together_are_both_said() {
    let (server, mut client) = pair();
    let mut server = mio::net::TcpStream::from_std(server);
    let mut selector = Selector::new().unwrap();
    client.write_all(b"last words").unwrap();
    drop(client);
    let mut words = Vec::new();
    selector.register(&mut server, 7, Own::READABLE).unwrap();
    loop {
        let Ready::Own { id: 7, readable, read_closed, .. } = next_own(&mut selector) else { panic!() };
        assert!(readable);
        if read_closed {
            server.read_to_end(&mut words).unwrap();
            break;
        }
    }
    assert_eq!(words, b"last words");
}

#[test]
fn own_and_foreign_come_in_one_wait() {
    let (server, mut client) = pair();
    let mut server = mio::net::TcpStream::from_std(server);
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut selector = Selector::new().unwrap();
    selector.register(&mut server, 3, Own::WRITABLE).unwrap();
    selector.add(reader.as_raw_fd(), Interest::READABLE).unwrap();
    client.write_all(b"x").unwrap();
    writer.write_all(b"x").unwrap();
    selector.wait(None).unwrap();
    let mut ready: Vec<_> = selector.ready().collect();
    ready.sort_by_key(|ready| matches!(ready, Ready::Foreign { .. }));
    assert!(
        matches!(
            ready[..],
            [
                Ready::Own { id: 3, writable: true, read_closed: false, write_closed: false, error: false, .. },
                Ready::Foreign { readable: true, writable: false, .. }
            ]
        ),
        "{ready:?}"
    );
}

#[test]
fn a_late_removal_of_a_foreign_number_leaves_the_own_socket_that_has_it_now() {
    let (server, mut client) = pair();
    let (reader, _writer) = std::io::pipe().unwrap();
    let mut number = OwnedFd::from(reader);
    let fd = number.as_raw_fd();
    let mut selector = Selector::new().unwrap();
    selector.add(fd, Interest::READABLE).unwrap();

    dup2(&server, &mut number).unwrap();
    drop(server);
    let mut server = mio::net::TcpStream::from_std(TcpStream::from(number));
    selector.register(&mut server, 9, Own::READABLE).unwrap();
    selector.remove(fd).unwrap();
    assert_eq!(selector.modify(fd, Interest::READABLE).unwrap_err().kind(), std::io::ErrorKind::NotFound);
    client.write_all(b"x").unwrap();
    assert!(matches!(next_own(&mut selector), Ready::Own { id: 9, readable: true, .. }));
}
