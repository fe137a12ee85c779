//! Where things stand in the web chat's page.

/// What the bot wrote.
pub const BOT_SAYS: &str = "#messages li:not(.mine) .bubble";
/// What the person wrote.
pub const I_SAY: &str = "#messages li.mine .bubble";
/// A button under a message.
pub const KEY: &str = "#messages .keys button";
/// A picture of an album.
pub const TILE: &str = "#messages .album img";
/// A picture by itself.
pub const PICTURE: &str = "#messages .photo img";
