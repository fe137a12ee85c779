//! Words of a text as patterns compare them.

/// A text, cut into words.
pub(super) struct Text<'a> {
    words: Vec<Word<'a>>,
}

struct Word<'a> {
    written: &'a str,
    /// How it may be read: as it stands, and with look-alikes taken for letters of one alphabet.
    readings: Vec<Vec<char>>,
}

/// One word or several in a row, each whole or by its beginning.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    words: Vec<(Vec<char>, bool)>,
}

/// Letters of Latin that look like letters of Cyrillic.
const ALIKE: [(char, char); 13] = [
    ('a', 'а'),
    ('b', 'в'),
    ('c', 'с'),
    ('e', 'е'),
    ('h', 'н'),
    ('k', 'к'),
    ('m', 'м'),
    ('o', 'о'),
    ('p', 'р'),
    ('t', 'т'),
    ('x', 'х'),
    ('y', 'у'),
    ('i', 'і'),
];
/// Digits that stand for letters inside a word.
const DIGITS: [(char, char); 6] = [('0', 'o'), ('1', 'i'), ('3', 'e'), ('4', 'a'), ('5', 's'), ('7', 't')];

impl<'a> Text<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        let mut words = Vec::new();
        let mut start = None;
        for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
            let inside = letter.is_alphanumeric() || is_unseen(letter);
            match (start, inside) {
                (None, true) => start = Some(at),
                (Some(from), false) => {
                    let written = text.get(from..at).unwrap_or_default();
                    let readings = readings(written);
                    if !readings.is_empty() {
                        words.push(Word { written, readings });
                    }
                    start = None;
                }
                _ => {}
            }
        }
        Self { words }
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// The first two letters of the word's readings.
    pub(super) fn starts(&self, at: usize) -> Vec<[char; 2]> {
        let readings = self.words.get(at).map_or(&[][..], |word| &word.readings);
        let mut starts: Vec<[char; 2]> =
            readings.iter().filter_map(|reading| Some([*reading.first()?, *reading.get(1)?])).collect();
        starts.dedup();
        starts
    }

    /// The words of a range as they were written.
    pub(super) fn written(&self, range: (usize, usize)) -> String {
        let words = self.words.get(range.0..range.1).unwrap_or_default();
        words.iter().map(|word| word.written).collect::<Vec<_>>().join(" ")
    }
}

impl Pattern {
    /// `None`: no word, or `*` elsewhere than at a word's end.
    pub(super) fn read(text: &str) -> Option<Self> {
        let words = text.split_whitespace().map(|word| {
            let (stem, open) = word.strip_suffix('*').map_or((word, false), |stem| (stem, true));
            let letters: Vec<char> = folded(stem).collect();
            let sound = !letters.is_empty() && letters.iter().all(|letter| letter.is_alphanumeric());
            sound.then_some((letters, open))
        });
        let words: Vec<_> = words.collect::<Option<_>>()?;
        (!words.is_empty()).then_some(Self { words })
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// The first two letters, if its first word has two.
    pub(super) fn start(&self) -> Option<[char; 2]> {
        let (first, _) = self.words.first()?;
        Some([*first.first()?, *first.get(1)?])
    }

    /// Whether it stands at that word.
    pub(super) fn meets(&self, text: &Text<'_>, at: usize) -> bool {
        self.words.iter().enumerate().all(|(offset, (letters, open))| {
            text.words.get(at + offset).is_some_and(|word| {
                word.readings
                    .iter()
                    .any(|reading| if *open { reading.starts_with(letters) } else { reading == letters })
            })
        })
    }
}

/// Marks between letters that nobody sees: soft hyphens, zero-width characters, directions, combining accents.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{300}'..='\u{36f}' | '\u{fe0f}')
}

/// Lower case, full width as usual width, ё as е, without what cannot be seen.
fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|letter| !is_unseen(*letter)).flat_map(|letter| {
        let narrow = match letter {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
            other => other,
        };
        narrow.to_lowercase().map(|letter| if letter == 'ё' { 'е' } else { letter })
    })
}

fn readings(word: &str) -> Vec<Vec<char>> {
    let plain: Vec<char> = folded(word).collect();
    if plain.is_empty() {
        return Vec::new();
    }
    let cyrillic = |letter: &char| ('\u{400}'..='\u{4ff}').contains(letter);
    let (latin, digits) = (plain.iter().any(char::is_ascii_alphabetic), plain.iter().any(char::is_ascii_digit));
    let (mixed, spelled) = (latin && plain.iter().any(cyrillic), latin && digits);
    let mut readings = vec![plain];
    if mixed || spelled {
        let to_latin = |letter: &char| {
            let digit = DIGITS.iter().find(|(digit, _)| digit == letter).map(|(_, latin)| *latin);
            digit
                .or_else(|| ALIKE.iter().find(|(_, other)| other == letter).map(|(latin, _)| *latin))
                .unwrap_or(*letter)
        };
        readings.push(readings[0].iter().map(to_latin).collect());
    }
    if mixed {
        let to_cyrillic =
            |letter: &char| ALIKE.iter().find(|(latin, _)| latin == letter).map_or(*letter, |(_, other)| *other);
        readings.push(readings[0].iter().map(to_cyrillic).collect());
    }
    readings
}
