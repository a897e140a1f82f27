//! A choice in the pieces in which a stream brings it.

use super::{
    reply::{Call, Composed},
    stream::{EncryptedDelivery, encrypted_pieces, pieces},
};

/// A piece of a choice. Tool calls are numbered from 0.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Piece<'a> {
    Reasoning(String),
    /// A part of the ciphertext of encrypted reasoning.
    Encrypted(&'a str),
    Text(String),
    /// The start of a call, without its arguments.
    Call(usize, &'a Call),
    Arguments(usize, String),
    CallEnd(usize),
}

/// A piece and how many tokens it has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Step<'a> {
    pub(crate) piece: Piece<'a>,
    pub(crate) tokens: usize,
}

impl Composed {
    /// All pieces in order. What ends the choice is not among them, nor is a ciphertext that comes
    /// with it.
    pub(crate) fn steps(&self, delivery: EncryptedDelivery) -> Vec<Step<'_>> {
        let mut steps = Vec::new();
        let mut add = |piece, tokens| steps.push(Step { piece, tokens });
        for (piece, tokens) in pieces(self.readable_reasoning().unwrap_or_default()) {
            add(Piece::Reasoning(piece), tokens);
        }
        for piece in encrypted_pieces(self.ciphertext().unwrap_or_default(), delivery) {
            add(Piece::Encrypted(piece), 0);
        }
        if self.calls.is_empty() {
            for (piece, tokens) in pieces(&self.text) {
                add(Piece::Text(piece), tokens);
            }
        }
        for (number, call) in self.calls.iter().enumerate() {
            add(Piece::Call(number, call), call.head_tokens());
            for (piece, tokens) in pieces(&call.arguments) {
                add(Piece::Arguments(number, piece), tokens);
            }
            add(Piece::CallEnd(number), 0);
        }
        steps
    }
}
