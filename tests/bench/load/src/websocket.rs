use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const MOST_CONTROL_BYTES: u64 = 125;
const INFLATED_AT_ONCE: usize = 16 * 1024;
/// What a sender leaves out at the end of each compressed message (RFC 7692, 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

const FIN: u8 = 0x80;
const COMPRESSED: u8 = 0x40;
const RESERVED: u8 = 0x30;
const MASKED: u8 = 0x80;
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// One message as a client sends it; compressed for itself, so that it is right in every context.
pub fn message(payload: &[u8], deflate: bool) -> Result<Vec<u8>, String> {
    let opcode = opcode_of(payload);
    if deflate {
        let compressed = compressed(payload)?;
        return Ok(frame(FIN | COMPRESSED | opcode, &compressed));
    }
    Ok(frame(FIN | opcode, payload))
}

/// What is UTF-8 travels as text.
fn opcode_of(payload: &[u8]) -> u8 {
    if std::str::from_utf8(payload).is_ok() { TEXT } else { BINARY }
}

fn compressed(payload: &[u8]) -> Result<Vec<u8>, String> {
    let mut compressed = Vec::with_capacity(payload.len() + payload.len() / 8 + 64);
    Compress::new(Compression::default(), false)
        .compress_vec(payload, &mut compressed, FlushCompress::Sync)
        .map_err(|error| error.to_string())?;
    match compressed.strip_suffix(&TAIL) {
        Some(front) => Ok(front.to_vec()),
        None => Err("the body does not fit when compressed".into()),
    }
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 14);
    frame.push(first);
    match payload.len() {
        short @ 0..=125 => frame.push(MASKED | short as u8),
        medium @ 126..=0xffff => {
            frame.push(MASKED | 126);
            frame.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            frame.push(MASKED | 127);
            frame.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Reads the server's frames and compares the message in them with the expected one, as it arrives.
#[derive(Default)]
pub struct Reader {
    deflate: bool,
    inflater: Option<Box<Decompress>>,
    head: Vec<u8>,
    /// The frame whose payload is under way, and how much of it is missing.
    frame: Option<(u8, u64)>,
    control: Vec<u8>,
    /// The message under way: is it compressed?
    message: Option<bool>,
    matched: usize,
    answered: bool,
    /// Pongs that are owed to the server.
    pub pongs: Vec<u8>,
}

impl Reader {
    /// `inflates` says whether compressed answers are compared too; it costs a window.
    pub fn new(deflate: bool, inflates: bool) -> Self {
        let inflater = (deflate && inflates).then(|| Box::new(Decompress::new(false)));
        Self { deflate, inflater, ..Self::default() }
    }

    pub fn start(&mut self) {
        self.answered = false;
        self.matched = 0;
    }

    /// Says whether the whole answer has arrived; an error says what is wrong with it.
    pub fn take(&mut self, expected: &[u8], mut received: &[u8]) -> Result<bool, String> {
        while !received.is_empty() {
            match self.frame {
                None => {
                    self.head.push(received[0]);
                    received = &received[1..];
                    if let Some(length) = length(&self.head) {
                        let first = self.head[0];
                        self.begin(first, length, expected)?;
                        self.head.clear();
                        if length == 0 {
                            self.end(first, expected)?;
                        } else {
                            self.frame = Some((first, length));
                        }
                    }
                }
                Some((first, missing)) => {
                    let now = received.len().min(usize::try_from(missing).unwrap_or(usize::MAX));
                    let (payload, rest) = received.split_at(now);
                    received = rest;
                    self.payload(first, payload, expected)?;
                    let missing = missing - now as u64;
                    self.frame = (missing > 0).then_some((first, missing));
                    if missing == 0 {
                        self.end(first, expected)?;
                    }
                }
            }
        }
        Ok(self.answered)
    }

    fn begin(&mut self, first: u8, length: u64, expected: &[u8]) -> Result<(), String> {
        if self.head[1] & MASKED != 0 {
            return Err("a frame is masked".into());
        }
        if first & RESERVED != 0 || (first & COMPRESSED != 0 && !self.deflate) {
            return Err("a reserved bit is set".into());
        }
        match (first & 0xf, self.message) {
            (CLOSE | PING | PONG, _) if first & FIN == 0 || length > MOST_CONTROL_BYTES => {
                Err("a control frame is fragmented or too long".into())
            }
            (CLOSE | PING | PONG, _) => Ok(()),
            (CONTINUATION, Some(_)) => Ok(()),
            (opcode @ (TEXT | BINARY), None) => {
                if self.answered {
                    return Err("a message after the answer".into());
                }
                if opcode != opcode_of(expected) {
                    return Err(format!("a message of opcode {opcode} answers another"));
                }
                self.message = Some(first & COMPRESSED != 0);
                Ok(())
            }
            (opcode, _) => Err(format!("opcode {opcode} is out of place")),
        }
    }

    fn payload(&mut self, first: u8, payload: &[u8], expected: &[u8]) -> Result<(), String> {
        match (first & 0xf, self.message) {
            (CLOSE | PING | PONG, _) => self.control.extend_from_slice(payload),
            (_, Some(true)) => self.inflate(payload, expected)?,
            _ => compare(&mut self.matched, payload, expected)?,
        }
        Ok(())
    }

    fn end(&mut self, first: u8, expected: &[u8]) -> Result<(), String> {
        match first & 0xf {
            CLOSE => {
                let code = self.control.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                return Err(format!("the server closed with {code}"));
            }
            PING => {
                self.pongs.extend_from_slice(&frame(FIN | PONG, &self.control));
                self.control.clear();
            }
            PONG => self.control.clear(),
            _ if first & FIN != 0 => {
                let compressed = self.message.take() == Some(true);
                if compressed {
                    self.inflate(&TAIL, expected)?;
                }
                if self.matched != expected.len() && !(compressed && self.inflater.is_none()) {
                    return Err(format!("{} bytes answer {}", self.matched, expected.len()));
                }
                self.answered = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn inflate(&mut self, mut payload: &[u8], expected: &[u8]) -> Result<(), String> {
        let Some(inflater) = &mut self.inflater else { return Ok(()) };
        let mut inflated = [0; INFLATED_AT_ONCE];
        loop {
            let (consumed, produced) = (inflater.total_in(), inflater.total_out());
            let status = inflater
                .decompress(payload, &mut inflated, FlushDecompress::Sync)
                .map_err(|error| format!("the answer does not inflate: {error}"))?;
            payload = &payload[(inflater.total_in() - consumed) as usize..];
            let produced = (inflater.total_out() - produced) as usize;
            compare(&mut self.matched, &inflated[..produced], expected)?;
            if status == Status::StreamEnd {
                return Err("the compressed stream ends".into());
            }
            // Room that was left over says that nothing is held back.
            if payload.is_empty() && produced < inflated.len() {
                return Ok(());
            }
            if status == Status::BufError {
                return Err("the answer does not inflate to its end".into());
            }
        }
    }
}

/// The payload's length, once the whole head of the frame is there.
fn length(head: &[u8]) -> Option<u64> {
    let &[_, second, ref extended @ ..] = head else { return None };
    match second & !MASKED {
        126 => extended.first_chunk().map(|bytes| u64::from(u16::from_be_bytes(*bytes))),
        127 => extended.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)),
        short => Some(u64::from(short)),
    }
}

fn compare(matched: &mut usize, payload: &[u8], expected: &[u8]) -> Result<(), String> {
    if !expected[*matched..].starts_with(payload) {
        return Err("the message differs".into());
    }
    *matched += payload.len();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: &[u8] = b"a message in three parts";

    /// Every way to cut the stream must give the same verdict.
    fn read(deflate: bool, stream: &[u8]) -> Result<(bool, Vec<u8>), String> {
        let verdict = |at_once: usize| {
            let mut reader = Reader::new(deflate, true);
            let mut answered = false;
            for part in stream.chunks(at_once) {
                answered = reader.take(EXPECTED, part)?;
            }
            Ok((answered, reader.pongs))
        };
        let whole = verdict(stream.len());
        for at_once in 1..stream.len() {
            assert_eq!(verdict(at_once), whole, "{at_once} bytes at once");
        }
        whole
    }

    fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
        [&[first, payload.len() as u8], payload].concat()
    }

    #[test]
    fn fragments_with_a_ping_between_them_are_one_message_and_the_ping_is_answered() {
        let stream = [
            unmasked(TEXT, &EXPECTED[..5]),
            unmasked(FIN | PING, b"hi"),
            unmasked(CONTINUATION, b""),
            unmasked(FIN | CONTINUATION, &EXPECTED[5..]),
        ]
        .concat();
        assert_eq!(read(false, &stream), Ok((true, frame(FIN | PONG, b"hi"))));
    }

    #[test]
    fn a_compressed_message_in_fragments_is_inflated() {
        let payload = compressed(EXPECTED).unwrap();
        let (front, back) = payload.split_at(4);
        let stream = [unmasked(COMPRESSED | TEXT, front), unmasked(FIN | CONTINUATION, back)].concat();
        assert_eq!(read(true, &stream), Ok((true, Vec::new())));
        assert!(read(false, &stream).is_err());
    }

    #[test]
    fn what_is_not_the_message_is_wrong() {
        let mut other = EXPECTED.to_vec();
        other[20] ^= 1;
        let wrong = [
            unmasked(FIN | TEXT, &other),
            unmasked(FIN | TEXT, &EXPECTED[1..]),
            unmasked(FIN | TEXT, &EXPECTED[..7]),
            unmasked(FIN | BINARY, EXPECTED),
            unmasked(FIN | CONTINUATION, EXPECTED),
            unmasked(FIN | CLOSE, &1011_u16.to_be_bytes()),
            frame(FIN | TEXT, EXPECTED),
            [unmasked(FIN | TEXT, EXPECTED), unmasked(FIN | TEXT, EXPECTED)].concat(),
        ];
        for stream in wrong {
            assert!(read(false, &stream).is_err(), "{stream:?}");
        }
        assert_eq!(read(false, &unmasked(TEXT, EXPECTED)), Ok((false, Vec::new())));
    }
}
