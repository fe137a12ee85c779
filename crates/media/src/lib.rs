//! Provider bytes in, Telegram-sized bytes out: probe, verify, resize, transcode, rasterise SVG.
