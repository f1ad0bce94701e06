use std::net::{TcpListener, TcpStream, UdpSocket};
#[cfg(unix)]
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

pub(crate) struct Internet {
    pub(crate) listener: TcpListener,
    pub(crate) stream: TcpStream,
    pub(crate) datagrams: UdpSocket,
}

#[cfg(unix)]
pub(crate) struct Unix {
    pub(crate) listener: UnixListener,
    pub(crate) stream: UnixStream,
    pub(crate) datagrams: UnixDatagram,
}
