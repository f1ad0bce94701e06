/// Which side of the connection a machine plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sends masked frames.
    Client,
    /// Sends bare frames.
    Server,
}
