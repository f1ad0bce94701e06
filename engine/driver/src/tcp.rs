use std::io;
use std::net::SocketAddr;
use std::task::{Poll, Waker};

use bytes::{Bytes, BytesMut};
use machine::Outbox;

use crate::engine::Engine;
use crate::reactor::{Reactor, Socket};
use crate::remote::Remote;
use crate::slots::Key;
use crate::transport::{Stream, Transport};

/// A TCP connection for tasks: a handle of slot and generation, which closes its socket when dropped.
#[derive(Debug)]
pub struct TcpStream {
    remote: Remote,
    key: Key,
}

/// The socket behind a [`TcpStream`], and who waits for it.
#[derive(Debug)]
pub(crate) struct TaskStream {
    transport: Transport,
    reader: Interest,
    writer: Interest,
}

#[derive(Debug, Default)]
struct Interest {
    ready: bool,
    waiting: Option<Waker>,
}

impl Interest {
    fn note(&mut self, ready: bool) -> Option<Waker> {
        self.ready |= ready;
        self.waiting.take_if(|_| ready)
    }

    fn wait(&mut self, waker: &Waker) {
        self.ready = false;
        self.waiting = Some(waker.clone());
    }
}

impl TaskStream {
    pub(crate) fn stream_mut(&mut self) -> &mut Stream {
        self.transport.stream_mut()
    }

    pub(crate) fn note(&mut self, readable: bool, writable: bool) -> [Option<Waker>; 2] {
        [self.reader.note(readable), self.writer.note(writable)]
    }

    fn poll_connect(&mut self, waker: &Waker) -> Poll<io::Result<()>> {
        if !self.writer.ready {
            self.writer.wait(waker);
            return Poll::Pending;
        }
        Poll::Ready(match self.transport.stream_mut() {
            Stream::Tcp(stream) => match stream.take_error() {
                Ok(None) => stream.peer_addr().map(drop),
                Ok(Some(error)) | Err(error) => Err(error),
            },
            Stream::Unix(_) => Ok(()),
        })
    }

    fn poll_read(&mut self, waker: &Waker, scratch: &mut Vec<u8>) -> Poll<io::Result<Bytes>> {
        let mut read = BytesMut::new();
        match self.transport.read(&mut read, scratch, false) {
            Ok(_) => Poll::Ready(Ok(read.freeze())),
            Err(error) => retry(error, &mut self.reader, waker),
        }
    }

    fn poll_write(&mut self, waker: &Waker, data: &Bytes) -> Poll<io::Result<usize>> {
        let mut tx = Outbox::new();
        tx.push(data.clone());
        match self.transport.write(&tx) {
            Ok(written) => Poll::Ready(Ok(written)),
            Err(error) => retry(error, &mut self.writer, waker),
        }
    }
}

fn retry<T>(error: io::Error, interest: &mut Interest, waker: &Waker) -> Poll<io::Result<T>> {
    match error.kind() {
        io::ErrorKind::WouldBlock => {
            interest.wait(waker);
            Poll::Pending
        }
        io::ErrorKind::Interrupted => {
            waker.wake_by_ref();
            Poll::Pending
        }
        _ => Poll::Ready(Err(error)),
    }
}

impl TcpStream {
    /// Connects to `address` on the loop that runs on this thread.
    ///
    /// Errors with `NotConnected` where no loop of the engine runs, else with what the system says.
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        let engine = Engine::current()
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, "no event loop runs on this thread"))?;
        let remote = engine.remote().clone();
        drop(engine);
        let key = remote.call(move |reactor, _| Poll::Ready(reactor.open(address))).await??;
        let stream = Self { remote, key };
        stream.call(TaskStream::poll_connect).await?;
        Ok(stream)
    }

    /// The next bytes, at most 64 KiB; empty at the end of the peer's stream.
    pub async fn read(&self) -> io::Result<Bytes> {
        let key = self.key;
        self.remote
            .call(move |reactor, waker| match reactor.sockets.get_mut(key) {
                Some(Socket::Task(stream)) => stream.poll_read(waker, &mut reactor.scratch),
                _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            })
            .await?
    }

    /// Writes all of `data`.
    pub async fn write_all(&self, data: Bytes) -> io::Result<()> {
        let mut rest = data;
        while !rest.is_empty() {
            let piece = rest.clone();
            let written = self.call(move |stream, waker| stream.poll_write(waker, &piece)).await?;
            rest = rest.get(written..).map(|left| rest.slice_ref(left)).unwrap_or_default();
        }
        Ok(())
    }

    /// Tells the peer that nothing more will be sent.
    pub async fn shutdown(&self) -> io::Result<()> {
        self.call(|stream, _| Poll::Ready(stream.transport.shutdown_write())).await
    }

    async fn call<R, F>(&self, act: F) -> io::Result<R>
    where
        R: Send + 'static,
        F: Fn(&mut TaskStream, &Waker) -> Poll<io::Result<R>> + Clone + Send + 'static,
    {
        let key = self.key;
        self.remote
            .call(move |reactor, waker| match reactor.sockets.get_mut(key) {
                Some(Socket::Task(stream)) => act(stream, waker),
                _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            })
            .await?
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        let Some(engine) = self.remote.engine() else { return };
        let key = self.key;
        let closed = engine.lock().map(|mut reactor| drop(reactor.sockets.remove(key)));
        if closed.is_err() {
            self.remote.post(move |reactor| drop(reactor.sockets.remove(key)));
        }
    }
}

impl Reactor {
    fn open(&mut self, address: SocketAddr) -> io::Result<Key> {
        let mut stream = Stream::Tcp(mio::net::TcpStream::connect(address)?);
        let selector = &mut self.selector;
        let mut registered = Ok(());
        let key = self.sockets.insert_with(|key| {
            registered = stream.register(selector, key.id());
            let (reader, writer) = (Interest::default(), Interest::default());
            Socket::Task(TaskStream { transport: Transport::plain(stream), reader, writer })
        });
        if let Err(error) = registered {
            self.sockets.remove(key);
            return Err(error);
        }
        Ok(key)
    }
}
