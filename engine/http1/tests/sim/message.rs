use http1::{Event, Field};

/// What one side heard of a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) line: String,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
}

/// The messages that `events` make; each must have come to its end.
pub(crate) fn heard(events: Vec<Event>) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut under_way: Option<Message> = None;
    for event in events {
        match event {
            Event::Request(head) => {
                let line = format!("{} {}", text(head.method()), text(head.target()));
                assert!(under_way.replace(Message { line, ..Message::default() }).is_none(), "a message has no end");
            }
            Event::Response(head) => {
                let line = head.status().to_string();
                assert!(under_way.replace(Message { line, ..Message::default() }).is_none(), "a message has no end");
            }
            Event::Informational(head) => panic!("nobody sent an interim response, but {} came", head.status()),
            Event::Data(data) => under_way.as_mut().map(|message| message.body.extend(data)).unwrap(),
            Event::End(trailers) => {
                let mut message = under_way.take().unwrap();
                let fields = trailers.iter().flat_map(|trailers| trailers.fields());
                message.trailers = fields.map(|Field { name, value, .. }| (text(name), text(value))).collect();
                messages.push(message);
            }
        }
    }
    assert_eq!(under_way, None, "a message has no end");
    messages
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
