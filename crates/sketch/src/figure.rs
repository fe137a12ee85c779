//! The cast: silhouettes as data, in layers, and how one is placed on a drawing.
//!
//! A figure is authored in a box about 100 units high: x runs from -60 to 60, y is 0 on the ground and negative above.
//! Path data are absolute `M L Q C Z` commands plus `E cx cy rx ry` (ellipse) and `R x y w h` (rectangle).
//! Invariant: all path data parse (tested), so drawing a figure cannot fail.

mod animals;
mod animals_small;
mod buildings;
mod machines;
mod people;
mod things;
mod water;

use crate::color::{self, Color};
use crate::drawing::{Drawing, Outline};
use crate::idea::Place;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Astronaut,
    Balloon,
    Bear,
    Bird,
    Boat,
    Butterfly,
    Cactus,
    Car,
    Castle,
    Cat,
    Church,
    Cup,
    Dinosaur,
    Dog,
    Dragon,
    Duck,
    Elephant,
    Fir,
    Fish,
    Flower,
    Fox,
    Heart,
    Hedgehog,
    Horse,
    House,
    Lighthouse,
    Mushroom,
    Owl,
    Penguin,
    Person,
    Rabbit,
    Robot,
    Rocket,
    Ship,
    Snowman,
    Tent,
    Tower,
    Train,
    Tree,
    Ufo,
    Unicorn,
    Whale,
    Windmill,
}

/// Where a figure belongs in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    Ground,
    Water,
    Air,
}

/// How a part is coloured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fill {
    Body,
    Shade,
    Light,
    Accent,
    Ink,
    White,
    Glow,
    Pink,
    /// A line in the ink colour.
    Line(f32),
    /// A line in the body colour: limbs and tails.
    Limb(f32),
    /// A line in the accent colour.
    Trim(f32),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    fill: Fill,
    data: &'static str,
    twin: bool,
}

/// A part as written.
const fn one(fill: Fill, data: &'static str) -> Part {
    Part { fill, data, twin: false }
}

/// A part and its mirror image.
const fn two(fill: Fill, data: &'static str) -> Part {
    Part { fill, data, twin: true }
}

#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) parts: &'static [Part],
    pub(crate) stand: Stand,
    /// Usual body colour.
    pub(crate) body: u32,
    pub(crate) accent: u32,
    /// Size against a cat.
    pub(crate) scale: f32,
}

/// Colours of one figure in one scene.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coat {
    body: Color,
    accent: Color,
    ink: Color,
    white: Color,
    glow: Color,
}

impl Coat {
    /// The figure's own colours under the light of the scene.
    pub(crate) fn new(figure: &Figure, color: Option<Color>, ambient: Color, strength: f32) -> Self {
        let lit = |color: Color| color::mix(color, ambient, strength);
        Self {
            body: lit(color.unwrap_or_else(|| color::rgb(figure.body))),
            accent: lit(color::rgb(figure.accent)),
            ink: color::darken(lit(color::rgb(0x1d_1a_2b)), 0.3),
            white: lit(color::rgb(0xfd_fb_f5)),
            glow: color::rgb(0xff_d9_7a),
        }
    }

    pub(crate) fn body(&self) -> Color {
        self.body
    }

    fn paint(&self, fill: Fill) -> (Color, Option<f32>) {
        match fill {
            Fill::Body => (self.body, None),
            Fill::Shade => (color::darken(self.body, 0.26), None),
            Fill::Light => (color::mix(self.body, self.white, 0.62), None),
            Fill::Accent => (self.accent, None),
            Fill::Ink => (self.ink, None),
            Fill::White => (self.white, None),
            Fill::Glow => (self.glow, None),
            Fill::Pink => (color::mix(color::rgb(0xf2_8f_9c), self.body, 0.15), None),
            Fill::Line(width) => (self.ink, Some(width)),
            Fill::Limb(width) => (self.body, Some(width)),
            Fill::Trim(width) => (self.accent, Some(width)),
        }
    }
}

/// Draws a figure with its feet at `at`; `unit` pixels per authored unit, negative `facing` mirrors it.
pub(crate) fn draw(drawing: &mut Drawing, figure: &Figure, coat: &Coat, at: (f32, f32), unit: f32, facing: f32) {
    for part in figure.parts {
        let (color, stroke) = coat.paint(part.fill);
        let mirrors: &[f32] = if part.twin { &[1.0, -1.0] } else { &[1.0] };
        for mirror in mirrors {
            let outline = parse(part.data).placed(at, unit * facing * mirror, unit);
            match stroke {
                Some(width) => drawing.stroke(outline, width * unit, color),
                None => drawing.fill(outline, color),
            }
        }
    }
}

/// Reads path data; anything not understood ends the path there.
fn parse(data: &str) -> Outline {
    let mut outline = Outline::new();
    let mut words = data.split_ascii_whitespace();
    while let Some(command) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse::<f32>().ok()).unwrap_or(0.0);
        match command {
            "M" => outline.move_to(number(), number()),
            "L" => outline.line_to(number(), number()),
            "Q" => outline.quad_to(number(), number(), number(), number()),
            "C" => outline.cubic_to((number(), number()), (number(), number()), (number(), number())),
            "E" => outline.ellipse(number(), number(), number(), number()),
            "R" => outline.rect(number(), number(), number(), number()),
            "Z" => outline.close(),
            _ => break,
        };
    }
    outline
}

impl Kind {
    pub(crate) fn figure(self) -> &'static Figure {
        match self {
            Self::Cat => &animals_small::CAT,
            Self::Dog => &animals_small::DOG,
            Self::Fox => &animals_small::FOX,
            Self::Rabbit => &animals_small::RABBIT,
            Self::Owl => &animals_small::OWL,
            Self::Penguin => &animals_small::PENGUIN,
            Self::Hedgehog => &animals_small::HEDGEHOG,
            Self::Bear => &animals::BEAR,
            Self::Elephant => &animals::ELEPHANT,
            Self::Horse => &animals::HORSE,
            Self::Unicorn => &animals::UNICORN,
            Self::Dragon => &animals::DRAGON,
            Self::Dinosaur => &animals::DINOSAUR,
            Self::Bird => &water::BIRD,
            Self::Butterfly => &things::BUTTERFLY,
            Self::Duck => &water::DUCK,
            Self::Whale => &water::WHALE,
            Self::Fish => &water::FISH,
            Self::Boat => &water::BOAT,
            Self::Ship => &water::SHIP,
            Self::Person => &people::PERSON,
            Self::Astronaut => &people::ASTRONAUT,
            Self::Robot => &people::ROBOT,
            Self::Snowman => &people::SNOWMAN,
            Self::Balloon => &machines::BALLOON,
            Self::Car => &machines::CAR,
            Self::Rocket => &machines::ROCKET,
            Self::Train => &machines::TRAIN,
            Self::Ufo => &machines::UFO,
            Self::Castle => &buildings::CASTLE,
            Self::Church => &buildings::CHURCH,
            Self::House => &buildings::HOUSE,
            Self::Lighthouse => &buildings::LIGHTHOUSE,
            Self::Tower => &buildings::TOWER,
            Self::Tent => &buildings::TENT,
            Self::Windmill => &buildings::WINDMILL,
            Self::Cactus => &things::CACTUS,
            Self::Cup => &things::CUP,
            Self::Fir => &things::FIR,
            Self::Flower => &things::FLOWER,
            Self::Heart => &things::HEART,
            Self::Mushroom => &things::MUSHROOM,
            Self::Tree => &things::TREE,
        }
    }

    /// The place a figure brings along when the prompt names none.
    pub(crate) fn home(self) -> Option<Place> {
        Some(match self {
            Self::Boat | Self::Ship | Self::Whale | Self::Fish | Self::Duck | Self::Lighthouse => Place::Sea,
            Self::Rocket | Self::Astronaut | Self::Ufo => Place::Space,
            Self::Penguin | Self::Snowman => Place::Snow,
            Self::Cactus => Place::Desert,
            Self::Owl | Self::Mushroom | Self::Hedgehog => Place::Forest,
            Self::Dragon => Place::Mountains,
            Self::Robot | Self::Car => Place::City,
            Self::Windmill | Self::Flower | Self::Butterfly | Self::Rabbit | Self::Cup => Place::Hills,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Kind; 43] = [
        Kind::Astronaut,
        Kind::Balloon,
        Kind::Bear,
        Kind::Bird,
        Kind::Boat,
        Kind::Butterfly,
        Kind::Cactus,
        Kind::Car,
        Kind::Castle,
        Kind::Cat,
        Kind::Church,
        Kind::Cup,
        Kind::Dinosaur,
        Kind::Dog,
        Kind::Dragon,
        Kind::Duck,
        Kind::Elephant,
        Kind::Fir,
        Kind::Fish,
        Kind::Flower,
        Kind::Fox,
        Kind::Heart,
        Kind::Hedgehog,
        Kind::Horse,
        Kind::House,
        Kind::Lighthouse,
        Kind::Mushroom,
        Kind::Owl,
        Kind::Penguin,
        Kind::Person,
        Kind::Rabbit,
        Kind::Robot,
        Kind::Rocket,
        Kind::Ship,
        Kind::Snowman,
        Kind::Tent,
        Kind::Tower,
        Kind::Train,
        Kind::Tree,
        Kind::Ufo,
        Kind::Unicorn,
        Kind::Whale,
        Kind::Windmill,
    ];

    #[test]
    fn all_path_data_are_well_formed() {
        for kind in ALL {
            for part in kind.figure().parts {
                let mut left = 0;
                for word in part.data.split_ascii_whitespace() {
                    match word {
                        "M" | "L" | "E" | "R" | "Q" | "C" | "Z" => {
                            assert_eq!(left, 0, "{kind:?}: a number is missing before {word} in {}", part.data);
                            left = match word {
                                "M" | "L" => 2,
                                "Z" => 0,
                                "C" => 6,
                                _ => 4,
                            };
                        }
                        number => {
                            let value: f32 = number.parse().unwrap();
                            assert!(value.abs() <= 140.0, "{kind:?}: {value} is outside the box");
                            left -= 1;
                        }
                    }
                }
                assert_eq!(left, 0, "{kind:?}: {}", part.data);
            }
        }
    }
}
