//! Pictures: a gradient, the prompt, and marks, painted row by row.

use super::{
    font,
    look::{Color, Look},
    order::Order,
    png,
};

const WHITE: Color = [245, 245, 245];
const PANEL: Color = [18, 20, 28];
const FAINT: Color = [200, 205, 215];

/// Draws one of the pictures of an order.
pub(crate) fn draw(order: &Order, index: usize) -> Vec<u8> {
    let look = order.look(index);
    let mut picture = Picture::new(order, index, look);
    png::encode(order.width, order.height, &look, |y, row| {
        picture.paint(y, row);
    })
}

/// A rectangle.
#[derive(Clone, Copy, Debug)]
struct Area {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

#[derive(Debug)]
enum Shape {
    Flat(Area, Color),
    /// With the pixels of the last row, and their first.
    Gradient(Area, Look, Vec<u8>, Option<Color>),
    Text {
        x: u32,
        y: u32,
        scale: u32,
        color: Color,
        text: String,
    },
}

/// What is painted, the lowest first.
#[derive(Debug)]
struct Picture {
    shapes: Vec<Shape>,
}

impl Picture {
    fn new(order: &Order, index: usize, look: Look) -> Self {
        let (width, height) = (order.width, order.height);
        let whole = Area {
            x: 0,
            y: 0,
            width,
            height,
        };
        let mut picture = Self { shapes: Vec::new() };
        picture.gradient(whole, look);
        let unit = width.min(height) / 64;
        if let Some(first) = order.inputs.first() {
            picture.frame(whole, unit.max(2), first.look.to);
        }
        picture.prompt(order, unit);
        picture.caption(order, index, unit);
        picture.inputs(order, unit);
        if order.watermark {
            picture.watermark(order, unit);
        }
        picture
    }

    fn paint(&mut self, y: u32, row: &mut [u8]) {
        for shape in &mut self.shapes {
            match shape {
                Shape::Flat(area, color) => fill(area.row(y, row), *color),
                Shape::Gradient(area, look, pixels, first) => {
                    let place = area.row(y, row);
                    if place.is_empty() {
                        continue;
                    }
                    let down = (y.saturating_sub(area.y), area.height);
                    let now = look.at((0, area.width), down);
                    // A row that begins like the one above it is like it.
                    if *first != Some(now) {
                        *first = Some(now);
                        pixels.resize(place.len(), 0);
                        for (x, pixel) in (0..).zip(pixels.chunks_exact_mut(3)) {
                            pixel.copy_from_slice(&look.at((x, area.width), down));
                        }
                    }
                    place.copy_from_slice(pixels);
                }
                Shape::Text {
                    x,
                    y: top,
                    scale,
                    color,
                    text,
                } => {
                    let line = y.checked_sub(*top).map(|line| line / *scale);
                    let Some(line) = line.filter(|line| *line < font::HEIGHT) else {
                        continue;
                    };
                    for (place, character) in (0..).zip(text.chars()) {
                        for column in 0..font::WIDTH {
                            if font::pixel(character, column, line) {
                                let dot = Area {
                                    x: *x + (place * font::ADVANCE + column) * *scale,
                                    y,
                                    width: *scale,
                                    height: 1,
                                };
                                fill(dot.row(y, row), *color);
                            }
                        }
                    }
                }
            }
        }
    }

    fn gradient(&mut self, area: Area, look: Look) {
        self.shapes
            .push(Shape::Gradient(area, look, Vec::new(), None));
    }

    fn flat(&mut self, x: u32, y: u32, width: u32, height: u32, color: Color) {
        let area = Area {
            x,
            y,
            width,
            height,
        };
        self.shapes.push(Shape::Flat(area, color));
    }

    /// The border of an area, inside of it.
    fn frame(&mut self, area: Area, thick: u32, color: Color) {
        let Area {
            x,
            y,
            width,
            height,
        } = area;
        self.flat(x, y, width, thick, color);
        self.flat(x, (y + height).saturating_sub(thick), width, thick, color);
        self.flat(x, y, thick, height, color);
        self.flat((x + width).saturating_sub(thick), y, thick, height, color);
    }

    fn text(&mut self, x: u32, y: u32, scale: u32, color: Color, text: String) {
        self.shapes.push(Shape::Text {
            x,
            y,
            scale,
            color,
            text,
        });
    }

    /// The prompt on a panel in the middle, as large as it fits.
    fn prompt(&mut self, order: &Order, unit: u32) {
        let (width, height) = (order.width, order.height);
        let (room, margin) = (width.saturating_sub(12 * unit), 6 * unit);
        let fits = |scale: u32| {
            let columns = (room.saturating_sub(4 * unit) / (font::ADVANCE * scale)).max(1);
            let most = (height / 2 / (font::LINE * scale)).max(1);
            (wrap(order.drawn_prompt(), columns as usize), most as usize)
        };
        let smallest = (width.min(height) / 256).max(1);
        let mut scale = unit.max(smallest);
        let (mut lines, mut most) = fits(scale);
        while lines.len() > most && scale > smallest {
            scale -= 1;
            (lines, most) = fits(scale);
        }
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                last.push_str("...");
            }
        }
        let text_height = lines.len() as u32 * font::LINE * scale;
        let top = height.saturating_sub(text_height) / 2;
        self.flat(
            margin,
            top.saturating_sub(2 * unit),
            room,
            text_height + 4 * unit,
            PANEL,
        );
        for (number, line) in (0..).zip(lines) {
            let y = top + number * font::LINE * scale + scale;
            self.text(margin + 2 * unit, y, scale, WHITE, line);
        }
    }

    /// Which picture it is, above the panel.
    fn caption(&mut self, order: &Order, index: usize, unit: u32) {
        let scale = (order.width.min(order.height) / 256).max(1);
        let text = format!(
            "{}  {}x{}  seed {}  {}/{}",
            order.model.id,
            order.width,
            order.height,
            order.seed,
            index + 1,
            order.count
        );
        self.text(3 * unit, 3 * unit, scale, FAINT, text);
    }

    /// A thumbnail of each input image, below the panel.
    fn inputs(&mut self, order: &Order, unit: u32) {
        let count = order.inputs.len() as u32;
        if count == 0 {
            return;
        }
        let room = order.width.saturating_sub(6 * unit) / count;
        let side = (8 * unit).min(room.saturating_sub(unit));
        let top = order.height.saturating_sub(side + 3 * unit);
        for (number, input) in (0..).zip(&order.inputs) {
            let area = Area {
                x: 3 * unit + number * (side + unit),
                y: top,
                width: side,
                height: side,
            };
            self.gradient(area, input.look);
            self.frame(area, (unit / 4).max(1), WHITE);
        }
    }

    /// The service's mark, in the lower right corner.
    fn watermark(&mut self, order: &Order, unit: u32) {
        let scale = (order.width.min(order.height) / 200).max(1);
        let text = order.model.mark();
        let width = text.len() as u32 * font::ADVANCE * scale + 2 * unit;
        let height = font::HEIGHT * scale + 2 * unit;
        let x = order.width.saturating_sub(width + 2 * unit);
        let y = order.height.saturating_sub(height + 2 * unit);
        self.flat(x, y, width, height, PANEL);
        self.text(x + unit, y + unit, scale, WHITE, text.to_owned());
    }
}

impl Area {
    /// The pixels of this area in a row of the picture; none in the rows above and below.
    fn row<'a>(&self, y: u32, row: &'a mut [u8]) -> &'a mut [u8] {
        let inside = y.checked_sub(self.y).is_some_and(|y| y < self.height);
        let width = if inside { self.width as usize * 3 } else { 0 };
        let start = row.len().min(self.x as usize * 3);
        let end = row.len().min(start + width);
        &mut row[start..end]
    }
}

/// Gives all pixels a color.
fn fill(pixels: &mut [u8], color: Color) {
    let Some(first) = pixels.get_mut(..3) else {
        return;
    };
    first.copy_from_slice(&color);
    // What is filled is copied behind itself, twice as much each time.
    let mut filled = 3;
    while filled < pixels.len() {
        let more = filled.min(pixels.len() - filled);
        pixels.copy_within(..more, filled);
        filled += more;
    }
}

/// Cuts text into lines between words, and longer words where the line ends.
fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace() {
        let word: Vec<char> = word.chars().collect();
        let mut fresh = true;
        for piece in word.chunks(columns) {
            let needed = piece.len() + usize::from(length > 0);
            if !fresh || (length > 0 && length + needed > columns) {
                lines.push(String::new());
                length = 0;
            }
            if let Some(line) = lines.last_mut() {
                if length > 0 {
                    line.push(' ');
                    length += 1;
                }
                line.extend(piece);
                length += piece.len();
            }
            fresh = false;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_between_words() {
        assert_eq!(wrap("a red crane", 7), ["a red", "crane"]);
        assert_eq!(wrap("a red crane", 11), ["a red crane"]);
        assert_eq!(wrap("extraordinary x", 5), ["extra", "ordin", "ary x"]);
        assert_eq!(wrap("  ", 5), [""]);
        assert_eq!(wrap("鹤在松林", 2), ["鹤在", "松林"]);
    }

    #[test]
    fn areas_of_any_width_are_filled() {
        for width in 0..9 {
            let mut pixels = vec![0; width * 3];
            fill(&mut pixels, [1, 2, 3]);
            assert_eq!(pixels, [1, 2, 3].repeat(width));
        }
    }

    #[test]
    fn an_area_ends_where_the_picture_does() {
        let area = Area {
            x: 2,
            y: 1,
            width: 9,
            height: 1,
        };
        let mut row = [0; 12];
        assert_eq!(area.row(0, &mut row).len(), 0);
        assert_eq!(area.row(1, &mut row).len(), 6);
        assert_eq!(area.row(2, &mut row).len(), 0);
    }
}
