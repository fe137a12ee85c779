//! How many frames a GIF has, and whether it is whole: a walk over its blocks that decodes nothing.

/// The number of frames, or `None` when the file ends before its trailer.
pub(crate) fn frames(bytes: &[u8]) -> Option<u32> {
    let mut at = 13 + colours(*bytes.get(10)?);
    let mut frames = 0;
    loop {
        match *bytes.get(at)? {
            0x3b => return Some(frames),
            // an extension: introducer, label, blocks
            0x21 => at = after_blocks(bytes, at + 2)?,
            // a frame: descriptor of ten bytes, colours, code size, blocks
            0x2c => {
                frames += 1;
                at = after_blocks(bytes, at + 10 + colours(*bytes.get(at + 9)?) + 1)?;
            }
            _ => return None,
        }
    }
}

/// The bytes of the colour table that a packed field announces.
fn colours(packed: u8) -> usize {
    if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 0x07) + 1) }
}

/// The place after a chain of blocks, each with its length in front, ended by an empty one.
fn after_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}
