//! How the server is convinced of who we are, and we of who it is.

use crate::frame::Body;
use crate::frontend::{self, message};
use crate::scram::{Binding, Salted, Scram};
use crate::{ChannelBinding, Error, Method, Misuse, Startup};

/// What is known of the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Channel {
    Clear,
    /// The hash of the server's certificate, where there is one.
    Encrypted {
        end_point: Option<Vec<u8>>,
    },
}

/// What is to be done about a message of the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Send(Vec<u8>),
    Nothing,
    Authenticated,
}

/// How far the authentication has come.
#[derive(Debug)]
pub(crate) enum Exchange {
    New,
    /// The password was sent, in one way or another.
    Told,
    /// The client's first message is out.
    Begun(Scram),
    /// Its final message is.
    Proved(Scram),
    /// The server has proved itself.
    Verified,
}

impl Exchange {
    pub(crate) fn new() -> Self {
        Self::New
    }

    /// Whether the server has not asked for anything.
    pub(crate) fn is_new(&self) -> bool {
        matches!(self, Self::New)
    }

    /// Takes an authentication message of the server.
    pub(crate) fn answer(
        &mut self,
        bytes: &[u8],
        startup: &Startup,
        channel: &Channel,
        salted: &mut Option<Salted>,
    ) -> Result<Answer, Error> {
        let mut body = Body::new(b'R', bytes);
        let kind = body.u32()?;
        match (kind, std::mem::replace(self, Self::Told)) {
            (0, Self::New) => {
                allow(startup, Method::None)?;
                unbound(startup, "the server asks for no authentication")?;
                body.end().map(|()| Answer::Authenticated)
            }
            (0, Self::Told | Self::Verified) => body.end().map(|()| Answer::Authenticated),
            (0, Self::Begun(_) | Self::Proved(_)) => Err(Error::UnfinishedExchange),
            (3, Self::New) => {
                body.end()?;
                let password = password(startup, Method::Password)?;
                unbound(startup, "the server asks for the password as it is")?;
                send(|out| frontend::text(out, password))
            }
            (5, Self::New) => {
                let salt = [body.byte()?, body.byte()?, body.byte()?, body.byte()?];
                body.end()?;
                let password = password(startup, Method::Md5)?;
                unbound(startup, "the server asks for an MD5 hash")?;
                let hash =
                    postgres_protocol::authentication::md5_hash(startup.user.as_bytes(), password.as_bytes(), salt);
                send(|out| frontend::text(out, &hash))
            }
            (10, Self::New) => {
                let scram = choose(body, startup, channel)?;
                password(startup, Method::ScramSha256)?;
                let first = scram.begin();
                let length = i32::try_from(first.len()).unwrap_or(i32::MAX);
                let answer = send(|out| {
                    frontend::text(out, scram.mechanism())?;
                    out.extend_from_slice(&length.to_be_bytes());
                    out.extend_from_slice(first.as_bytes());
                    Ok(())
                });
                *self = Self::Begun(scram);
                answer
            }
            (11, Self::Begun(mut scram)) => {
                let password = password(startup, Method::ScramSha256)?;
                let (known, allowed) = (startup.salted.as_ref(), &startup.limits.scram_iterations);
                let (last, key) = scram.answer(body.rest(), password, known, allowed)?;
                *salted = Some(key);
                *self = Self::Proved(scram);
                send(|out| {
                    out.extend_from_slice(last.as_bytes());
                    Ok(())
                })
            }
            (12, Self::Proved(scram)) => {
                scram.verify(body.rest())?;
                *self = Self::Verified;
                Ok(Answer::Nothing)
            }
            (2, Self::New) => Err(Error::UnsupportedMethod("Kerberos 5")),
            (6, Self::New) => Err(Error::UnsupportedMethod("SCM credentials")),
            (7, Self::New) => Err(Error::UnsupportedMethod("GSSAPI")),
            (9, Self::New) => Err(Error::UnsupportedMethod("SSPI")),
            (2..=12, _) => Err(Error::UnexpectedMessage(b'R')),
            _ => Err(body.malformed()),
        }
    }
}

/// Picks a mechanism of those the server names.
fn choose(mut body: Body<'_>, startup: &Startup, channel: &Channel) -> Result<Scram, Error> {
    let (mut plain, mut plus, mut bearer) = (false, false, false);
    loop {
        match body.bytes_to_nul()? {
            b"" => break,
            b"SCRAM-SHA-256" => plain = true,
            b"SCRAM-SHA-256-PLUS" => plus = true,
            b"OAUTHBEARER" => bearer = true,
            _ => {}
        }
    }
    body.end()?;
    let end_point = match channel {
        Channel::Encrypted { end_point } => end_point.as_ref(),
        // A server offers it behind TLS only: someone in between has taken the TLS away.
        Channel::Clear if plus => return Err(Error::Scram("it offers channel binding in the clear")),
        Channel::Clear => None,
    };
    let wanted = startup.channel_binding != ChannelBinding::Disable;
    let binding = match (end_point.filter(|_| wanted), plus) {
        (Some(hash), true) => Binding::EndPoint(hash.clone()),
        (Some(_), false) => Binding::Unused,
        (None, _) => Binding::Unsupported,
    };
    let scram = Scram::new(&startup.nonce, binding);
    if !scram.is_bound() {
        let why = match (channel, plus) {
            (Channel::Clear, _) => "the connection is not encrypted",
            (_, false) => "the server does not offer it",
            (_, true) => "the server's certificate has no hash to bind to",
        };
        unbound(startup, why)?;
        if !plain {
            return Err(Error::UnsupportedMethod(if bearer { "OAUTHBEARER" } else { "an unknown SASL mechanism" }));
        }
    }
    Ok(scram)
}

/// The password, if the method is allowed and there is one.
fn password(startup: &Startup, method: Method) -> Result<&str, Error> {
    allow(startup, method)?;
    startup.password.as_ref().map(|password| password.as_str()).ok_or(Error::PasswordMissing(method.name()))
}

fn allow(startup: &Startup, method: Method) -> Result<(), Error> {
    let allowed = startup.require_auth.as_ref().is_none_or(|allowed| allowed.contains(&method));
    if allowed { Ok(()) } else { Err(Error::MethodNotAllowed(method.name())) }
}

/// Every way without channel binding comes by here (CVE-2025-49146).
fn unbound(startup: &Startup, why: &'static str) -> Result<(), Error> {
    if startup.channel_binding == ChannelBinding::Require { Err(Error::ChannelBindingRequired(why)) } else { Ok(()) }
}

/// A password message; what it holds was checked for zero bytes before.
fn send(body: impl FnOnce(&mut Vec<u8>) -> Result<(), Misuse>) -> Result<Answer, Error> {
    let mut out = Vec::new();
    message(&mut out, b'p', body).map_err(|_| Error::Malformed(b'R'))?;
    Ok(Answer::Send(out))
}
