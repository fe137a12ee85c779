//! A small MP4 film from drawn frames, playable anywhere: H.264 without compression.
//!
//! Every frame is an intra picture of `I_PCM` macroblocks, samples as they are (ITU-T H.264, 7.3.5.3), in a baseline stream
//! that any decoder plays; the boxes around it follow ISO/IEC 14496-12 and -15. An encoder worth the name would be a
//! library of its own, and the pictures are simulated anyway.

/// One frame: width and height are multiples of 16, and the samples are RGBA.
pub(super) struct Frame {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) rgba: Vec<u8>,
}

/// Ticks a second of the film's clock.
const CLOCK: u32 = 1000;

/// The film of these frames, each shown for `frame_ms`.
pub(super) fn mp4(frames: &[Frame], frame_ms: u32) -> Vec<u8> {
    let Some(first) = frames.first() else { return Vec::new() };
    let (width, height) = (first.width, first.height);
    let samples: Vec<Vec<u8>> = frames.iter().enumerate().map(|(number, frame)| sample(frame, number)).collect();
    let duration = number(frames.len()) * frame_ms;
    let ftyp = part(b"ftyp", &[b"isom", &0x200_u32.to_be_bytes(), b"isomiso2avc1mp41"]);
    // the offset of the samples is known once the length of what comes before them is
    let length = moov(&samples, (width, height), (frame_ms, duration), 0).len();
    let offset = number(ftyp.len() + length + 8);
    let mut film = ftyp;
    film.extend(moov(&samples, (width, height), (frame_ms, duration), offset));
    film.extend(part(b"mdat", &samples.iter().map(Vec::as_slice).collect::<Vec<_>>()));
    film
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn part(kind: &[u8], contents: &[&[u8]]) -> Vec<u8> {
    let length: usize = contents.iter().map(|content| content.len()).sum();
    let mut bytes = number(length + 8).to_be_bytes().to_vec();
    bytes.extend_from_slice(kind);
    for content in contents {
        bytes.extend_from_slice(content);
    }
    bytes
}

/// A box that begins with version and flags, of 32-bit words.
fn words(kind: &[u8], flags: u32, words: &[u32]) -> Vec<u8> {
    let content: Vec<u8> = std::iter::once(&flags).chain(words).flat_map(|word| word.to_be_bytes()).collect();
    part(kind, &[&content])
}

const ONE: u32 = 0x1_0000;
const UNITY: [u32; 9] = [ONE, 0, 0, 0, ONE, 0, 0, 0, 0x4000_0000];

fn moov(samples: &[Vec<u8>], (width, height): (u32, u32), (frame, duration): (u32, u32), offset: u32) -> Vec<u8> {
    let mut head = vec![0, 0, CLOCK, duration, ONE, 0x0100_0000, 0, 0];
    head.extend(UNITY);
    head.extend([0, 0, 0, 0, 0, 0, 2]);
    let mut track = vec![0, 0, 1, 0, duration, 0, 0, 0, 0];
    track.extend(UNITY);
    track.extend([width << 16, height << 16]);
    let count = number(samples.len());
    let sizes: Vec<u32> = [0, count].into_iter().chain(samples.iter().map(|sample| number(sample.len()))).collect();
    let table = part(
        b"stbl",
        &[
            &part(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], &avc1(width, height)]),
            &words(b"stts", 0, &[1, count, frame]),
            &words(b"stsc", 0, &[1, 1, count, 1]),
            &words(b"stsz", 0, &sizes),
            &words(b"stco", 0, &[1, offset]),
        ],
    );
    let source = part(b"dinf", &[&part(b"dref", &[&[0, 0, 0, 0, 0, 0, 0, 1], &words(b"url ", 1, &[])])]);
    let information = part(b"minf", &[&words(b"vmhd", 1, &[0, 0]), &source, &table]);
    let handler = part(b"hdlr", &[&[0; 8], b"vide", &[0; 12], b"video\0"]);
    let language = 0x55c4_0000;
    let media = part(b"mdia", &[&words(b"mdhd", 0, &[0, 0, CLOCK, duration, language]), &handler, &information]);
    part(b"moov", &[&words(b"mvhd", 0, &head), &part(b"trak", &[&words(b"tkhd", 7, &track), &media])])
}

fn avc1(width: u32, height: u32) -> Vec<u8> {
    let (sequence, picture) = (sequence(width, height), picture());
    let side = |side: u32| u16::try_from(side).unwrap_or(u16::MAX).to_be_bytes();
    let length = |unit: &[u8]| u16::try_from(unit.len()).unwrap_or(u16::MAX).to_be_bytes();
    let settings = part(
        b"avcC",
        &[&[1, 66, 0xc0, 40, 0xff, 0xe1], &length(&sequence), &sequence, &[1], &length(&picture), &picture],
    );
    let mut name = [0_u8; 36];
    name[32..].copy_from_slice(&[0, 24, 0xff, 0xff]);
    part(
        b"avc1",
        &[
            &[0, 0, 0, 0, 0, 0, 0, 1],
            &[0; 16],
            &side(width),
            &side(height),
            &[0, 72, 0, 0, 0, 72, 0, 0, 0, 0, 0, 0, 0, 1],
            &name,
            &settings,
        ],
    )
}

/// Bits, the highest first, with the codes of the standard (9.1).
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn bit(&mut self, bit: bool) {
        if self.used.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << (7 - self.used % 8);
        }
        self.used += 1;
    }

    fn fixed(&mut self, value: u32, bits: u32) {
        (0..bits).rev().for_each(|at| self.bit(value >> at & 1 == 1));
    }

    /// Exponential Golomb.
    fn coded(&mut self, value: u32) {
        let bits = 32 - (value + 1).leading_zeros();
        self.fixed(0, bits - 1);
        self.fixed(value + 1, bits);
    }

    fn align(&mut self) {
        while !self.used.is_multiple_of(8) {
            self.bit(false);
        }
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.used += number(bytes.len()) * 8;
    }

    /// The unit with its header, ended, and with no start code inside (7.4.1).
    fn unit(mut self, header: u8) -> Vec<u8> {
        self.bit(true);
        self.align();
        let (mut unit, mut zeros) = (vec![header], 0);
        for byte in self.bytes {
            if zeros >= 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }
}

/// Constrained baseline, level 4: one reference, frames only, output in order of decoding.
fn sequence(width: u32, height: u32) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.raw(&[66, 0xc0, 40]);
    for value in [0, 0, 2, 1] {
        bits.coded(value);
    }
    bits.bit(false);
    bits.coded(width / 16 - 1);
    bits.coded(height / 16 - 1);
    for flag in [true, true, false, false] {
        bits.bit(flag);
    }
    bits.unit(0x67)
}

/// Variable length codes, one slice group, the filter's control present.
fn picture() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.coded(0);
    bits.coded(0);
    bits.fixed(0, 2);
    for _ in 0..3 {
        bits.coded(0);
    }
    bits.fixed(0, 3);
    for _ in 0..3 {
        bits.coded(0);
    }
    for flag in [true, false, false] {
        bits.bit(flag);
    }
    bits.unit(0x68)
}

/// One frame as a sample: its length and its only slice.
fn sample(frame: &Frame, index: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.coded(0);
    bits.coded(7);
    bits.coded(0);
    bits.fixed(0, 4);
    bits.coded(number(index % 2));
    bits.fixed(0, 2);
    bits.coded(0);
    bits.coded(1);
    for row in 0..frame.height / 16 {
        for column in 0..frame.width / 16 {
            bits.coded(25);
            bits.align();
            bits.raw(&macroblock(frame, column * 16, row * 16));
        }
    }
    let unit = bits.unit(0x65);
    let mut sample = number(unit.len()).to_be_bytes().to_vec();
    sample.extend(unit);
    sample
}

/// 256 samples of brightness, 64 of each colour difference (BT.601, limited range).
fn macroblock(frame: &Frame, left: u32, top: u32) -> Vec<u8> {
    let colour = |x: u32, y: u32| {
        let at = ((y * frame.width + x) * 4) as usize;
        let channel = |offset: usize| i32::from(frame.rgba.get(at + offset).copied().unwrap_or(0));
        (channel(0), channel(1), channel(2))
    };
    let level = |value: i32, zero: i32| u8::try_from(((value + 128) >> 8) + zero).unwrap_or(128).max(1);
    let mut samples = Vec::with_capacity(384);
    for y in 0..16 {
        for x in 0..16 {
            let (red, green, blue) = colour(left + x, top + y);
            samples.push(level(66 * red + 129 * green + 25 * blue, 16));
        }
    }
    for weights in [(-38, -74, 112), (112, -94, -18)] {
        for y in (0..16).step_by(2) {
            for x in (0..16).step_by(2) {
                let (red, green, blue) = colour(left + x, top + y);
                samples.push(level(weights.0 * red + weights.1 * green + weights.2 * blue, 128));
            }
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boxes_fill_the_file_and_the_samples_are_where_the_table_says() {
        let frame = |shade: u8| Frame { width: 32, height: 16, rgba: vec![shade; 32 * 16 * 4] };
        let film = mp4(&[frame(10), frame(0)], 100);
        let word = |at: usize| u32::from_be_bytes(film[at..at + 4].try_into().unwrap()) as usize;
        let (mut at, mut kinds) = (0, Vec::new());
        while at < film.len() {
            kinds.push(String::from_utf8(film[at + 4..at + 8].to_vec()).unwrap());
            at += word(at);
        }
        assert_eq!((at, kinds.join(" ").as_str()), (film.len(), "ftyp moov mdat"));
        let find = |name: &[u8]| film.windows(4).position(|window| window == name).unwrap();
        let offset = word(find(b"stco") + 12);
        assert_eq!(offset, find(b"mdat") + 4);
        let first = word(find(b"stsz") + 16);
        assert_eq!((word(offset) + 4, film[offset + 4]), (first, 0x65));
        assert_eq!(film[offset + first + 4], 0x65, "the second sample follows the first");
        let start_code = |unit: &[u8]| unit.windows(3).any(|window| window[..2] == [0, 0] && window[2] <= 2);
        assert!(!start_code(&film[offset + 4..offset + first]));
    }
}
