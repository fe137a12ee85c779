//! Whether a JPEG file is whole. Its decoder fills what is missing with grey and says nothing.

/// Walks the segments to the end-of-image marker.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        let (Some(0xff), Some(&marker)) = (bytes.get(at), bytes.get(at + 1)) else { return false };
        at = match marker {
            0xd9 => return true,
            // padding before a marker
            0xff => at + 1,
            // markers that stand alone
            0x01 | 0xd0..=0xd8 => at + 2,
            _ => {
                let Some(&[high, low]) = bytes.get(at + 2..at + 4) else { return false };
                let after = at + 2 + usize::from(u16::from_be_bytes([high, low])).max(2);
                if marker == 0xda { end_of_scan(bytes, after) } else { after }
            }
        };
    }
}

/// The first marker after a scan's data, in which 0xff is followed by zero or a restart marker.
fn end_of_scan(bytes: &[u8], from: usize) -> usize {
    let data = bytes.get(from..).unwrap_or_default();
    let is_marker = |pair: &[u8]| matches!(pair, [0xff, next] if *next != 0 && !(0xd0..=0xd7).contains(next));
    data.windows(2).position(is_marker).map_or(bytes.len(), |position| from + position)
}
