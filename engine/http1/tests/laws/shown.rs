use std::fmt::Write;

use http1::{Event, Field};
use machine::laws::Seen;

/// What an event says, through the public accessors, so that what they hide does not count.
pub(crate) fn seen(event: &Event) -> Seen {
    let shown = match event {
        Event::Data(data) => return Seen::Data(data.to_vec()),
        Event::Request(head) => {
            let line = format!(
                "{} {} ({} ? {}) {:?}, length {:?}, chunked {}, continue {}, upgrade {:?}, authority {:?}, keep {}",
                head.method().escape_ascii(),
                head.target().escape_ascii(),
                head.path().escape_ascii(),
                head.query().escape_ascii(),
                head.version(),
                head.content_length(),
                head.is_chunked(),
                head.expects_continue(),
                head.upgrade(),
                head.authority(),
                head.keeps_alive(),
            );
            with(line, head.fields())
        }
        Event::Response(head) => with(format!("{} {}", head.status(), head.reason().escape_ascii()), head.fields()),
        Event::Informational(head) => with(format!("interim {}", head.status()), head.fields()),
        Event::End(Some(trailers)) => with("end".into(), trailers.fields()),
        Event::End(None) => "end".into(),
    };
    Seen::Other(shown)
}

fn with<'a>(mut shown: String, fields: impl Iterator<Item = Field<'a>>) -> String {
    for Field { name, value, known } in fields {
        let _ = write!(shown, "; {} ({known:?}): {}", name.escape_ascii(), value.escape_ascii());
    }
    shown
}
