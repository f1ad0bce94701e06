use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http1::{Body, Connection, Event, Misuse, Request, Response, Trailers};
use machine::Machine;
use sim::{End, Pair, Wire};

/// Turns for what one command may set off, besides the bytes of bodies, which may arrive one by one.
const TURNS: usize = 2_000;

/// Commands in any order to both roles, right or wrong: misuse is told, the two stay in step, and they fall silent.
pub(crate) fn play(input: &[u8]) {
    let [up, down, commands @ ..] = input else { return };
    let client = Connection::client(Arc::default());
    let server = Connection::server(Arc::default());
    let mut play = Play {
        pair: Pair::on(client, server, wire(*up), wire(*down)),
        disturbed: false,
        requests: 0,
        responses: 0,
        heard: [0; 2],
        said: [0; 2],
    };
    for pair in commands.chunks_exact(2).take(64) {
        if let [command, argument] = pair {
            play.command(*command, *argument);
            play.pair.drive_bounded(TURNS + 2 * (play.said[0] + play.said[1]));
            play.check();
        }
    }
}

fn wire(shape: u8) -> Wire {
    let wire = Wire::new().delayed(Duration::from_millis(u64::from(shape >> 6)));
    match shape & 0x3f {
        0 => wire,
        size => wire.cut([size as usize]).holding(size as usize * 8),
    }
}

struct Play {
    pair: Pair<Connection, Connection>,
    /// A side was told to break off, or time passed: the other may see half a message.
    disturbed: bool,
    requests: usize,
    responses: usize,
    /// Bytes of body that arrived: at the server, at the client.
    heard: [usize; 2],
    /// Bytes of body that the sides took for sending: for the server, for the client.
    said: [usize; 2],
}

impl Play {
    fn command(&mut self, command: u8, argument: u8) {
        let Pair { client, server, .. } = &mut self.pair;
        let data = Bytes::from(vec![argument; argument as usize * 16]);
        let outcome = match command % 16 {
            0..=2 => self.request(argument),
            3 | 4 => self.respond(argument),
            5 => took(client.machine.send(data.clone()), &mut self.said[0], data.len()),
            6 => took(server.machine.send(data.clone()), &mut self.said[1], data.len()),
            7 => client.machine.finish(trailers(argument)),
            8 => server.machine.finish(trailers(argument)),
            9 => Response::new(100 + u16::from(argument % 5)).and_then(|interim| server.machine.inform(interim)),
            10 => {
                server.machine.proceed();
                Ok(())
            }
            11 => {
                server.machine.shutdown();
                self.disturbed = true;
                Ok(())
            }
            12 => {
                self.pair.advance(Duration::from_millis(u64::from(argument) * 50));
                self.disturbed = true;
                Ok(())
            }
            13 => {
                self.disturbed = true;
                if argument & 1 == 0 {
                    client.machine.abort()
                } else {
                    server.machine.abort()
                }
                Ok(())
            }
            14 => {
                self.disturbed = true;
                if argument & 1 == 0 {
                    client.hang_up()
                } else {
                    client.machine.shutdown()
                }
                Ok(())
            }
            _ => {
                if argument & 1 == 0 {
                    client.stall()
                } else {
                    client.resume()
                }
                Ok(())
            }
        };
        if let Err(misuse) = outcome {
            assert!(!misuse.to_string().is_empty());
            self.disturbed |= matches!(misuse, Misuse::TooShort { .. });
        }
    }

    fn request(&mut self, shape: u8) -> Result<(), Misuse> {
        let method: &[u8] = [&b"GET"[..], b"POST", b"HEAD", b"PUT"][(shape & 3) as usize];
        let mut request = Request::new(method, b"/path?query")?;
        request.field(b"Host", b"example.org")?;
        if shape & 4 != 0 {
            request.field(b"Expect", b"100-continue")?;
        }
        if shape & 8 != 0 {
            request.field(b"Connection", b"close")?;
        }
        let body = if shape & 16 != 0 { Body::Stream } else { Body::Whole(u64::from(shape >> 5) * 16) };
        self.pair.client.machine.request(request, body)?;
        self.requests += 1;
        Ok(())
    }

    fn respond(&mut self, shape: u8) -> Result<(), Misuse> {
        let status = [200, 204, 304, 404][(shape & 3) as usize];
        let mut response = Response::new(status)?;
        response.field(b"X-Shape", &[b'0' + (shape >> 5)])?;
        if shape & 8 != 0 {
            response.field(b"connection", b"close")?;
            self.disturbed = true;
        }
        let body = if shape & 16 != 0 { Body::Stream } else { Body::Whole(u64::from(shape >> 5) * 16) };
        self.pair.server.machine.respond(response, body)
    }

    fn check(&mut self) {
        for event in self.pair.server.events() {
            match event {
                Event::Request(_) => self.requests -= 1,
                Event::Data(data) => self.heard[0] += data.len(),
                Event::End(_) => {}
                Event::Response(_) | Event::Informational(_) => panic!("a server heard a response"),
            }
        }
        for event in self.pair.client.events() {
            match event {
                Event::Response(_) => self.responses += 1,
                Event::Data(data) => self.heard[1] += data.len(),
                Event::End(_) | Event::Informational(_) => {}
                Event::Request(_) => panic!("a client heard a request"),
            }
        }
        let farewell = matches!(self.pair.server.end(), Some(End::Failed(_)));
        assert!(self.heard[0] <= self.said[0], "bytes came from nowhere");
        assert!(self.heard[1] <= self.said[1] || farewell, "bytes came from nowhere");
        // A client whose answer is complete, and the last, may leave within its own message.
        let left = self.disturbed || self.pair.client.end().is_some();
        assert!(left || !farewell, "{:?}", self.pair.server);
        let failed = matches!(self.pair.client.end(), Some(End::Failed(_)));
        assert!(self.disturbed || !failed, "{:?}", self.pair.client);
        assert!(self.pair.server.machine.buffered() <= self.said[1] + 64 * 256);
    }
}

fn took(outcome: Result<(), Misuse>, said: &mut usize, len: usize) -> Result<(), Misuse> {
    if outcome.is_ok() {
        *said += len;
    }
    outcome
}

fn trailers(argument: u8) -> Option<Trailers> {
    let mut trailers = Trailers::new();
    let outcome = trailers.field(b"x-sum", &[b'0' + argument % 10]);
    (argument & 1 == 1 && outcome.is_ok()).then_some(trailers)
}
