use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use crate::connection::{Connection, Progress};
use crate::exchange::Exchange;
use crate::report::Report;

/// Nothing answered for this long: what is still in flight is lost.
const STALLED: Duration = Duration::from_secs(20);
const READ_BYTES: usize = 256 * 1024;
const MOST_EVENTS: usize = 256;
/// So few connections are opened at once that no server's backlog overflows.
const OPENED_AT_ONCE: usize = 64;

/// When no new exchange is started any more.
#[derive(Clone, Copy)]
pub enum Until {
    Elapsed(Duration),
    Requests(u64),
    OneEach,
}

pub struct Generator<'a> {
    exchange: &'a Exchange,
    address: SocketAddr,
    poller: OwnedFd,
    connections: Vec<Connection>,
    buffer: Vec<u8>,
    in_flight: usize,
}

impl<'a> Generator<'a> {
    pub fn connect(address: SocketAddr, count: usize, exchange: &'a Exchange) -> io::Result<Self> {
        let mut generator = Self {
            exchange,
            address,
            poller: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            connections: Vec::with_capacity(count),
            buffer: vec![0; READ_BYTES],
            in_flight: 0,
        };
        for index in 0..count {
            let connection = generator.open(index)?;
            generator.connections.push(connection);
        }
        Ok(generator)
    }

    /// Keeps every connection busy until `until`, then waits for the answers in flight.
    pub fn run(&mut self, until: Until) -> io::Result<Report> {
        let began = Instant::now();
        let mut report = Report::default();
        let mut left = match until {
            Until::Elapsed(_) => u64::MAX,
            Until::Requests(requests) => requests,
            Until::OneEach => self.connections.len() as u64,
        };
        let ends = match until {
            Until::Elapsed(time) => Some(began + time),
            Until::Requests(_) | Until::OneEach => None,
        };
        // A server's backlog and pools are not the matter here: idle connections ask in small groups.
        let at_once = if matches!(until, Until::OneEach) { OPENED_AT_ONCE } else { self.connections.len() };
        let mut asked = 0;
        while asked < at_once.min(self.connections.len()) && left > 0 {
            self.start(asked, began, &mut left, &mut report);
            asked += 1;
        }
        let mut events = Vec::with_capacity(MOST_EVENTS);
        let mut answered_at = Instant::now();
        while self.in_flight > 0 {
            events.clear();
            let timeout = Timespec { tv_sec: 1, tv_nsec: 0 };
            match epoll::wait(&self.poller, spare_capacity(&mut events), Some(&timeout)) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                let index = event.data.u64() as usize;
                if !self.serve(index, &mut report) {
                    continue;
                }
                answered_at = Instant::now();
                if ends.is_some_and(|ends| answered_at >= ends) {
                    left = 0;
                }
                let next = match until {
                    Until::OneEach => {
                        asked += 1;
                        asked - 1
                    }
                    Until::Elapsed(_) | Until::Requests(_) => index,
                };
                if left > 0 && next < self.connections.len() {
                    self.start(next, answered_at, &mut left, &mut report);
                }
            }
            if answered_at.elapsed() > STALLED {
                report.lost(self.in_flight);
                self.in_flight = 0;
            }
        }
        report.elapsed = began.elapsed();
        Ok(report)
    }

    /// Says whether the exchange of this connection is over, well or badly.
    fn serve(&mut self, index: usize, report: &mut Report) -> bool {
        let connection = &mut self.connections[index];
        if !connection.busy {
            return false;
        }
        let usable = match connection.advance(self.exchange, &mut self.buffer) {
            Ok(Progress::Waiting) => return false,
            Ok(Progress::Answered { closes }) => {
                report.answered(connection.started.elapsed());
                !closes
            }
            Ok(Progress::Wrong(why)) => {
                report.wrong(why);
                false
            }
            Err(error) => {
                report.failed(error.to_string());
                false
            }
        };
        self.connections[index].busy = false;
        self.in_flight -= 1;
        if !usable {
            self.reopen(index, report);
        }
        true
    }

    fn start(&mut self, index: usize, now: Instant, left: &mut u64, report: &mut Report) {
        *left -= 1;
        match self.connections[index].start(self.exchange, now) {
            Ok(()) => self.in_flight += 1,
            Err(error) => {
                self.connections[index].busy = false;
                report.failed(error.to_string());
                self.reopen(index, report);
            }
        }
    }

    fn reopen(&mut self, index: usize, report: &mut Report) {
        report.reconnected();
        match self.open(index) {
            Ok(connection) => self.connections[index] = connection,
            Err(error) => report.failed(error.to_string()),
        }
    }

    fn open(&self, index: usize) -> io::Result<Connection> {
        let connection = Connection::open(self.address, self.exchange)?;
        let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET;
        epoll::add(&self.poller, &connection, epoll::EventData::new_u64(index as u64), flags)?;
        Ok(connection)
    }
}
