use super::{Agreed, Disagreement, Settings};
use crate::extension::{Extension, Parameter, extensions};

const NAME: &[u8] = b"permessage-deflate";
const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// The smallest window there is a compressor for: zlib's are of 9 bits, although the RFC knows 8.
const SMALLEST: u8 = 9;
const LARGEST: u8 = 15;

/// The server's choice among what a client offers, in the values of its `sec-websocket-extensions` fields: the first
/// offer that can be met, and the field's value for the answer. None: nothing is compressed.
pub fn negotiate<'a>(offers: impl Iterator<Item = &'a [u8]>, settings: &Settings) -> Option<(Agreed, Vec<u8>)> {
    offers
        .filter_map(extensions)
        .flatten()
        .filter(|extension| is_deflate(extension))
        .find_map(|extension| meet(&Parameters::read(&extension.parameters)?, settings))
}

/// What a client offers, as the value of its `sec-websocket-extensions` field.
pub fn offer(settings: &Settings) -> Vec<u8> {
    let (server, client) = windows(settings);
    let mut value = Value::new();
    value.flag(SERVER_NO_CONTEXT_TAKEOVER, settings.server_no_context_takeover);
    value.flag(CLIENT_NO_CONTEXT_TAKEOVER, settings.client_no_context_takeover);
    value.bits(SERVER_MAX_WINDOW_BITS, (server < LARGEST).then_some(server));
    match client {
        LARGEST => value.flag(CLIENT_MAX_WINDOW_BITS, true),
        bits => value.bits(CLIENT_MAX_WINDOW_BITS, Some(bits)),
    }
    value.0
}

/// What a server's answer to [`offer`] with the same settings comes to. None: it declined.
pub fn accept<'a>(settings: &Settings, answer: impl Iterator<Item = &'a [u8]>) -> Result<Option<Agreed>, Disagreement> {
    let mut agreed = None;
    for value in answer {
        for extension in extensions(value).ok_or(Disagreement::Malformed)? {
            if !is_deflate(&extension) {
                return Err(Disagreement::UnknownExtension);
            }
            let parameters = Parameters::read(&extension.parameters).ok_or(Disagreement::InvalidParameter)?;
            if agreed.replace(settle(&parameters, settings)?).is_some() {
                return Err(Disagreement::Duplicate);
            }
        }
    }
    Ok(agreed)
}

fn is_deflate(extension: &Extension<'_>) -> bool {
    extension.name.eq_ignore_ascii_case(NAME)
}

fn windows(settings: &Settings) -> (u8, u8) {
    let within = |bits: u8| bits.clamp(SMALLEST, LARGEST);
    (within(settings.server_max_window_bits), within(settings.client_max_window_bits))
}

/// The server's answer to one offer.
fn meet(offer: &Parameters, settings: &Settings) -> Option<(Agreed, Vec<u8>)> {
    let (server, client) = windows(settings);
    let asked = match offer.server_max_window_bits {
        Some(Bits::Any) => return None,
        Some(Bits::Most(bits)) => Some(bits),
        None => None,
    };
    let server = asked.map_or(server, |bits| bits.min(server));
    if server < SMALLEST {
        return None;
    }
    // A client that does not name the parameter does not understand it. One that names 8 may have it: reading a window
    // of 8 bits takes nothing special, and a larger number than the client's own fails with some clients.
    let client = match offer.client_max_window_bits {
        Some(Bits::Any) => client,
        Some(Bits::Most(bits)) => bits.min(client),
        None => LARGEST,
    };
    let agreed = Agreed {
        server_max_window_bits: server,
        client_max_window_bits: client,
        server_no_context_takeover: offer.server_no_context_takeover || settings.server_no_context_takeover,
        client_no_context_takeover: offer.client_no_context_takeover || settings.client_no_context_takeover,
    };
    let mut value = Value::new();
    value.flag(SERVER_NO_CONTEXT_TAKEOVER, agreed.server_no_context_takeover);
    value.flag(CLIENT_NO_CONTEXT_TAKEOVER, agreed.client_no_context_takeover);
    value.bits(SERVER_MAX_WINDOW_BITS, (asked.is_some() || server < LARGEST).then_some(server));
    value.bits(CLIENT_MAX_WINDOW_BITS, (client < LARGEST).then_some(client));
    Some((agreed, value.0))
}

/// What the client makes of the server's parameters.
fn settle(answer: &Parameters, settings: &Settings) -> Result<Agreed, Disagreement> {
    let (server, client) = windows(settings);
    let server = match answer.server_max_window_bits {
        Some(Bits::Most(bits)) if bits <= server => bits,
        None if server == LARGEST => server,
        Some(_) | None => return Err(Disagreement::Window),
    };
    let client = match answer.client_max_window_bits {
        Some(Bits::Most(bits)) if bits >= SMALLEST => bits.min(client),
        None => client,
        Some(_) => return Err(Disagreement::Window),
    };
    if settings.server_no_context_takeover && !answer.server_no_context_takeover {
        return Err(Disagreement::ContextTakeover);
    }
    Ok(Agreed {
        server_max_window_bits: server,
        client_max_window_bits: client,
        server_no_context_takeover: answer.server_no_context_takeover,
        client_no_context_takeover: answer.client_no_context_takeover || settings.client_no_context_takeover,
    })
}

/// The parameters of one offer or answer.
#[derive(Default)]
struct Parameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<Bits>,
    client_max_window_bits: Option<Bits>,
}

#[derive(Clone, Copy)]
enum Bits {
    /// Named without a value.
    Any,
    Most(u8),
}

impl Parameters {
    /// None: one is unknown, given twice, or has an invalid value (RFC 7692, section 7.1).
    fn read(list: &[Parameter<'_>]) -> Option<Self> {
        let mut all = Self::default();
        for (name, value) in list {
            let value = value.as_deref();
            if name.eq_ignore_ascii_case(SERVER_NO_CONTEXT_TAKEOVER.as_bytes()) {
                set(&mut all.server_no_context_takeover, value)?;
            } else if name.eq_ignore_ascii_case(CLIENT_NO_CONTEXT_TAKEOVER.as_bytes()) {
                set(&mut all.client_no_context_takeover, value)?;
            } else if name.eq_ignore_ascii_case(SERVER_MAX_WINDOW_BITS.as_bytes()) {
                fill(&mut all.server_max_window_bits, value)?;
            } else if name.eq_ignore_ascii_case(CLIENT_MAX_WINDOW_BITS.as_bytes()) {
                fill(&mut all.client_max_window_bits, value)?;
            } else {
                return None;
            }
        }
        Some(all)
    }
}

fn set(flag: &mut bool, value: Option<&[u8]>) -> Option<()> {
    (value.is_none() && !std::mem::replace(flag, true)).then_some(())
}

fn fill(place: &mut Option<Bits>, value: Option<&[u8]>) -> Option<()> {
    let bits = match value {
        None => Bits::Any,
        Some([digit @ b'8'..=b'9']) => Bits::Most(digit - b'0'),
        Some([b'1', digit @ b'0'..=b'5']) => Bits::Most(10 + (digit - b'0')),
        Some(_) => return None,
    };
    place.replace(bits).is_none().then_some(())
}

/// A field's value in the making.
struct Value(Vec<u8>);

impl Value {
    fn new() -> Self {
        Self(NAME.to_vec())
    }

    fn flag(&mut self, name: &str, on: bool) {
        if on {
            self.0.extend_from_slice(b"; ");
            self.0.extend_from_slice(name.as_bytes());
        }
    }

    fn bits(&mut self, name: &str, bits: Option<u8>) {
        if let Some(bits) = bits {
            self.flag(name, true);
            self.0.push(b'=');
            self.0.extend_from_slice(bits.to_string().as_bytes());
        }
    }
}
