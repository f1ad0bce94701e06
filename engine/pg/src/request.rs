use crate::frontend::{self, FLUSH, message, patch, text};
use crate::steps::{Step, Steps};
use crate::{Format, Misuse, Oid};

/// What a request that runs a prepared statement takes.
const ROOM: usize = 128;

/// Messages to the server that are answered together; [`submit`](crate::Connection::submit) puts the Sync behind them.
///
/// A mistake is kept and told by `submit`, so that calls can be chained.
#[derive(Debug, Default)]
pub struct Request {
    pub(crate) bytes: Vec<u8>,
    pub(crate) steps: Steps,
    /// The columns that rows have of which the request holds no description.
    pub(crate) width: Option<u16>,
    /// Nothing is sent behind it until it is over.
    pub(crate) alone: bool,
    /// More is to come; its Sync waits for [`finish`](crate::Connection::finish).
    pub(crate) open: bool,
    pub(crate) simple: bool,
    /// A statement that it parses may ask for copied data, once it is run.
    copies: bool,
    misuse: Option<Misuse>,
}

/// The formats of several values.
#[derive(Debug, Clone, Copy)]
pub enum Formats<'a> {
    /// The same for all.
    All(Format),
    /// One for each.
    Each(&'a [Format]),
}

/// Where the parameters of a Bind are written.
#[derive(Debug)]
pub struct Parameters<'a> {
    out: &'a mut Vec<u8>,
    count: usize,
    misuse: Option<Misuse>,
}

impl Request {
    /// A request of nothing: just a Sync.
    pub fn new() -> Self {
        Self::default()
    }

    /// A request that is given in pieces, each by [`extend`](crate::Connection::extend).
    pub fn open() -> Self {
        Self { open: true, ..Self::default() }
    }

    /// Queries in SQL, by the simple protocol: the only message of its request.
    pub fn simple(sql: &str) -> Self {
        let mut request = Self { simple: true, ..Self::default() };
        request.alone = may_copy(sql);
        request.write(Step::Simple, b'Q', |out| text(out, sql));
        request
    }

    /// More is to come by [`extend`](crate::Connection::extend).
    pub fn keep_open(&mut self) -> &mut Self {
        self.open = true;
        self
    }

    /// Parses `sql` as the statement `name`; the server infers the types that are not given, or are 0.
    pub fn parse(&mut self, name: &str, sql: &str, types: &[Oid]) -> &mut Self {
        self.copies |= may_copy(sql);
        self.write(Step::Parse, b'P', |out| {
            text(out, name)?;
            text(out, sql)?;
            out.extend_from_slice(&count(types.len())?);
            types.iter().for_each(|oid| out.extend_from_slice(&oid.to_be_bytes()));
            Ok(())
        })
    }

    /// Asks for the parameters and columns of a statement.
    pub fn describe_statement(&mut self, name: &str) -> &mut Self {
        self.write(Step::DescribeStatement, b'D', |out| named(out, b'S', name))
    }

    /// Asks for the columns of a portal.
    pub fn describe_portal(&mut self, name: &str) -> &mut Self {
        self.write(Step::DescribePortal, b'D', |out| named(out, b'P', name))
    }

    /// Makes `portal` of `statement` with the parameters that `write` writes, and asks for `results` in these formats.
    ///
    /// When `write` fails the request is as it was before.
    pub fn bind<E>(
        &mut self,
        portal: &str,
        statement: &str,
        formats: Formats<'_>,
        write: impl FnOnce(&mut Parameters<'_>) -> Result<(), E>,
        results: Formats<'_>,
    ) -> Result<&mut Self, E> {
        let mut failure = None;
        let written = self.message(b'B', |out| {
            text(out, portal)?;
            text(out, statement)?;
            formats.write(out)?;
            let place = out.len();
            out.extend_from_slice(&[0; 2]);
            let mut parameters = Parameters { out, count: 0, misuse: None };
            if let Err(error) = write(&mut parameters) {
                failure = Some(error);
                // Takes back what was written so far.
                return Err(Misuse::NoRequest);
            }
            let (total, misuse) = (parameters.count, parameters.misuse);
            let total = misuse.map_or_else(|| count(total), Err)?;
            if let Some(slot) = out.get_mut(place..).and_then(<[u8]>::first_chunk_mut) {
                *slot = total;
            }
            results.write(out)
        });
        match failure {
            Some(failure) => Err(failure),
            None => Ok(self.note(Step::Bind, written)),
        }
    }

    /// Runs `portal`, for at most `limit` rows, or for all where it is 0.
    pub fn execute(&mut self, portal: &str, limit: u32) -> &mut Self {
        self.alone |= self.copies;
        self.write(Step::Execute, b'E', |out| {
            text(out, portal)?;
            out.extend_from_slice(&i32::try_from(limit).unwrap_or(i32::MAX).to_be_bytes());
            Ok(())
        })
    }

    /// Closes the statement `name`, which need not exist.
    pub fn close_statement(&mut self, name: &str) -> &mut Self {
        self.write(Step::Close, b'C', |out| named(out, b'S', name))
    }

    /// Closes the portal `name`, which need not exist.
    pub fn close_portal(&mut self, name: &str) -> &mut Self {
        self.write(Step::Close, b'C', |out| named(out, b'P', name))
    }

    /// Asks for what is answered so far.
    pub fn flush(&mut self) -> &mut Self {
        self.bytes.extend_from_slice(&FLUSH);
        self
    }

    /// Rows have this many columns, as an earlier description said.
    pub fn columns(&mut self, width: u16) -> &mut Self {
        self.width = Some(width);
        self
    }

    /// Nothing is sent behind this request until it is over. It must be so for all that may ask for copied data: where
    /// the request itself has the SQL it is so by itself, else see [`may_copy`].
    pub fn alone(&mut self) -> &mut Self {
        self.alone = true;
        self
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How many answers it waits for.
    pub fn answers(&self) -> usize {
        self.steps.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The first mistake made.
    pub(crate) fn check(&self) -> Result<(), Misuse> {
        self.misuse.map_or(Ok(()), Err)
    }

    fn write(&mut self, step: Step, tag: u8, body: impl FnOnce(&mut Vec<u8>) -> Result<(), Misuse>) -> &mut Self {
        let written = self.message(tag, body);
        self.note(step, written)
    }

    fn message(&mut self, tag: u8, body: impl FnOnce(&mut Vec<u8>) -> Result<(), Misuse>) -> Result<(), Misuse> {
        // Most requests fit: growing to it by doubling would be three allocations more.
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(ROOM);
        }
        let mixed = self.simple && !self.bytes.is_empty();
        if mixed { Err(Misuse::Mixed) } else { message(&mut self.bytes, tag, body) }
    }

    fn note(&mut self, step: Step, written: Result<(), Misuse>) -> &mut Self {
        match written {
            Ok(()) => self.steps.push(step),
            Err(misuse) => self.misuse = self.misuse.or(Some(misuse)),
        }
        self
    }
}

impl Formats<'_> {
    fn write(self, out: &mut Vec<u8>) -> Result<(), Misuse> {
        let code = |format: Format| match format {
            Format::Text => [0, 0],
            Format::Binary => [0, 1],
        };
        match self {
            // No codes at all stand for text.
            Self::All(Format::Text) => out.extend_from_slice(&[0, 0]),
            Self::All(Format::Binary) => out.extend_from_slice(&[0, 1, 0, 1]),
            Self::Each(formats) => {
                out.extend_from_slice(&count(formats.len())?);
                formats.iter().for_each(|format| out.extend_from_slice(&code(*format)));
            }
        }
        Ok(())
    }
}

impl Parameters<'_> {
    /// A parameter that is NULL.
    pub fn null(&mut self) {
        self.count += 1;
        self.out.extend_from_slice(&(-1_i32).to_be_bytes());
    }

    /// A parameter whose bytes `write` appends.
    pub fn value<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let start = self.out.len();
        self.out.extend_from_slice(&[0; 4]);
        write(self.out)?;
        self.count += 1;
        match i32::try_from(self.out.len() - start - 4) {
            Ok(length) => patch(self.out, start, length),
            Err(_) => self.misuse = Some(Misuse::TooBig),
        }
        Ok(())
    }

    /// The buffer, for `count` parameters of which each is written with its length, or -1, in front.
    pub fn raw(&mut self, count: usize) -> &mut Vec<u8> {
        self.count += count;
        self.out
    }
}

/// Whether `sql` may ask for copied data: it has the word in it.
pub fn may_copy(sql: &str) -> bool {
    let sql = sql.as_bytes();
    memchr::memchr2_iter(b'c', b'C', sql)
        .any(|at| sql.get(at..at + 4).is_some_and(|word| word.eq_ignore_ascii_case(b"copy")))
}

fn named(out: &mut Vec<u8>, kind: u8, name: &str) -> Result<(), Misuse> {
    out.push(kind);
    text(out, name)
}

/// A count of parameters, formats or types; one above what its two bytes hold would begin again at 0.
fn count(count: usize) -> Result<[u8; 2], Misuse> {
    u16::try_from(count).map(u16::to_be_bytes).map_err(|_| Misuse::TooManyParameters(count))
}

/// Frames `data` as one piece of copied data: what stands in front of it.
pub(crate) fn copy_head(data: &[u8]) -> Result<[u8; 5], Misuse> {
    let [a, b, c, d] = frontend::length(data.len() + 4)?.to_be_bytes();
    Ok([b'd', a, b, c, d])
}

/// What tells the server that the copied data cannot be had.
pub(crate) fn copy_fail(reason: &str) -> Result<Vec<u8>, Misuse> {
    let mut out = Vec::new();
    frontend::message(&mut out, b'f', |out| text(out, reason))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_parsed_bound_and_run() {
        let mut request = Request::new();
        request.parse("s", "select $1", &[23]);
        let bound = request.bind(
            "",
            "s",
            Formats::All(Format::Binary),
            |parameters| {
                parameters.null();
                parameters.value(|out| {
                    out.extend_from_slice(b"ab");
                    Ok(())
                })?;
                parameters.raw(1).extend_from_slice(b"\0\0\0\x01z");
                Ok::<_, ()>(())
            },
            Formats::Each(&[Format::Text, Format::Binary]),
        );
        bound.unwrap().execute("", 5);
        let expected: &[&[u8]] = &[
            b"P\0\0\0\x16s\0select $1\0\0\x01\0\0\0\x17",
            b"B\0\0\0\x22\0s\0\0\x01\0\x01\0\x03\xff\xff\xff\xff\0\0\0\x02ab\0\0\0\x01z\0\x02\0\0\0\x01",
            b"E\0\0\0\x09\0\0\0\0\x05",
        ];
        let expected = expected.concat();
        assert_eq!(request.bytes.escape_ascii().to_string(), expected.escape_ascii().to_string());
        assert_eq!(request.check(), Ok(()));
    }

    #[test]
    fn parameters_that_cannot_be_written_leave_the_request_as_it_was() {
        let mut request = Request::new();
        request.parse("", "select $1", &[]);
        let before = request.bytes.clone();
        let failed = request.bind(
            "",
            "",
            Formats::All(Format::Binary),
            |parameters| {
                parameters.null();
                Err("no number")
            },
            Formats::All(Format::Binary),
        );
        assert_eq!(failed.err(), Some("no number"));
        assert_eq!((&request.bytes, request.check()), (&before, Ok(())));
        request.steps.pop();
        assert!(request.steps.is_empty());
    }

    #[test]
    fn more_parameters_than_a_statement_can_have_are_refused() {
        for (count, checked) in [(65_535, Ok(())), (65_536, Err(Misuse::TooManyParameters(65_536)))] {
            let mut request = Request::new();
            let write = |parameters: &mut Parameters<'_>| {
                (0..count).for_each(|_| parameters.null());
                Ok::<_, ()>(())
            };
            request.bind("", "", Formats::All(Format::Binary), write, Formats::All(Format::Binary)).unwrap();
            assert_eq!(request.check(), checked);
        }
        let mut request = Request::new();
        request.parse("", "select 1", &vec![0; 65_536]);
        assert_eq!(request.check(), Err(Misuse::TooManyParameters(65_536)));
    }

    #[test]
    fn a_simple_query_stands_alone() {
        let mut request = Request::simple("select 1");
        assert_eq!(request.check(), Ok(()));
        request.execute("", 0);
        assert_eq!(request.check(), Err(Misuse::Mixed));
        assert_eq!(Request::simple("select '\0'").check(), Err(Misuse::Nul));
    }

    #[test]
    fn what_may_copy_is_known_by_the_word() {
        assert!(["copy t from stdin", "COPY t TO STDOUT", "begin; Copy t from stdin"].into_iter().all(may_copy));
        assert!(!["", "cop", "select 1", "c o p y"].into_iter().any(may_copy));
        assert!(Request::simple("COPY t FROM stdin").alone);
        let mut request = Request::new();
        request.parse("s", "COPY t FROM stdin", &[]).describe_statement("s");
        assert!(!request.alone, "it is not run");
        request.execute("", 0);
        assert!(request.alone);
    }
}
