//! The only source of chance: a hash of prompt and seed, split into named streams.
//!
//! Invariant: a stream depends on nothing but prompt, seed and its name, so drawing more clouds never moves the hills.

/// A `SplitMix64` stream.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(prompt: &str, seed: u64, stream: &str) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let bytes = prompt.trim().bytes().chain([0xff]).chain(seed.to_le_bytes()).chain(stream.bytes());
        for byte in bytes {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self(hash)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// 0.0 (inclusive) to 1.0 (exclusive).
    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / 16_777_216.0
    }

    pub(crate) fn range(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * self.unit()
    }

    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// One of `choices`, which must not be empty.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let index = self.next() % (choices.len() as u64).max(1);
        choices[usize::try_from(index).unwrap_or(0)]
    }
}

fn mix(state: u64) -> u64 {
    let mut z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One-dimensional value noise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        Self(rng.next())
    }

    /// Smooth noise, 0 to 1; one bump per unit of `x`.
    pub(crate) fn at(self, x: f32) -> f32 {
        let cell = x.floor();
        let t = x - cell;
        let eased = t * t * (3.0 - 2.0 * t);
        let (left, right) = (self.knot(cell), self.knot(cell + 1.0));
        left + (right - left) * eased
    }

    /// Three octaves of [`Noise::at`], 0 to 1.
    pub(crate) fn rough(self, x: f32) -> f32 {
        (self.at(x) + 0.5 * self.at(x * 2.1 + 17.0) + 0.25 * self.at(x * 4.3 + 31.0)) / 1.75
    }

    /// Sharp peaks between round valleys, 0 to 1.
    pub(crate) fn ridge(self, x: f32) -> f32 {
        let crest = |value: f32| 1.0 - (2.0 * value - 1.0).abs();
        (crest(self.at(x)) + 0.45 * crest(self.at(x * 2.3 + 7.0)) + 0.18 * self.at(x * 6.1 + 3.0)) / 1.63
    }

    fn knot(self, cell: f32) -> f32 {
        (mix(self.0 ^ u64::from(cell.to_bits())) >> 40) as f32 / 16_777_216.0
    }
}

/// A sine-like wave of period 1, made of parabolas: the same bits on every platform, unlike `f32::sin`.
pub(crate) fn wave(turns: f32) -> f32 {
    let t = turns - turns.floor();
    if t < 0.5 { 16.0 * t * (0.5 - t) } else { -16.0 * (t - 0.5) * (1.0 - t) }
}
