use std::sync::Arc;

use bytes::Bytes;
use http1::{Body, Connection, Event, Request, Response};
use sim::{Pair, Raw};

/// A raw client that begins with `bytes`, and a server.
pub(crate) fn raw_client(bytes: impl AsRef<[u8]>) -> Pair<Raw, Connection> {
    Pair::new(Raw::saying(bytes), Connection::server(Arc::default()))
}

/// Answers every request, at its end, with `word`.
pub(crate) fn answers(word: &'static [u8]) -> impl FnMut(&mut Connection, &Event) {
    move |server, event| {
        if matches!(event, Event::End(_)) {
            answer(server, word);
        }
    }
}

/// The whole response, given at once.
pub(crate) fn answer(server: &mut Connection, word: &'static [u8]) {
    server.respond(Response::new(200).unwrap(), Body::Whole(word.len() as u64)).unwrap();
    server.send(Bytes::from_static(word)).unwrap();
    server.finish(None).unwrap();
}

/// A request's head with a host.
pub(crate) fn request(method: &str, target: &str, fields: &[(&str, &str)]) -> Request {
    let mut request = Request::new(method.as_bytes(), target.as_bytes()).unwrap();
    request.field(b"host", b"example.org").unwrap();
    for (name, value) in fields {
        request.field(name.as_bytes(), value.as_bytes()).unwrap();
    }
    request
}
