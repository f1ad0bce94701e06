//! What the server says once the session has begun: which answer belongs to which request.
//!
//! ```text
//!   Parse ──'1'   Bind ──'2'   Close ──'3'   DescribePortal ──'T' or 'n'   DescribeStatement ──'t', then 'T' or 'n'
//!   Execute       'D'*, then 'C', 'I' or 's';  or 'H' 'd'* 'c' 'C';  or 'G', and 'C' once we are done
//!   Simple        any number of: 'T' and then as Execute, but for 's'
//!   each request  ends with 'Z', behind its last step or an 'E'
//!   at any time   'N', 'A', 'S'
//! ```

use bytes::{Bytes, BytesMut};
use machine::{Next, front};

use crate::columns::read_format;
use crate::connection::{Connection, Look, read_status};
use crate::flight::{Flight, Phase};
use crate::frame::{Body, Frame, HEAD};
use crate::limits::PIECE;
use crate::rows::walk;
use crate::steps::Step;
use crate::{Columns, Copying, Error, Event, Fields, Rows, Tag};

/// Smaller pieces are copied, so that they do not keep the buffer they were read into.
const COPIED: usize = 16 * 1024;
/// The longest name, and the longest value, of a setting.
const MAX_PARAMETER: usize = 64 * 1024;

impl Connection {
    /// Whether a message has begun that is longer than what was read: big reads are worth their while.
    pub fn expects_much(&self, rx: &[u8]) -> bool {
        matches!(Frame::peek(rx), Ok(Some(frame)) if frame.length > COPIED)
    }

    pub(crate) fn look_for_answer(&mut self, rx: &mut BytesMut) -> Look {
        let Some(frame) = Frame::peek(rx)? else { return self.want(rx) };
        let event = match frame.tag {
            b'D' => self.take_rows(rx)?,
            b'd' => self.take_copied(rx)?,
            _ => {
                let frame = frame.within(self.limits.max_control.min(self.limits.max_message))?;
                let Some(bytes) = frame.body(rx) else { return self.want(rx) };
                let event = self.take_message(frame.tag, bytes)?;
                frame.skip(rx);
                Some(event)
            }
        };
        event.map_or_else(|| self.want(rx), |event| Ok(Some(Next::Event(event))))
    }

    fn take_message(&mut self, tag: u8, bytes: &[u8]) -> Result<Event, Error> {
        match tag {
            b'N' | b'A' | b'S' => self.take_aside(tag, bytes),
            b'E' => {
                let event = self.take_error(bytes, false)?;
                if let Ok(flight) = self.answered(tag) {
                    if flight.phase == Phase::Failed && flight.synced {
                        // One error a request, but for the last one that the server says.
                        return if self.fatal { Ok(event) } else { Err(Error::UnexpectedMessage(tag)) };
                    }
                    flight.fail();
                }
                Ok(event)
            }
            b'Z' => {
                let flight = self.answered(tag)?;
                if !flight.may_end() {
                    return Err(Error::UnexpectedMessage(tag));
                }
                let ticket = flight.ticket;
                self.status = read_status(bytes)?;
                self.flights.pop_front();
                self.released -= 1;
                Ok(Event::Ready(ticket, self.status))
            }
            _ => self.answered(tag)?.take_answer(tag, bytes),
        }
    }

    /// What is no answer.
    pub(crate) fn take_aside(&mut self, tag: u8, bytes: &[u8]) -> Result<Event, Error> {
        let mut body = Body::new(tag, bytes);
        let event = match tag {
            b'N' => return Ok(Event::Notice(Box::new(Fields::read(tag, bytes)?))),
            b'A' => Event::Notification { pid: body.u32()?, channel: body.text()?, payload: body.text()? },
            _ => {
                let (name, value) = (body.text()?, body.text()?);
                if name.len().max(value.len()) > MAX_PARAMETER {
                    return Err(Error::TooBig { tag, length: bytes.len() });
                }
                self.count_parameter(&name)?;
                Event::ParameterStatus { name, value }
            }
        };
        body.end()?;
        Ok(event)
    }

    /// A server that reports ever new names would fill the memory of whoever keeps them.
    fn count_parameter(&mut self, name: &str) -> Result<(), Error> {
        if !self.parameters.iter().any(|known| **known == *name) {
            if self.parameters.len() >= self.limits.max_parameters {
                return Err(Error::TooManyParameters);
            }
            self.parameters.push(name.into());
        }
        Ok(())
    }

    /// The request that the server answers now.
    fn answered(&mut self, tag: u8) -> Result<&mut Flight, Error> {
        let sent = self.released > 0;
        self.flights.front_mut().filter(|_| sent).ok_or(Error::UnexpectedMessage(tag))
    }

    /// Rows at the front; none where the first is not whole.
    fn take_rows(&mut self, rx: &mut BytesMut) -> Result<Option<Event>, Error> {
        let limit = self.limits.max_message;
        let flight = self.answered(b'D')?;
        let among_rows = match (flight.phase, flight.steps.next()) {
            (Phase::Plain, Some(Step::Execute)) => true,
            (Phase::Plain, Some(Step::Simple)) => flight.width.is_some(),
            _ => false,
        };
        if !among_rows {
            return Err(Error::UnexpectedMessage(b'D'));
        }
        let walked = walk(rx, &mut flight.width, limit)?;
        Ok((walked.count > 0).then(|| Event::Rows(Rows { bytes: take(rx, walked.size), count: walked.count })))
    }

    /// Copied data at the front, joined; none where the first message is not whole.
    fn take_copied(&mut self, rx: &mut BytesMut) -> Result<Option<Event>, Error> {
        let limit = self.limits.max_message;
        if self.answered(b'd')?.phase != Phase::CopyOut {
            return Err(Error::UnexpectedMessage(b'd'));
        }
        let mut size = 0;
        loop {
            match whole_copied(rx.get(size..).unwrap_or_default(), limit) {
                Ok(Some(more)) if size == 0 || size + more <= PIECE => size += more,
                // Data in front of a bad message come out first, as if they had come in first.
                Err(error) if size == 0 => return Err(error),
                _ => break,
            }
        }
        if size == 0 {
            return Ok(None);
        }
        let mut piece = front::take(rx, size);
        join(&mut piece);
        Ok(Some(Event::CopyData(piece.freeze())))
    }
}

impl Flight {
    /// An answer to the step that is due.
    fn take_answer(&mut self, tag: u8, bytes: &[u8]) -> Result<Event, Error> {
        let unexpected = Error::UnexpectedMessage(tag);
        let Some(step) = self.steps.next() else { return Err(unexpected) };
        let running = matches!(step, Step::Execute | Step::Simple);
        match (self.phase, step, tag) {
            (Phase::Plain, Step::Parse, b'1') => self.end_step(tag, bytes, Event::ParseComplete),
            (Phase::Plain, Step::Bind, b'2') => self.end_step(tag, bytes, Event::BindComplete),
            (Phase::Plain, Step::Close, b'3') => self.end_step(tag, bytes, Event::CloseComplete),
            (Phase::Plain, Step::DescribeStatement, b't') => {
                self.phase = Phase::Described;
                read_parameters(bytes)
            }
            (Phase::Described, Step::DescribeStatement, b'T' | b'n')
            | (Phase::Plain, Step::DescribePortal, b'T' | b'n') => {
                self.phase = Phase::Plain;
                self.take_columns(tag, bytes)
            }
            (Phase::Plain, Step::Simple, b'T') if self.width.is_none() => {
                let columns = Columns::read(bytes)?;
                self.width = Some(columns.width());
                Ok(Event::Columns(columns))
            }
            (Phase::Plain, _, b'G') if running => {
                // Requests behind this one would be taken for the data.
                if !self.alone {
                    return Err(Error::UnexpectedCopy);
                }
                self.phase = Phase::CopyIn;
                read_copying(tag, bytes).map(Event::CopyIn)
            }
            (Phase::Plain, _, b'H') if running => {
                self.phase = Phase::CopyOut;
                read_copying(tag, bytes).map(Event::CopyOut)
            }
            (Phase::CopyOut, _, b'c') => {
                self.phase = Phase::CopyOutDone;
                Body::new(tag, bytes).end()?;
                Ok(Event::CopyDone)
            }
            (Phase::Plain | Phase::CopyInDone | Phase::CopyOutDone, _, b'C') if running => {
                let tag = read_tag(bytes)?;
                self.end_command(step, Event::Complete(tag))
            }
            (Phase::Plain, _, b'I') if running => {
                Body::new(tag, bytes).end()?;
                self.end_command(step, Event::Empty)
            }
            (Phase::Plain, Step::Execute, b's') => self.end_step(tag, bytes, Event::Suspended),
            _ => Err(unexpected),
        }
    }

    fn end_step(&mut self, tag: u8, bytes: &[u8], event: Event) -> Result<Event, Error> {
        Body::new(tag, bytes).end()?;
        self.step_done();
        Ok(event)
    }

    fn take_columns(&mut self, tag: u8, bytes: &[u8]) -> Result<Event, Error> {
        if tag == b'n' {
            self.width = Some(0);
            return self.end_step(tag, bytes, Event::NoData);
        }
        let columns = Columns::read(bytes)?;
        self.width = Some(columns.width());
        self.step_done();
        Ok(Event::Columns(columns))
    }

    fn end_command(&mut self, step: Step, event: Event) -> Result<Event, Error> {
        self.phase = Phase::Plain;
        self.answered = true;
        if step == Step::Simple {
            self.width = None;
        } else {
            self.step_done();
        }
        Ok(event)
    }
}

/// The first `size` bytes: copied when few, else with the memory they stand in.
fn take(rx: &mut BytesMut, size: usize) -> Bytes {
    if size >= COPIED {
        return front::take(rx, size).freeze();
    }
    let piece = Bytes::copy_from_slice(rx.get(..size).unwrap_or_default());
    front::skip(rx, size);
    piece
}

/// The size of the CopyData message at the front, where it is whole.
fn whole_copied(bytes: &[u8], limit: usize) -> Result<Option<usize>, Error> {
    let Some(frame) = Frame::peek(bytes)?.filter(|frame| frame.tag == b'd') else { return Ok(None) };
    let size = frame.within(limit)?.size();
    Ok((bytes.len() >= size).then_some(size))
}

/// Moves the bodies of CopyData messages together.
fn join(piece: &mut BytesMut) {
    let (mut from, mut to) = (0, 0);
    while let Ok(Some(frame)) = Frame::peek(piece.get(from..).unwrap_or_default()) {
        let body = from + HEAD..from + frame.size();
        if body.end > piece.len() {
            break;
        }
        piece.copy_within(body, to);
        from += frame.size();
        to += frame.length;
    }
    piece.truncate(to);
}

fn read_parameters(bytes: &[u8]) -> Result<Event, Error> {
    let mut body = Body::new(b't', bytes);
    let count = body.u16()?;
    // Four bytes each: a count alone makes no memory.
    let mut parameters = Vec::with_capacity(usize::from(count).min(bytes.len() / 4));
    for _ in 0..count {
        parameters.push(body.u32()?);
    }
    body.end()?;
    Ok(Event::Parameters(parameters))
}

fn read_copying(tag: u8, bytes: &[u8]) -> Result<Copying, Error> {
    let mut body = Body::new(tag, bytes);
    let format = match body.byte()? {
        0 => crate::Format::Text,
        1 => crate::Format::Binary,
        _ => return Err(body.malformed()),
    };
    let columns = (0..body.count()?).map(|_| read_format(&mut body)).collect::<Result<_, _>>()?;
    body.end()?;
    Ok(Copying { format, columns })
}

fn read_tag(bytes: &[u8]) -> Result<Tag, Error> {
    let mut body = Body::new(b'C', bytes);
    let tag = Tag::read(body.bytes_to_nul()?).ok_or_else(|| body.malformed())?;
    body.end()?;
    Ok(tag)
}
