use super::run::{Manner, Run};
use super::{Broken, Law, Subject, pieces};
use crate::Machine;

/// Enough for every timer of a machine to fire several times.
const ROUNDS: usize = 32;

/// The peer falls silent in the middle of `stream`, and every deadline passes.
pub(super) fn deadlines_pass<S: Subject>(subject: &S, stream: &[u8], cuts: &[usize]) -> Result<(), Broken> {
    let mut run = Run::new(subject, Manner::Calm);
    run.turn()?;
    if let Some(piece) = pieces(stream, cuts).first() {
        run.feed(piece)?;
    }
    for _ in 0..ROUNDS {
        let Some(at) = run.machine.poll_timeout() else { break };
        if run.is_over() {
            break;
        }
        run.now = run.now.max(at);
        run.machine.handle_timeout(run.now);
        run.machine.handle_timeout(run.now);
        run.turn()?;
        if !run.is_over() && run.machine.poll_timeout().is_some_and(|next| next <= run.now) {
            return run.broken(Law::Expiry, "a deadline that was handled is announced again".into());
        }
    }
    Ok(())
}
