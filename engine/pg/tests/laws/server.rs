use machine::laws::{Seen, Subject};
use pg::backend::{Answer, Authentication, Backend, Heard, Script};

/// A scripted server, which lets clients in by this.
pub(crate) struct Server(pub(crate) Authentication);

impl Subject for Server {
    type Machine = Backend;

    fn machine(&self) -> Backend {
        let rows = Answer::Rows {
            columns: vec![("a".into(), 25), ("b".into(), 23)],
            rows: vec![vec![Some(b"x".to_vec()), None]; 3],
        };
        let error = Answer::Error { sqlstate: "22012".into(), message: "bad".into() };
        let answers = vec![
            rows.clone(),
            Answer::Notices(3),
            error,
            Answer::CopyIn,
            rows,
            Answer::CopyOut(vec!["x".into()]),
            Answer::Cut,
        ];
        Backend::new(Script { tls: true, authentication: self.0.clone(), answers, ..Script::default() })
    }

    fn limit(&self) -> usize {
        4096
    }

    fn seen(&self, event: &Heard) -> Seen {
        Seen::Other(format!("{event:?}"))
    }

    fn react(&self, server: &mut Backend, event: &Heard) {
        if *event == Heard::TlsRequest {
            server.encrypted();
        }
    }
}
