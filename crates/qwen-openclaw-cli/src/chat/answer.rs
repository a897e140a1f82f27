//! The text of an answer on standard output.

use crate::{failure::Failure, output::Out, render::Markdown};

/// Standard output while an answer arrives: as the model wrote it, or rendered.
pub(super) struct Answer<'a> {
    out: &'a mut Out,
    markdown: Option<Markdown>,
    at_line_start: bool,
}

impl<'a> Answer<'a> {
    /// Renders Markdown where a terminal reads it, unless `raw`.
    pub(super) fn new(out: &'a mut Out, raw: bool) -> Self {
        let markdown = out.layout().filter(|_| !raw);
        Self {
            markdown: markdown.map(|(width, is_styled)| Markdown::new(width, is_styled)),
            out,
            at_line_start: true,
        }
    }

    /// Writes the next piece.
    pub(super) fn piece(&mut self, text: &str) -> Result<(), Failure> {
        match &mut self.markdown {
            Some(markdown) => {
                let shown = markdown.push(text);
                self.out.rendered(&shown)
            }
            None => {
                self.at_line_start = text.ends_with('\n');
                self.out.piece(text)
            }
        }
    }

    /// Writes a line of ours.
    pub(super) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.end()?;
        self.out.line(text)
    }

    /// Ends the line, with all that was held back.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        if let Some(markdown) = &mut self.markdown {
            let rest = markdown.finish();
            return self.out.rendered(&rest);
        }
        if !std::mem::replace(&mut self.at_line_start, true) {
            self.out.line("")?;
        }
        Ok(())
    }
}
