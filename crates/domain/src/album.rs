//! How many pictures become albums: which stand together, and what an album can show.

use std::ops::Range;

/// Fewest and most items of one album (Bot API, `sendMediaGroup`).
const ITEMS: (u8, u8) = (2, 10);

/// The albums of a message that asked for `of` pictures: as few as possible, as even as possible, so that none has a
/// single item. One picture is no album.
pub fn albums(of: u8) -> Vec<Range<u8>> {
    if of < ITEMS.0 {
        return Vec::new();
    }
    let count = of.div_ceil(ITEMS.1);
    let (each, larger) = (of / count, of % count);
    let mut start = 0;
    (0..count)
        .map(|index| {
            let end = start + each + u8::from(index < larger);
            std::mem::replace(&mut start, end)..end
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_is_in_one_album_of_allowed_size() {
        assert!(albums(0).is_empty() && albums(1).is_empty());
        for of in 2..=u8::MAX {
            let albums = albums(of);
            let all: Vec<u8> = albums.iter().cloned().flatten().collect();
            assert_eq!(all, (0..of).collect::<Vec<u8>>(), "{of}");
            assert!(albums.iter().all(|album| (2..=10).contains(&album.len())), "{of}: {albums:?}");
        }
        assert_eq!(albums(11), [0..6, 6..11]);
    }
}
